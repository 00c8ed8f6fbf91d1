"""Names are at their groups, where they cover few points; one text stands for groups in one place."""

import math

import numpy as np
import pytest

from desktop.latent.group_names import (
    ABOVE_PX,
    LEAVE_COST,
    MOST_TOGETHER,
    MOVE_COST,
    REACH_PX,
    TOGETHER_PX,
    group_names,
    has_boxes_over,
    has_marks_over,
    leaves_room,
)

NAMES = [str(number) for number in range(10)]
NO_POINTS = np.empty((0, 2))


def digits(text, group):  # noqa: ARG001 (all have one size)
    """The size of a digit's text."""
    return 24, 24


def words(text, group):  # noqa: ARG001 (all have one size)
    """The size of a word's text."""
    return 90, 24


def box(name):
    """The left, top, right and bottom of a name."""
    half = np.array(name.size_px) / 2
    return np.array([name.place_px - half, name.place_px + half])


def covered(name, points):
    """The number of points that a name covers."""
    low, high = box(name)
    return int(((points > low) & (points < high)).all(axis=1).sum())


def test_groups_that_lie_apart_have_their_names():
    """Each group has its own name, which without points is in the group's middle."""
    middles = [(100.0 * number, 50.0) for number in range(10)]
    found = group_names(NAMES, middles, NO_POINTS, digits)
    assert [(name.text, name.group, name.place_px) for name in found] == list(
        zip(NAMES, range(10), middles, strict=True)
    )
    assert all(name.leader_px is None for name in found)


def test_a_crowd_has_one_text_above_it():
    """Before training, for example, all encodings lie in one clump."""
    middles = np.random.default_rng(0).normal((300, 200), 2, (10, 2))
    points = np.random.default_rng(0).normal((300, 200), 4, (500, 2))
    (name,) = group_names(NAMES, middles, points, digits)
    assert (name.text, name.group, name.members) == ("10 labels here", None, tuple(range(10)))
    assert name.place_px == pytest.approx((300, 200 - ABOVE_PX), abs=3)


@pytest.mark.parametrize("count", [2, MOST_TOGETHER, MOST_TOGETHER + 1])
def test_a_few_that_lie_close_together_keep_their_names(count):
    """Two or three names fit beside their groups; a chain of more groups is a crowd."""
    middles = [(TOGETHER_PX[0] * 0.9 * number, 0.0) for number in range(count)] + [(500.0, 0.0)]
    found = group_names(NAMES[: count + 1], middles, NO_POINTS, digits)
    assert len(found) == (count + 1 if count <= MOST_TOGETHER else 2)
    assert found[-1].text == NAMES[count]


@pytest.mark.parametrize("size_of", [digits, words])
@pytest.mark.parametrize("spread_px", [1, 20, 40, 80, 160, 400, 1e9])
def test_no_name_is_far_from_its_group_or_on_another(size_of, spread_px):
    """No zoom, no length of names and no place of points changes that."""
    draw = np.random.default_rng(1)
    middles = draw.normal(500, spread_px, (10, 2))
    points = (middles + draw.normal(0, spread_px / 3, (40, 10, 2))).reshape(-1, 2)
    found = group_names(NAMES, middles, points, size_of)
    for name in found:
        away = (0.0, 0.0) if name.leader_px is None else name.leader_px
        assert math.hypot(*away) <= REACH_PX + 1e-6
    width, height = size_of("", None)
    for number, first in enumerate(found):
        for second in found[:number]:
            x, y = np.abs(np.subtract(first.place_px, second.place_px))
            assert x >= width - 0.5 or y >= height - 0.5
    assert group_names([], np.empty((0, 2)), NO_POINTS, size_of) == []


def test_a_long_name_gives_way_to_the_points_of_its_group():
    """A small group stays fully visible beside its name, and a line connects them."""
    points = np.random.default_rng(2).normal((200, 100), (20, 8), (60, 2))
    (name,) = group_names(["smileys"], [(200, 100)], points, words)
    assert covered(name, points) <= 3
    assert name.leader_px is not None
    edge = np.array(name.middle_px) + name.leader_px
    low, high = box(name)
    assert (edge >= low - 1e-6).all() and (edge <= high + 1e-6).all()


def test_a_name_in_a_large_group_stays_there():
    """The name hides only a few of many points, and is easiest to assign there."""
    points = np.random.default_rng(3).uniform(0, 600, (4000, 2))
    (name,) = group_names(["7"], [(300, 300)], points, digits)
    assert math.hypot(*name.offset_px) < 16


def test_a_small_change_of_the_view_moves_no_name():
    """A name stays on its side of the group while another side is hardly better."""
    points = np.random.default_rng(4).normal((0, 0), (20, 8), (60, 2))
    places = {}
    for number, scale in enumerate(np.linspace(1, 1.2, 21)):
        (name,) = group_names(["smileys"], [(0, 0)], scale * points, words, places)
        if number:
            assert np.abs(np.subtract(name.offset_px, places["smileys"])).max() <= 16
        places = {name.text: name.offset_px}


def test_a_pan_moves_names_with_their_groups():
    """Places depend only on the points, not on the part of the plane in view."""
    draw = np.random.default_rng(5)
    middles = draw.normal(0, 60, (6, 2))
    points = (middles + draw.normal(0, 30, (50, 6, 2))).reshape(-1, 2)
    offsets = [
        [name.offset_px for name in group_names(NAMES[:6], middles + by, points + by, words)]
        for by in (0, 512, -4096)
    ]
    assert offsets[0] == offsets[1] == offsets[2]


def test_a_name_keeps_off_marks():
    """A mark, such as a point of the path, would be drawn over it; the name stays near its group."""
    marks = [(300.0, 300.0), (900.0, 300.0)]
    (alone,) = group_names(["7"], [(300, 300)], NO_POINTS, digits)
    assert has_marks_over([alone], marks)
    assert not has_marks_over([alone], marks[1:])
    before = {"7": alone.offset_px}
    (name,) = group_names(["7"], [(300, 300)], NO_POINTS, digits, before, marks_px=marks)
    assert not has_marks_over([name], marks)
    assert math.hypot(*name.leader_px) <= REACH_PX


@pytest.mark.parametrize("middle", [(200, 100), (3, 100), (398, 2), (200, 199)])
def test_a_name_stays_inside_of_its_room(middle):
    """The name stays inside and near its group, even if outside it would cover no points."""
    points = np.random.default_rng(6).uniform((0, 0), (400, 200), (4000, 2))
    (name,) = group_names(["smileys"], [middle], points, words, room_px=(0, 0, 400, 200))
    low, high = box(name)
    assert (low >= 0).all() and (high <= (400, 200)).all()
    assert math.hypot(*(name.leader_px or (0, 0))) <= REACH_PX


def test_the_name_of_a_group_beyond_its_room_stays_with_it():
    """The name of a group out of view is not moved to the edge, and does not count as leaving the room."""
    room = (44.0, 0.0, 400.0, 178.0)
    outside, inside = ((name,) for name in ((300.0, 240.0), (50.0, 100.0)))
    (far,) = group_names(["7"], outside, NO_POINTS, digits, room_px=room)
    assert far.place_px == outside[0]
    assert not leaves_room([far], room)
    (near,) = group_names(["7"], inside, NO_POINTS, digits)
    assert leaves_room([near], room)
    (moved,) = group_names(["7"], inside, NO_POINTS, digits, room_px=room)
    assert not leaves_room([moved], room)
    assert box(moved)[0][0] >= 44


def test_a_name_keeps_off_boxes():
    """A box may be a text that is drawn over the name; the name leaves even its current place for it."""
    boxes = [(280.0, 290.0, 420.0, 312.0), (0.0, 0.0, 9.0, 9.0)]
    (alone,) = group_names(["7"], [(300, 300)], NO_POINTS, digits)
    assert has_boxes_over([alone], boxes)
    assert not has_boxes_over([alone], boxes[1:])
    before = {"7": alone.offset_px}
    (name,) = group_names(["7"], [(300, 300)], NO_POINTS, digits, before, boxes_px=boxes)
    assert not has_boxes_over([name], boxes)
    assert math.hypot(*(name.leader_px or (0, 0))) <= REACH_PX


def test_a_name_that_just_fits_into_its_room_stands_in_the_one_place_there_is():
    """The name is inside although none of the usual places is."""
    (name,) = group_names(["smileys"], [(5, 100)], NO_POINTS, words, room_px=(0, 0, 96, 200))
    low, high = box(name)
    assert low[0] >= 0 and high[0] <= 96


def test_a_name_that_is_to_stay_does_not_go_for_a_few_points():
    """In a film, for example, points lie under the name for a single frame."""
    points = np.full((4, 2), (30.0, 0.0))
    before = {"7": (30.0, 0.0)}
    for cost, stays in ((MOVE_COST, False), (LEAVE_COST, True)):
        (name,) = group_names(["7"], [(0, 0)], points, digits, before, cost)
        assert (name.offset_px == before["7"]) is stays
