"""A stroke changes the cells under the brush once, and larger numbers have brighter colours."""

from itertools import pairwise

import numpy as np
import pytest

from desktop.images.drawing import coverage
from desktop.images.map_painting import COLORS, Brush, MapTool, map_pictures, new_stroke, reach_of

ONE, BOTH = slice(0, 1), slice(None)


@pytest.fixture
def maps():
    """Two maps of 8 × 10 numbers."""
    return np.random.default_rng(0).normal(0, 1, (2, 8, 10)).astype(np.float32)


def painted(maps, brush, *cells, channels=ONE, erased=None):
    stroke = new_stroke(maps, maps if erased is None else erased, channels, brush)
    for start, end in pairwise(cells):
        stroke = stroke.along(start, end)
    return stroke.maps()


def test_a_brush_of_one_number_paints_the_line_alone(maps):
    """It changes exactly the cells from start to end, on the chosen map."""
    result = painted(maps, Brush(MapTool.SET, 2.0, 1), (3, 2), (3, 6))
    expected = maps.copy()
    expected[0, 3, 2:7] = 2.0
    assert (result == expected).all()


def test_all_maps_can_be_painted_at_once(maps):
    """Beside the stroke, each map keeps its own numbers."""
    result = painted(maps, Brush(MapTool.SET, -1.0, 1), (0, 0), (0, 9), channels=BOTH)
    assert (result[:, 0] == -1).all()
    assert (result[:, 1:] == maps[:, 1:]).all()


def test_a_stroke_that_passes_twice_adds_once(maps):
    """At the brush's edge, only a part of the value is added."""
    brush = Brush(MapTool.ADD, 0.5, 4)
    once = painted(maps, brush, (4, 2), (4, 7))
    twice = painted(maps, brush, (4, 2), (4, 7), (4, 2))
    assert (once == twice).all()
    added = once - maps
    assert added.max() == pytest.approx(0.5)
    assert ((added[0] > 0.1) & (added[0] < 0.4)).any()


def test_erasing_the_same_way_leaves_nothing_of_a_stroke(maps):
    """The previous numbers are restored exactly, and other strokes stay."""
    brush = Brush(MapTool.ADD, 3.0, 3)
    stroked = painted(maps, brush, (1, 1), (1, 8))
    both = painted(stroked, brush, (6, 1), (6, 8))
    erased = painted(both, Brush(MapTool.ERASE, 3.0, 3), (6, 1), (6, 8), erased=maps)
    assert (erased == stroked).all()


def test_numbers_stay_finite(maps):
    """Adding very large values does not overflow."""
    result = maps
    for _ in range(3):
        result = painted(result, Brush(MapTool.ADD, 1e9, 1), (0, 0), (7, 9))
    assert np.isfinite(result).all()


def test_the_line_covers_what_the_pen_covers_in_a_drawing(maps):
    """Rows and columns are not mixed up: cell (2, 7) is the pixel at x 7.5, y 2.5."""
    stroke = new_stroke(maps, maps, ONE, Brush(MapTool.ADD, 1.0, 4)).along((2, 7), (5, 1))
    assert (stroke.cover == coverage((8, 10), (7.5, 2.5), (1.5, 5.5), 2.0)).all()


def test_colours_reach_to_a_round_number_that_holds_nearly_all():
    """The reach is never below the given minimum; a few outliers, and NaN, do not count."""
    maps = np.random.default_rng(1).normal(0, 1, (4, 32, 32)).astype(np.float32)
    assert reach_of(maps, 3.0) == 3.0
    assert reach_of(5.5 * maps, 3.0) == 20.0
    maps[0, 0, :3] = 1e6, np.nan, np.inf
    assert reach_of(maps, 3.0) == 3.0
    assert reach_of(np.full((1, 2, 2), 5.0, np.float32), 3.0) == 5.0


def test_colours_grow_brighter_evenly_and_zero_is_grey():
    """Their luminance rises at every step, so that the pictures can be read without colours."""
    luminance = COLORS.astype(float) @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(luminance) > -0.5).all()
    assert luminance[-1] > 235
    assert luminance[0] < 35
    numbers = np.array([[-9.0, -2.0, 0.0, 2.0, np.nan]], np.float32)
    dark, low, zero, high, nothing = map_pictures(numbers, 2.0)[0].tolist()
    assert dark == low
    assert len(set(zero)) == 1
    assert nothing == zero
    assert sum(high) > sum(zero) > sum(low)
