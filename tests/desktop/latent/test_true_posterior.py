"""The true posterior and log p(x) agree with training's quadrature and with closed forms."""

import math
import threading

import numpy as np
import onnx
import pytest

from desktop.base.machine import cpu_threads
from desktop.base.shipped import shipped_bundle
from desktop.latent.likelihood import Parameters
from desktop.latent.true_posterior import SPLIT, LikelihoodTable, half_width
from desktop.models.model import Model
from desktop.models.source import open_source
from export.bundle import DECODER_FILE

SIDE = 128


def first(steps):
    return next(step for step in steps if step is not None)


def last(steps):
    return [step for step in steps if step is not None][-1]


@pytest.fixture(scope="module")
def shipped():
    """The bundle that ships, its decoder in ONNX Runtime, and the table of its plane."""
    source = open_source(shipped_bundle())
    model, posterior = Model(source, "cpu"), source.bundle.read_posterior()
    # All threads of the model begin here: each test would be told of one that begins in it.
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
def torch_model(shipped):
    """The same network in PyTorch, whose logits give log p(x) independently."""
    # Imported here and not at the top: most tests of `desktop` never need PyTorch.
    import torch

    from tests.export.unphased import decoder_state
    from training.model import ConvVAE

    bundle = shipped[0]
    model = ConvVAE(bundle.image_shape, tuple(bundle.manifest["fit"]["filters"]), bundle.latent_dim).eval()
    model.decoder.load_state_dict(decoder_state(onnx.load_from_string(bundle.read(DECODER_FILE))))
    return model.to(memory_format=torch.channels_last)


@pytest.mark.slow
def test_log_px_is_that_of_trainings_quadrature(shipped, torch_model):
    """They agree to 0.01 nats for a held-out image, also with ink where the decoder is sure of none."""
    import torch

    from training.quadrature import Grid, integrate, survey

    _, posterior, table, _ = shipped
    # One image with and without the ink: both need the same tiles of the plane.
    images = posterior.images[[0, 0]]
    images[1, 0, 0, 0] = 1
    flat = torch.from_numpy(images.reshape(len(images), -1))

    def decode(z):
        # A third of the time of all at once: the activations of a hundred stay in the processor's cache.
        return torch.cat([torch_model.decoder(part) for part in z.split(100)])

    # Within 0.002 nats of the quadrature with a step of 0.03, in half its time; more than 10 nats below an
    # image's best there is nothing that counts here.
    surveyed = survey(decode, flat, Grid.with_step(0.04, coarse_step=0.12), margin_nats=10)
    expected = integrate(decode, flat, surveyed).log_px_nats.tolist()
    for image, nats in zip(images, expected, strict=True):
        found = last(table.posterior(image.astype(np.float32), np.ones(image.shape, bool)))
        assert found.is_converged
        assert found.log_px_nats == pytest.approx(nats, abs=0.01)


def test_the_parts_tile_the_plane_and_hold_all_of_the_posterior(shipped):
    """The cells cover every place once, so the masses add up to p(x); split cells hold −∞."""
    _, posterior, table, _ = shipped
    x = posterior.images[0].astype(np.float32)
    found = last(table.posterior(x, np.ones(x.shape, bool)))
    masses = np.concatenate([part.log_mass.ravel() for part in found.parts])
    assert np.logaddexp.reduce(masses) == pytest.approx(found.log_px_nats, abs=1e-9)
    areas = sum(np.isfinite(part.log_joint).sum() * part.step**2 for part in found.parts)
    assert areas == pytest.approx((2 * half_width(posterior.mean)) ** 2)
    assert {round(math.log(found.parts[0].step / part.step, SPLIT)) for part in found.parts} >= {0, 1}


def test_changing_pixels_gives_what_starting_anew_gives(shipped):
    """For a stroke, an eraser and unknown pixels, only changes are added, and no error accumulates."""
    _, posterior, table, model = shipped
    draw = np.random.default_rng(0)
    x, known = posterior.images[0].astype(np.float32), np.ones(model.image_shape, bool)
    for _ in range(30):
        x, known = x.copy(), known.copy()
        x[0, draw.integers(28), draw.integers(24) : 28] = draw.integers(2)
        known[0, draw.integers(28), : draw.integers(10)] = draw.integers(2)
        stepwise = first(table.posterior(x, known))
    other = first(table.posterior(posterior.images[5].astype(np.float32), np.ones_like(known)))
    assert other.log_px_nats != pytest.approx(stepwise.log_px_nats, abs=1)
    table._table.scores = np.zeros(0)  # forget the scores, so that they are computed anew
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
    """There is nothing before the first lattice; then come a quarter, a half and all of the side's points."""
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
    """The half width is at least 4.5 and at most 12, and half a unit beyond the farthest mean."""
    assert half_width(np.zeros((3, 2))) == 4.5
    assert half_width(np.array([[0.0, -6.0]])) == 6.5
    assert half_width(np.array([[100.0, 0.0]])) == 12
