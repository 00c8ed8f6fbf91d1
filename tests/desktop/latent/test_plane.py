"""Geometry: pixels and the plane, grids, axis ticks, and z as people type it."""

import math
from statistics import NormalDist

import numpy as np
import pytest

from desktop.latent.plane import (
    MAX_SPAN,
    MIN_SPAN,
    Plane,
    Viewport,
    axis_plane,
    decimals_in,
    format_z,
    manifold_grid,
    parse_z,
    plane_through,
    quantile_axis,
    sample_prior,
    ticks,
    viewport_around,
)

SIZES = [(1, 1), (640, 480), (480, 640), (901, 900), (1, 2000), (3840, 2160)]


@pytest.mark.parametrize("size_px", SIZES)
def test_a_pixel_that_goes_to_the_plane_comes_back_to_itself(size_px):
    """A pixel mapped to the plane and back is the same pixel, for any size of the view."""
    view = Viewport((1.25, -0.5), 3.5)
    width, height = size_px
    for x, y in [(0, 0), (width, height), (width / 3, height / 7), (-5, height + 9)]:
        assert view.to_px(size_px, view.to_plane(size_px, x, y)) == pytest.approx([x, y], abs=1e-6)


def test_many_points_go_to_pixels_as_one_does():
    """An array of points gives the same pixels as each point alone."""
    view, size_px = Viewport((0.3, 0.1), 2.0), (300, 200)
    points = np.random.default_rng(0).normal(size=(5, 4, 2))
    pixels = view.to_px(size_px, points)
    assert pixels.shape == (5, 4, 2)
    assert pixels[2, 3] == pytest.approx(view.to_px(size_px, points[2, 3]))


def test_b_grows_upward_and_a_to_the_right():
    """The top edge has the greater b, and the right edge the greater a."""
    view, size_px = Viewport(), (400, 200)
    left, top = view.to_plane(size_px, 0, 0)
    right, bottom = view.to_plane(size_px, *size_px)
    assert top > bottom
    assert right > left
    assert view.edges(size_px) == (left, bottom, right, top)


def test_the_shorter_side_spans_what_the_viewport_says():
    """`span` is the height of a wide view and the width of a tall one, and pixels are square."""
    for size_px, shorter in [((400, 200), 1), ((200, 400), 0)]:
        left, bottom, right, top = Viewport((5.0, 6.0), 6.0).edges(size_px)
        assert (right - left, top - bottom)[shorter] == pytest.approx(6.0)
        assert (right - left) / (top - bottom) == pytest.approx(size_px[0] / size_px[1])
        assert ((left + right) / 2, (bottom + top) / 2) == pytest.approx((5.0, 6.0))


@pytest.mark.parametrize("factor", [0.1, 0.8, 1.25, 30.0])
@pytest.mark.parametrize("pixel", [(0, 0), (123, 456), (640, 480)])
def test_zooming_keeps_what_is_under_the_pointer(factor, pixel):
    """After zooming about a pixel, the pixel shows the same point."""
    view, size_px = Viewport((0.7, -2.0), 4.0), (640, 480)
    about = view.to_plane(size_px, *pixel)
    zoomed = view.zoomed(factor, about)
    assert zoomed.span == pytest.approx(4.0 * factor)
    assert zoomed.to_plane(size_px, *pixel) == pytest.approx(about)


def test_zooming_ends_at_its_limits_without_moving():
    """At the smallest and the largest span, further zooming changes nothing."""
    for span, factor in [(MIN_SPAN, 0.5), (MAX_SPAN, 2.0)]:
        view = Viewport((1.0, 2.0), span)
        assert view.zoomed(factor, (1.5, 2.5)) == view


def test_panning_moves_the_middle_only():
    """Panning moves the centre and keeps the span."""
    assert Viewport((1.0, 2.0), 5.0).panned(0.5, -3.0) == Viewport((1.5, -1.0), 5.0)


def test_a_view_around_points_holds_nearly_all_of_them():
    """A view around a cloud holds 99 % of it in a square window and is not much wider."""
    points = np.random.default_rng(0).normal([3.0, -1.0], [2.0, 0.5], (10_000, 2))
    view = viewport_around(points)
    left, bottom, right, top = view.edges((500, 500))
    inside = (points > [left, bottom]).all(axis=1) & (points < [right, top]).all(axis=1)
    assert inside.mean() > 0.99
    assert view.span < 1.2 * np.ptp(np.quantile(points[:, 0], [0.0025, 0.9975]))
    assert view.center == pytest.approx((3.0, -1.0), abs=0.3)


def test_an_outlier_does_not_shrink_the_rest_to_a_dot():
    """One point far away does not determine the view."""
    points = np.concatenate([np.random.default_rng(0).normal(size=(5000, 2)), [[1e6, 1e6]]])
    assert viewport_around(points).span < 10


def test_a_view_around_nothing_or_a_single_point_is_still_a_view():
    """No points give the prior's view, and one point gives a view of a usable size."""
    assert viewport_around(np.empty((0, 2))) == Viewport()
    assert viewport_around([(4.0, 5.0)]) == Viewport((4.0, 5.0), 0.1)


@pytest.mark.parametrize(("latent_dim", "axes"), [(1, (0, 0)), (3, (0, 1)), (3, (2, 0)), (8, (5, 3))])
def test_a_plane_of_two_axes_knows_them(latent_dim, axes):
    """The axes are known, so that ticks can be labelled; another plane has none."""
    plane = axis_plane([0.5] * latent_dim, *axes)
    assert plane.axes == axes
    if latent_dim > 1:
        assert plane_through(*np.eye(latent_dim)[:2], [0.3] * latent_dim).axes is None


def test_a_plane_through_three_points_holds_them():
    """The first point is (0, 0), the second lies to its right, and the third above the line of both."""
    points = np.random.default_rng(0).normal(size=(3, 5))
    plane = plane_through(*points)
    ab = plane.project(points)
    assert plane.embed(ab) == pytest.approx(points, abs=1e-6)
    assert ab[0] == pytest.approx([0, 0])
    assert ab[1] == pytest.approx([np.linalg.norm(points[1] - points[0]), 0])
    assert ab[2, 1] > 0
    assert np.dot(plane.u, plane.v) == pytest.approx(0)
    assert np.linalg.norm([plane.u, plane.v], axis=1) == pytest.approx([1, 1])


def test_moving_along_a_planes_directions_keeps_the_plane():
    """Rounding does not make a new plane, which would be decoded again; a real step off the plane does."""
    draw = np.random.default_rng(0)
    plane = plane_through(*draw.normal(size=(3, 50)))
    for a, b in draw.normal(size=(20, 2)) * 5:
        z = np.asarray(plane.origin) + a * np.asarray(plane.u) + b * np.asarray(plane.v)
        assert plane.through(z.tolist()) is plane
        off = z + 1e-6 * draw.normal(size=50)
        moved = plane.through(off.tolist())
        assert moved != plane
        assert np.asarray(moved.origin) + moved.project(off) @ [moved.u, moved.v] == pytest.approx(
            off, abs=1e-12
        )


@pytest.mark.parametrize(
    "points",
    [([0, 0, 0], [1, 1, 1], [2, 2, 2]), ([0, 0], [0, 0], [1, 0]), ([1, 0], [2, 0], [1, 0]), ([0], [1], [2])],
)
def test_three_points_on_a_line_span_no_plane(points):
    """Two equal points, or one dimension, do not span a plane either."""
    with pytest.raises(ValueError, match="found three points on one line, expected a triangle"):
        plane_through(*points)


@pytest.mark.parametrize(("latent_dim", "axes"), [(1, (0, 0)), (3, (0, 1)), (3, (2, 0)), (8, (5, 3))])
def test_a_plane_of_two_axes_keeps_the_other_coordinates(latent_dim, axes):
    """Embedding sets the two axes and keeps the cursor's other coordinates; projecting gives the two back."""
    z = np.random.default_rng(0).normal(size=latent_dim)
    plane = axis_plane(z.tolist(), *axes)
    a, b = (0.25, 0.0) if latent_dim == 1 else (0.25, -1.5)
    embedded = plane.embed((a, b))
    expected = z.copy()
    expected[axes[1]] = b
    expected[axes[0]] = a
    assert embedded.dtype == np.float32
    assert embedded == pytest.approx(expected, abs=1e-6)
    assert plane.project(embedded) == pytest.approx((a, b), abs=1e-6)
    assert plane.project(z) == pytest.approx((z[axes[0]], z[axes[1]] if latent_dim > 1 else 0.0))


@pytest.mark.parametrize("latent_dim", [3, 8])
def test_embedding_and_projecting_are_inverse_on_any_plane(latent_dim):
    """On an oblique plane, its points come back, and any z goes to the nearest point on it."""
    draw = np.random.default_rng(0)
    basis, _ = np.linalg.qr(draw.normal(size=(latent_dim, 2)))
    plane = Plane(tuple(draw.normal(size=latent_dim)), tuple(basis[:, 0]), tuple(basis[:, 1]))
    ab = draw.normal(size=(6, 5, 2))
    assert plane.embed(ab).shape == (6, 5, latent_dim)
    assert plane.project(plane.embed(ab)) == pytest.approx(ab, abs=1e-5)
    z = draw.normal(size=latent_dim)
    nearest = plane.embed(plane.project(z))
    assert (z - nearest) @ basis == pytest.approx([0, 0], abs=1e-5)


def test_one_dimension_has_no_b():
    """If d = 1, b is always zero."""
    plane = axis_plane((0.5,), 0, 0)
    assert plane.embed((2.0, 7.0)) == pytest.approx([2.0])
    assert plane.project([2.0]) == pytest.approx([2.0, 0.0])


def test_the_axis_holds_the_priors_quantiles():
    """The values are normal quantiles at even probabilities: increasing, symmetric, zero in the middle."""
    axis = quantile_axis(21)
    assert [NormalDist().cdf(value) for value in axis] == pytest.approx(np.linspace(0.05, 0.95, 21))
    assert (np.diff(axis) > 0).all()
    assert axis == pytest.approx(-axis[::-1], abs=1e-9)
    assert axis[10] == pytest.approx(0, abs=1e-9)
    assert axis[-1] == pytest.approx(1.6448536)


def test_the_manifold_grid_begins_with_the_highest_row():
    """The first row has the greatest b, and a increases along each row, like text on a page."""
    grid = manifold_grid(axis_plane((0.0, 0.0)), 20).reshape(20, 20, 2)
    axis = quantile_axis(20)
    assert grid[0, :, 1] == pytest.approx(np.full(20, axis[-1]), abs=1e-6)
    assert grid[-1, :, 1] == pytest.approx(np.full(20, axis[0]), abs=1e-6)
    for row in grid:
        assert row[:, 0] == pytest.approx(axis, abs=1e-6)


def test_the_manifold_grid_keeps_the_coordinates_off_the_plane():
    """In more dimensions, the grid lies in the plane through the cursor."""
    grid = manifold_grid(axis_plane((0.1, 0.2, 0.3, 0.4), 3, 1), 5)
    assert grid.shape == (25, 4)
    assert grid[:, [0, 2]] == pytest.approx(np.tile([0.1, 0.3], (25, 1)))


def test_samples_of_the_prior_repeat_with_their_seed():
    """The same seed gives the same z, another seed gives others, and they are standard normal."""
    first = sample_prior(5000, 3, 7)
    assert first.dtype == np.float32
    assert (sample_prior(5000, 3, 7) == first).all()
    assert (sample_prior(5000, 3, 8) != first).any()
    assert first.mean(axis=0) == pytest.approx(np.zeros(3), abs=0.06)
    assert np.cov(first.T) == pytest.approx(np.eye(3), abs=0.08)


@pytest.mark.parametrize("most", [1, 2, 3, 8, 10])
@pytest.mark.parametrize(
    ("low", "high"),
    [(0, 8), (-3, 3), (-0.31, 0.29), (1e-4, 3.3e-4), (-7e3, 9.9e3), (0.1, 0.3), (99.5, 100.5)],
)
def test_ticks_are_round_numbers_within_range_and_not_too_many(low, high, most):
    """All ticks are multiples of 1, 2 or 5 times a power of ten, in the range, and at most `most`."""
    found = ticks(low, high, most)
    assert len(found) <= max(2, most)
    slack = 1e-6 * (high - low)
    assert all(low - slack <= value <= high + slack for value in found)
    if len(found) > 1:
        steps = np.diff(found)
        assert steps == pytest.approx(np.full(len(steps), steps[0]))
        mantissa = steps[0] / 10 ** math.floor(math.log10(steps[0] * (1 + 1e-9)))
        assert mantissa == pytest.approx(round(mantissa), abs=1e-6)
        assert round(mantissa) in (1, 2, 5)
        assert found == pytest.approx([round(value / steps[0]) * steps[0] for value in found])


def test_there_are_enough_ticks_to_read_an_axis():
    """With room for eight ticks, at least two are drawn at any zoom, because one alone gives no scale."""
    assert all(len(ticks(-span, 0.9 * span, 8)) >= 2 for span in np.geomspace(1e-3, 1e4, 200))


def test_an_empty_range_has_no_ticks():
    """A range that is empty or reversed has no ticks."""
    assert ticks(1, 1) == []
    assert ticks(2, 1) == []


@pytest.mark.parametrize(
    "text",
    [
        "0.5, -1.25",
        "0.5 -1.25",
        "(0.5; −1.25)",
        "[ 0.5,-1.25 ]",
        "\t0.5\n-1.25 ",
        "5e-1,-125e-2",
        "[[.5 -1.25]]",
    ],
)
def test_z_is_read_however_people_write_it(text):
    """Commas, semicolons, spaces, brackets and the real minus sign are all accepted."""
    assert parse_z(text, 2) == (0.5, -1.25)


@pytest.mark.parametrize("text", ["", "1", "1 2 3", "a b", "0x10 1"])
def test_what_is_not_z_is_refused_in_words(text):
    """The message says what was found and what was expected, with an example to copy."""
    with pytest.raises(ValueError) as caught:
        parse_z(text, 2)
    assert str(caught.value) == f"found z = {text!r}, expected 2 numbers, such as 0.5000, 0.5000"
    with pytest.raises(ValueError, match=r"expected 64 numbers, such as 0\.5000, 0\.5000, 0\.5000, …$"):
        parse_z(text, 64)


@pytest.mark.parametrize("text", ["1,nan", "inf 0", "1e39 0"])
def test_what_float32_cannot_hold_is_refused_in_words(text):
    """The error does not only mention the number of numbers."""
    with pytest.raises(ValueError, match=r"expected 2 numbers within ±3e38, such as 0\.5000, 0\.5000$"):
        parse_z(text, 2)


def test_one_number_is_asked_for_in_the_singular():
    """A model with one dimension expects 1 number."""
    with pytest.raises(ValueError, match=r"^found z = '1 2', expected 1 number, such as 0\.5000$"):
        parse_z("1 2", 1)


def test_what_is_shown_can_be_typed():
    """A z as displayed reads back as itself, to its four decimals."""
    z = (-1.23456, 0.0, 1e-5, 12.5)
    assert parse_z(format_z(z), 4) == pytest.approx(z, abs=5e-5)


def test_a_plane_of_a_million_dimensions_is_as_right_as_a_small_one():
    """It is processed in parts; one point and several give the same, and projecting finds (a, b) again."""
    random = np.random.default_rng(0)
    plane = plane_through(*random.standard_normal((3, 1 << 20), np.float32))
    ab = np.array([[3.0, -700.0], [1e-3, 12.5], [0.0, 0.0]])
    z = plane.embed(ab)
    assert z.dtype == np.float32
    for row, point in zip(z, ab, strict=True):
        exact = plane.origin.array + point[0] * plane.u.array.astype(np.float64) + point[1] * plane.v.array
        assert np.abs(row - exact).max() < 1e-6
        assert np.abs(plane.embed(point) - row).max() < 1e-6
        assert plane.project(row) == pytest.approx(point, abs=1e-4)
        assert plane.through(row) is plane
    assert plane.project(z) == pytest.approx(ab, abs=1e-4)
    assert plane.project_even(0.5) == pytest.approx(plane.project(np.full(1 << 20, 0.5)), abs=1e-6)
    assert plane.first_numbers(ab[0]) == pytest.approx(z[0, :2], abs=1e-6)


def test_of_very_many_numbers_the_first_are_shown():
    """The text also has their number."""
    assert format_z([0.5] * 3) == "0.5000, 0.5000, 0.5000"
    assert format_z([-0.0, -0.00004, -0.00006]) == "0.0000, 0.0000, −0.0001"
    assert format_z(np.zeros(2000)) == format_z([0.0] * 2, 2000)
    assert format_z([0.0] * 2, 2000).endswith("0.0000, … (2,000 numbers)")


@pytest.mark.parametrize(
    ("span", "decimals"), [(6.0, 4), (0.1, 4), (0.05, 5), (1e-3, 6), (1e-7, 9), (1e4, 4), (1e-14, 9)]
)
def test_z_has_the_decimals_that_tell_pixels_apart(span, decimals):
    """There are four in a wide view, and as many as a float32 has in the narrowest."""
    assert decimals_in(span) == decimals
    assert format_z((0.1234567891,), decimals=decimals) == f"{0.1234567891:.{decimals}f}"
