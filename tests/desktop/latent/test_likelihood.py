"""Every likelihood agrees with independent truths: sums, integrals, and other formulas."""

import math

import numpy as np
import pytest

from desktop.latent.likelihood import Family, Likelihood, Parameters, as_data

LOGITS = np.array([-90.0, -7.0, -0.3, -1e-4, 0.0, 1e-4, 0.3, 7.0, 90.0], np.float32)
MEANS = np.array([-0.2, 0.0, 0.003, 0.4, 0.9999, 1.3], np.float32)
LOG_SCALES = np.array([-7.0, -5.0, -3.0, -1.0, 1.0], np.float32)
LEVELS = np.arange(256) / 255
FINE = (np.arange(400_000) + 0.5) / 400_000


def grey(family: Family) -> Likelihood:
    return Likelihood(family, 256)


def pixel(likelihood, x, location, log_scale=None):
    """log p of numbers x at one location and scale."""
    one = np.array([location], np.float32)
    scale = None if log_scale is None else np.array([log_scale], np.float32)
    return likelihood.pixel_nats(np.asarray(x), one, scale)


@pytest.mark.parametrize("logit", LOGITS)
def test_both_values_of_a_bernoulli_pixel_add_up_to_one(logit):
    """The probabilities are sigmoid(l) and sigmoid(−l), also for l far from 0."""
    found = pixel(Likelihood(Family.BERNOULLI), [0, 1], logit)
    assert np.logaddexp.reduce(found) == pytest.approx(0, abs=1e-12)
    assert found[1] - found[0] == pytest.approx(logit)  # the log of the odds


@pytest.mark.parametrize("logit", LOGITS)
def test_a_continuous_bernoulli_pixel_integrates_to_one_and_has_its_mean(logit):
    """The density is exponential in x, and the picture is the integral of x."""
    likelihood = grey(Family.CONTINUOUS_BERNOULLI)
    density = np.exp(pixel(likelihood, FINE, logit))
    assert density.mean() == pytest.approx(1, abs=1e-6)
    assert likelihood.means(np.float32(logit)) == pytest.approx((density * FINE).mean(), abs=1e-6)
    ends = pixel(likelihood, [0.0, 1.0], logit)
    assert ends[1] - ends[0] == pytest.approx(logit, abs=1e-9)  # it is exponential in x


@pytest.mark.parametrize("log_scale", LOG_SCALES)
def test_a_gaussian_pixel_has_the_normal_density(log_scale):
    """The density integrates to one over all numbers, with the decoder's mean and standard deviation."""
    for mean in MEANS:
        deviation = math.exp(log_scale)
        x = mean + deviation * np.linspace(-12, 12, 20_001)
        density = np.exp(pixel(grey(Family.GAUSSIAN), x, mean, log_scale)) * (x[1] - x[0])
        assert density.sum() == pytest.approx(1, abs=1e-5)
        assert (density * x).sum() == pytest.approx(mean, abs=1e-4)
        assert (density * (x - mean) ** 2).sum() == pytest.approx(deviation**2, rel=1e-4)


@pytest.mark.parametrize("log_scale", LOG_SCALES)
def test_the_levels_of_a_logistic_pixel_add_up_to_one(log_scale):
    """Each level's mass agrees with a difference of the cumulative distribution in float64."""
    for mean in MEANS:
        found = pixel(grey(Family.LOGISTIC), LEVELS, mean, log_scale)
        assert np.logaddexp.reduce(found) == pytest.approx(0, abs=1e-9)
        edges = (np.arange(1, 256) - 0.5) / 255
        cumulative = 0.5 * (1 + np.tanh(0.5 * (edges - mean) / np.exp(np.float64(log_scale))))
        masses = np.diff(np.concatenate([[0], cumulative, [1]]))
        there = masses > 1e-9
        assert found[there] == pytest.approx(np.log(masses[there]), abs=1e-5)


def test_an_unlikely_logistic_pixel_costs_a_finite_sum():
    """Far from the mean, the cost grows with the distance, and no probability is rounded to zero."""
    found = pixel(grey(Family.LOGISTIC), [0.0, 1.0, 0.5], 0.2, -7.0)
    assert found[1] == pytest.approx(-(0.8 - 0.5 / 255) * math.exp(7), rel=1e-3)
    assert np.isfinite(found).all()


def parameters(likelihood: Likelihood, count: int = 1) -> Parameters:
    draw = np.random.default_rng(0)
    location = draw.normal(0.5, 0.3, (count, 3, 40, 50)).astype(np.float32)
    scale = None if likelihood.family.has_logits else np.full((count, 1, 1, 1), -3, np.float32)
    return Parameters(location, scale)


@pytest.mark.parametrize("family", Family)
def test_samples_have_the_pictures_mean(family):
    """Over very many equal pixels, samples have the picture's mean; they are the same every time."""
    likelihood = grey(family)
    scale = None if family.has_logits else np.full((1, 1, 1, 1), -3.5, np.float32)
    location = np.full((1, 1, 200, 200), 0.6, np.float32)
    found = likelihood.samples(Parameters(location, scale))
    assert (found == likelihood.samples(Parameters(location, scale))).all()
    assert found.mean() == pytest.approx(
        float(likelihood.pictures(Parameters(location, scale)).mean()), abs=0.01
    )
    assert 0 <= found.min() <= found.max() <= 1
    if family is Family.LOGISTIC:
        assert 255 * found == pytest.approx(np.rint(255 * found), abs=1e-4)


@pytest.mark.parametrize("family", Family)
def test_an_images_likelihood_is_the_sum_of_its_pixels(family):
    """Images are summed one by one; a shared scale counts for every pixel."""
    likelihood = grey(family)
    given = parameters(likelihood, 4)
    x = np.random.default_rng(1).random((4, 3, 40, 50)).astype(np.float32)
    found = likelihood.nats(x, given)
    scale = None if given.log_scale is None else np.broadcast_to(given.log_scale, x.shape)[2]
    assert found[2] == pytest.approx(likelihood.pixel_nats(x[2], given.location[2], scale).sum())


def test_images_are_rounded_to_the_levels_of_the_data():
    """With two levels, numbers above one half become 1; with 256, numbers are rounded."""
    x = np.array([-0.1, 0.5, 0.501, 0.7, 2.0], np.float32)
    assert as_data(x, 2).tolist() == [0, 0, 1, 1, 1]
    assert (255 * as_data(x, 256)).tolist() == pytest.approx([0, 128, 128, 178, 255])
