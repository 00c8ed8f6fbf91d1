"""The difference of two pictures is signed, and its colours show sign and size."""

import numpy as np
import pytest

from desktop.images.difference import DARKER, EQUAL, LIGHTER, difference, signed_colors


def grey(*rows):
    return np.array([rows], np.float32)


def test_the_second_minus_the_first():
    """The difference is positive where the second picture is lighter."""
    found = difference(grey([0, 0.5, 1]), grey([1, 0.5, 0.25]))
    assert found.numbers.tolist() == [[1, 0, -0.75]]
    assert found.mean == pytest.approx(1.75 / 3)
    assert found.reach == 1
    assert found.picture[0, :2].tolist() == [list(LIGHTER), list(EQUAL)]


@pytest.mark.parametrize(
    ("largest", "reach"), [(0.0, 0.02), (0.02, 0.02), (0.04, 0.05), (0.3, 0.5), (0.51, 1.0)]
)
def test_the_strongest_colours_stand_for_a_round_number(largest, reach):
    """The reach is the smallest round number that covers all differences, so that small ones are visible."""
    found = difference(grey([0.0, 0.0]), grey([np.float32(largest), 0.0]))
    assert found.reach == reach
    assert found.picture[0, 0].tolist() == signed_colors(np.float32(largest) / np.float32(reach)).tolist()


def test_both_directions_have_their_colour():
    """Beyond the ends of the scale the colour does not change."""
    ends = signed_colors(np.array([-2.0, -1.0, 0.0, 1.0, 2.0]))
    assert ends.tolist() == [list(DARKER), list(DARKER), list(EQUAL), list(LIGHTER), list(LIGHTER)]
    half = signed_colors(np.array(0.5)).astype(int)
    assert np.abs(2 * half - (np.array(EQUAL) + LIGHTER)).max() <= 1


def test_pictures_of_other_sizes_have_none():
    """Pictures of different sizes have no pixels to compare."""
    assert difference(grey([0, 1]), grey([0, 1, 1])) is None


def test_colours_are_compared_by_their_mean():
    """So is a colour picture with a grey one; transparent pixels count as the grey behind them."""
    red = np.zeros((3, 1, 1), np.float32)
    red[0] = 1
    assert difference(grey([0]), red).numbers[0, 0] == pytest.approx(1 / 3)
    clear = np.ones((4, 1, 1), np.float32)
    clear[3] = 0
    assert difference(grey([0.5]), clear).numbers[0, 0] == pytest.approx(0, abs=0.01)


def test_nan_counts_as_black():
    """NaN is drawn as black, too."""
    assert difference(grey([np.nan]), grey([1])).numbers.tolist() == [[1]]
