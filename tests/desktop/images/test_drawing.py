"""Strokes are drawn on the model's pixels."""

import numpy as np
import pytest

from desktop.images.drawing import Stroke, Tool, blank


def test_a_blank_canvas_is_empty_and_known():
    """Nothing is drawn and nothing is unknown."""
    drawing = blank((3, 5, 4))
    assert drawing.pixels.shape == (3, 5, 4)
    assert drawing.known.shape == (5, 4)
    assert drawing.is_empty


def test_a_point_is_a_disc_with_soft_edges():
    """In all channels, ink is full within the radius, partial at its edge, and absent half a pixel beyond."""
    drawn = blank((3, 11, 11)).stroked((5.5, 5.5), (5.5, 5.5), 2.2, Tool.PEN).pixels
    y, x = np.mgrid[:11, :11]
    distance = np.hypot(x - 5, y - 5)
    assert (drawn[:, distance <= 1.7] == 1).all()
    assert (drawn[:, distance >= 2.7] == 0).all()
    assert 0 < drawn[0, 5, 3] <= 1
    assert (drawn[0] == drawn[2]).all()


def test_a_line_is_as_thick_all_along():
    """A horizontal stroke covers the same rows in each of its columns."""
    drawn = blank((1, 9, 20)).stroked((3.5, 4.5), (16.5, 4.5), 1.0, Tool.PEN).pixels[0]
    assert (drawn[:, 4:16] == drawn[:, 4:5]).all()
    assert drawn[4, 4] == 1
    assert drawn[:, 0].max() == 0


def test_the_eraser_takes_away_what_the_pen_put_there():
    """The same stroke with the eraser leaves no ink."""
    stroke = ((3.0, 4.0), (10.0, 8.0), 1.5)
    drawing = blank((1, 12, 12)).stroked(*stroke, Tool.PEN)
    assert not drawing.is_empty
    left = drawing.stroked(*stroke, Tool.ERASER)
    assert left.pixels.max() <= 0.5
    assert left.thresholded().max() == 0


def test_a_colour_is_drawn_on_a_surface_and_erased_to_it():
    """The pen's middle has its colour, its edge a mixture, and the eraser brings the surface back."""
    surface = np.random.default_rng(0).random((3, 11, 11)).astype(np.float32)
    empty = blank((3, 11, 11), surface)
    assert empty.is_empty
    drawn = empty.stroked((5.5, 5.5), (5.5, 5.5), 2.2, Tool.PEN, (1.0, 0.5, 0.0))
    assert drawn.pixels[:, 5, 5].tolist() == [1, 0.5, 0]
    assert (drawn.pixels[:, 0, 0] == surface[:, 0, 0]).all()
    assert not drawn.is_empty
    erased = drawn.stroked((5.5, 5.5), (5.5, 5.5), 5, Tool.ERASER)
    assert erased.pixels == pytest.approx(surface)


def test_ink_on_a_transparent_surface_is_opaque():
    """Colours have no number for alpha: drawn pixels are opaque, and erased pixels are transparent."""
    drawn = blank((4, 9, 9)).stroked((4.5, 4.5), (4.5, 4.5), 2, Tool.PEN, (1.0, 0.0, 0.0))
    assert drawn.pixels[:, 4, 4].tolist() == [1, 0, 0, 1]
    assert drawn.stroked((4.5, 4.5), (4.5, 4.5), 2, Tool.ERASER).pixels[:, 4, 4].tolist() == [0, 0, 0, 0]


def test_a_stroke_that_crosses_itself_covers_once():
    """The soft edges do not get stronger where lines of one stroke meet."""
    stroke = Stroke(blank((1, 12, 12)), Tool.PEN, (1.0,))
    once = stroke.to((2.0, 6.0), (9.0, 6.0), 1.2)
    assert (once.to((2.0, 6.0), (9.0, 6.0), 1.2).drawing.pixels == once.drawing.pixels).all()


def test_unknown_pixels_keep_their_ink_until_they_are_drawn_on():
    """Marking changes no pixel; pen and eraser make the pixels that they touch known."""
    drawing = blank((1, 9, 9)).stroked((4.5, 4.5), (4.5, 4.5), 2, Tool.PEN)
    marked = drawing.stroked((4.5, 4.5), (4.5, 4.5), 3, Tool.UNKNOWN)
    assert (marked.pixels == drawing.pixels).all()
    assert not marked.known[4, 4]
    assert marked.known[0, 0]
    assert marked.stroked((4.5, 4.5), (4.5, 4.5), 3, Tool.ERASER).known.all()


@pytest.mark.parametrize(("value", "expected"), [(0.5, 0), (0.51, 1), (1.0, 1), (0.0, 0)])
def test_the_threshold_is_the_datas(value, expected):
    """A pixel above one half is 1."""
    pixels = np.full((1, 1, 1), value, np.float32)
    assert blank((1, 1, 1), pixels).thresholded() == expected
