"""training/elbo.py against torch.distributions, closed forms and numerical quadrature."""

import math

import pytest
import torch
from torch.distributions import Bernoulli, Normal, kl_divergence

from training.elbo import (
    distortion_nats,
    gaussian_rate_nats,
    log_normal_nats,
    reparameterize,
    sampled_rate_nats,
)

IMAGES, DIMENSIONS = 5, 3
HALF_WIDTH, STEP = 9.0, 0.05


@pytest.fixture
def generator():
    """A generator that gives every test the same random numbers."""
    return torch.Generator().manual_seed(0)


@pytest.fixture
def posterior(generator):
    """Means and log-variances, float64 [5, 3]."""
    mean, logvar = torch.randn(2, IMAGES, DIMENSIONS, generator=generator, dtype=torch.float64)
    return mean, logvar


def normal(mean: torch.Tensor, logvar: torch.Tensor) -> Normal:
    """The same Gaussian as a distribution of PyTorch."""
    return Normal(mean, logvar.exp().sqrt())


def plane() -> torch.Tensor:
    """A fine grid of the latent plane, float64 [M, 2], outside which a unit Gaussian has mass 1e-18."""
    axis = torch.arange(-HALF_WIDTH, HALF_WIDTH + STEP / 2, STEP, dtype=torch.float64)
    return torch.cartesian_prod(axis, axis)


def integral(values: torch.Tensor) -> float:
    """The integral over the plane of a function given on the grid [M]."""
    return (values.sum() * STEP**2).item()


def test_distortion_is_the_negative_bernoulli_log_likelihood(generator):
    """Distortion equals PyTorch's −log p of independent Bernoulli pixels, one value per image."""
    logits = 4 * torch.randn(IMAGES, 3, 4, 6, generator=generator)
    x = torch.randint(0, 2, logits.shape, generator=generator).float()
    expected = -Bernoulli(logits=logits).log_prob(x).sum((1, 2, 3))
    assert distortion_nats(logits, x).shape == (IMAGES,)
    torch.testing.assert_close(distortion_nats(logits, x), expected)


def test_distortion_of_an_undecided_decoder_is_ln_2_per_pixel():
    """Logits of zero cost ln 2 per pixel, whatever the image."""
    x = torch.arange(8.0).remainder(2).reshape(1, 1, 2, 4)
    assert distortion_nats(torch.zeros(1, 1, 2, 4), x).item() == pytest.approx(8 * math.log(2))


def test_distortion_of_extreme_logits_is_finite():
    """A logit of ±200 costs 200 nats on the wrong side and 0 on the right side, never infinity."""
    logits = torch.tensor([-200.0, 200.0]).reshape(2, 1, 1, 1)
    wrong, right = torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0])
    assert distortion_nats(logits, wrong.reshape(2, 1, 1, 1)).tolist() == [200, 200]
    assert distortion_nats(logits, right.reshape(2, 1, 1, 1)).tolist() == [0, 0]


def test_the_analytic_rate_is_pytorchs_kl(posterior):
    """The analytic rate equals PyTorch's own KL between Gaussians, one value per image."""
    mean, logvar = posterior
    prior = Normal(torch.zeros_like(mean), torch.ones_like(mean))
    expected = kl_divergence(normal(mean, logvar), prior).sum(1)
    assert expected.shape == (IMAGES,)
    torch.testing.assert_close(gaussian_rate_nats(mean, logvar), expected)


def test_the_analytic_rate_is_its_integral():
    """The analytic rate equals ∫ q (log q − log p) by quadrature over the plane."""
    mean = torch.tensor([[0.7, -1.1]], dtype=torch.float64)
    logvar = torch.tensor([[-0.8, 0.3]], dtype=torch.float64)
    z = plane()
    log_q = normal(mean, logvar).log_prob(z).sum(1)
    log_p = Normal(0.0, 1.0).log_prob(z).sum(1)
    assert gaussian_rate_nats(mean, logvar).item() == pytest.approx(
        integral(log_q.exp() * (log_q - log_p)), abs=1e-9
    )


def test_the_rate_is_zero_at_the_prior_and_positive_elsewhere(posterior):
    """A posterior equal to the prior has rate 0; every other one has a larger rate."""
    zeros = torch.zeros(1, DIMENSIONS)
    assert gaussian_rate_nats(zeros, zeros).item() == 0
    assert (gaussian_rate_nats(*posterior) > 0).all()


def test_log_normal_is_pytorchs_density(posterior, generator):
    """log N(z; mean, exp(logvar)) equals PyTorch's own, summed over dimensions."""
    mean, logvar = posterior
    z = torch.randn(mean.shape, generator=generator, dtype=torch.float64)
    torch.testing.assert_close(log_normal_nats(z, mean, logvar), normal(mean, logvar).log_prob(z).sum(1))


def test_log_normal_integrates_to_one():
    """exp(log N) over the plane integrates to 1."""
    mean = torch.tensor([[-0.4, 1.3]], dtype=torch.float64)
    logvar = torch.tensor([[0.5, -1.2]], dtype=torch.float64)
    assert integral(log_normal_nats(plane(), mean, logvar).exp()) == pytest.approx(1, abs=1e-9)


def test_the_sampled_rate_is_the_log_ratio(posterior, generator):
    """The sampled rate is log q(z|x) − log p(z), computed with PyTorch's own densities."""
    mean, logvar = posterior
    z = torch.randn(mean.shape, generator=generator, dtype=torch.float64)
    expected = (normal(mean, logvar).log_prob(z) - Normal(0.0, 1.0).log_prob(z)).sum(1)
    torch.testing.assert_close(sampled_rate_nats(z, mean, logvar), expected)


def test_the_sampled_rate_is_unbiased_for_the_analytic_one(posterior, generator):
    """Over 200,000 samples the mean sampled rate is within 5 standard errors of the analytic rate."""
    count = 200_000
    mean, logvar = (part[:1].expand(count, -1) for part in posterior)
    noise = torch.randn(count, DIMENSIONS, generator=generator, dtype=torch.float64)
    rates = sampled_rate_nats(reparameterize(mean, logvar, noise), mean, logvar)
    standard_error = rates.std().item() / count**0.5
    assert standard_error < 0.01
    assert abs(rates.mean().item() - gaussian_rate_nats(mean[:1], logvar[:1]).item()) < 5 * standard_error


def test_reparameterize_draws_from_the_posterior(generator):
    """Samples have the posterior's mean and variance."""
    mean, logvar = torch.tensor([[2.0, -3.0]]), torch.tensor([[-2.0, 1.0]])
    z = reparameterize(mean, logvar, torch.randn(200_000, 2, generator=generator))
    torch.testing.assert_close(z.mean(0), mean[0], atol=0.02, rtol=0)
    torch.testing.assert_close(z.var(0), logvar[0].exp(), atol=0, rtol=0.02)


def test_reparameterize_lets_gradients_through():
    """dz/dmean = 1 and dz/dlogvar = ½ exp(logvar / 2) · noise."""
    mean = torch.zeros(1, 2, requires_grad=True)
    logvar = torch.tensor([[0.0, 2.0]], requires_grad=True)
    noise = torch.tensor([[3.0, -1.0]])
    reparameterize(mean, logvar, noise).sum().backward()
    torch.testing.assert_close(mean.grad, torch.ones(1, 2))
    torch.testing.assert_close(logvar.grad, torch.tensor([[1.5, -0.5 * math.e]]))


def test_log_p_of_x_exceeds_the_elbo_by_the_posteriors_error(generator):
    """By quadrature in 2-D: log p(x) ≥ ELBO, and the gap is exactly KL(q(z|x) ‖ p(z|x))."""
    weight = torch.randn(2, 12, generator=generator, dtype=torch.float64)
    x = torch.randint(0, 2, (1, 1, 3, 4), generator=generator).double()
    z = plane()
    logits = (z @ weight).reshape(-1, 1, 3, 4)
    log_likelihood = -distortion_nats(logits, x.expand(len(z), -1, -1, -1))
    origin = torch.zeros(1, 2, dtype=torch.float64)
    log_joint = log_likelihood + log_normal_nats(z, origin, origin)
    log_px = math.log(integral(log_joint.exp()))

    for mean, logvar in [((0.0, 0.0), (0.0, 0.0)), ((0.5, -0.8), (-1.0, -0.5)), ((-1.0, 1.0), (-2.0, 0.2))]:
        q = torch.tensor([mean], dtype=torch.float64), torch.tensor([logvar], dtype=torch.float64)
        log_q = log_normal_nats(z, *q)
        distortion = -integral(log_q.exp() * log_likelihood)
        elbo = -(gaussian_rate_nats(*q).item() + distortion)
        error = integral(log_q.exp() * (log_q - (log_joint - log_px)))
        assert log_px >= elbo
        assert log_px - elbo == pytest.approx(error, abs=1e-8)
