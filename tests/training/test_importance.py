"""training/importance.py against closed forms, sums over a line, and quadrature."""

import math

import numpy as np
import pytest
import torch

from tests.training.keras_reference import carry_over, reference
from tests.training.linear_decoders import PIXELS, example, linear, quadrature, standard_normal_q
from training.data.mnist import mnist
from training.held_out import evaluate, posteriors
from training.importance import adaptively_weighted, importance_weighted
from training.likelihood import BERNOULLI

BOTH = pytest.mark.parametrize("estimator", [importance_weighted, adaptively_weighted])


def separate(latent_dim: int, weight: float = 6.0, pixels_each: int = 4):
    """A decoder whose pixels each depend on one latent dimension, two images, and their log p(x).

    log p(x) is a sum over the dimensions; each term is a numpy sum over 8,001 points of a line.
    """
    noise = np.random.default_rng(latent_dim)
    weights = weight * noise.standard_normal((latent_dim, pixels_each))
    bias = noise.standard_normal((latent_dim, pixels_each))
    images = noise.integers(0, 2, (2, latent_dim, pixels_each)).astype(np.uint8)
    line = np.linspace(-10, 10, 8001)
    logits = line[:, None, None] * weights + bias
    expected = []
    for image in images:
        log_px = (image * logits - np.logaddexp(0, logits)).sum(2)
        density = np.exp(log_px - 0.5 * line[:, None] ** 2) / math.sqrt(2 * math.pi)
        expected.append(np.log(density.sum(0) * (line[1] - line[0])).sum())
    block_weights = np.zeros((latent_dim, latent_dim * pixels_each))
    for dimension in range(latent_dim):
        block_weights[dimension, dimension * pixels_each : (dimension + 1) * pixels_each] = weights[dimension]
    return (
        linear(block_weights, bias.ravel()),
        torch.from_numpy(images.reshape(2, -1)),
        torch.tensor(expected, dtype=torch.float64),
    )


@pytest.mark.parametrize("latent_dim", [1, 2, 5])
def test_a_fitted_proposal_gives_log_p_if_q_is_far_off(latent_dim):
    """With q narrow and far off it is within 4 small errors; with draws from q alone it is nats too low."""
    decode, x, expected = separate(latent_dim)
    far_off = torch.full((2, latent_dim), 4.0), torch.full((2, latent_dim), -4.0)
    fitted, plain = (
        estimator(decode, x, *far_off, 2000, seed=1, batch=5000)
        for estimator in (adaptively_weighted, importance_weighted)
    )
    assert ((fitted.log_px_nats - expected).abs() <= 4 * fitted.error_nats).all(), (fitted, expected)
    assert fitted.error_nats.max() < 0.1
    assert (plain.log_px_nats < expected - 3).all()
    assert ((plain.log_px_nats - expected).abs() > 4 * plain.error_nats).all()


@pytest.mark.slow
@pytest.mark.parametrize("latent_dim", [1, 5])
def test_a_fitted_proposal_is_unbiased(latent_dim):
    """Over 30 seeds with 40 samples each, the mean of p(x) is right within 4 standard errors."""
    decode, x, expected = separate(latent_dim, weight=3.0)
    many = x[:1].expand(30, -1)
    q = torch.full((30, latent_dim), 0.5), torch.full((30, latent_dim), -1.0)
    ratio = (adaptively_weighted(decode, many, *q, 40, seed=0, batch=5000).log_px_nats - expected[0]).exp()
    error = ratio.std().item() / math.sqrt(30)
    assert error < 0.1
    assert abs(ratio.mean().item() - 1) <= 4 * error


def test_a_fitted_proposal_finds_two_far_peaks():
    """A decoder that depends on |z0| only has two peaks; with q at one of them log p(x) counts both."""
    x = torch.tensor([1, 0], dtype=torch.uint8).repeat_interleave(20).unsqueeze(0)

    def decode(z):
        return (8 * z[:, :1].abs() - 20).expand(-1, 40)

    q = torch.tensor([[2.5, 0.0]]), torch.tensor([[-5.0, 0.0]])
    expected = quadrature(decode, x, 0.02).log_px_nats
    fitted, plain = (
        estimator(decode, x, *q, 3000, seed=0, batch=5000)
        for estimator in (adaptively_weighted, importance_weighted)
    )
    assert (fitted.log_px_nats - expected).abs() <= 4 * fitted.error_nats
    assert fitted.error_nats < 0.03
    assert (plain.log_px_nats - expected + math.log(2)).abs() < 0.2


@BOTH
def test_a_decoder_that_ignores_z_has_its_log_p_in_closed_form(estimator):
    """With constant logits and q the prior, p(x) is the product over pixels; with draws from q exactly."""
    logits = torch.linspace(-3, 4, PIXELS)
    images = torch.from_numpy(example()[2])
    expected = BERNOULLI.log_px_of_pairs_nats(logits.double().unsqueeze(0), images.double()).squeeze(1)

    def decode(z):
        return logits.expand(len(z), -1)

    estimate = estimator(decode, images, *standard_normal_q(3), samples=2000, seed=0)
    difference = (estimate.log_px_nats - expected).abs()
    assert (difference <= 4 * estimate.error_nats + 1e-12).all()
    assert estimate.error_nats.max() < (1e-6 if estimator is importance_weighted else 0.05)


@BOTH
def test_importance_weighting_agrees_with_quadrature(estimator):
    """With a wide q the estimate differs by less than 5 of its own errors, which are small."""
    weight, bias, images = example()
    decode, x = linear(weight, bias), torch.from_numpy(images)
    estimate = estimator(decode, x, *standard_normal_q(3), samples=8000, seed=1, batch=5000)
    difference = (estimate.log_px_nats - quadrature(decode, x).log_px_nats).abs()
    assert (difference <= 5 * estimate.error_nats).all()
    assert estimate.error_nats.max() < 0.05
    assert ((estimate.effective_samples >= 1) & (estimate.effective_samples <= 8000)).all()


def test_the_bound_rises_with_the_number_of_samples_to_log_p():
    """Over 400 repetitions the mean rises from K = 2 to 20 to 200, and stays below log p(x)."""
    weight, bias, images = example(count=1)
    decode, x = linear(weight, bias), torch.from_numpy(images).expand(400, -1)
    truth = quadrature(decode, x[:1]).log_px_nats.item()
    means = [
        importance_weighted(decode, x, *standard_normal_q(400), k, seed=0, batch=5000)
        .log_px_nats.mean()
        .item()
        for k in (2, 20, 200)
    ]
    assert means[0] + 0.1 < means[1] < means[2] < truth + 0.01
    assert means[1] + 0.01 < means[2]
    assert means[2] == pytest.approx(truth, abs=0.05)


def test_the_estimates_error_is_its_spread():
    """Over 400 seeds the standard deviation of the estimate equals its stated error within a fifth."""
    weight, bias, images = example(scale=1.0, count=1)
    x = torch.from_numpy(images).expand(400, -1)
    estimate = importance_weighted(linear(weight, bias), x, *standard_normal_q(400), 500, seed=0, batch=5000)
    assert estimate.log_px_nats.std().item() == pytest.approx(estimate.error_nats.mean().item(), rel=0.2)


@BOTH
def test_chunks_do_not_change_the_results(estimator):
    """Decoding 70 or 100,000 at a time, with other images or alone, gives the same values.

    The fitted proposal depends on the decoder's last bits, so its estimate changes by a part of its error.
    """
    tolerance = {"atol": 1e-6 if estimator is importance_weighted else 2e-3, "rtol": 0}
    weight, bias, images = example(count=2)
    decode, x = linear(weight, bias), torch.from_numpy(images)
    small, large = (
        estimator(decode, x, *standard_normal_q(2), samples=1150, seed=3, batch=batch)
        for batch in (70, 100_000)
    )
    torch.testing.assert_close(small.log_px_nats, large.log_px_nats, **tolerance)
    torch.testing.assert_close(small.error_nats, large.error_nats, **tolerance)
    first = estimator(decode, x[:1], *standard_normal_q(1), samples=1150, seed=3)
    torch.testing.assert_close(first.log_px_nats, small.log_px_nats[:1], **tolerance)


@BOTH
def test_the_seed_decides_the_samples(estimator):
    """Another seed gives another estimate; the global generator has no effect and is not used."""
    weight, bias, images = example(count=2)
    arguments = linear(weight, bias), torch.from_numpy(images), *standard_normal_q(2), 50
    first = estimator(*arguments, seed=0).log_px_nats
    torch.manual_seed(7)
    state = torch.get_rng_state()
    assert torch.equal(estimator(*arguments, seed=0).log_px_nats, first)
    assert torch.equal(torch.get_rng_state(), state)
    assert (estimator(*arguments, seed=100).log_px_nats != first).all()


@BOTH
def test_two_samples_are_enough_to_run(estimator):
    """K = 2 gives finite values with 1 to 2 effective samples."""
    weight, bias, images = example()
    found = estimator(linear(weight, bias), torch.from_numpy(images), *standard_normal_q(3), 2, seed=0)
    assert found.log_px_nats.isfinite().all()
    assert found.error_nats.isfinite().all()
    assert ((found.effective_samples >= 1 - 1e-9) & (found.effective_samples <= 2 + 1e-9)).all()


@BOTH
@pytest.mark.parametrize("sign", [1, -1])
def test_extreme_logits_stay_finite(estimator, sign):
    """Logits of ±10,000, all right or all wrong, give log p(x) of 0 or −10,000 per pixel, not inf or nan."""
    image = torch.from_numpy(example()[2][:1])
    logits = sign * 1e4 * (2 * image.float() - 1)
    found = estimator(lambda z: logits.expand(len(z), -1), image, *standard_normal_q(1), samples=500, seed=0)
    expected = 0.0 if sign > 0 else -1e4 * PIXELS
    assert found.log_px_nats.item() == pytest.approx(expected, abs=4 * found.error_nats.item() + 1e-6)


@BOTH
def test_a_cliff_of_extreme_logits_stays_finite(estimator):
    """If logits jump from −10,000 to 10,000 at z0 = 0, p(x) = ½ for all pixels on and for all off."""
    images = torch.tensor([[1] * PIXELS, [0] * PIXELS], dtype=torch.uint8)

    def decode(z):
        return torch.where(z[:, :1] > 0, 1e4, -1e4).expand(-1, PIXELS)

    estimate = estimator(decode, images, *standard_normal_q(2), samples=4000, seed=0)
    assert estimate.log_px_nats.tolist() == pytest.approx([-math.log(2)] * 2, abs=0.1)


@pytest.mark.parametrize("logvar", [-60.0, 30.0])
def test_a_q_of_absurd_width_does_no_harm(logvar):
    """If q is far too narrow or far too wide, the fitted proposal still gives log p(x)."""
    decode, x, expected = separate(2)
    q = torch.zeros(2, 2), torch.full((2, 2), logvar)
    fitted = adaptively_weighted(decode, x, *q, 2000, seed=1, batch=5000)
    assert ((fitted.log_px_nats - expected).abs() <= 4 * fitted.error_nats).all()
    assert fitted.error_nats.max() < 0.2


@pytest.mark.slow
def test_on_a_trained_model_a_fitted_proposal_agrees_with_quadrature():
    """With the published model's weights, both agree on a held-out digit, and the ELBO is lower."""
    model = carry_over(reference()).to(memory_format=torch.channels_last)
    images = torch.from_numpy(mnist().test_images[:1])
    mean, logvar = posteriors(model, images)
    flat = images.flatten(1)

    def decode(z):
        return torch.cat([model.decoder(part) for part in z.split(100)])

    half_width = mean.abs().max().item() + 0.5
    integral = quadrature(decode, flat, 0.05, half_width=half_width, margin_nats=10)
    assert integral.change_nats.abs().max() < 0.05
    estimate = adaptively_weighted(decode, flat, mean, logvar, samples=500, seed=0)
    difference = (estimate.log_px_nats - integral.log_px_nats).abs()
    assert (difference <= 4 * estimate.error_nats + 0.01).all(), (difference, estimate)
    assert estimate.effective_samples.min() > 100
    assert evaluate(model, images, draws=100).elbo_nats < integral.log_px_nats.mean().item()
