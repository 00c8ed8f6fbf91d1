"""The viewer's ELBO terms equal those of training."""

import math

import numpy as np
import pytest

from desktop.latent.elbo import MIN_PROBABILITY, logits_of, rate_nats
from desktop.latent.likelihood import Family, Likelihood, Parameters


def trainings_distortion_nats(logits, x):
    """`training.elbo.distortion_nats`. Imported here: most tests of `desktop` never need PyTorch."""
    import torch

    from training.elbo import distortion_nats

    return distortion_nats(torch.from_numpy(logits), torch.from_numpy(x)).numpy()


def trainings_rate_nats(mean, logvar):
    """`training.elbo.gaussian_rate_nats`."""
    import torch

    from training.elbo import gaussian_rate_nats

    return gaussian_rate_nats(torch.from_numpy(mean), torch.from_numpy(logvar)).numpy()


def log_likelihood_nats(logits, x):
    return Likelihood(Family.BERNOULLI).nats(x, Parameters(logits))


def test_the_likelihood_is_the_trainings():
    """The likelihoods of pixels 0 and 1 agree up to rounding."""
    draw = np.random.default_rng(0)
    logits = draw.normal(0, 3, (5, 1, 7, 7)).astype(np.float32)
    x = (draw.random(logits.shape) < 0.5).astype(np.float32)
    found = log_likelihood_nats(logits, x)
    expected = -trainings_distortion_nats(logits, x)
    assert found == pytest.approx(expected, rel=1e-5)


def test_the_rate_is_the_trainings():
    """The rates agree, summed over the dimensions."""
    draw = np.random.default_rng(1)
    mean, logvar = draw.normal(0, 2, (2, 6, 3)).astype(np.float32)
    expected = trainings_rate_nats(mean, logvar)
    assert rate_nats(mean, logvar).sum(1) == pytest.approx(expected, rel=1e-5)


def test_logits_say_what_an_impossible_pixel_costs():
    """Logits are not clipped: at a logit of −508, ink costs 508 nats, as in training."""
    logits = np.array([-508.0, 0.5, 508.0, 3.0], np.float32).reshape(1, 1, 2, 2)
    x = np.array([1.0, 1.0, 1.0, 0.0], np.float32).reshape(1, 1, 2, 2)
    expected = -trainings_distortion_nats(logits, x)
    assert log_likelihood_nats(logits, x) == pytest.approx(expected, rel=1e-6)


def test_logits_of_probabilities_are_those_that_gave_them():
    """Logits are recovered up to the rounding of float32 probabilities."""
    logits = np.linspace(-6, 6, 49, dtype=np.float32)
    assert logits_of(1 / (1 + np.exp(-logits))) == pytest.approx(logits, abs=1e-4)


@pytest.mark.parametrize("certain", [0.0, 1.0])
def test_a_certain_pixel_that_is_wrong_costs_a_finite_sum(certain):
    """A probability that float32 rounded to 0 or 1 does not count as impossible."""
    probabilities = np.full((1, 1, 1, 1), certain, np.float32)
    logits = logits_of(probabilities)
    assert log_likelihood_nats(logits, 1 - probabilities) == pytest.approx([math.log(MIN_PROBABILITY)])
    assert log_likelihood_nats(logits, probabilities) == pytest.approx([0], abs=1e-6)
