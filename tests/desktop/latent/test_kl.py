"""The rate of each dimension is the KL of its own normal distributions."""

import numpy as np
import pytest

from desktop.latent.kl import COLLAPSED_NATS, by_kl, kl_nats
from export.bundle import Posterior


def test_it_is_the_integral_that_it_stands_for():
    """The rate agrees with ∫ q log(q/p) by the rectangle rule, averaged over two images."""
    mean, std = np.array([[0.5], [-2.0]]), np.array([[0.7], [1.3]])
    z = np.linspace(-15, 15, 60_001)
    q = np.exp(-0.5 * ((z - mean) / std) ** 2) / (std * np.sqrt(2 * np.pi))
    log_ratio = -0.5 * ((z - mean) / std) ** 2 - np.log(std) + 0.5 * z**2
    expected = (q * log_ratio).sum(axis=1).mean() * (z[1] - z[0])
    posterior = Posterior(mean.astype(np.float32), (2 * np.log(std)).astype(np.float32))
    assert kl_nats(posterior) == pytest.approx([expected], abs=1e-6)


def test_dimensions_that_are_the_prior_have_collapsed():
    """The rate of these dimensions is zero; the others come first, sorted by rate."""
    mean = np.zeros((4, 3), np.float32)
    mean[:, 1], mean[:, 2] = [0.5, -0.5, 0.5, -0.5], [2, -2, 2, -2]
    kl = kl_nats(Posterior(mean, np.zeros_like(mean)))
    assert kl == pytest.approx([0, 0.125, 2])
    assert kl[0] < COLLAPSED_NATS < kl[1]
    assert by_kl(kl).tolist() == [2, 1, 0]
    assert by_kl(np.zeros(3)).tolist() == [0, 1, 2]
