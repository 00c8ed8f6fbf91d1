"""The worker's job that finds the directions which change the picture most at the cursor. No Qt."""

from collections.abc import Iterator
from dataclasses import dataclass
from threading import Event

import numpy as np

from desktop.base.arrays import Floats
from desktop.base.vector import Vector
from desktop.images.shrink import shrink
from desktop.jobs.kept_decoder import pictures_per_step
from desktop.latent.difference_step import first_step, fitting_step, pairs, slopes
from desktop.latent.directions import Directions, probes, strongest, tried_text
from desktop.models.model import Model

# Changes are compared on pictures of at most this many pixels per side.
SMALL_PX = 32


@dataclass(frozen=True)
class Progress:
    """How many of the pictures are decoded, and about how many seconds the others will take."""

    done: int
    total: int
    left_s: float


def find_directions(
    model: Model, z: Vector, count: int, seed: int = 0, enough: Event | None = None
) -> Iterator[Progress | Directions | None]:
    """Decode around z along `count` probes, and find the directions that change the picture most.

    If z has at most `count` axes, the probes are all of them in random order, else random directions; both
    are determined by `seed`. First the step length that fits the decoder is measured along a random
    direction. Yields the progress after each step and the directions last; raises ValueError if the picture
    does not change. Once `enough` is set, the directions are computed from the probes decoded so far, after
    at least one step.
    """
    along = probes(len(z), count, seed)
    spent_ms = 0.0

    def decode(points: Floats) -> Floats:
        nonlocal spent_ms
        small = shrink(model.decode(points), SMALL_PX)
        spent_ms += model.last_decode_ms
        return small

    enough = enough or Event()
    random = np.random.default_rng(seed).standard_normal(len(z))
    first = first_step(model.source.reading.prior, len(z))
    step = yield from fitting_step(decode, z, random / np.linalg.norm(random), first)
    changes = []
    done, spent_ms = 0, 0.0
    while done < len(along) and not (done and enough.is_set()):
        probed = along[done:][: _pairs_per_step(model, spent_ms / (2 * done) if done else None)]
        changes.append(slopes(decode(pairs(z, probed, step)), step))
        done += len(probed)
        yield Progress(2 * done, 2 * len(along), spent_ms / done * (len(along) - done) / 1000)
    yield strongest(np.concatenate(changes), along[:done], z, tried=tried_text(done, len(along), len(z)))


def _pairs_per_step(model: Model, picture_ms: float | None) -> int:
    """How many probes one step decodes; each takes two pictures."""
    return max(1, pictures_per_step(model, picture_ms) // 2)
