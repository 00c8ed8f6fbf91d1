"""The names of groups stand at their groups, and make way for what lies over them when the view rests."""

from dataclasses import replace

import numpy as np
from PySide6.QtCore import QRectF

from desktop.base.vector import Vector
from desktop.latent.plane import Viewport
from desktop.widgets.plane.axes import text_room
from desktop.widgets.plane.framed_texts import MOST_NAME_PX
from desktop.widgets.plane.path_layer import POINT_RADIUS_PX
from tests.desktop.widgets.plane.seen_plane import LABELS, POINTS, SIDE_PX, STATE, at, color_share
from tests.waiting import SOON_MS


def test_each_group_carries_its_name(view, look):
    """A framed name at the group's middle tells groups apart even without colour."""
    view.set_points(POINTS, LABELS, ("zero", "one", "two", "three"))
    with_names = look()
    view.set_points(POINTS, LABELS, ("", "", "", ""))
    assert (with_names != look()).any()


def test_names_stay_in_full_strength_while_the_points_are_dimmed(view, look):
    """Only the points are faint; a name is as readable as before."""
    view.set_points(POINTS, LABELS, ("zero", "one", "two", "three"))
    strong = look()
    view.set_points_dimmed(True)
    faint = look()
    for placed in view.placed_names():
        box = placed.box.toAlignedRect()
        part = faint[box.top() : box.bottom(), box.left() : box.right()]
        assert color_share(part, placed.color) > 0.05
    point = at(-1.0, -1.0)
    assert faint[point.y(), point.x()].sum() < 0.6 * strong[point.y(), point.x()].sum()


def test_a_long_name_is_shortened_and_its_tool_tip_says_all_of_it(view, look):
    """No name is wider than the limit, and each is drawn in its box."""
    long = "a very long name of a <b>label</b> that nobody wants to see at once"
    view.set_points(POINTS, LABELS, ("zero", "one", "two", long))
    look()
    short, shortened = view.placed_names()
    assert shortened.box.width() < MOST_NAME_PX + 24
    assert shortened.name.text.endswith("…")
    assert view.tip_at(shortened.box.center()).replace("\u2060", "") == long
    assert short.name.text == "zero"
    assert not view.tip_at(short.box.center())
    view.set_points(np.zeros((4, 2)), np.arange(4), ("a", "b", "c", "d"))
    look()
    (all_of_them,) = view.placed_names()
    assert all_of_them.name.text == "4 labels here"
    assert view.tip_at(all_of_them.box.center()) == "a\nb\nc\nd"


def test_a_name_makes_way_for_a_point_of_the_path(view, look):
    """A name that a diamond would cover moves; the other names stay."""
    view.set_points(POINTS, LABELS, ("zero", "one", "two", "three"))
    look()
    before = {placed.name.text: placed.box for placed in view.placed_names()}
    name, box = next(iter(before.items()))
    place = view.ab_at(box.center())
    view.set_state(replace(STATE, path=(Vector(place), Vector((5.0, 5.0)))))
    look()
    diamond = QRectF(-POINT_RADIUS_PX, -POINT_RADIUS_PX, 2 * POINT_RADIUS_PX, 2 * POINT_RADIUS_PX)
    diamond.moveCenter(box.center())
    after = {placed.name.text: placed.box for placed in view.placed_names()}
    assert not after.pop(name).intersects(diamond.adjusted(1, 1, -1, -1))
    assert all(other == before[text] for text, other in after.items())


def boxes_of_names(view):
    """The boxes of the names, by their texts."""
    return {placed.name.text: placed.box for placed in view.placed_names()}


def test_names_make_way_for_what_is_drawn_over_the_points(view, look, qtbot):
    """A name moves away from a box, such as a text of your image, and back later; the other names stay."""
    over = []
    view.add_over_points(lambda *_: list(over))
    view.set_points(POINTS, LABELS, ("zero", "one", "two", "three"))
    look()
    before = boxes_of_names(view)
    over.append(before["zero"].adjusted(-9, 2, 9, -2))
    view.redraw_over_points()
    qtbot.waitUntil(lambda: not boxes_of_names(view)["zero"].intersects(over[0]), timeout=SOON_MS)
    assert boxes_of_names(view)["three"] == before["three"]
    over.clear()
    view.redraw_over_points()
    qtbot.waitUntil(lambda: boxes_of_names(view) == before, timeout=SOON_MS)


def test_a_name_makes_way_for_a_cursor_that_rests_on_it(view, look, qtbot):
    """While the cursor moves, nothing is laid out again."""
    view.set_points(POINTS, LABELS, ("zero", "one", "two", "three"))
    look()
    before = boxes_of_names(view)
    view.set_state(replace(STATE, z=view.ab_at(before["three"].center())))
    assert boxes_of_names(view) == before
    qtbot.waitUntil(lambda: not boxes_of_names(view)["three"].intersects(view.ring), timeout=SOON_MS)
    assert boxes_of_names(view)["zero"] == before["zero"]


def test_names_of_groups_in_view_are_not_cut_off_nor_on_the_axes(view, look, qtbot):
    """Names move with a pan, and when it ends they move into the view."""
    view.set_points(POINTS, LABELS, ("zero", "one", "two", "three"))
    look()
    room = text_room(SIDE_PX, SIDE_PX)
    for center in ((0.5, 0.0), (0.5, 1.7), (-0.95, -1.85)):
        view.set_state(replace(STATE, viewport=Viewport(center, 4.0)))
        qtbot.waitUntil(lambda: all(map(room.contains, boxes_of_names(view).values())), timeout=SOON_MS)
    view.set_state(replace(STATE, viewport=Viewport((1.9, 0.0), 4.0)))
    qtbot.waitUntil(lambda: room.contains(boxes_of_names(view)["three"]), timeout=SOON_MS)
    assert boxes_of_names(view)["zero"].center().x() < 0, "its group is out of view"
