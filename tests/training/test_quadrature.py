"""training/quadrature.py against closed forms and brute force in numpy."""

import json
import math
import subprocess
import sys

import numpy as np
import pytest
import torch

from tests.training.linear_decoders import PIXELS, brute_force, example, linear, quadrature
from training.likelihood import BERNOULLI
from training.quadrature import Grid, Survey, integrate, survey


@pytest.mark.parametrize("step", [0.1, 0.05])
def test_a_decoder_that_ignores_z_has_its_log_p_in_closed_form(step):
    """With constant logits p(x) is the product over the pixels."""
    logits = torch.linspace(-3, 4, PIXELS)
    images = torch.from_numpy(example()[2])
    expected = BERNOULLI.log_px_of_pairs_nats(logits.double().unsqueeze(0), images.double()).squeeze(1)

    def decode(z):
        return logits.expand(len(z), -1)

    integral = quadrature(decode, images, step)
    torch.testing.assert_close(integral.log_px_nats, expected, atol=1e-7, rtol=0)
    torch.testing.assert_close(integral.coarser_log_px_nats, expected, atol=1e-7, rtol=0)


@pytest.mark.parametrize("scale", [0.3, 2.0, 8.0])
def test_quadrature_equals_brute_force(scale):
    """For linear logits, with broad to narrow mass, the rule equals numpy's sum over the plane to 1e-5."""
    weight, bias, images = example(scale=scale)
    found = quadrature(linear(weight, bias), torch.from_numpy(images), step=0.02).log_px_nats
    expected = [brute_force(lambda z: z @ weight + bias, image) for image in images]
    assert found.tolist() == pytest.approx(expected, abs=1e-5)


def test_one_pixel_is_a_coin():
    """∫ σ(w·z) N(z) dz = ½ by symmetry, for either value of the only pixel."""
    decode = linear(np.array([[3.0], [-1.5]]), np.zeros(1))
    found = quadrature(decode, torch.tensor([[0], [1]], dtype=torch.uint8))
    assert found.log_px_nats.tolist() == pytest.approx([-math.log(2)] * 2, abs=1e-6)


def test_mass_in_two_places_is_found_in_both():
    """If the decoder depends on |z0| only, both distant peaks are integrated, and no tile between them."""
    image = np.repeat([1, 0], 20).astype(np.uint8)

    def decode(z):
        return (8 * z[:, :1].abs() - 20).expand(-1, 40)

    x = torch.from_numpy(image).unsqueeze(0)
    surveyed = survey(decode, x, Grid.with_step(0.02))
    found = integrate(decode, x, surveyed).log_px_nats.item()
    expected = brute_force(lambda z: np.repeat(8 * np.abs(z[:, :1]) - 20, 40, axis=1), image)
    assert found == pytest.approx(expected, abs=1e-4)
    rows = {row for row, _ in surveyed.tiles()}
    assert min(rows) == -max(rows) - 1
    assert not {-1, 0} & rows


def test_mass_beyond_the_smallest_square_is_found():
    """An image with its mass at z0 ≈ 6 is integrated although the smallest square reaches only to 1."""
    weight, bias = np.array([[10.0] * PIXELS, [0.0] * PIXELS]), np.full(PIXELS, -60.0)
    image = np.ones((1, PIXELS), np.uint8)
    surveyed = survey(linear(weight, bias), torch.from_numpy(image), Grid.with_step(0.02), half_width=1.0)
    assert surveyed.half_width > 6
    found = integrate(linear(weight, bias), torch.from_numpy(image), surveyed).log_px_nats.item()
    assert found == pytest.approx(brute_force(lambda z: z @ weight + bias, image[0], half_width=12), abs=1e-5)


def test_the_requested_square_is_surveyed_completely():
    """The survey covers at least the requested half width, in whole tiles to each side."""
    weight, bias, images = example()
    surveyed = survey(linear(weight, bias), torch.from_numpy(images), Grid.with_step(0.05), half_width=9.1)
    assert 9.1 <= surveyed.half_width < 9.1 + surveyed.grid.tile_side
    assert surveyed.needed.shape == (3, 2 * surveyed.rings, 2 * surveyed.rings)


def test_the_omitted_tiles_do_not_matter():
    """Integrating every tile for every image gives the same result to 1e-6."""
    weight, bias, images = example(scale=3.0)
    decode, x = linear(weight, bias), torch.from_numpy(images)
    surveyed = survey(decode, x, Grid.with_step(0.05))
    assert surveyed.needed.float().mean() < 0.5
    everything = Survey(surveyed.grid, surveyed.rings, torch.ones_like(surveyed.needed))
    torch.testing.assert_close(
        integrate(decode, x, surveyed).log_px_nats,
        integrate(decode, x, everything).log_px_nats,
        atol=1e-6,
        rtol=0,
    )


def test_halving_the_step_shows_the_error():
    """If a peak is narrower than the step, the rule is wrong, halving shows it, and finer steps are right."""
    weight, bias = np.concatenate([np.eye(2) * 20] * 10, axis=1), np.tile([7.0, -11.0], 10)
    image = np.tile([1, 0, 0, 1], 5).astype(np.uint8)
    x = torch.from_numpy(image).unsqueeze(0)
    truth = brute_force(lambda z: z @ weight + bias, image, half_width=1, step=0.004)
    results = [quadrature(linear(weight, bias), x, step) for step in (0.1, 0.05, 0.02)]
    errors = [abs(result.log_px_nats.item() - truth) for result in results]
    assert errors[0] > 0.3 > 0.01 > errors[1] > 1e-3
    assert errors[2] < 1e-6
    changes = [abs(result.change_nats.item()) for result in results]
    assert changes[0] > errors[0]
    assert changes[2] < 1e-5
    assert results[0].points < results[1].points < results[2].points


def test_every_second_point_is_the_rule_of_twice_the_step():
    """The coarser result is numpy's sum over the points (2i + ½)·step, the finer one the sum over all."""
    weight, bias, images = example(scale=6.0, count=1)
    step, half_width = 0.1, 8.0
    found = quadrature(linear(weight, bias), torch.from_numpy(images), step, half_width=half_width)
    for values, stride in ((found.log_px_nats, 1), (found.coarser_log_px_nats, 2)):
        axis = (np.arange(-80, 80, stride) + 0.5) * step
        z = np.stack(np.meshgrid(axis, axis), -1).reshape(-1, 2)
        a = z @ weight + bias
        log_joint = a @ images[0] - np.logaddexp(0, a).sum(1) - (z**2).sum(1) / 2 - math.log(2 * math.pi)
        expected = math.log(np.exp(log_joint).sum() * (stride * step) ** 2)
        assert values.item() == pytest.approx(expected, abs=1e-6)


def test_images_do_not_change_each_other():
    """Images integrated together have the same values as images integrated alone."""
    weight, bias, images = example()
    decode, x = linear(weight, bias), torch.from_numpy(images)
    together = quadrature(decode, x).log_px_nats
    alone = torch.cat([quadrature(decode, image).log_px_nats for image in x.split(1)])
    torch.testing.assert_close(together, alone, atol=1e-6, rtol=0)


@pytest.mark.parametrize("sign", [1, -1])
def test_extreme_logits_stay_finite(sign):
    """Logits of ±10,000, all right or all wrong, give log p(x) of 0 or −10,000 per pixel, not inf or nan."""
    image = torch.from_numpy(example()[2][:1])
    logits = sign * 1e4 * (2 * image.float() - 1)

    def decode(z):
        return logits.expand(len(z), -1)

    expected = 0.0 if sign > 0 else -1e4 * PIXELS
    integral = quadrature(decode, image)
    assert integral.log_px_nats.item() == pytest.approx(expected, abs=1e-6)
    assert integral.coarser_log_px_nats.item() == pytest.approx(expected, abs=1e-6)


def test_a_cliff_of_extreme_logits_stays_finite():
    """If logits jump from −10,000 to 10,000 at z0 = 0, p(x) = ½ for all pixels on and for all off."""
    images = torch.tensor([[1] * PIXELS, [0] * PIXELS], dtype=torch.uint8)

    def decode(z):
        return torch.where(z[:, :1] > 0, 1e4, -1e4).expand(-1, PIXELS)

    integral = quadrature(decode, images)
    assert integral.log_px_nats.tolist() == pytest.approx([-math.log(2)] * 2, abs=1e-6)
    assert integral.coarser_log_px_nats.isfinite().all()


MEASURE = r"""
import json, re
from pathlib import Path
import torch
from training.data.mnist import mnist
from training.held_out import evaluate, posteriors
from training.importance import adaptively_weighted
from training.model import ConvVAE
from training.quadrature import Grid, Survey, integrate, survey

model = ConvVAE()
model.reset_parameters(torch.Generator().manual_seed(0))
model.to(memory_format=torch.channels_last)
images = torch.from_numpy(mnist().test_images)
flat = images.flatten(1)
decode = lambda z: torch.cat([model.decoder(part) for part in z.split(100)])
evaluate(model, images[:600])
mean, logvar = posteriors(model, images[:2])
adaptively_weighted(decode, flat[:2], mean, logvar, 1000, 0)
grid = Grid.with_step(0.015)
looked = survey(decode, flat, grid, half_width=0.9, margin_nats=-1.0)
one = torch.zeros(len(flat), 2, 2, dtype=torch.bool)
one[:, 1, 1] = True
whole = Survey(grid, 1, one)
values = integrate(decode, flat, whole).log_px_nats
# Not getrusage, whose peak includes that of the parent process.
kibibytes = int(re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[1])
print(json.dumps({"images": len(values), "rings": looked.rings, "gibibytes": kibibytes / 2**20}))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_memory_stays_under_two_gibibytes():
    """An evaluation of all 10,000 images, with a tile that every image needs, peaks below 2 GiB."""
    command = [sys.executable, "-W", "error", "-c", MEASURE]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout)
    assert found["images"] == 10_000
    assert found["rings"] == 2
    assert found["gibibytes"] < 2, found
