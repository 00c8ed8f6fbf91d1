"""Names stand where their groups are, and one text speaks for groups that cannot be told apart."""

import math

import numpy as np
import pytest

from desktop.latent.group_names import ABOVE_PX, MOST_AWAY_PX, MOST_TOGETHER, TOGETHER_PX, group_names

NAMES = [str(number) for number in range(10)]


def digits(name):  # noqa: ARG001 (all have one size)
    """The size of a digit's text."""
    return 24, 24


def words(name):  # noqa: ARG001 (all have one size)
    """The size of a word's text."""
    return 90, 24


def test_groups_that_lie_apart_have_their_names():
    """Each name has its own group and place."""
    middles = [(100.0 * number, 50.0) for number in range(10)]
    found = group_names(NAMES, middles, digits)
    assert [(name.text, name.group, name.place_px) for name in found] == list(
        zip(NAMES, range(10), middles, strict=True)
    )


def test_a_crowd_has_one_text_above_it():
    """As before training, when all encodings lie in one clump."""
    middles = np.random.default_rng(0).normal((300, 200), 2, (10, 2))
    (name,) = group_names(NAMES, middles, digits)
    assert (name.text, name.group) == ("10 labels here", None)
    assert name.place_px == pytest.approx((300, 200 - ABOVE_PX), abs=3)


@pytest.mark.parametrize("count", [2, MOST_TOGETHER, MOST_TOGETHER + 1])
def test_a_few_that_lie_close_together_keep_their_names(count):
    """Two or three are still seen beside their places; a chain of more is a crowd."""
    middles = [(TOGETHER_PX[0] * 0.9 * number, 0.0) for number in range(count)] + [(500.0, 0.0)]
    found = group_names(NAMES[: count + 1], middles, digits)
    assert len(found) == (count + 1 if count <= MOST_TOGETHER else 2)
    assert found[-1].text == NAMES[count]


@pytest.mark.parametrize("size_of", [digits, words])
@pytest.mark.parametrize("spread_px", [1, 20, 40, 80, 160, 400])
def test_no_name_is_far_from_its_group_or_on_another(size_of, spread_px):
    """However far the view is zoomed out, and however long names are."""
    middles = np.random.default_rng(1).normal(500, spread_px, (10, 2))
    found = group_names(NAMES, middles, size_of)
    for name in found:
        assert name.group is None or math.dist(name.place_px, middles[name.group]) <= MOST_AWAY_PX
    width, height = size_of(None)
    for number, first in enumerate(found):
        for second in found[:number]:
            x, y = np.abs(np.subtract(first.place_px, second.place_px))
            assert x >= width - 0.5 or y >= height - 0.5
    assert group_names([], np.empty((0, 2)), size_of) == []
