"""Which latent dimensions carry something: the rate of each, averaged over held-out images. No Qt."""

import numpy as np
from numpy.typing import NDArray

from desktop.latent_plane import Doubles
from export.bundle import Posterior

# Below this a dimension says nothing of the image: its posterior is the prior.
COLLAPSED_NATS = 0.01


def kl_nats(posterior: Posterior) -> Doubles:
    """The mean over images of KL(q(z_i|x) ‖ N(0, 1)) = ½ (μ² + σ² − log σ² − 1), float64 [d]."""
    mean, logvar = np.asarray(posterior.mean, np.float64), np.asarray(posterior.logvar, np.float64)
    kl: Doubles = 0.5 * (mean**2 + np.exp(logvar) - logvar - 1).mean(axis=0)
    return kl


def by_kl(kl: Doubles) -> NDArray[np.intp]:
    """The dimensions, the one with the highest rate first; equal ones in their own order."""
    order: NDArray[np.intp] = np.argsort(-kl, kind="stable")
    return order
