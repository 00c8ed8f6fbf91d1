"""The worker's job for the aggregate posterior: its density and its holes in the current view. No Qt."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from desktop.base.arrays import Bytes, Doubles
from desktop.images.density_colors import density_picture
from desktop.latent.chart import Projection
from desktop.latent.density import Region, density, holes, is_smoothed
from desktop.latent.holes import are_normals_too_few
from desktop.latent.normals import PlaneNormals
from desktop.latent.plane import Plane
from desktop.latent.plane_prior import PriorOnPlane

Corners = tuple[tuple[float, float], tuple[float, float]]

# The grid's step is half a standard deviation of the narrowest posteriors in view, but at least FINE_CELL_PX
# or one whole standard deviation, whichever is less. It stays within the two other bounds.
MIN_CELL_PX, FINE_CELL_PX, MAX_CELL_PX = 2.0, 4.0, 24.0
CELLS_A_DEVIATION = 2.0
NARROWEST_SHARE = 0.02
# The picture reaches beyond the view by this share, so that its edges stay hidden while the plane is moved.
MARGIN = 0.25


@dataclass(frozen=True)
class PosteriorMap:
    """The aggregate posterior on a plane.

    Attributes:
        plane: the plane that it belongs to.
        picture: its density in colours, uint8 [H, W, 4].
        corners: the picture's upper left and lower right corner, (a, b).
        holes: where the prior expects images but there are almost none; empty if there are too few images
            to tell.
        count: how many images the map is of.
        is_smoothed: whether posteriors are narrower than the grid, so that the density's peaks are too low.
        has_too_few: whether there are too few images to tell holes from chance.
    """

    plane: Plane
    picture: Bytes
    corners: Corners
    holes: tuple[Region, ...]
    count: int = 0
    is_smoothed: bool = False
    has_too_few: bool = False


def posterior_map(
    normals: PlaneNormals, projection: Projection, least_cell_px: float = MIN_CELL_PX
) -> Iterator[PosteriorMap | None]:
    """Compute the map of a view from the posteriors on its plane, yielding None between steps."""
    plane = projection.chart.plane
    a, b, corners = _grid(normals, projection, least_cell_px)
    q = np.zeros((len(b), len(a)), np.float32)
    for step in density(normals, a, b):
        if step is not None:
            q = step
        yield None
    prior = PriorOnPlane(plane, projection.chart.prior)
    picture = density_picture(q, prior.peak)
    yield None
    has_too_few = are_normals_too_few(normals, prior)
    regions = () if has_too_few else tuple(holes(q, prior, a, b))
    yield PosteriorMap(
        plane, picture, corners, regions, len(normals.mean), is_smoothed(normals, a, b), has_too_few
    )


def is_map_smoothed(
    normals: PlaneNormals, projection: Projection, least_cell_px: float = MIN_CELL_PX
) -> bool:
    """Whether `posterior_map` of the same arguments would be smoothed, without computing the map."""
    a, b, _ = _grid(normals, projection, least_cell_px)
    return is_smoothed(normals, a, b)


def cell_size_px(normals: PlaneNormals, projection: Projection, least_px: float = MIN_CELL_PX) -> float:
    """Return the grid's step: half to one standard deviation of the narrowest posteriors in view, in bounds.

    Deviations are converted to pixels by the scale in the middle of the view; on quantile axes the scale
    varies over the view.
    """
    width, height = projection.size_px
    low, high = np.array(projection.ab(0, height)), np.array(projection.ab(width, 0))
    in_view = ((normals.mean >= low) & (normals.mean <= high)).all(axis=1)
    variances = np.diagonal(normals.covariance, axis1=1, axis2=2)
    variances = variances[in_view] if in_view.any() else variances
    variances = variances[variances > 0]
    if not len(variances):
        return MAX_CELL_PX
    left, right = (projection.ab(width / 2 + way, height / 2)[0] for way in (-1, 1))
    units_per_px = (right - left) / 2
    if not units_per_px > 0:  # beyond the end of quantile axes
        return MAX_CELL_PX
    narrow_px = float(np.sqrt(np.quantile(variances, NARROWEST_SHARE))) / units_per_px
    return min(MAX_CELL_PX, max(least_px, min(FINE_CELL_PX, narrow_px), narrow_px / CELLS_A_DEVIATION))


def _grid(
    normals: PlaneNormals, projection: Projection, least_cell_px: float
) -> tuple[Doubles, Doubles, Corners]:
    return _cells(projection, cell_size_px(normals, projection, least_cell_px))


def _cells(projection: Projection, cell_px: float) -> tuple[Doubles, Doubles, Corners]:
    """Return the columns' a and the rows' b of a picture's cells, both ascending, and its corners."""
    chart, (width, height) = projection.chart, projection.size_px
    left, top = projection.view(-MARGIN * width, -MARGIN * height)
    right, bottom = projection.view((1 + MARGIN) * width, (1 + MARGIN) * height)
    if chart.limits is not None:  # a view entirely beyond the limits gets the edge next to it
        (left, right), (bottom, top) = (
            sorted(np.clip(pair, low, high).tolist())
            for pair, low, high in (
                ((left, right), chart.limits[0], chart.limits[2]),
                ((bottom, top), chart.limits[1], chart.limits[3]),
            )
        )
    cell = cell_px * projection.viewport.units_per_px(projection.size_px)
    x, y = (
        low + (np.arange(count) + 0.5) * (high - low) / count
        for low, high, count in (
            (left, right, max(2, round((right - left) / cell))),
            (bottom, top, max(2, round((top - bottom) / cell))),
        )
    )
    a = chart.ab(np.stack([x, np.full_like(x, y[0])], axis=1))[:, 0]
    b = chart.ab(np.stack([np.full_like(y, x[0]), y], axis=1))[:, 1]
    upper_left, lower_right = chart.ab([(left, top), (right, bottom)]).tolist()
    return a, b, ((upper_left[0], upper_left[1]), (lower_right[0], lower_right[1]))
