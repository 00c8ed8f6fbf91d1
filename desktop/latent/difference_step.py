"""Finds a step for central differences that fits a decoder: neither too long nor too short. No Qt.

Without rounding, the error of a central difference with step h is a third of its distance from the one with
step 2h (Richardson; Press et al., Numerical Recipes, section 5.7). So if both agree, the step is short enough
for the decoder's curvature and long enough for its rounding, and neither has to be known.
"""

import math
from collections.abc import Generator, Sequence
from typing import Protocol

import numpy as np

from desktop.base.arrays import Doubles, Floats
from desktop.latent.prior import Prior

# The first step, in standard deviations of a coordinate of the prior.
FIRST_DEVIATIONS = 0.1
# If two differences disagree by less than this share of the larger one, the error is about 3 %: good enough.
AGREEMENT = 0.1
# The step is halved and doubled this often at most.
MOST_HALVINGS, MOST_DOUBLINGS = 8, 4
# Halving or doubling ends after so many steps in a row that do not improve on the best.
MOST_MISSES = 2
# z are float32; a step is at least this many times the distance between two adjacent numbers.
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
    """The shortest step that float32 z around `z` can represent with sufficient precision."""
    return LEAST_SPACINGS * float(np.spacing(np.float32(max(map(abs, z), default=0.0))))


def fitting_step(
    decode: Decode, z: Sequence[float], unit: Doubles, first: float
) -> Generator[None, None, float]:
    """Return the step near `first` at which the differences along `unit` [d] at z agree best.

    The step is `first` if the differences agree there, and otherwise found by halving or doubling. Yields
    after every two decoded pictures.
    """
    known: dict[int, Doubles] = {}

    def difference(power: int) -> Generator[None, None, Doubles]:
        if power not in known:
            step = first * 2.0**power
            known[power] = slopes(decode(pairs(z, unit[np.newaxis], step)), step)[0]
            yield
        return known[power]

    def disagreement(power: int) -> Generator[None, None, float]:
        """How much 2^power and twice that step disagree, relative to the larger; infinite without change."""
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
    """The z to decode for the probes `along` [m, d]: float32 [2m, d], one step forward and one back each."""
    steps = step * along
    here = np.asarray(z, np.float64)
    return np.stack([here + steps, here - steps], axis=1).reshape(-1, len(here)).astype(np.float32)


def slopes(pictures: Floats, step: float) -> Doubles:
    """The derivatives along the probes, float64 [m, pixels], from the pictures [2m, …] of `pairs`."""
    flat = pictures.reshape(len(pictures) // 2, 2, -1).astype(np.float64)
    changes: Doubles = (flat[:, 0] - flat[:, 1]) / (2 * step)
    return changes
