"""Compute p(z|x) and log p(x) for two latent dimensions, using only the decoder. No Qt.

For Bernoulli pixels, log p(x|z) = Σ over known pixels [x·l − log(1 + eˡ)] with the logits l of the picture at
z. Once the pictures of a grid are decoded, one matrix product gives this for any x. If x changes, only the
rows of the changed pixels are needed. By the rectangle rule, log p(x) = log Σ p(x|z) N(z; 0, I) · cell area.
Cells that hold much of the posterior's mass are split until log p(x) no longer changes. All figures are in
nats.

The grid's logits are stored as float16: a hundred megabytes for 256 × 256 pictures of 784 pixels. The logits
of the smaller cells, which determine log p(x) in the end, are float32.
"""

import math
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from desktop.base.arrays import Doubles, Floats

Halves = NDArray[np.float16]
Decode = Callable[[Floats], Floats]

LOG_2PI = math.log(2 * math.pi)

SIDE = 256
STRIDES = (4, 2, 1)  # coarse first: 64 × 64, 128 × 128, then all
STEP_PICTURES = 10  # a millisecond or two on two cores
LEAST_HALF_WIDTH, MOST_HALF_WIDTH = 4.5, 12.0
BEYOND_MEANS = 0.5
BLOCK_CELLS, SPLIT = 8, 4  # a block of 8 × 8 cells is split into 32 × 32
MAX_DEPTH = 3
MIN_BLOCK_SHARE = 1e-3
CONVERGED_NATS = 0.003
MAX_BLOCKS = 32  # 3.2 MB each for 784 pixels
MOST_LOGIT = 6e4  # float16 ends at 65,504
ROWS_AT_ONCE = 16  # a millisecond or two
MIXED_CELLS, MIN_SHARE = 600, 1e-4


@dataclass(frozen=True)
class Cells:
    """Square cells of the plane, with the joint density of x and their centres.

    Attributes:
        a, b: float64 [W] and [H], the two coordinates of the centres, ascending.
        step: the side of a cell.
        log_joint: float64 [H, W], log p(x|z) + log p(z); −∞ if smaller cells replace the cell.
    """

    a: Doubles
    b: Doubles
    step: float
    log_joint: Doubles

    @property
    def log_mass(self) -> Doubles:
        """log ∫ p(x|z) p(z) dz over each cell, [H, W]."""
        return self.log_joint + 2 * math.log(self.step)


@dataclass(frozen=True)
class TruePosterior:
    """The posterior of z given the known pixels of x.

    Attributes:
        parts: cells that cover the grid without overlap: large ones first, then smaller ones where the mass
            is.
        log_px_nats: log p(x) of the known pixels.
        change_nats: how much the last split changed it; None before the first split.
        mixture: float32 [C, H, W], the mean of p(x|z) over the posterior, which completes unknown pixels;
            None if all pixels are known.
    """

    parts: tuple[Cells, ...]
    log_px_nats: float
    change_nats: float | None
    mixture: Floats | None

    @property
    def mode(self) -> Doubles:
        """The centre of the cell with the largest p(z|x), float64 [2]."""
        best = max(self.parts, key=lambda cells: float(cells.log_joint.max()))
        row, column = np.unravel_index(best.log_joint.argmax(), best.log_joint.shape)
        return np.array([best.a[column], best.b[row]])

    @property
    def is_converged(self) -> bool:
        """Whether smaller cells no longer change log p(x)."""
        return self.change_nats is not None and self.change_nats <= CONVERGED_NATS


def half_width(means: NDArray[np.floating]) -> float:
    """How far the grid reaches from 0, to cover the prior's mass and the held-out means [N, 2]."""
    farthest = float(np.abs(means).max(initial=0.0)) + BEYOND_MEANS
    return min(MOST_HALF_WIDTH, max(LEAST_HALF_WIDTH, farthest))


class LikelihoodTable:
    """The logits of the pictures on a square grid in two latent dimensions. Not safe for several threads.

    Args:
        decode: z float32 [N, 2] → logits float32 [N, C, H, W].
        reach: the grid extends from −reach to reach in both dimensions.
        image_shape: channels, height, width.
        side: points along each dimension, a multiple of 32.
    """

    def __init__(
        self, decode: Decode, reach: float, image_shape: tuple[int, int, int], side: int = SIDE
    ) -> None:
        self._decode = decode
        self._image_shape = image_shape
        self._side = side
        self._step = 2 * reach / side
        self._axis = (np.arange(side, dtype=np.float64) + 0.5) * self._step - reach
        self._order, self._ends = _lattices(side)
        self._rows, self._columns = np.divmod(self._order, side)
        pixels = math.prod(image_shape)
        self._logits = np.empty((pixels, side * side), np.float16)
        self._softplus = np.zeros(side * side)
        self._decoded = 0
        # log p(x|z) of the scored points, for the pixels in _weights and _known.
        self._scores: Doubles = np.zeros(0)
        self._weights, self._known = np.zeros(pixels, np.float32), np.ones(pixels, np.float32)
        self._blocks: OrderedDict[tuple[float, float, float], tuple[Floats, Doubles]] = OrderedDict()

    @property
    def share(self) -> float:
        """The share of the grid that is decoded, from 0 to 1."""
        return self._decoded / len(self._order)

    @property
    def size_bytes(self) -> int:
        """The memory that the table takes."""
        blocks = sum(logits.nbytes for logits, _ in self._blocks.values())
        return self._logits.nbytes + self._softplus.nbytes + blocks

    def build(self) -> Iterator[bool]:
        """Decode the grid step by step. Yields True whenever a finer lattice is complete."""
        while self._decoded < len(self._order):
            start, end = self._decoded, min(self._decoded + STEP_PICTURES, len(self._order))
            logits, _ = self._decoded_at(self._points(slice(start, end)))
            self._logits[:, start:end] = np.clip(logits, -MOST_LOGIT, MOST_LOGIT)
            # Computed from the stored float16 logits, so that a pixel that becomes unknown subtracts exactly
            # what it added.
            self._softplus[start:end] = _softplus(self._logits[:, start:end]).sum(axis=0, dtype=np.float64)
            self._decoded = end
            yield any(start < lattice <= end for lattice in self._ends)

    def posterior(self, x: Floats, known: NDArray[np.bool_]) -> Iterator[TruePosterior | None]:
        """Compute p(z | the known pixels of x) on the decoded part of the grid, then on smaller cells.

        x [C, H, W] is 0 or 1, and `known` has the same shape. Yields None while computing, and a posterior
        after each split. Yields nothing if the first lattice is not decoded yet.
        """
        ready = max((end for end in self._ends if end <= self._decoded), default=0)
        if not ready:
            return
        pixels, weights = known.reshape(-1).astype(np.float32), (x * known).reshape(-1).astype(np.float32)
        for _ in self._score(ready, weights, pixels):
            yield None
        stride = self._side // math.isqrt(ready)
        side, step, axis = self._side // stride, self._step * stride, self._axis[::stride]
        joint = np.empty((side, side))
        joint[self._rows[:ready] // stride, self._columns[:ready] // stride] = self._scores
        grid = Cells(axis, axis, step, joint + _log_prior(axis, axis))
        log_px = _log_sum([grid])
        mixture = None if known.all() else self._mixture(ready)
        yield TruePosterior((grid,), log_px, None, mixture)
        if stride > 1:
            return
        parts, newest = [], [grid]
        for _ in range(MAX_DEPTH):
            split: list[Cells] = []
            for cells in newest:
                blocks, rest = _heavy_blocks(cells, log_px)
                parts.append(rest)
                for corner in blocks:
                    for block in self._block(*corner, cells.step, weights, pixels):
                        if block is not None:
                            split.append(block)
                        yield None
            newest = split
            before, log_px = log_px, _log_sum(parts + newest)
            change = abs(log_px - before)
            yield TruePosterior((*parts, *newest), log_px, change, mixture)
            if change <= CONVERGED_NATS:
                return

    def _points(self, places: slice | NDArray[np.intp]) -> Doubles:
        return np.stack([self._axis[self._columns[places]], self._axis[self._rows[places]]], axis=1)

    def _decoded_at(self, z: Doubles) -> tuple[Floats, Doubles]:
        """The logits [pixels, N] at z, and their sums Σ log(1 + eˡ) [N]."""
        logits = self._decode(z.astype(np.float32)).reshape(len(z), -1).T
        return logits, _softplus(logits).sum(axis=0, dtype=np.float64)

    def _score(self, ready: int, weights: Floats, known: Floats) -> Iterator[None]:
        """Update `_scores` to these pixels, by adding or subtracting only the pixels that changed."""
        if ready != len(self._scores):
            self._scores = -self._softplus[:ready]
            self._weights[:], self._known[:] = 0, 1
        for rows in _pieces(np.flatnonzero(weights != self._weights)):
            self._scores += (weights - self._weights)[rows] @ self._logits[rows, :ready].astype(np.float32)
            self._weights[rows] = weights[rows]
            yield
        for rows in _pieces(np.flatnonzero(known != self._known)):
            self._scores -= (known - self._known)[rows] @ _softplus(self._logits[rows, :ready])
            self._known[rows] = known[rows]
            yield

    def _mixture(self, ready: int) -> Floats:
        """The mean of p(x|z) over the most likely points of the grid."""
        z = self._points(slice(ready))
        joint = self._scores - 0.5 * (z**2).sum(axis=1)
        count = min(MIXED_CELLS, ready)
        likeliest = np.argpartition(joint, ready - count)[ready - count :]
        shares = np.exp(joint[likeliest] - joint[likeliest].max())
        likeliest, shares = likeliest[shares > MIN_SHARE], shares[shares > MIN_SHARE]
        pictures = 1 / (1 + np.exp(-self._logits[:, likeliest].astype(np.float32)))
        mixture = pictures @ (shares / shares.sum()).astype(np.float32)
        return np.asarray(mixture, np.float32).reshape(self._image_shape)

    def _block(
        self, left: float, bottom: float, step: float, weights: Floats, known: Floats
    ) -> Iterator[Cells | None]:
        """Split the cells of a block and decode them, unless they are cached. Yields None while decoding."""
        side, fine = BLOCK_CELLS * SPLIT, step / SPLIT
        axis: Doubles = (np.arange(side, dtype=np.float64) + 0.5) * fine
        a, b = left + axis, bottom + axis
        key = (round(left, 9), round(bottom, 9), step)
        if key not in self._blocks:
            z = np.stack(np.meshgrid(a, b), axis=-1).reshape(-1, 2)
            parts = []
            for start in range(0, len(z), STEP_PICTURES):
                parts.append(self._decoded_at(z[start : start + STEP_PICTURES]))
                yield None
            self._blocks[key] = (
                np.concatenate([logits for logits, _ in parts], axis=1),
                np.concatenate([softplus for _, softplus in parts]),
            )
            while len(self._blocks) > MAX_BLOCKS:
                self._blocks.popitem(last=False)
        self._blocks.move_to_end(key)
        logits, softplus = self._blocks[key]
        scores = weights @ logits - softplus
        if not known.all():
            unknown = np.flatnonzero(known == 0)
            scores = scores + _softplus(logits[unknown]).sum(axis=0, dtype=np.float64)
        yield Cells(a, b, fine, scores.reshape(side, side) + _log_prior(a, b))


def _lattices(side: int) -> tuple[NDArray[np.intp], tuple[int, ...]]:
    """The order of the grid's points, coarse lattices first, each row by row; and where each one ends."""
    rows, columns = np.divmod(np.arange(side * side), side)
    level = np.full(side * side, len(STRIDES) - 1)
    for index, stride in reversed(list(enumerate(STRIDES))):
        level[(rows % stride == 0) & (columns % stride == 0)] = index
    ends = tuple((side // stride) ** 2 for stride in STRIDES)
    return np.argsort(level, kind="stable"), ends


def _log_prior(a: Doubles, b: Doubles) -> Doubles:
    """log N(z; 0, I) on the grid of a [W] and b [H]: [H, W]."""
    return -0.5 * (a[np.newaxis] ** 2 + b[:, np.newaxis] ** 2) - LOG_2PI


def _heavy_blocks(cells: Cells, log_px: float) -> tuple[list[tuple[float, float]], Cells]:
    """The lower left corners of blocks that hold a relevant share of p(x), and the cells without these."""
    rows, columns = (size // BLOCK_CELLS for size in cells.log_joint.shape)
    shares = np.exp(cells.log_mass - log_px).reshape(rows, BLOCK_CELLS, columns, BLOCK_CELLS).sum(axis=(1, 3))
    heavy = shares > MIN_BLOCK_SHARE
    rest = np.where(heavy.repeat(BLOCK_CELLS, 0).repeat(BLOCK_CELLS, 1), -np.inf, cells.log_joint)
    corners = [
        (
            float(cells.a[column * BLOCK_CELLS] - cells.step / 2),
            float(cells.b[row * BLOCK_CELLS] - cells.step / 2),
        )
        for row, column in np.argwhere(heavy)
    ]
    return corners, Cells(cells.a, cells.b, cells.step, rest)


def _log_sum(parts: list[Cells]) -> float:
    """log Σ exp over all cells of all parts."""
    masses = np.concatenate([cells.log_mass.ravel() for cells in parts])
    most = float(masses.max())
    return most + math.log(float(np.exp(masses - most).sum()))


def _softplus(logits: Halves | Floats) -> Floats:
    """log(1 + eˡ), computed without overflow as max(l, 0) + log(1 + e^−|l|)."""
    wide = logits.astype(np.float32)
    soft: Floats = np.maximum(wide, 0) + np.log1p(np.exp(-np.abs(wide)))
    return soft


def _pieces(rows: NDArray[np.intp]) -> Iterator[NDArray[np.intp]]:
    return (rows[start : start + ROWS_AT_ONCE] for start in range(0, len(rows), ROWS_AT_ONCE))
