"""Thousands of dots are drawn into an array, each round and in its colour."""

import numpy as np
import pytest

from desktop.images.dots import dot_coverage, draw_dots

COLORS = np.array([(255, 0, 0), (0, 0, 255)], np.uint8)


def drawn(centers, color_of, coverage, shape=(20, 30)):
    """The canvas as uint8 [H, W, 4]: red, green, blue, alpha, premultiplied."""
    canvas = np.zeros(shape, np.uint32)
    for _ in draw_dots(canvas, np.array(centers, float), COLORS, np.array(color_of, np.intp), coverage):
        pass
    return np.stack([canvas >> shift & 255 for shift in (16, 8, 0, 24)], axis=-1)


@pytest.mark.parametrize("diameter_px", [1.0, 3.4, 6.8])
def test_a_dot_covers_the_area_of_its_circle(diameter_px):
    """The shares of a dot's pixels add up to π r², and the dot is symmetric."""
    coverage = dot_coverage(diameter_px)
    assert coverage.sum() == pytest.approx(np.pi * diameter_px**2 / 4, rel=0.04)
    assert (coverage == coverage.T).all()
    assert (coverage == coverage[::-1]).all()


def test_a_dot_lies_around_its_centre():
    """The dot's pixels have its colour and the coverage as alpha; all others are unchanged."""
    coverage = dot_coverage(3.4)
    picture = drawn([(10, 8)], [1], coverage)
    half = len(coverage) // 2
    alphas = picture[8 - half : 8 + half, 10 - half : 10 + half, 3]
    assert np.abs(alphas - 255 * coverage).max() <= 5
    rows, columns = np.nonzero(picture[..., 3])
    assert (rows.mean() + 0.5, columns.mean() + 0.5) == (8, 10)
    assert picture[7, 9].tolist() == [0, 0, 255, 255]
    assert picture[..., 0].max() == 0


def test_a_pixel_belongs_to_the_dot_that_covers_most_of_it():
    """The edge of one dot does not show through the middle of another, whichever is drawn first."""
    coverage = dot_coverage(3.4)
    for order in ([0, 1], [1, 0]):
        centers = np.array([(10, 8), (12, 8)])[order]
        picture = drawn(centers, order, coverage)
        assert picture[8, 9].tolist() == [255, 0, 0, 255]
        assert picture[8, 12].tolist() == [0, 0, 255, 255]


def test_dots_that_are_not_whole_are_left_out():
    """A dot that touches an edge is drawn; one that reaches beyond an edge is not."""
    coverage = dot_coverage(3.4)
    half = len(coverage) // 2
    assert drawn([(half, half)], [0], coverage).any()
    for center in ((half - 1, 10), (30 - half + 1, 10), (10, half - 1), (10, 20 - half + 1), (-50, 1e6)):
        assert not drawn([center], [0], coverage).any()
