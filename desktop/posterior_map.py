"""The worker's part of the aggregate posterior's layers: its picture and holes for what is in view. No Qt."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from desktop.aggregate_posterior import Region, density, holes
from desktop.density_colors import density_picture
from desktop.latent_plane import Plane, Viewport
from desktop.pictures import Bytes
from desktop.plane_normals import PlaneNormals, prior_on

Doubles = NDArray[np.float64]
Corners = tuple[tuple[float, float], tuple[float, float]]

# The grid's step follows the narrowest posteriors in view, within these bounds.
MIN_CELL_PX, MAX_CELL_PX = 4.0, 24.0
CELLS_A_DEVIATION = 2.0
NARROWEST_SHARE = 0.02
# Drawn beyond the view, too, so that there is something at its edges while the plane is moved.
MARGIN = 0.25


@dataclass(frozen=True)
class PosteriorMap:
    """The aggregate posterior on a plane.

    Attributes:
        plane: the plane it is of.
        picture: its density in colours, uint8 [H, W, 4].
        corners: the picture's upper left and lower right corner, (a, b).
        holes: where the prior expects images and there are next to none.
    """

    plane: Plane
    picture: Bytes
    corners: Corners
    holes: tuple[Region, ...]


def posterior_map(
    normals: PlaneNormals, plane: Plane, viewport: Viewport, size_px: tuple[int, int]
) -> Iterator[PosteriorMap | None]:
    """The map of what a view of size_px shows, from posteriors on the plane; None in between."""
    cell_px = cell_size_px(normals, viewport, size_px)
    a, b, corners = _cells(viewport, size_px, cell_px)
    q = np.zeros((len(b), len(a)), np.float32)
    for step in density(normals, a, b):
        if step is not None:
            q = step
        yield None
    dimensions = 2 if any(plane.v) else 1
    found = tuple(holes(q, prior_on(plane), a, b)) if min(q.shape) > 1 else ()
    yield PosteriorMap(plane, density_picture(q, dimensions), corners, found)


def cell_size_px(normals: PlaneNormals, viewport: Viewport, size_px: tuple[int, int]) -> float:
    """The grid's step: half a standard deviation of the narrowest posteriors in view, 4 to 24 pixels."""
    left, bottom, right, top = viewport.edges(size_px)
    low, high = np.array([left, bottom]), np.array([right, top])
    in_view = ((normals.mean >= low) & (normals.mean <= high)).all(axis=1)
    variances = np.diagonal(normals.covariance, axis1=1, axis2=2)
    variances = variances[in_view] if in_view.any() else variances
    variances = variances[variances > 0]
    if not len(variances):
        return MAX_CELL_PX
    narrow = float(np.sqrt(np.quantile(variances, NARROWEST_SHARE)))
    cell_px = narrow / viewport.units_per_px(size_px) / CELLS_A_DEVIATION
    return min(MAX_CELL_PX, max(MIN_CELL_PX, cell_px))


def _cells(viewport: Viewport, size_px: tuple[int, int], cell_px: float) -> tuple[Doubles, Doubles, Corners]:
    """A picture's cells: a of their columns, b of their rows, both ascending, and the picture's corners."""
    counts = [max(2, round(side * (1 + 2 * MARGIN) / cell_px)) for side in size_px]
    starts = [-side * MARGIN for side in size_px]
    steps = [side * (1 + 2 * MARGIN) / count for side, count in zip(size_px, counts, strict=True)]
    ends = [start + step * count for start, step, count in zip(starts, steps, counts, strict=True)]
    left, top = viewport.to_plane(size_px, starts[0], starts[1])
    right, bottom = viewport.to_plane(size_px, ends[0], ends[1])
    a, b = (
        low + (np.arange(count) + 0.5) * (high - low) / count
        for low, high, count in ((left, right, counts[0]), (bottom, top, counts[1]))
    )
    return a, b, ((left, top), (right, bottom))
