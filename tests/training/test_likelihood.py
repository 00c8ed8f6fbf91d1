"""training/likelihood.py against sums, integrals and mpmath, which know nothing of it."""

import math

import mpmath
import numpy as np
import pytest
import torch

from training.likelihood import (
    BERNOULLI,
    LEAST_LOG_SCALE,
    LIKELIHOODS,
    continuous_bernoulli_mean,
    log_normalizer_nats,
    mean_and_log_scale,
)

LEVELS = torch.arange(256, dtype=torch.float64) / 255
LOGITS = [-300.0, -40.0, -3.0, -0.5, -0.49, -1e-3, -1e-9, 0.0, 1e-6, 0.1, 0.4999, 0.5, 2.0, 25.0, 400.0]
# Mean's log-odds and log-scale: in the middle, near the ends, wide, and narrower than a level.
SCALED = [(0.3, -2.0), (-9.0, -3.0), (8.0, -5.0), (0.0, 1.5), (1.2, -6.5), (-0.4, -40.0)]


def of_one_number(name: str, output: tuple[float, ...], x: torch.Tensor) -> torch.Tensor:
    """p(x|z) of images of one pixel, for one output: x [N] → [N]."""
    maps = torch.tensor(output, dtype=torch.float64).reshape(1, -1, 1, 1).expand(len(x), -1, -1, -1)
    return (-LIKELIHOODS[name].distortion_nats(maps, x.double().reshape(-1, 1, 1, 1))).exp()


def steps(start: float, end: float, count: int) -> tuple[torch.Tensor, float]:
    """The middles of `count` steps from `start` to `end`, and the width of a step."""
    width = (end - start) / count
    return start + width * (torch.arange(count, dtype=torch.float64) + 0.5), width


@pytest.mark.parametrize("logit", [-300.0, -2.0, 0.0, 0.7])
def test_bernoulli_sums_to_one(logit):
    """The probabilities of 0 and 1 sum to 1."""
    assert of_one_number("bernoulli", (logit,), torch.tensor([0.0, 1.0])).sum().item() == pytest.approx(1)


@pytest.mark.parametrize("logit", [*LOGITS[1:-1]])
def test_continuous_bernoulli_integrates_to_one_and_has_its_mean(logit):
    """The density over [0, 1] integrates to 1, and x times the density to the mean that the picture shows."""
    x, width = steps(0, 1, 200_000)
    density = of_one_number("continuous-bernoulli", (logit,), x)
    assert density.sum().item() * width == pytest.approx(1, rel=1e-6)
    picture = LIKELIHOODS["continuous-bernoulli"].picture(torch.tensor([[[[logit]]]], dtype=torch.float64))
    assert picture.item() == pytest.approx((x * density).sum().item() * width, abs=1e-7)


@pytest.mark.parametrize("output", SCALED)
def test_gaussian_integrates_to_one(output):
    """The density integrates to 1, and x times the density to the mean, for every scale."""
    mean, log_scale = (
        each.item() for each in mean_and_log_scale(torch.tensor(output, dtype=torch.float64).reshape(1, 2))
    )
    scale = math.exp(log_scale)
    x, width = steps(mean - 12 * scale, mean + 12 * scale, 100_000)
    density = of_one_number("gaussian", output, x)
    assert density.sum().item() * width == pytest.approx(1, rel=1e-9)
    assert (x * density).sum().item() * width == pytest.approx(mean, rel=1e-9)


@pytest.mark.parametrize("output", SCALED)
def test_logistic_sums_to_one_over_256_levels(output):
    """The probabilities of the 256 levels sum to 1, for wide scales and for scales below a level."""
    assert of_one_number("logistic", output, LEVELS).sum().item() == pytest.approx(1, rel=1e-12)


@pytest.mark.parametrize("output", SCALED[:4])
@pytest.mark.parametrize("level", [0, 1, 128, 254, 255])
def test_logistic_is_the_difference_of_two_sigmoids(output, level):
    """log p equals the log of the sigmoids' difference at a level's edges, computed with 50 digits."""
    with mpmath.workdps(50):
        mean = 1 / (1 + mpmath.exp(-mpmath.mpf(output[0])))
        scale = mpmath.exp(mpmath.log1p(mpmath.exp(mpmath.mpf(output[1]) + 7)) - 7)

        def below(edge: mpmath.mpf) -> mpmath.mpf:
            return 1 / (1 + mpmath.exp(-(edge - mean) / scale))

        upper = 1 if level == 255 else below((mpmath.mpf(level) + 0.5) / 255)
        lower = 0 if level == 0 else below((mpmath.mpf(level) - 0.5) / 255)
        expected = float(mpmath.log(upper - lower))
    found = math.log(of_one_number("logistic", output, LEVELS[level : level + 1]).item())
    assert found == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("logit", LOGITS)
def test_the_normalizer_and_the_mean_agree_with_50_digits(logit):
    """log ∫ exp(logit · t) dt and the mean agree with mpmath, near zero too, where both are 0 / 0."""
    with mpmath.workdps(50):
        t = mpmath.mpf(logit)
        exact = mpmath.log(mpmath.expm1(t) / t) if logit else mpmath.mpf(0)
        mean = 1 / (1 - mpmath.exp(-t)) - 1 / t if logit else mpmath.mpf("0.5")
    found = torch.tensor([logit], dtype=torch.float64)
    assert log_normalizer_nats(found).item() == pytest.approx(float(exact), rel=1e-9, abs=1e-10)
    assert continuous_bernoulli_mean(found).item() == pytest.approx(float(mean), rel=1e-9)
    assert log_normalizer_nats(found.float()).item() == pytest.approx(float(exact), rel=1e-5, abs=1e-6)
    assert continuous_bernoulli_mean(found.float()).item() == pytest.approx(float(mean), rel=1e-5)


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_gradients_agree_with_finite_differences(name):
    """The gradient of the distortion agrees with finite differences, at all kinds of outputs and images."""
    likelihood = LIKELIHOODS[name]
    generator = torch.Generator().manual_seed(0)
    output = 3 * torch.randn(4, 2 * likelihood.maps, 2, 3, generator=generator, dtype=torch.float64)
    x = torch.randint(0, 256, (4, 2, 2, 3), generator=generator) / 255
    x[0], x[1] = 0, 1
    x = (x > 0.5).double() if name == "bernoulli" else x.double()
    assert torch.autograd.gradcheck(lambda o: likelihood.distortion_nats(o, x), output.requires_grad_())


@pytest.mark.parametrize("name", LIKELIHOODS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_pairs_are_distortions(name, dtype):
    """log p(x|z) of every pair of an image and a z is minus the distortion of that pair."""
    likelihood = LIKELIHOODS[name]
    generator = torch.Generator().manual_seed(1)
    output = torch.randn(5, 3 * likelihood.maps, 4, 4, generator=generator, dtype=dtype)
    x = (torch.randint(0, 256, (7, 3, 4, 4), generator=generator) / 255).to(dtype)
    found = likelihood.log_px_of_pairs_nats(output.flatten(1), x.flatten(1))
    assert found.shape == (7, 5)
    for image in range(7):
        expected = -likelihood.distortion_nats(output, x[image].expand(5, -1, -1, -1))
        torch.testing.assert_close(found[image], expected, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_a_flat_output_means_the_same(name):
    """Outputs and images flattened to [N, P] have the same distortion."""
    likelihood = LIKELIHOODS[name]
    generator = torch.Generator().manual_seed(2)
    output = torch.randn(3, 3 * likelihood.maps, 4, 4, generator=generator)
    x = torch.rand(3, 3, 4, 4, generator=generator)
    flat = likelihood.distortion_nats(output.flatten(1), x.flatten(1))
    torch.testing.assert_close(flat, likelihood.distortion_nats(output, x))


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_far_outputs_stay_finite(name):
    """Outputs of ±300 give finite distortions and gradients in float32, on the right and the wrong side."""
    likelihood = LIKELIHOODS[name]
    signs = torch.tensor([[a, b] for a in (-300.0, 300.0) for b in (-300.0, 30.0)])
    output = signs[:, : likelihood.maps].reshape(4, likelihood.maps, 1, 1).clone().requires_grad_()
    for value in (0.0, 0.5, 1.0):
        nats = likelihood.distortion_nats(output, torch.full((4, 1, 1, 1), value))
        assert nats.isfinite().all()
        (gradient,) = torch.autograd.grad(nats.sum(), output)
        assert gradient.isfinite().all()


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_the_start_has_the_mean_that_was_asked_for(name):
    """The picture of a starting output is the mean, and its first name the one that viewers look for."""
    likelihood = LIKELIHOODS[name]
    mean = np.array([0.02, 0.3, 0.5, 0.98])
    output = torch.from_numpy(likelihood.start(mean, np.full(4, 0.2))).reshape(1, -1, 1, 1)
    picture = likelihood.picture(output).flatten().numpy()
    np.testing.assert_allclose(picture, mean, atol=1e-5)
    assert next(iter(likelihood.parts(output))) == ("probabilities" if likelihood is BERNOULLI else "picture")


def test_scales_have_a_floor():
    """However small an output is, its scale stays above the floor."""
    _, log_scale = mean_and_log_scale(torch.tensor([[0.0, -1e4], [0.0, 0.0]]))
    assert log_scale[0].item() == pytest.approx(LEAST_LOG_SCALE)
    assert log_scale[1].item() == pytest.approx(0, abs=1e-3)
