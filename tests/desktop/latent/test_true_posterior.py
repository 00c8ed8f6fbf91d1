"""The true posterior and log p(x) agree with training's quadrature and with closed forms."""

import math
import threading

import numpy as np
import pytest

from desktop.base.machine import cpu_threads
from desktop.latent.likelihood import Family, Likelihood, Parameters
from desktop.latent.true_posterior import (
    SPLIT,
    Cells,
    LikelihoodTable,
    TruePosterior,
    half_width,
    table_side,
)
from desktop.models.model import Model
from desktop.models.open_source import open_source

SIDE = 128


def first(steps):
    return next(step for step in steps if step is not None)


def last(steps):
    return [step for step in steps if step is not None][-1]


@pytest.fixture(scope="module")
def small(bundle_path):
    """The small fit's bundle, its decoder in ONNX Runtime, and the table of its plane."""
    source = open_source(bundle_path)
    model, posterior = Model(source, "cpu"), source.bundle.read_posterior()
    # All threads of the model start here, because a test fails if a thread starts during it.
    barrier = threading.Barrier(cpu_threads() + 1)
    for _ in range(cpu_threads()):
        model._pool.submit(barrier.wait)
    barrier.wait()
    table = LikelihoodTable(model.decode_parameters, half_width(posterior.mean), model.image_shape, SIDE)
    for _ in table.build():
        pass
    yield source.bundle, posterior, table, model
    model.close()


@pytest.fixture(scope="module")
def torch_model(run_folder):
    """The same network in PyTorch, whose logits give log p(x) independently."""
    # Imported here and not at the top: most tests of `desktop` never need PyTorch.
    import torch

    from training.model import ConvVAE
    from training.runs import load_weights, read_run

    run = read_run(run_folder)
    model = ConvVAE(run.config.image_shape, run.config.filters, run.config.latent_dim).eval()
    model.load_state_dict(load_weights(run, len(run.metrics)))
    return model.to(memory_format=torch.channels_last)


@pytest.mark.slow
def test_log_px_is_that_of_trainings_quadrature(small, torch_model):
    """They agree to 0.01 nats for a held-out image, also with ink where the decoder is sure there is none."""
    import torch

    from training.quadrature import Grid, integrate, survey

    _, posterior, table, _ = small
    # One image with and without the ink: both need the same tiles of the plane.
    images = posterior.images[[0, 0]]
    images[1, 0, 0, 0] = 1
    flat = torch.from_numpy(images.reshape(len(images), -1))

    def decode(z):
        # A third of the time of decoding all at once: activations of a hundred pictures fit into the cache.
        return torch.cat([torch_model.decoder(part) for part in z.split(100)])

    # This is within 0.001 nats of the quadrature with a step of 0.03 and takes a quarter of the time. Places
    # more than 10 nats below an image's best do not matter here.
    surveyed = survey(decode, flat, Grid.with_step(0.06, coarse_step=0.18), margin_nats=10)
    expected = integrate(decode, flat, surveyed).log_px_nats.tolist()
    for image, nats in zip(images, expected, strict=True):
        found = last(table.posterior(image.astype(np.float32), np.ones(image.shape, bool)))
        assert found.is_converged
        assert found.log_px_nats == pytest.approx(nats, abs=0.01)


def test_the_parts_tile_the_plane_and_hold_all_of_the_posterior(small):
    """The cells cover every place once, so the masses add up to p(x); split cells are −∞."""
    _, posterior, table, _ = small
    x = posterior.images[0].astype(np.float32)
    found = last(table.posterior(x, np.ones(x.shape, bool)))
    masses = np.concatenate([part.log_mass.ravel() for part in found.parts])
    assert np.logaddexp.reduce(masses) == pytest.approx(found.log_px_nats, abs=1e-9)
    areas = sum(np.isfinite(part.log_joint).sum() * part.step**2 for part in found.parts)
    assert areas == pytest.approx((2 * half_width(posterior.mean)) ** 2)
    assert {round(math.log(found.parts[0].step / part.step, SPLIT)) for part in found.parts} >= {0, 1}


def test_changing_pixels_gives_what_starting_anew_gives(small):
    """For a stroke, an eraser and unknown pixels, only changes are added, and no error accumulates."""
    _, posterior, table, model = small
    draw = np.random.default_rng(0)
    x, known = posterior.images[0].astype(np.float32), np.ones(model.image_shape, bool)
    for _ in range(30):
        x, known = x.copy(), known.copy()
        x[0, draw.integers(28), draw.integers(24) : 28] = draw.integers(2)
        known[0, draw.integers(28), : draw.integers(10)] = draw.integers(2)
        stepwise = first(table.posterior(x, known))
    other = first(table.posterior(posterior.images[5].astype(np.float32), np.ones_like(known)))
    assert other.log_px_nats != pytest.approx(stepwise.log_px_nats, abs=1)
    table._table.scores = np.zeros(0)  # forget the scores, so that they are computed again
    assert first(table.posterior(x, known)).log_px_nats == pytest.approx(stepwise.log_px_nats, abs=1e-3)


def linear(weight):
    """A decoder of one pixel: p(1|z) = 1 / (1 + exp(−weight · z0))."""

    def decode(z):
        return Parameters((weight * z[:, :1]).astype(np.float32).reshape(-1, 1, 1, 1))

    return decode


def test_nothing_known_leaves_the_prior():
    """log p of no known pixel is 0, and by symmetry the mixture is the prior's: one half."""
    table = LikelihoodTable(linear(2.0), 6.0, (1, 1, 1), 64)
    for _ in table.build():
        pass
    found = last(table.posterior(np.ones((1, 1, 1), np.float32), np.zeros((1, 1, 1), bool)))
    assert found.log_px_nats == pytest.approx(0, abs=1e-3)
    assert found.mixture[0, 0, 0] == pytest.approx(0.5, abs=0.01)


def test_one_pixel_is_one_half_either_way():
    """Under a symmetric decoder p(x) = ½: −log 2 nats, to a thousandth."""
    table = LikelihoodTable(linear(3.0), 6.0, (1, 1, 1), 64)
    for _ in table.build():
        pass
    for value in (0.0, 1.0):
        found = last(table.posterior(np.full((1, 1, 1), value, np.float32), np.ones((1, 1, 1), bool)))
        assert found.log_px_nats == pytest.approx(-math.log(2), abs=1e-3)
        assert found.mixture is None


def test_coarse_comes_first():
    """Without the first lattice there is no result; then sides have a quarter, half and all of the points."""
    table = LikelihoodTable(linear(1.0), 6.0, (1, 1, 1), 64)
    x, known = np.ones((1, 1, 1), np.float32), np.ones((1, 1, 1), bool)
    assert list(table.posterior(x, known)) == []
    sides = []
    for is_finer in table.build():
        if is_finer:
            sides.append(last(table.posterior(x, known)).parts[0].log_joint.shape)
    assert sides == [(16, 16), (32, 32), (64, 64)]
    assert table.share == 1


def test_the_grid_reaches_the_prior_and_the_means():
    """The half width is at least 4.5 and at most 24, and half a unit beyond the farthest mean."""
    assert half_width(np.zeros((3, 2))) == 4.5
    assert half_width(np.array([[0.0, -6.0]])) == 6.5
    assert half_width(np.array([[100.0, 0.0]])) == 24


def plane_of_means(family, log_scale):
    """A decoder of two pixels whose locations are a + b·z."""

    def decode(z):
        location = (0.4 + 0.2 * z).astype(np.float32).reshape(-1, 1, 1, 2)
        if family.has_logits:
            return Parameters(4 * location)
        return Parameters(location, np.full((len(z), 1, 1, 1), log_scale, np.float32))

    return decode


@pytest.mark.parametrize("family", Family)
def test_log_px_of_every_likelihood_is_that_of_a_fine_sum(family):
    """For two pixels, it agrees with a sum over 4,001 × 4,001 points, one dimension at a time."""
    likelihood, x = Likelihood(family, 256), np.array([0.2, 0.8], np.float32)
    decode = plane_of_means(family, -3.0)
    z = np.linspace(-6, 6, 4001)
    expected = 0.0
    for index in range(2):
        location = decode(np.stack([z, z], axis=1)).location[:, 0, 0, index]
        nats = likelihood.pixel_nats(x[index : index + 1], location, np.full(1, -3, np.float32))
        joint = nats - 0.5 * z**2 - 0.5 * math.log(2 * math.pi)
        expected += np.logaddexp.reduce(joint) + math.log(z[1] - z[0])
    table = LikelihoodTable(decode, 6.0, (1, 1, 2), 64, likelihood)
    for _ in table.build():
        pass
    found = last(table.posterior(x.reshape(1, 1, 2), np.ones((1, 1, 2), bool)))
    assert found.log_px_nats == pytest.approx(expected, abs=0.01)


def test_a_narrow_posterior_is_found_between_the_cells():
    """For a Gaussian with deviation 0.001, a hundredth of a cell, log p(x) has a closed form."""
    likelihood, scale = Likelihood(Family.GAUSSIAN, 256), 0.001
    table = LikelihoodTable(plane_of_means(Family.GAUSSIAN, math.log(scale)), 6.0, (1, 1, 2), 64, likelihood)
    for _ in table.build():
        pass
    x = np.array([0.513, 0.377], np.float32)
    found = last(table.posterior(x.reshape(1, 1, 2), np.ones((1, 1, 2), bool)))
    variance = 0.2**2 + scale**2
    expected = sum(-0.5 * (n - 0.4) ** 2 / variance - 0.5 * math.log(2 * math.pi * variance) for n in x)
    assert found.log_px_nats == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize("family", [Family.GAUSSIAN, Family.LOGISTIC])
def test_changing_grey_pixels_gives_what_starting_anew_gives(family):
    """Terms of pixels that become unknown are subtracted, up to rounding."""
    likelihood, decode = Likelihood(family, 256), plane_of_means(family, -2.0)
    tables = [LikelihoodTable(decode, 6.0, (1, 1, 2), 64, likelihood) for _ in range(2)]
    for table in tables:
        for _ in table.build():
            pass
    draw, known = np.random.default_rng(0), np.ones((1, 1, 2), bool)
    for _ in range(20):
        x = draw.random((1, 1, 2)).astype(np.float32)
        known = draw.random((1, 1, 2)) < 0.7
        stepwise = first(tables[0].posterior(x, known))
    assert first(tables[1].posterior(x, known)).log_px_nats == pytest.approx(stepwise.log_px_nats, abs=1e-9)


def test_the_grid_is_as_fine_as_memory_allows():
    """MNIST has 256 points per side, colour pictures have fewer, and very large pictures have no grid."""
    assert table_side(Likelihood(Family.BERNOULLI), (1, 28, 28)) == 256
    logistic = Likelihood(Family.LOGISTIC, 256)
    assert table_side(logistic, (3, 32, 32)) == 64
    assert table_side(logistic, (3, 64, 64)) == 32
    assert table_side(logistic, (3, 512, 512)) is None


def test_the_mode_is_the_best_cell_of_all_parts():
    """The mode may be in a finer part; the cell that this part replaces does not count then."""
    axis = np.array([-1.0, 1.0])
    coarse = Cells(axis, axis, 2.0, np.array([[-np.inf, -5.0], [-7.0, -3.0]]))
    fine = Cells(
        np.array([-1.5, -0.5]), np.array([-1.5, -0.5]), 1.0, np.array([[-4.0, -2.0], [-np.inf, -6.0]])
    )
    assert TruePosterior((coarse, fine), -1.0, None, None).mode.tolist() == [-0.5, -1.5]
    assert TruePosterior((coarse,), -1.0, None, None).mode.tolist() == [1.0, 1.0]
