"""The map shows the aggregate posterior in the current view."""

import numpy as np
import pytest

from desktop.images.density_colors import density_picture
from desktop.jobs.density_map import MAX_CELL_PX, MIN_CELL_PX, cell_size_px, posterior_map
from desktop.latent.chart import AxisScale, Chart, Projection
from desktop.latent.density import density
from desktop.latent.normals import PlaneNormals, project_normals
from desktop.latent.plane import Viewport, axis_plane

PLANE = axis_plane((0.0, 0.0))
SIZE_PX = (400, 300)


def seen(viewport, scale=AxisScale.LINEAR):
    """Return a part of the plane in 400 × 300 pixels."""
    return Projection(Chart(PLANE, scale), viewport, SIZE_PX)


def draw_normals(deviation, count=200):
    draw = np.random.default_rng(0)
    mean = draw.normal(0, 1, (count, 2))
    return project_normals(PLANE, mean, np.full((count, 2), 2 * np.log(deviation)))


def test_the_map_is_the_densitys_picture_at_the_centres_of_its_cells():
    """The picture lies between its corners and extends beyond the view on every side."""
    normals, viewport = draw_normals(0.3), Viewport((0.3, -0.2), 6.0)
    *_, found = posterior_map(normals, seen(viewport))
    (left, top), (right, bottom) = found.corners
    view = viewport.edges(SIZE_PX)
    assert left < view[0] and bottom < view[1] and right > view[2] and top > view[3]
    rows, columns = found.picture.shape[:2]
    a = left + (np.arange(columns) + 0.5) * (right - left) / columns
    b = bottom + (np.arange(rows) + 0.5) * (top - bottom) / rows
    *_, q = density(normals, a, b)
    assert np.abs(found.picture.astype(int) - density_picture(q, 1 / (2 * np.pi))).max() <= 1
    assert found.plane == PLANE


def test_holes_are_found_where_nothing_is():
    """If all posteriors are on one side, the other side is a hole."""
    left = PlaneNormals(np.array([[-1.0, 0.0]]), np.eye(2)[None] * 0.5)
    *_, found = posterior_map(left, seen(Viewport(span=8.0)))
    rings = np.concatenate([ring for region in found.holes for ring in region.rings])
    assert rings[:, 0].max() > 2.5
    assert np.hypot(*rings.T).max() < 3.1


@pytest.mark.parametrize(
    ("deviation", "span", "expected_px"),
    [(0.3, 6.0, 7.5), (0.001, 6.0, MIN_CELL_PX), (0.3, 0.1, MAX_CELL_PX)],
)
def test_the_grid_is_as_fine_as_the_posteriors_in_view_need(deviation, span, expected_px):
    """There are two cells per standard deviation, within bounds."""
    assert cell_size_px(draw_normals(deviation), seen(Viewport(span=span))) == pytest.approx(expected_px)


def test_a_view_with_nothing_in_it_is_clear():
    """Far away there is neither density nor a hole."""
    *_, found = posterior_map(draw_normals(0.3), seen(Viewport((100.0, 100.0), 1.0)))
    assert (found.picture[..., 3] == 0).all()
    assert found.holes == ()


def test_on_quantile_axes_cells_are_even_in_probability():
    """Cell centres are at the prior's quantiles, and the picture ends where the quantiles end."""
    normals = draw_normals(0.3)
    projection = seen(Viewport((0.5, 0.5), 1.1), AxisScale.QUANTILES)
    *_, found = posterior_map(normals, projection)
    rows, columns = found.picture.shape[:2]
    a = projection.chart.ab(np.stack([(np.arange(columns) + 0.5) / columns, np.full(columns, 0.5)], axis=1))
    b = projection.chart.ab(np.stack([np.full(rows, 0.5), (np.arange(rows) + 0.5) / rows], axis=1))
    *_, q = density(normals, a[:, 0], b[:, 1])
    assert np.abs(found.picture.astype(int) - density_picture(q, 1 / (2 * np.pi))).max() <= 1
    np.testing.assert_allclose(projection.chart.view(found.corners), [[0, 1], [1, 0]], atol=1e-6)


@pytest.mark.parametrize("center", [(5.0, 0.5), (0.5, -3.0), (-9.0, 9.0)])
def test_beyond_the_ends_of_quantile_axes_there_is_nothing_and_no_error(center):
    """A view can be moved there."""
    steps = posterior_map(draw_normals(0.3), seen(Viewport(center, 0.5), AxisScale.QUANTILES))
    *_, found = steps
    assert np.isfinite(found.corners).all()
