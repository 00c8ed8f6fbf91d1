"""The step of central differences fits decoders of any scale, checked with Jacobians in closed form."""

import numpy as np
import pytest

from desktop.latent.difference_step import first_step, fitting_step, least_step, pairs, slopes
from desktop.latent.directions import probes
from desktop.latent.prior import Prior, PriorKind
from tests.desktop.finished import finished

Z = (0.3, -0.2, 0.1, 0.0, 0.5)
UNIT = np.full(5, 5**-0.5)


class Decoder:
    """Pictures sin(gain · z · W), or rounded to `levels`; its Jacobian is gain · cos(gain · z · W) · W."""

    def __init__(self, gain, levels=0):
        self.weights = np.random.default_rng(2).normal(0, 5**-0.5, (5, 400))
        self.gain, self.levels, self.count = gain, levels, 0

    def __call__(self, z):
        self.count += len(z)
        pictures = np.sin(self.gain * z.astype(np.float64) @ self.weights)
        if self.levels:
            pictures = np.rint(pictures * self.levels) / self.levels
        return pictures.astype(np.float32)

    def jacobian(self, z):
        return self.gain * np.cos(self.gain * np.asarray(z) @ self.weights) * self.weights


def fitted(decode, first, z=Z):
    """The step at the end of the search."""
    return finished(fitting_step(decode, z, UNIT, first))


def error(decode, step):
    """The relative error of the measured Jacobian."""
    along = probes(5, 5)
    found = slopes(decode(pairs(Z, along, step)), step)
    truth = along @ decode.jacobian(Z)
    return np.linalg.norm(found - truth) / np.linalg.norm(truth)


def test_the_first_step_follows_the_prior():
    """The first step is a tenth of the samples' standard deviation: 0.1 for N(0, I)."""
    for prior in (
        Prior(),
        Prior(scale=2),
        Prior(PriorKind.UNIFORM),
        Prior(PriorKind.UNIFORM, 0.5, 0.5),
        Prior(PriorKind.SPHERE, 3),
    ):
        deviation = prior.sample(20_000, 64, 0).std(axis=0).mean()
        assert first_step(prior, 64) == pytest.approx(0.1 * deviation, rel=0.01)
    assert first_step(Prior(), 512) == 0.1


@pytest.mark.parametrize("gain", [0.01, 1, 4])
def test_a_step_that_fits_stays(gain):
    """A first step that fits is kept, and costs four pictures."""
    decode = Decoder(gain)
    assert fitted(decode, 0.1) == 0.1
    assert decode.count == 4
    assert error(decode, 0.1) < 0.05


@pytest.mark.parametrize("gain", [20, 60, 300])
def test_a_decoder_that_changes_much_gets_a_shorter_step(gain):
    """With the shorter step the Jacobian is right; with the first step it is not."""
    decode = Decoder(gain)
    step = fitted(decode, 0.1)
    assert step < 0.1
    assert error(decode, 0.1) > 0.2
    assert error(decode, step) < 0.05


def test_a_decoder_that_changes_little_gets_a_longer_step():
    """Rounded pixels that hardly change at the first step change at a longer one."""
    decode = Decoder(0.05, levels=127)
    step = fitted(decode, 0.1)
    assert step > 0.1
    assert error(decode, step) < 0.7 * error(decode, 0.1)


def test_numbers_far_out_get_a_step_that_they_can_tell():
    """Adjacent float32 z around a million differ by 1/16."""
    far = tuple(1e6 + z for z in Z)
    assert fitted(Decoder(1e-7), 0.01, far) >= least_step(far) > 1
    assert least_step(Z) < 1e-4


def test_what_never_changes_ends_the_search():
    """The search ends after few pictures, because only longer steps could help."""
    decode = Decoder(0)
    fitted(decode, 0.1)
    assert decode.count == 12
