"""Means, openings and dilations over windows agree with their definitions."""

import numpy as np
import pytest

from desktop.images.windows import box_mean, dilated, opened

PICTURE = np.random.default_rng(0).random((13, 19), np.float32)


@pytest.mark.parametrize("radius_px", [0, 1, 2, 5])
def test_a_box_mean_is_the_mean_of_its_square(radius_px):
    """The picture is mirrored at its edges."""
    padded = np.pad(PICTURE, radius_px, "symmetric")
    side = 2 * radius_px + 1
    windows = np.lib.stride_tricks.sliding_window_view(padded, (side, side))
    assert box_mean(PICTURE, radius_px) == pytest.approx(windows.mean((2, 3)), abs=1e-6)


@pytest.mark.parametrize("side_px", [1, 2, 3, 6, 8])
def test_an_opening_is_the_highest_square_below_each_pixel(side_px):
    """The result is the largest minimum of all squares that contain the pixel; edges are extended outward."""
    padded = np.pad(PICTURE, 2 * side_px, "edge")
    squares = np.lib.stride_tricks.sliding_window_view(padded, (side_px, side_px)).min((2, 3))
    highest = np.lib.stride_tricks.sliding_window_view(squares, (side_px, side_px)).max((2, 3))
    start = side_px + 1
    expected = highest[start : start + 13, start : start + 19]
    assert (opened(PICTURE, side_px) == expected).all()


@pytest.mark.parametrize("radius_px", [0, 1, 1.5, 3, 4.6])
def test_a_dilation_is_the_maximum_over_a_disc(radius_px):
    """A point becomes a disc, and a pixel of any picture the largest value within the disc around it."""
    y, x = np.mgrid[:13, :19]
    expected = [
        [PICTURE[np.hypot(y - row, x - column) <= radius_px].max() for column in range(19)]
        for row in range(13)
    ]
    assert (dilated(PICTURE, radius_px) == np.array(expected)).all()
