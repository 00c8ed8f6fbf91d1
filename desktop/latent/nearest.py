"""Finds the held-out images that are nearest to the cursor, in z or by its picture. No Qt."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from desktop.base.arrays import Bytes, Doubles, Floats
from desktop.latent.elbo import logits_of
from desktop.latent.likelihood import Likelihood, Parameters

STEP_NUMBERS = 400_000  # a step takes about 1 ms; the picture under the pointer waits for one at most
SLOWER = 20  # a likelihood takes at most this many times as long per number


class Nearness(StrEnum):
    """How distance is measured. A value is its name in the window."""

    Z = "By z"
    PICTURE = "By picture"


@dataclass(frozen=True)
class Neighbour:
    """A held-out image: its index, and its distance in units of z or in nats."""

    index: int
    distance: float


def nearest_by_z(mean: Floats, z: ArrayLike, count: int) -> Iterator[tuple[Neighbour, ...] | None]:
    """Find the `count` images whose means [N, d] are nearest to z [d] by Euclidean distance.

    Yields None while computing, and then the neighbours, nearest first.
    """
    here = np.asarray(z, np.float64)  # in float32 the squares may overflow
    distances = np.empty(len(mean))
    for part in _parts(len(mean), mean.shape[1]):
        distances[part] = np.linalg.norm(mean[part] - here, axis=1)
        yield None
    yield _least(distances, count)


def nearest_by_picture(
    images: Bytes, probabilities: Floats, count: int
) -> Iterator[tuple[Neighbour, ...] | None]:
    """Find the `count` images x [N, C, H, W] that are most likely under probabilities [C, H, W].

    Yields None while computing, and then the neighbours, nearest first. The distance is −log p(x|z) in nats
    for Bernoulli pixels. It is the cost of an empty image plus a term that is linear in x, so one matrix
    product gives it for all images.
    """
    logits = logits_of(probabilities).ravel()
    empty_nats = float(np.logaddexp(0, logits.astype(np.float64)).sum())
    pixels = images.reshape(len(images), -1)
    distances = np.empty(len(images), np.float32)
    for part in _parts(len(pixels), pixels.shape[1]):
        distances[part] = empty_nats - pixels[part].astype(np.float32) @ logits
        yield None
    yield _least(distances, count)


def nearest_by_likelihood(
    images: Bytes, likelihood: Likelihood, parameters: Parameters, count: int
) -> Iterator[tuple[Neighbour, ...] | None]:
    """Find the `count` images [N, C, H, W] that are most likely under the parameters of one picture.

    Yields None while computing, and then the neighbours, nearest first. The distance is −log p(x|z) in nats.
    """
    white = np.float32(likelihood.levels - 1)
    distances = np.empty(len(images), np.float64)
    for part in _parts(len(images), SLOWER * images[0].size if len(images) else 1):
        distances[part] = -likelihood.nats(images[part] / white, parameters)
        yield None
    yield _least(distances, count)


def nearest_by_difference(
    images: Bytes, white: int, picture: Floats, count: int
) -> Iterator[tuple[Neighbour, ...] | None]:
    """Find the `count` images [N, C, H, W], from 0 to `white`, that differ least from a picture [C, H, W].

    Yields None while computing, and then the neighbours, nearest first. The distance is the root of the mean
    squared difference, from 0 to 1.
    """
    there = picture.ravel() * np.float32(white)
    pixels = images.reshape(len(images), -1)
    distances = np.empty(len(images), np.float32)
    for part in _parts(len(pixels), pixels.shape[1]):
        distances[part] = np.sqrt(((pixels[part] - there) ** 2).mean(axis=1)) / white
        yield None
    yield _least(distances, count)


def _parts(rows: int, columns: int) -> Iterator[slice]:
    size = max(1, STEP_NUMBERS // max(1, columns))
    return (slice(start, start + size) for start in range(0, rows, size))


def _least(distances: Floats | Doubles, count: int) -> tuple[Neighbour, ...]:
    count = min(count, len(distances))
    found = np.argpartition(distances, count - 1)[:count] if count else np.empty(0, np.int64)
    ordered = found[np.argsort(distances[found], kind="stable")]
    return tuple(Neighbour(int(index), float(distances[index])) for index in ordered)
