"""Points are found in a lasso, by a text, or because they are next to points of another label."""

import numpy as np
import pytest

from desktop.latent.selection import (
    box_corners,
    chosen_labels,
    counts_by_label,
    find_points,
    in_polygon,
    labels_of_part,
    misplaced,
    of_labels,
    shown_points,
    within,
)

LABELS = np.array([0, 1, 1, 2], np.uint8)
NAMES = ("shirt", "shoe", "bag")


def test_a_lasso_holds_what_is_inside_of_it():
    """The result agrees with the winding number, for random points and a star with concave corners."""
    draw = np.random.default_rng(0)
    turns = np.linspace(0, 2 * np.pi, 10, endpoint=False)
    star = np.stack([np.cos(turns), np.sin(turns)], axis=1) * np.where(np.arange(10) % 2, 0.4, 1.0)[:, None]
    points = draw.uniform(-1.1, 1.1, (500, 2))
    to_corners = star - points[:, np.newaxis]
    angles = np.arctan2(to_corners[..., 1], to_corners[..., 0])
    turned = np.diff(angles, axis=1, append=angles[:, :1])
    turned = (turned + np.pi) % (2 * np.pi) - np.pi
    expected = np.abs(turned.sum(axis=1)) > np.pi
    assert 50 < expected.sum() < 250
    assert (in_polygon(points, star) == expected).all()


def test_a_box_has_any_two_opposite_corners():
    """A box contains the same points, whichever corner it was drawn from; a line contains none."""
    points = [(0.5, 0.5), (1.5, 0.5), (0.5, -0.1)]
    for one, other in (((0, 0), (1, 1)), ((1, 0), (0, 1)), ((1, 1), (0, 0))):
        assert in_polygon(points, box_corners(one, other)).tolist() == [True, False, False]
    assert not in_polygon(points, [(0, 0), (1, 1)]).any()
    assert in_polygon(np.empty((0, 2)), box_corners((0, 0), (1, 1))).shape == (0,)


def test_points_are_shown_by_label_and_by_selection():
    """A point must pass both; indices without a point are ignored."""
    assert shown_points(4, LABELS, frozenset(), None).tolist() == [True] * 4
    assert shown_points(4, LABELS, {1}, None).tolist() == [True, False, False, True]
    assert shown_points(4, LABELS, {1}, (0, 1, 99)).tolist() == [True, False, False, False]
    assert within((0, 3, 4, 99), 4).tolist() == [0, 3]


def test_labels_are_counted_with_the_most_first():
    """Labels with equal counts come in their own order."""
    assert counts_by_label(LABELS, (0, 1, 2, 3)) == ((1, 2), (0, 1), (2, 1))
    assert counts_by_label(None, (0, 1)) == counts_by_label(LABELS, ()) == ()


def test_a_part_of_a_selection_has_labels_if_it_has_all_their_points():
    """The part has none if it is half of a label, contains a point from outside, or is empty."""
    assert of_labels(LABELS, (3, 2, 0), {1, 2}) == (2, 3)
    assert labels_of_part(LABELS, (0, 1, 2), (1, 2)) == {1}
    assert labels_of_part(LABELS, (0, 1, 2), (0, 1, 2)) == {0, 1}
    for part in ((1,), (1, 2, 3), ()):
        assert labels_of_part(LABELS, (0, 1, 2), part) is None
    assert labels_of_part(None, (0, 1), (0,)) is None


def test_labels_are_chosen_alone_or_beside_others():
    """A click chooses one label, and a second click all; Shift adds or removes one, but not the last."""
    every, one, two = frozenset({0, 1, 2}), frozenset({1}), frozenset({0, 1})
    assert chosen_labels(every, every, one, adds=False) == one
    assert chosen_labels(one, every, one, adds=False) == every
    assert chosen_labels(one, every, frozenset({0}), adds=True) == two
    assert chosen_labels(two, every, one, adds=True) == {0}
    assert chosen_labels(one, every, one, adds=True) == every


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Shoe", (1, 2)),
        (" bag ", (3,)),
        ("#2", (2,)),
        ("2", (3,)),
        ("holiday", (0, 3)),
        ("#4", ()),
        ("hat", ()),
        ("", ()),
        ("#", ()),
    ],
)
def test_a_text_means_a_label_a_name_or_a_number(text, found):
    """Labels come first, then names, then numbers; with # it is always a number."""
    files = ("holiday 1.png", "a.png", "b.png", "Holiday 2.png")
    assert find_points(text, 4, LABELS, NAMES, files) == found


def test_a_digit_is_a_label_before_it_is_a_number():
    """For digits, "1" is the label 1 and "#1" the image 1; also if labels have no names."""
    for names in (("0", "1", "2"), ()):
        assert find_points("1", 4, LABELS, names) == (1, 2)
        assert find_points("#1", 4, LABELS, names) == (1,)
    assert find_points("3", 4, LABELS, ("0", "1", "2")) == (3,)
    assert find_points("3", 4) == (3,)


def test_misplaced_points_are_those_of_a_plain_search(monkeypatch):
    """A plain search compares each point with all others; also far from zero, and in any number of steps."""
    draw = np.random.default_rng(3)
    mean = (draw.normal(0, 1, (120, 3)) + 1000).astype(np.float32)
    labels = draw.integers(0, 3, 120).astype(np.uint8)
    away = np.linalg.norm(mean.astype(float)[:, np.newaxis] - mean.astype(float), axis=2)
    np.fill_diagonal(away, np.inf)
    expected = np.flatnonzero(labels[away.argmin(axis=1)] != labels)
    for most in (50, 10**6):
        monkeypatch.setattr("desktop.latent.selection.STEP_NUMBERS", most)
        *steps, found = misplaced(mean, labels)
        assert not any(step is not None for step in steps)
        assert sorted(found.points.tolist()) == expected.tolist()
        assert found.neighbours.tolist() == away.argmin(axis=1)[found.points].tolist()
        assert found.away == pytest.approx(away.min(axis=1)[found.points])
        of_own = np.where(labels == labels[:, np.newaxis], away, np.inf).min(axis=1)
        assert found.own == pytest.approx(of_own[found.points], rel=1e-6)
    none = next(step for step in misplaced(mean[:0], labels[:0]) if step is not None)
    assert none.points.tolist() == none.neighbours.tolist() == []


def test_the_clearest_of_the_misplaced_comes_first():
    """A point in the middle of another group comes before one at an edge."""
    mean = np.array([[0, 0], [0.1, 0], [0.2, 0], [5, 0], [5.1, 0], [0.15, 0.01], [2.6, 0]], np.float32)
    labels = np.array([0, 0, 0, 1, 1, 1, 0], np.uint8)
    *_, found = misplaced(mean, labels)
    assert found.points.tolist()[0] == 5
