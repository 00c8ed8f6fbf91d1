"""Computes how much each latent dimension encodes: its rate, averaged over the held-out images. No Qt."""

import numpy as np
from numpy.typing import NDArray

from desktop.base.arrays import Doubles
from desktop.latent.elbo import rate_nats
from export.bundle import Posterior

# A dimension with a lower rate encodes nothing about the image: its posterior is the prior.
COLLAPSED_NATS = 0.01


def kl_nats(posterior: Posterior) -> Doubles:
    """The mean over images of each dimension's KL(q(z_i|x) ‖ N(0, 1)), [d]. Needs at least one image."""
    kl: Doubles = rate_nats(posterior.mean, posterior.logvar).mean(axis=0)
    return kl


def by_kl(kl: Doubles) -> NDArray[np.intp]:
    """The dimensions sorted by rate, highest first; equal ones keep their order."""
    order: NDArray[np.intp] = np.argsort(-kl, kind="stable")
    return order
