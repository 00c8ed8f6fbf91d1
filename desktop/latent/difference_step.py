"""The step of central differences that fits a decoder: not too long for its curves or too short. No Qt.

A central difference with the step h is off by a third of its distance from that with 2h, if rounding is
nothing (Richardson; Press et al., Numerical Recipes, section 5.7). So where both agree, the step is short
enough for the decoder's curves and long enough for its rounding: no constant of either has to be known.
"""

import math
from collections.abc import Generator, Sequence
from typing import Protocol

import numpy as np

from desktop.base.arrays import Doubles, Floats
from desktop.latent.prior import Prior

# The first step, in standard deviations of a coordinate of the prior.
FIRST_DEVIATIONS = 0.1
# Differences that disagree by less than this share of the larger one are off by about 3 %: good enough.
AGREEMENT = 0.1
# The step is halved and doubled this often at most.
MOST_HALVINGS, MOST_DOUBLINGS = 8, 4
# One way is given up after so many steps in a row that are no better than the best.
MOST_MISSES = 2
# z are float32: a step has at least this many of the distances between two of them.
LEAST_SPACINGS = 256


class Decode(Protocol):
    """Decodes z float32 [N, d] to pictures float32 [N, …]."""

    def __call__(self, z: Floats, /) -> Floats:
        """Decode."""
        ...


def first_step(prior: Prior, latent_dim: int) -> float:
    """A tenth of the standard deviation of one coordinate of the prior."""
    return FIRST_DEVIATIONS * prior.deviation(latent_dim)


def least_step(z: Sequence[float]) -> float:
    """The shortest step at which float32 z around `z` still differ by about what they should."""
    return LEAST_SPACINGS * float(np.spacing(np.float32(max(map(abs, z), default=0.0))))


def fitting_step(
    decode: Decode, z: Sequence[float], unit: Doubles, first: float
) -> Generator[None, None, float]:
    """Return the step near `first` at which the differences along `unit` [d] at z agree best.

    It is `first` if they agree there, and otherwise found by halving or doubling, whichever helps. Yields
    after each two pictures that are decoded.
    """
    known: dict[int, Doubles] = {}

    def difference(power: int) -> Generator[None, None, Doubles]:
        if power not in known:
            step = first * 2.0**power
            known[power] = slopes(decode(pairs(z, unit[np.newaxis], step)), step)[0]
            yield
        return known[power]

    def disagreement(power: int) -> Generator[None, None, float]:
        """Of the steps 2^power and twice that, as a share of the larger; infinite if nothing changes."""
        short = yield from difference(power)
        long = yield from difference(power + 1)
        size = max(float(np.linalg.norm(short)), float(np.linalg.norm(long)))
        return float(np.linalg.norm(short - long)) / size if size > 0 else math.inf

    lowest = max(-MOST_HALVINGS, math.ceil(math.log2(least_step(z) / first)))
    best = max(0, lowest)
    least = yield from disagreement(best)
    halving = () if math.isinf(least) else range(best - 1, lowest - 1, -1)
    for powers in (halving, range(best + 1, best + MOST_DOUBLINGS + 1)):
        misses = 0
        for power in powers:
            if least <= AGREEMENT or misses == MOST_MISSES:
                break
            found = yield from disagreement(power)
            misses = 0 if found < least or math.isinf(found) else misses + 1
            if found < least:
                best, least = power, found
    return first * 2.0**best


def pairs(z: Sequence[float], along: Doubles, step: float) -> Floats:
    """The z to decode for the probes `along` [m, d]: float32 [2m, d], a step forward and back for each."""
    steps = step * along
    here = np.asarray(z, np.float64)
    return np.stack([here + steps, here - steps], axis=1).reshape(-1, len(here)).astype(np.float32)


def slopes(pictures: Floats, step: float) -> Doubles:
    """How the pictures change along the probes: pictures [2m, …] of `pairs` → float64 [m, pixels]."""
    flat = pictures.reshape(len(pictures) // 2, 2, -1).astype(np.float64)
    changes: Doubles = (flat[:, 0] - flat[:, 1]) / (2 * step)
    return changes
