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
    left = PlaneNormals(np.array([[-1.0, 0.0]] * 40), np.array([np.eye(2) * 0.5] * 40))
    *_, found = posterior_map(left, seen(Viewport(span=8.0)))
    rings = np.concatenate([ring for region in found.holes for ring in region.rings])
    assert rings[:, 0].max() > 2.5
    assert np.hypot(*rings.T).max() < 3.1
    assert (found.count, found.has_too_few, found.is_smoothed) == (40, False, False)


def test_few_narrow_posteriors_have_no_holes():
    """Holes would be there by chance, and the map says that there are too few images."""
    *_, found = posterior_map(draw_normals(0.02, count=373), seen(Viewport(span=8.0)))
    assert found.holes == ()
    assert (found.count, found.has_too_few) == (373, True)


@pytest.mark.parametrize(
    ("span", "least_px"), [(14.0, 1.0), (7.0, MIN_CELL_PX), (4.0, MIN_CELL_PX), (0.6, 4.0)]
)
def test_the_density_is_exact_at_each_zoom(span, least_px):
    """The colours around an image are those of the plain mean of all posteriors, and nothing is smoothed."""
    deviation, size_px = 0.025, (720, 540)
    normals = draw_normals(deviation, count=373)
    center = normals.mean[106]
    projection = Projection(Chart(PLANE), Viewport(tuple(center.tolist()), span), size_px)
    *_, found = posterior_map(normals, projection, least_px)
    (left, top), (right, bottom) = found.corners
    rows, columns = found.picture.shape[:2]
    a = left + (np.arange(columns) + 0.5) * (right - left) / columns
    b = top - (np.arange(rows) + 0.5) * (top - bottom) / rows
    some_a, some_b = (slice(len(axis) // 2 - 3, len(axis) // 2 + 4) for axis in (a, b))
    places = np.stack(np.meshgrid(a[some_a], b[some_b]), axis=-1)
    squares = ((places[:, :, np.newaxis] - normals.mean) ** 2).sum(axis=-1)
    q = np.exp(-squares / deviation**2 / 2).mean(axis=-1) / (2 * np.pi * deviation**2)
    assert q.max() * 2 * np.pi > 3  # a grid with steps of four pixels gave 0.3 of it
    expected = density_picture(q[::-1].astype(np.float32), 1 / (2 * np.pi))
    assert np.abs(found.picture[some_b, some_a].astype(int) - expected).max() <= 4
    assert not found.is_smoothed


def test_a_zoom_at_which_posteriors_are_too_narrow_is_told():
    """The map says so, because the peaks are too low then."""
    *_, found = posterior_map(draw_normals(0.025, count=373), seen(Viewport(span=60.0)))
    assert found.is_smoothed


@pytest.mark.parametrize(
    ("deviation", "span", "expected_px"),
    [
        (0.3, 6.0, 7.5),
        (0.001, 6.0, MIN_CELL_PX),
        (0.3, 0.1, MAX_CELL_PX),
        (0.09, 6.0, 4.0),  # half a deviation is 2.25 pixels, a whole one 4.5
        (0.06, 6.0, 3.0),
    ],
)
def test_the_grid_is_as_fine_as_the_posteriors_in_view_need(deviation, span, expected_px):
    """There are two cells per standard deviation, or one of narrow posteriors, within bounds."""
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
    """A view can be moved there, and gives an empty map."""
    steps = posterior_map(draw_normals(0.3), seen(Viewport(center, 0.5), AxisScale.QUANTILES))
    *_, found = steps
    assert np.isfinite(found.corners).all()
