"""Which latent dimensions carry something: the rate of each, averaged over held-out images. No Qt."""

import numpy as np
from numpy.typing import NDArray

from desktop.base.arrays import Doubles
from desktop.latent.elbo import rate_nats
from export.bundle import Posterior

# Below this a dimension says nothing of the image: its posterior is the prior.
COLLAPSED_NATS = 0.01


def kl_nats(posterior: Posterior) -> Doubles:
    """The mean over images of each dimension's KL(q(z_i|x) ‖ N(0, 1)), [d]; one image at least."""
    kl: Doubles = rate_nats(posterior.mean, posterior.logvar).mean(axis=0)
    return kl


def by_kl(kl: Doubles) -> NDArray[np.intp]:
    """The dimensions, the one with the highest rate first; equal ones in their own order."""
    order: NDArray[np.intp] = np.argsort(-kl, kind="stable")
    return order
