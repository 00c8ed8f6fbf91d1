"""z, plane, view coordinates and pixels map to each other, on linear axes and on prior quantiles."""

import math

import numpy as np
import pytest

from desktop.latent.chart import OUTERMOST, AxisScale, Chart, Projection
from desktop.latent.plane import Viewport, axis_plane, plane_through
from desktop.latent.plane_prior import PriorOnPlane
from desktop.latent.prior import NORMAL, Prior, PriorKind
from desktop.view.state import ViewState

PLANE = axis_plane((0.0, 0.0))
LINEAR, QUANTILES = Chart(PLANE), Chart(PLANE, AxisScale.QUANTILES)
SIZE_PX = (300, 200)


@pytest.mark.parametrize("chart", [LINEAR, QUANTILES])
def test_there_and_back_is_the_same_place(chart):
    """(a, b) → view → (a, b) is the identity for any shape, out to five standard deviations."""
    ab = np.random.default_rng(0).uniform(-5, 5, (7, 3, 2))
    assert chart.ab(chart.view(ab)) == pytest.approx(ab, abs=1e-6)


def test_quantile_axes_are_the_normal_cdf():
    """The axes give Φ at known points, and its inverse."""
    view = QUANTILES.view([(0.0, 1.6448536), (-1.959964, 3.0902323)])
    assert view == pytest.approx(np.array([(0.5, 0.95), (0.025, 0.999)]), abs=1e-8)
    assert QUANTILES.ab((0.5, 0.05)) == pytest.approx((0.0, -1.6448536))


def test_beyond_the_quantiles_is_the_outermost_one():
    """Quantiles outside 0 to 1 give far but finite points, and precision is kept in the tail."""
    a, b = QUANTILES.ab((-1.0, 2.0)).tolist()
    assert a == pytest.approx(-b)
    assert 5.5 < b < 6.5
    assert QUANTILES.view((-30.0, 30.0)).tolist() == [0.5 * math.erfc(30 * 0.5**0.5), 1.0]
    assert QUANTILES.ab((0.0, 0.0)) == pytest.approx(QUANTILES.ab((OUTERMOST, OUTERMOST)))


def test_quantiles_are_the_priors_own_on_any_plane():
    """On an oblique plane that does not start at the mean, half of the prior lies on each side of 0.5."""
    plane = plane_through((2.0, 1.0, 0.0), (3.0, 2.0, 1.0), (2.0, 2.0, 0.5))
    z = np.random.default_rng(0).standard_normal((20_000, 3))
    view = Chart(plane, AxisScale.QUANTILES).view_of(z)
    for share in (0.1, 0.5, 0.9):
        assert (view < share).mean(axis=0) == pytest.approx((share, share), abs=0.02)


def test_one_dimension_has_its_line_in_the_middle():
    """b is always 0, the point of the prior's mean."""
    chart = Chart(axis_plane((0.0,)), AxisScale.QUANTILES)
    assert chart.view_of([(0.0,), (1.6448536,)]) == pytest.approx(np.array([(0.5, 0.5), (0.95, 0.5)]))
    assert chart.z((0.95, 0.1)) == pytest.approx([1.6448536])


@pytest.mark.parametrize("center", [(0.0, 0.0), (3.0, -2.0), (1000.0, 0.0)])
def test_the_nearest_view_still_tells_float32_apart(center):
    """z at a distance of 1/32 of the least span differ; at a hundredth of that they are the same float32."""
    span = LINEAR.least_span(center)
    largest = float(np.abs(center).max())
    if largest > 1:
        assert np.float32(largest) != np.float32(largest + span / 32)
    assert np.float32(max(1.0, largest)) == np.float32(max(1.0, largest) + span / 3200)
    assert 0 < QUANTILES.least_span((0.5, 0.5)) < LINEAR.least_span((0.0, 0.0))


@pytest.mark.parametrize("chart", [LINEAR, QUANTILES])
def test_pixels_there_and_back(chart):
    """The (a, b) of a pixel is drawn at that pixel, with or without a margin."""
    projection = Projection(chart, Viewport((0.4, 0.6), 0.3), SIZE_PX)
    ab = projection.ab(30.0, 170.0)
    assert projection.px(ab) == pytest.approx((30, 170))
    assert projection.px_of(PLANE.embed(ab)) == pytest.approx((30, 170), abs=1e-2)
    assert projection.with_margin(50).px(ab) == pytest.approx((80, 220))


def test_a_nudge_goes_along_the_axes_as_they_are_drawn():
    """A nudge moves by shares of the prior on quantile axes, and by z on linear axes."""
    state = ViewState(scale=AxisScale.QUANTILES).nudged(0.45, 0.0)
    assert state.z == pytest.approx((1.6448536, 0.0), abs=1e-6)
    assert ViewState().nudged(0.5, -0.25).z == (0.5, -0.25)


def test_another_scale_keeps_the_place_in_view():
    """In a close view, the middle keeps its z, there and back; a view of all quantiles becomes home."""
    view = Viewport((1.0, -0.5), 0.01)
    state = ViewState(viewport=view).with_scale(AxisScale.QUANTILES)
    assert state.chart.ab(state.viewport.center) == pytest.approx(view.center, abs=1e-3)
    back = state.with_scale(AxisScale.LINEAR)
    assert back.viewport.center == pytest.approx(view.center, abs=1e-3)
    assert 0.005 < back.viewport.span < 0.03
    far = ViewState(viewport=Viewport((0.0, 0.0), 9.0)).with_scale(AxisScale.QUANTILES)
    assert far.viewport == QUANTILES.home
    assert far.with_scale(AxisScale.LINEAR).viewport == LINEAR.home
    assert state.with_scale(AxisScale.QUANTILES) is state


def test_a_view_around_points_holds_them():
    """Nearly all points are inside, on either scale."""
    ab = np.random.default_rng(0).normal(0, 1, (1000, 2))
    for chart in (LINEAR, QUANTILES):
        left, bottom, right, top = chart.around(ab).edges((200, 200))
        view = chart.view(ab)
        assert ((view >= (left, bottom)) & (view <= (right, top))).all(axis=1).mean() > 0.98
    assert QUANTILES.around(np.empty((0, 2))) == QUANTILES.home


@pytest.mark.parametrize(
    ("prior", "dims"),
    [
        (NORMAL, 2),
        (Prior(scale=0.5), 5),
        (Prior(PriorKind.UNIFORM, 0.5, 0.5), 5),
        (Prior(PriorKind.SPHERE), 4),
    ],
)
@pytest.mark.parametrize("slants", [False, True])
def test_home_shows_the_whole_of_the_outermost_contour(prior, dims, slants):
    """The contour has a small margin, on planes of axes and on others."""
    plane = axis_plane(prior.mean(dims), 0, 1)
    if slants and dims > 2:
        z = np.random.default_rng(0).normal(0, 1, (3, dims))
        plane = plane_through(*z)
    home = Chart(plane, prior=prior).home
    left, bottom, right, top = home.edges((300, 200))
    _, curves = PriorOnPlane(plane, prior).contours()[-1]
    room = 0.03 * home.span
    for curve in curves:
        assert curve[:, 0].min() > left + room
        assert curve[:, 0].max() < right - room
        assert curve[:, 1].min() > bottom + room
        assert curve[:, 1].max() < top - room
