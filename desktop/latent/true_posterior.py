"""Computes p(z|x) and log p(x) for two latent dimensions, using only the decoder. No Qt.

Once the pictures of a grid are decoded, `scores` gives log p(x|z) for any x. By the rectangle rule,
log p(x) = log Σ p(x|z) N(z; 0, I) · cell area. Cells that hold much of the posterior's mass are split until
log p(x) no longer changes. Log probabilities are in nats.

The grid is as fine as 160 MiB allow: 256 × 256 pictures of 784 Bernoulli pixels take a hundred megabytes. The
parameters of the smaller cells, which finally determine log p(x), are float32.
"""

import math
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from desktop.base.arrays import Doubles, Floats
from desktop.latent.likelihood import Family, Likelihood, Parameters
from desktop.latent.scores import Held, point_bytes, scores_for

Decode = Callable[[Floats], Parameters]

BERNOULLI = Likelihood(Family.BERNOULLI)

LOG_2PI = math.log(2 * math.pi)

SIDE, SIDE_STEP = 256, 32
TABLE_BYTES = 160 << 20
STRIDES = (4, 2, 1)  # coarse first: 64 × 64, 128 × 128, then all
STEP_PICTURES = 10  # a step takes a millisecond or two on two cores
LEAST_HALF_WIDTH, MOST_HALF_WIDTH = 4.5, 24.0
BEYOND_MEANS = 0.5
BLOCK_CELLS, SPLIT = 8, 4  # a block of 8 × 8 cells is split into 32 × 32
MAX_DEPTH = 4
MIN_BLOCK_SHARE = 1e-3
# A posterior of grey levels may be much narrower than a cell; then the best cells show only where to split.
DEEPEST, BEST_BLOCKS = 6, 4
CONVERGED_NATS = 0.003
MAX_BLOCKS = 32
MIXED_CELLS, MIN_SHARE = 600, 1e-4


@dataclass(frozen=True)
class Cells:
    """Square cells of the plane, with the joint density of x and the cells' centres.

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
        parts: cells that cover the grid without overlap: large ones first, then smaller ones in places with
            much mass.
        log_px_nats: log p(x) of the known pixels.
        change_nats: how much the last split changed log p(x); None before the first split.
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
    """Half the grid's width, which covers the prior's mass and the held-out means [N, 2]."""
    farthest = float(np.abs(means).max(initial=0.0)) + BEYOND_MEANS
    return min(MOST_HALF_WIDTH, max(LEAST_HALF_WIDTH, farthest))


def table_side(likelihood: Likelihood, image_shape: tuple[int, int, int]) -> int | None:
    """The number of grid points along each dimension; None if the images are too large for any grid."""
    side = math.isqrt(TABLE_BYTES // point_bytes(likelihood, image_shape)) // SIDE_STEP * SIDE_STEP
    return min(SIDE, side) or None


class LikelihoodTable:
    """The likelihoods on a square grid in two latent dimensions. Not thread-safe.

    Args:
        decode: z float32 [N, 2] → parameters of N pictures.
        reach: the grid extends from −reach to reach in both dimensions.
        image_shape: channels, height, width.
        side: the number of points along each dimension, a multiple of 32.
        likelihood: the likelihood of the pixels.
        step_pictures: the number of pictures that are decoded in one step.
    """

    def __init__(
        self,
        decode: Decode,
        reach: float,
        image_shape: tuple[int, int, int],
        side: int = SIDE,
        likelihood: Likelihood = BERNOULLI,
        step_pictures: int = STEP_PICTURES,
    ) -> None:
        self._decode = decode
        self._step_pictures = step_pictures
        self._is_linear = likelihood.family.has_logits
        self._image_shape = image_shape
        self._side = side
        self._step = 2 * reach / side
        self._axis = (np.arange(side, dtype=np.float64) + 0.5) * self._step - reach
        self._order, self._ends = _lattices(side)
        self._rows, self._columns = np.divmod(self._order, side)
        self._table = scores_for(likelihood, image_shape, side * side)
        self._decoded = 0
        self._blocks: OrderedDict[tuple[float, float, float], list[Held]] = OrderedDict()
        # 3.2 MB for 784 pixels.
        block_bytes = 4 * (BLOCK_CELLS * SPLIT) ** 2 * math.prod(image_shape)
        self._most_blocks = min(MAX_BLOCKS, TABLE_BYTES // (block_bytes * (1 if self._is_linear else 2)))

    @property
    def share(self) -> float:
        """The share of the grid that is decoded, from 0 to 1."""
        return self._decoded / len(self._order)

    @property
    def size_bytes(self) -> int:
        """The memory that the table takes."""
        blocks = sum(array.nbytes for parts in self._blocks.values() for held in parts for array in held)
        return self._table.size_bytes + blocks

    def build(self) -> Iterator[bool]:
        """Decode the grid step by step. Yields True whenever a finer lattice is complete."""
        while self._decoded < len(self._order):
            start, end = self._decoded, min(self._decoded + self._step_pictures, len(self._order))
            self._table.put(start, self._decoded_at(self._points(slice(start, end))))
            self._decoded = end
            yield any(start < lattice <= end for lattice in self._ends)

    def posterior(self, x: Floats, known: NDArray[np.bool_]) -> Iterator[TruePosterior | None]:
        """Compute p(z | the known pixels of x) on the decoded part of the grid, then on smaller cells.

        x [C, H, W] is in [0, 1], and `known` has the same shape. Yields None while computing, and a posterior
        after each split. Yields nothing if the first lattice is not decoded yet.
        """
        ready = max((end for end in self._ends if end <= self._decoded), default=0)
        if not ready:
            return
        x, known = x.reshape(-1), known.reshape(-1)
        for _ in self._table.update(ready, x, known):
            yield None
        stride = self._side // math.isqrt(ready)
        side, step, axis = self._side // stride, self._step * stride, self._axis[::stride]
        joint = np.empty((side, side))
        joint[self._rows[:ready] // stride, self._columns[:ready] // stride] = self._table.scores
        grid = Cells(axis, axis, step, joint + _log_prior(axis, axis))
        log_px = _log_sum([grid])
        mixture = None if known.all() else self._mixture(ready)
        yield TruePosterior((grid,), log_px, None, mixture)
        if stride > 1:
            return
        parts, newest = [], [grid]
        for _ in range(MAX_DEPTH if self._is_linear else DEEPEST):
            split: list[Cells] = []
            # The best blocks are split even if other blocks seem to have all the mass.
            least = math.inf if self._is_linear else _best_blocks(newest)
            for cells in newest:
                blocks, rest = _heavy_blocks(cells, log_px, least)
                parts.append(rest)
                for corner in blocks:
                    for block in self._block(*corner, cells.step, x, known):
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

    def _decoded_at(self, z: Doubles) -> Parameters:
        return self._decode(z.astype(np.float32))

    def _mixture(self, ready: int) -> Floats:
        """The mean of p(x|z) over the most likely points of the grid."""
        z = self._points(slice(ready))
        joint = self._table.scores - 0.5 * (z**2).sum(axis=1)
        count = min(MIXED_CELLS, ready)
        likeliest = np.argpartition(joint, ready - count)[ready - count :]
        shares = np.exp(joint[likeliest] - joint[likeliest].max())
        likeliest, shares = likeliest[shares > MIN_SHARE], shares[shares > MIN_SHARE]
        mixture = self._table.pictures(likeliest) @ (shares / shares.sum()).astype(np.float32)
        return np.asarray(mixture, np.float32).reshape(self._image_shape)

    def _block(
        self, left: float, bottom: float, step: float, x: Floats, known: NDArray[np.bool_]
    ) -> Iterator[Cells | None]:
        """Split the cells of a block and decode them, unless they are cached. Yields None while decoding."""
        side, fine = BLOCK_CELLS * SPLIT, step / SPLIT
        axis: Doubles = (np.arange(side, dtype=np.float64) + 0.5) * fine
        a, b = left + axis, bottom + axis
        key = (round(left, 9), round(bottom, 9), step)
        parts, scores = self._blocks.get(key, []), []
        if not parts:
            z = np.stack(np.meshgrid(a, b), axis=-1).reshape(-1, 2)
            for start in range(0, len(z), self._step_pictures):
                held = self._table.held(self._decoded_at(z[start : start + self._step_pictures]))
                scores.append(self._table.score(held, x, known))
                parts += [held] * (self._most_blocks > 0)
                yield None
            if self._is_linear and parts:  # one matrix product is faster than many
                joined = (np.concatenate(arrays, axis=-1) for arrays in zip(*parts, strict=True))
                parts = [(next(joined), next(joined))]
        else:
            for held in parts:
                scores.append(self._table.score(held, x, known))
                if not self._is_linear:
                    yield None
        if parts:
            self._blocks[key] = parts
            self._blocks.move_to_end(key)
            while len(self._blocks) > self._most_blocks:
                self._blocks.popitem(last=False)
        yield Cells(a, b, fine, np.concatenate(scores).reshape(side, side) + _log_prior(a, b))


def _lattices(side: int) -> tuple[NDArray[np.intp], tuple[int, ...]]:
    """The order of the grid's points, coarse lattices first, each row by row; and the end of each lattice."""
    rows, columns = np.divmod(np.arange(side * side), side)
    level = np.full(side * side, len(STRIDES) - 1)
    for index, stride in reversed(list(enumerate(STRIDES))):
        level[(rows % stride == 0) & (columns % stride == 0)] = index
    ends = tuple((side // stride) ** 2 for stride in STRIDES)
    return np.argsort(level, kind="stable"), ends


def _log_prior(a: Doubles, b: Doubles) -> Doubles:
    """log N(z; 0, I) on the grid of a [W] and b [H]: [H, W]."""
    return -0.5 * (a[np.newaxis] ** 2 + b[:, np.newaxis] ** 2) - LOG_2PI


def _best_blocks(cells: list[Cells]) -> float:
    """The highest log joint of the last of the BEST_BLOCKS best blocks."""
    best = np.sort(np.concatenate([_in_blocks(part.log_joint).max(axis=(1, 3)).ravel() for part in cells]))
    return float(best[-min(BEST_BLOCKS, len(best))])


def _heavy_blocks(
    cells: Cells, log_px: float, least: float = math.inf
) -> tuple[list[tuple[float, float]], Cells]:
    """The lower left corners of blocks to split, and the cells without these.

    Blocks are split that have a relevant share of p(x), or a log joint of at least `least`.
    """
    shares = np.exp(_in_blocks(cells.log_mass) - log_px).sum(axis=(1, 3))
    heavy = (shares > MIN_BLOCK_SHARE) | (_in_blocks(cells.log_joint).max(axis=(1, 3)) >= least)
    rest = np.where(heavy.repeat(BLOCK_CELLS, 0).repeat(BLOCK_CELLS, 1), -np.inf, cells.log_joint)
    corners = [
        (
            float(cells.a[column * BLOCK_CELLS] - cells.step / 2),
            float(cells.b[row * BLOCK_CELLS] - cells.step / 2),
        )
        for row, column in np.argwhere(heavy)
    ]
    return corners, Cells(cells.a, cells.b, cells.step, rest)


def _in_blocks(values: Doubles) -> Doubles:
    """Reshape [H, W] to [rows of blocks, BLOCK_CELLS, columns of blocks, BLOCK_CELLS]."""
    rows, columns = (size // BLOCK_CELLS for size in values.shape)
    return values.reshape(rows, BLOCK_CELLS, columns, BLOCK_CELLS)


def _log_sum(parts: list[Cells]) -> float:
    """log Σ exp over all cells of all parts."""
    masses = np.concatenate([cells.log_mass.ravel() for cells in parts])
    most = float(masses.max())
    return most + math.log(float(np.exp(masses - most).sum()))
