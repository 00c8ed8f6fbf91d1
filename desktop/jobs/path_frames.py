"""The worker's job that decodes a path's pictures before the path is played, for slow decoders. No Qt."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from desktop.base.arrays import Doubles
from desktop.jobs.cost import Cost, Progress
from desktop.jobs.kept_decoder import KeptDecoder
from desktop.latent.paths import CurveZ, Walk

FRAMES_PER_S, LEAST_FRAMES, MOST_FRAMES = 8, 8, 64


@dataclass(frozen=True, eq=False)
class PathFrames:
    """Where along a walk pictures are kept: the shares of the way [K], ascending, and their z [K, d]."""

    shares: Doubles
    z: CurveZ

    def nearest(self, share: float) -> CurveZ:
        """Return the z [1, d] of the picture that is nearest to a share of the way."""
        return self.z.part([int(np.abs(self.shares - share).argmin())])


def path_frames(
    decoder: KeptDecoder, walk: Walk, count: int, most_s: float = math.inf
) -> Iterator[PathFrames | Progress | Cost | None]:
    """Decode `count` pictures along a walk, coarse to fine, yielding all decoded so far after each step.

    If decoding takes more than `most_s` seconds, nothing is decoded: it yields the kept pictures, and the
    Cost of the others last.
    """
    shares = np.linspace(0, 1, count)
    z = walk.along(shares)
    there = np.array(decoder.is_there(z), bool)
    yield PathFrames(shares[there], walk.along(shares[there]))
    cost = decoder.cost(z)
    if cost.seconds > most_s:
        yield cost
        return
    for index in [index for index in _coarse_first(count) if not there[index]]:
        yield decoder.progress(int(there.sum()), count)
        while decoder.try_decode(z.part([index])) is None:
            yield None
        there[index] = True
        yield PathFrames(shares[there], walk.along(shares[there]))


def frame_count(duration_s: float) -> int:
    """Return how many pictures are enough for a walk of this duration."""
    return max(LEAST_FRAMES, min(MOST_FRAMES, round(FRAMES_PER_S * duration_s)))


def _coarse_first(count: int) -> list[int]:
    """Order 0 to count − 1 so that the first ones lie far apart: the ends, the middle, the rest."""
    return sorted(range(count), key=lambda i: -math.inf if i in (0, count - 1) else -(i & -i))
