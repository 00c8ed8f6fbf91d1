"""log p(x) by quadrature over a latent plane: the rectangle rule on the tiles where an image has mass.

Pure functions: tensors in, tensors out. Images are numbers in [0, 1], flattened to [N, P]; `decode` takes z
float32 [M, 2] to what `likelihood` reads, float32 [M, …], of Bernoulli pixels their logits.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import max_pool2d

from training.likelihood import BERNOULLI, Decode, Likelihood
from training.summaries import Progress, as_float64, ignore, log_prior_nats

# A tile is this many coarse steps wide.
TILE_COARSE_STEPS = 8
COARSE_STEP = 0.06
LEAST_HALF_WIDTH = 5.0
MARGIN_NATS = 20.0
# Values of the integrand (images × points) in memory at a time: 16 MiB in float64.
PAIRS_AT_ONCE = 1 << 21


@dataclass(frozen=True)
class Grid:
    """The points (i + ½, j + ½)·step of the plane in square tiles, each of which also has a coarser grid.

    Attributes:
        step: step of the rectangle rule, in units of z.
        coarse_stride: number of steps per coarse step; the coarse points only locate the mass of an image.
    """

    step: float
    coarse_stride: int

    @classmethod
    def with_step(cls, step: float, coarse_step: float = COARSE_STEP) -> "Grid":
        """The grid with that step, and a coarse step as close to `coarse_step` as whole steps allow."""
        return cls(step, max(1, round(coarse_step / step)))

    @property
    def tile_points(self) -> int:
        """The number of points along a tile's side; even."""
        return TILE_COARSE_STEPS * self.coarse_stride

    @property
    def tile_side(self) -> float:
        """The width of a tile in units of z."""
        return self.tile_points * self.step

    def points(self, row: int, column: int) -> Tensor:
        """All points of a tile, float64 [tile_points², 2]; tile (0, 0) begins at z = (0, 0)."""
        return _square(row, column, self.tile_points, self.step)

    def coarse_points(self, row: int, column: int) -> Tensor:
        """The centres of a tile's coarse cells, float64 [64, 2]."""
        return _square(row, column, TILE_COARSE_STEPS, self.step * self.coarse_stride)


def _square(row: int, column: int, count: int, step: float) -> Tensor:
    inside = torch.arange(count, dtype=torch.float64) + 0.5
    return torch.cartesian_prod((row * count + inside) * step, (column * count + inside) * step)


@dataclass(frozen=True)
class Survey:
    """Where on the plane each image's p(x|z) p(z) has mass.

    Attributes:
        grid: the points.
        rings: the surveyed square is 2 · `rings` tiles wide, centred on z = 0.
        needed: bool [N, 2·rings, 2·rings], whether an image may have mass in a tile or next to it; the
            second index is the tile's row, counted from −rings, along the first latent dimension.
    """

    grid: Grid
    rings: int
    needed: Tensor

    @property
    def half_width(self) -> float:
        """Half the width of the square, in units of z."""
        return self.rings * self.grid.tile_side

    def tiles(self) -> list[tuple[int, int]]:
        """Row and column of every tile that at least one image needs."""
        where = self.needed.any(0).nonzero() - self.rings
        return [(int(row), int(column)) for row, column in where]


@torch.inference_mode()
def survey(
    decode: Decode,
    images: Tensor,
    grid: Grid,
    half_width: float = LEAST_HALF_WIDTH,
    margin_nats: float = MARGIN_NATS,
    on_tiles: Progress = ignore,
    likelihood: Likelihood = BERNOULLI,
) -> Survey:
    """Find the tiles that each image needs, from coarse points in rings of tiles outward from z = 0.

    An image needs a tile if the tile, or one of its eight neighbours, has a coarse point whose
    log p(x|z) + log p(z) is within `margin_nats` of the image's best. Rings are added until the square
    reaches at least `half_width` to each side and no image needs its outermost ring; because the prior
    falls, this ends.

    Args:
        decode: z float32 [M, 2] → what `likelihood` reads.
        images: [N, P], in [0, 1], on the device of `decode`.
        grid: the points.
        half_width: half the width of the smallest square to survey, in units of z; more than every
            posterior mean.
        margin_nats: how far below an image's best coarse point mass still counts.
        on_tiles: called with the number of tiles just surveyed.
        likelihood: p(x|z).
    """
    x = images.float()
    best_in: dict[tuple[int, int], Tensor] = {}
    best = x.new_full((len(x),), -math.inf)
    ring = 0
    while True:
        tiles = list(_ring(ring))
        reach = torch.full_like(best, -math.inf)
        z = torch.cat([grid.coarse_points(*tile) for tile in tiles]).float().to(x.device)
        parts = zip(tiles, z.chunk(len(tiles)), decode(z).flatten(1).chunk(len(tiles)), strict=True)
        for tile, points, output in parts:
            log_px = likelihood.log_px_of_pairs_nats(output, x)
            best_in[tile] = (log_px + log_prior_nats(points)).amax(1)
            reach = torch.maximum(reach, best_in[tile])
        best = torch.maximum(best, reach)
        ring += 1
        on_tiles(len(tiles))
        # This condition also ends the loop for nan, from a broken network.
        if ring * grid.tile_side >= half_width and not (reach >= best - margin_nats).any():
            break
    field = torch.stack(
        [best_in[row, column] for row in range(-ring, ring) for column in range(-ring, ring)], dim=1
    )
    within = (field >= (best - margin_nats).unsqueeze(1)).reshape(len(x), 1, 2 * ring, 2 * ring)
    needed = max_pool2d(within.float(), 3, stride=1, padding=1).squeeze(1) > 0
    return Survey(grid, ring, needed)


@dataclass(frozen=True)
class PlaneIntegral:
    """log p(x) by the rectangle rule; float64 [N] each.

    Attributes:
        log_px_nats: with the grid's step.
        coarser_log_px_nats: with twice the step, from every second point in both directions.
        points: number of points of the plane that were decoded.
    """

    log_px_nats: Tensor
    coarser_log_px_nats: Tensor
    points: int

    @property
    def change_nats(self) -> Tensor:
        """The change of log p(x) from halving the step, per image: float64 [N]."""
        return self.log_px_nats - self.coarser_log_px_nats


@torch.inference_mode()
def integrate(
    decode: Decode,
    images: Tensor,
    surveyed: Survey,
    on_tiles: Progress = ignore,
    likelihood: Likelihood = BERNOULLI,
) -> PlaneIntegral:
    """log p(x) = log ∫ p(x|z) N(z; 0, I) dz ≈ log step² Σ p(x|z) p(z), for a latent plane.

    Each tile that at least one image needs is decoded once, for all images that need it. For a
    smooth bump of standard deviation s the rule's relative error falls as exp(−2π² s² / step²): 1e-8 at
    s = step, 1 % at s = step / 2. The decoder's ReLUs put kinks into the integrand, and their error falls
    with the square of the step. Halving the step shows both errors.

    Args:
        decode: z float32 [M, 2] → what `likelihood` reads.
        images: [N, P], in [0, 1], on the device of `decode`.
        surveyed: the result of `survey` for the same images.
        on_tiles: called with the number of tiles just finished.
        likelihood: p(x|z).
    """
    grid = surveyed.grid
    x = as_float64(images)
    needed = surveyed.needed.to(x.device)
    log_sum = x.new_full((len(x),), -math.inf)
    log_even_sum = log_sum.clone()
    tiles = surveyed.tiles()
    for row, column in tiles:
        users = needed[:, row + surveyed.rings, column + surveyed.rings].nonzero().flatten()
        for z, even in _blocks(grid, row, column):
            output = as_float64(decode(z.float().to(images.device)).flatten(1))
            log_prior = log_prior_nats(z).to(x.device)
            even = even.to(x.device)
            for some in torch.split(users, max(1, PAIRS_AT_ONCE // len(z))):
                log_joint = likelihood.log_px_of_pairs_nats(output, x[some]).add_(log_prior)
                top = log_joint.amax(1)
                mass = log_joint.sub_(top.unsqueeze(1)).exp_()
                log_sum[some] = torch.logaddexp(log_sum[some], top + mass.sum(1).log())
                log_even_sum[some] = torch.logaddexp(log_even_sum[some], top + mass[:, even].sum(1).log())
        on_tiles(1)
    return PlaneIntegral(
        log_px_nats=log_sum + 2 * math.log(grid.step),
        coarser_log_px_nats=log_even_sum + 2 * math.log(2 * grid.step),
        points=len(tiles) * grid.tile_points**2,
    )


def _ring(number: int) -> Iterator[tuple[int, int]]:
    """Row and column of the tiles around a square that is 2 · `number` tiles wide."""
    span = range(-number - 1, number + 1)
    for row in span:
        for column in span:
            if row in (span[0], span[-1]) or column in (span[0], span[-1]):
                yield row, column


def _blocks(grid: Grid, row: int, column: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield a tile's points in blocks: z float64 [M, 2], and the positions where both indices are even."""
    side = torch.arange(grid.tile_points) % 2 == 0
    even = (side.unsqueeze(1) & side).flatten()
    points = grid.points(row, column)
    for at in torch.split(torch.arange(len(points)), 4096):
        yield points[at], even[at].nonzero().flatten()
