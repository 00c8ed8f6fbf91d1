"""The aggregate posterior's map of what is in view."""

import numpy as np
import pytest

from desktop.aggregate_posterior import density
from desktop.density_colors import density_picture
from desktop.latent_plane import Viewport, axis_plane
from desktop.plane_normals import PlaneNormals, project_normals
from desktop.posterior_map import MAX_CELL_PX, MIN_CELL_PX, cell_size_px, posterior_map

PLANE = axis_plane((0.0, 0.0))
SIZE_PX = (400, 300)


def draw_normals(deviation, count=200):
    draw = np.random.default_rng(0)
    mean = draw.normal(0, 1, (count, 2))
    return project_normals(PLANE, mean, np.full((count, 2), 2 * np.log(deviation)))


def test_the_map_is_the_densitys_picture_at_the_centres_of_its_cells():
    """Between its corners, some of it beyond the view on every side."""
    normals, viewport = draw_normals(0.3), Viewport((0.3, -0.2), 6.0)
    *_, found = posterior_map(normals, PLANE, viewport, SIZE_PX)
    (left, top), (right, bottom) = found.corners
    view = viewport.edges(SIZE_PX)
    assert left < view[0] and bottom < view[1] and right > view[2] and top > view[3]
    rows, columns = found.picture.shape[:2]
    a = left + (np.arange(columns) + 0.5) * (right - left) / columns
    b = bottom + (np.arange(rows) + 0.5) * (top - bottom) / rows
    *_, q = density(normals, a, b)
    assert np.abs(found.picture.astype(int) - density_picture(q, 2)).max() <= 1
    assert found.plane == PLANE


def test_holes_are_found_where_nothing_is():
    """Posteriors on one side only leave the other to the prior."""
    left = PlaneNormals(np.array([[-1.0, 0.0]]), np.eye(2)[None] * 0.5)
    *_, found = posterior_map(left, PLANE, Viewport(span=8.0), SIZE_PX)
    rings = np.concatenate([ring for region in found.holes for ring in region.rings])
    assert rings[:, 0].max() > 2.5
    assert np.hypot(*rings.T).max() < 3.1


@pytest.mark.parametrize(
    ("deviation", "span", "expected_px"),
    [(0.3, 6.0, 7.5), (0.001, 6.0, MIN_CELL_PX), (0.3, 0.1, MAX_CELL_PX)],
)
def test_the_grid_is_as_fine_as_the_posteriors_in_view_need(deviation, span, expected_px):
    """Two cells a standard deviation, within bounds."""
    assert cell_size_px(draw_normals(deviation), Viewport(span=span), SIZE_PX) == pytest.approx(expected_px)


def test_a_view_with_nothing_in_it_is_clear():
    """Far away there is neither density nor hole."""
    *_, found = posterior_map(draw_normals(0.3), PLANE, Viewport((100.0, 100.0), 1.0), SIZE_PX)
    assert (found.picture[..., 3] == 0).all()
    assert found.holes == ()
