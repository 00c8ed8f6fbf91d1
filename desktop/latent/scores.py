"""Computes log p(x|z) of one image at very many z, and updates it while the image changes. No Qt.

For Bernoulli and continuous Bernoulli pixels, log p(x|z) is linear in x and is one matrix product with the
logits; if x changes, only the rows of the changed pixels are needed. For other families it is summed pixel by
pixel, and for a changed pixel the old term is subtracted before the new one is added.
"""

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from desktop.base.arrays import Doubles, Floats
from desktop.latent.likelihood import Family, Likelihood, Parameters

MOST_LOGIT = 6e4  # the largest float16 is 65,504
ROWS_AT_ONCE = 16  # a step takes a millisecond or two with 65,536 z
NUMBERS_AT_ONCE = 60_000  # a step takes a few milliseconds

# Decoded pictures in the form in which they are scored.
Held = tuple[Floats, Floats | Doubles]


class LinearScores:
    """Scores of a family with logits. The logits are stored as float16, one row per pixel.

    Args:
        family: the family of the pixels' distributions.
        pixels: how many numbers an image has.
        count: the number of z.
    """

    def __init__(self, family: Family, pixels: int, count: int) -> None:
        self._family = family
        self._logits = np.empty((pixels, count), np.float16)
        self._sums = np.zeros(count)
        # log p(x|z) at the z of the last update, for the pixels in _weights and _known.
        self.scores: Doubles = np.zeros(0)
        self._weights, self._known = np.zeros(pixels, np.float32), np.ones(pixels, np.float32)

    @property
    def size_bytes(self) -> int:
        """The memory that the logits take."""
        return self._logits.nbytes + self._sums.nbytes

    def put(self, start: int, parameters: Parameters) -> None:
        """Store the parameters of the z from index `start` on."""
        end = start + len(parameters)
        logits, _ = self.held(parameters)
        self._logits[:, start:end] = np.clip(logits, -MOST_LOGIT, MOST_LOGIT)
        # Computed from the stored float16 logits, so that a pixel that becomes unknown subtracts exactly
        # what it added.
        self._sums[start:end] = self._normalizer(self._logits[:, start:end]).sum(axis=0, dtype=np.float64)

    def update(self, ready: int, x: Floats, known: NDArray[np.bool_]) -> Iterator[None]:
        """Update `scores` of the first `ready` z to x [pixels], using only the pixels that changed."""
        pixels, weights = known.astype(np.float32), (x * known).astype(np.float32)
        if ready != len(self.scores):
            self.scores = -self._sums[:ready]
            self._weights[:], self._known[:] = 0, 1
        for rows in _pieces(np.flatnonzero(weights != self._weights), ROWS_AT_ONCE):
            change = (weights - self._weights)[rows]
            self.scores += change @ self._logits[rows, :ready].astype(np.float32)
            self._weights[rows] = weights[rows]
            yield
        for rows in _pieces(np.flatnonzero(pixels != self._known), ROWS_AT_ONCE):
            self.scores -= (pixels - self._known)[rows] @ self._normalizer(self._logits[rows, :ready])
            self._known[rows] = pixels[rows]
            yield

    def pictures(self, places: NDArray[np.intp]) -> Floats:
        """The pictures at some z, [pixels, K]."""
        return Likelihood(self._family).means(self._logits[:, places].astype(np.float32))

    def held(self, parameters: Parameters) -> Held:
        """Parameters in the form that `score` takes."""
        logits = parameters.location.reshape(len(parameters), -1).T
        return logits, self._normalizer(logits).sum(axis=0, dtype=np.float64)

    def score(self, held: Held, x: Floats, known: NDArray[np.bool_]) -> Doubles:
        """log p(x|z) of the known pixels at the z of `held`."""
        logits, sums = held
        scores: Doubles = (x * known).astype(np.float32) @ logits - sums
        if not known.all():
            scores = scores + self._normalizer(logits[~known]).sum(axis=0, dtype=np.float64)
        return scores

    def _normalizer(self, logits: NDArray[np.floating]) -> Floats:
        """The same as `log_normalizer`, in float32."""
        wide = logits.astype(np.float32)
        size = np.abs(wide)
        if self._family is Family.BERNOULLI:
            soft: Floats = np.maximum(wide, 0) + np.log1p(np.exp(-size))
            return soft
        # Near 0 the logarithm of the quotient is −|l| / 2 to within float32 precision.
        safe = np.maximum(size, np.float32(1e-3))
        quotient = np.where(size < 1e-3, -size / 2, np.log(-np.expm1(-safe)) - np.log(safe))
        whole: Floats = (np.maximum(wide, 0) + quotient).astype(np.float32)
        return whole


class PixelScores:
    """Scores of any likelihood: each pixel's log p is computed in float64 and added.

    Args:
        likelihood: the likelihood of the pixels.
        pixels: how many numbers an image has.
        count: the number of z.
    """

    def __init__(self, likelihood: Likelihood, pixels: int, count: int) -> None:
        self._likelihood = likelihood
        self._location = np.empty((pixels, count), np.float32)
        self._scale: Floats | None = None
        self.scores: Doubles = np.zeros(0)
        self._x, self._known = np.zeros(pixels, np.float32), np.zeros(pixels, bool)

    @property
    def size_bytes(self) -> int:
        """The memory that the parameters take."""
        return self._location.nbytes + (0 if self._scale is None else self._scale.nbytes)

    def put(self, start: int, parameters: Parameters) -> None:
        """Store the parameters of the z from index `start` on."""
        end = start + len(parameters)
        location, scale = self.held(parameters)
        if self._scale is None:
            self._scale = np.empty((len(scale), self._location.shape[1]), np.float32)
        self._location[:, start:end], self._scale[:, start:end] = location, scale

    def update(self, ready: int, x: Floats, known: NDArray[np.bool_]) -> Iterator[None]:
        """Update `scores` of the first `ready` z to x [pixels], using only the pixels that changed."""
        changed = (known != self._known) | (known & (x != self._x))
        if ready != len(self.scores) or 2 * changed.sum() > len(changed):
            self.scores = np.zeros(ready)
            self._known[:] = False
            changed = known
        for rows in _pieces(np.flatnonzero(changed), max(1, NUMBERS_AT_ONCE // max(1, ready))):
            old, new = rows[self._known[rows]], rows[known[rows]]
            self.scores += self._sum(new, x, ready) - self._sum(old, self._x, ready)
            self._x[rows], self._known[rows] = x[rows], known[rows]
            yield

    def pictures(self, places: NDArray[np.intp]) -> Floats:
        """The pictures at some z, [pixels, K]."""
        return self._likelihood.means(self._location[:, places])

    def held(self, parameters: Parameters) -> Held:
        """Parameters in the form that `score` takes; a scale that all pixels share becomes one row."""
        assert parameters.log_scale is not None
        count = len(parameters)
        return parameters.location.reshape(count, -1).T, parameters.log_scale.reshape(count, -1).T

    def score(self, held: Held, x: Floats, known: NDArray[np.bool_]) -> Doubles:
        """log p(x|z) of the known pixels at the z of `held`."""
        location, scale = held
        scores = np.zeros(location.shape[1])
        for rows in _pieces(np.flatnonzero(known), max(1, NUMBERS_AT_ONCE // len(scores))):
            part = scale[rows] if len(scale) > 1 else scale
            scores += self._likelihood.pixel_nats(x[rows, np.newaxis], location[rows], part).sum(0)
        return scores

    def _sum(self, rows: NDArray[np.intp], x: Floats, ready: int) -> Doubles | float:
        if not len(rows):
            return 0.0
        assert self._scale is not None
        scale = self._scale[rows, :ready] if len(self._scale) > 1 else self._scale[:, :ready]
        found: Doubles = self._likelihood.pixel_nats(
            x[rows, np.newaxis], self._location[rows, :ready], scale
        ).sum(0)
        return found


Scores = LinearScores | PixelScores


def scores_for(likelihood: Likelihood, image_shape: tuple[int, int, int], count: int) -> Scores:
    """Empty scores for `count` z."""
    pixels = math.prod(image_shape)
    if likelihood.family.has_logits:
        return LinearScores(likelihood.family, pixels, count)
    return PixelScores(likelihood, pixels, count)


def point_bytes(likelihood: Likelihood, image_shape: tuple[int, int, int]) -> int:
    """The most memory that one z takes in `scores_for`."""
    return math.prod(image_shape) * (2 if likelihood.family.has_logits else 8)


def _pieces(rows: NDArray[np.intp], size: int) -> Iterator[NDArray[np.intp]]:
    return (rows[start : start + size] for start in range(0, len(rows), size))
