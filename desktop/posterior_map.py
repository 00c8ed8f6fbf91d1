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

# The grid's step follows the narrowest posteriors in view, within these bounds.
MIN_CELL_PX, MAX_CELL_PX = 4.0, 24.0
CELLS_A_DEVIATION = 2.0
NARROWEST_SHARE = 0.02
# Drawn beyond the view, too, so that there is something at its edges while the plane is moved.
MARGIN = 0.15


@dataclass(frozen=True)
class PosteriorMap:
    """The aggregate posterior on a plane.

    Attributes:
        plane: the plane it is of.
        picture: its density in colours, uint8 [H, W, 4].
        corners: (a, b) of the picture's upper left and lower right corner.
        holes: where the prior expects images and there are next to none.
    """

    plane: Plane
    picture: Bytes
    corners: tuple[tuple[float, float], tuple[float, float]]
    holes: tuple[Region, ...]


def posterior_map(
    normals: PlaneNormals, plane: Plane, viewport: Viewport, size_px: tuple[int, int]
) -> Iterator[PosteriorMap | None]:
    """The map of what a view of size_px shows, from posteriors on the plane; None in between."""
    cell_px = cell_size_px(normals, viewport, size_px)
    a, corners_a = _axis(viewport, size_px, cell_px, 0)
    b, corners_b = _axis(viewport, size_px, cell_px, 1)
    q = np.zeros((len(b), len(a)), np.float32)
    for step in density(normals, a, b):
        if step is not None:
            q = step
        yield None
    dimensions = 2 if any(plane.v) else 1
    found = tuple(holes(q, prior_on(plane), a, b)) if min(q.shape) > 1 else ()
    corners = ((corners_a[0], corners_b[1]), (corners_a[1], corners_b[0]))
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


def _axis(
    viewport: Viewport, size_px: tuple[int, int], cell_px: float, side: int
) -> tuple[Doubles, tuple[float, float]]:
    """A picture's cells along one side: their centres, ascending in the plane, and its two ends."""
    length_px = size_px[side] * (1 + 2 * MARGIN)
    count = max(2, round(length_px / cell_px))
    start_px = -size_px[side] * MARGIN
    edges_px = start_px + np.arange(count + 1) * length_px / count
    centres_px = (edges_px[:-1] + edges_px[1:]) / 2
    points = np.zeros((count + 2, 2))
    points[:, side] = [*centres_px, edges_px[0], edges_px[-1]]
    along = [viewport.to_plane(size_px, x, y)[side] for x, y in points.tolist()]
    centres, ends = np.array(along[:-2]), along[-2:]
    if side == 1:
        centres, ends = centres[::-1].copy(), ends[::-1]
    return centres, (ends[0], ends[1])
