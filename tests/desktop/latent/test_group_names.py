"""Names stand where their groups are, and one text speaks for groups that cannot be told apart."""

import numpy as np
import pytest

from desktop.latent.group_names import ABOVE_PX, MOST_TOGETHER, TOGETHER_PX, group_names, names_apart

NAMES = [str(number) for number in range(10)]


def test_groups_that_lie_apart_have_their_names():
    """Each name has its own group and place."""
    middles = [(100.0 * number, 50.0) for number in range(10)]
    found = group_names(NAMES, middles)
    assert [(name.text, name.group, name.place_px) for name in found] == list(
        zip(NAMES, range(10), middles, strict=True)
    )


def test_a_crowd_has_one_text_above_it():
    """As before training, when all encodings lie in one clump."""
    middles = np.random.default_rng(0).normal((300, 200), 2, (10, 2))
    (name,) = group_names(NAMES, middles)
    assert (name.text, name.group) == ("10 labels here", None)
    assert name.place_px == pytest.approx((300, 200 - ABOVE_PX), abs=3)


@pytest.mark.parametrize("count", [2, MOST_TOGETHER, MOST_TOGETHER + 1])
def test_a_few_that_lie_close_together_keep_their_names(count):
    """Two or three are still seen beside their places; a chain of more is a crowd."""
    middles = [(TOGETHER_PX * 0.9 * number, 0.0) for number in range(count)] + [(500.0, 0.0)]
    found = group_names(NAMES[: count + 1], middles)
    assert len(found) == (count + 1 if count <= MOST_TOGETHER else 2)
    assert found[-1].text == NAMES[count]


def test_texts_do_not_cover_each_other():
    """They are pushed apart by their sizes."""
    found = group_names(NAMES[:3], [(0, 0), (3, 1), (6, 2)])
    middles = names_apart(found, [(80, 20)] * 3)
    for first in range(3):
        for second in range(first):
            x, y = np.abs(middles[first] - middles[second])
            assert x >= 80 - 1e-6 or y >= 20 - 1e-6
    assert names_apart([], np.empty((0, 2))).shape == (0, 2)
