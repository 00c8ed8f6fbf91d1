"""The points of the plane are drawn at their positions, in the colours of their labels."""

from dataclasses import replace

import numpy as np
from PySide6.QtCore import QRectF, Qt

from desktop.base.vector import Vector
from desktop.latent.plane import Viewport
from desktop.view.state import Layer
from desktop.widgets.common import colors
from desktop.widgets.plane.axes import text_room
from desktop.widgets.plane.path_layer import POINT_RADIUS_PX
from desktop.widgets.plane.plane_layers import FEW_POINTS, MOST_NAME_PX
from tests.desktop.widgets.plane.seen_plane import (
    LABELS,
    POINTS,
    SIDE_PX,
    STATE,
    at,
    color_share,
    near,
    on_its_screen,
)

SOON_MS = 10_000


def test_points_are_drawn_in_their_labels_colours_at_their_place(view, look):
    """The left point has the colour of label 0, the right one that of label 3."""
    view.set_points(POINTS, LABELS, ("zero", "one", "two", "three"))
    picture = look()
    for label, a in ((0, -1.0), (3, 1.0)):
        pixel = at(a, -0.75)
        spot = picture[pixel.y() - 1 : pixel.y() + 2, pixel.x() - 1 : pixel.x() + 2].reshape(-1, 3)
        color = colors.label_color(label)
        assert min(np.abs(spot - [color.red(), color.green(), color.blue()]).max(axis=1)) < 60
    assert near(picture[at(0, -0.5).y(), at(0, -0.5).x()], colors.CANVAS, 0)


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


def test_hidden_labels_are_not_drawn(view, look):
    """Hiding one label takes its points and its name away and leaves the others as they were."""
    view.set_points(POINTS, LABELS, ("0", "1", "2", "3"))
    both = look()
    view.set_state(replace(STATE, hidden_labels=frozenset({3})))
    left_only = look()
    half = SIDE_PX // 2
    assert (left_only[:, :half] == both[:, :half]).all()
    assert color_share(both[:, half:], colors.label_color(3), 40) > 0
    assert color_share(left_only[:, half:], colors.label_color(3), 40) == 0


def test_points_that_are_not_selected_are_faint(view, look):
    """Points that are not selected have less than half of their contrast; selected ones keep theirs."""
    bare = look().astype(int)
    view.set_points(POINTS, LABELS, ("", "", "", ""))
    contrast = np.abs(look() - bare).max(axis=2)
    view.set_state(replace(STATE, selected=(0, 999)))
    faint = np.abs(look() - bare).max(axis=2)

    def strength(contrasts, a, b):
        return contrasts[at(a, b).y() - 2 : at(a, b).y() + 3, at(a, b).x() - 2 : at(a, b).x() + 3].max()

    assert strength(faint, *POINTS[0]) == strength(contrast, *POINTS[0])
    for point in POINTS[[1, 9]]:
        assert 10 < strength(faint, *point) < 0.5 * strength(contrast, *point)
    view.set_state(replace(STATE, selected=(999,)))
    assert (np.abs(look() - bare).max(axis=2) == contrast).all(), "of another model: there is no such point"


def test_points_can_be_switched_off(view, look):
    """Without points the plane is as if there were none."""
    bare = look()
    view.set_points(POINTS, LABELS, ("0", "1", "2", "3"))
    assert (look() != bare).any()
    view.set_state(replace(STATE, layers=frozenset({Layer.BACKDROP})))
    assert (look() == bare).all()


def test_points_without_labels_are_drawn_in_one_colour(view, look):
    """A bundle without labels shows its points too."""
    bare = look()
    view.set_points(POINTS, None, ())
    assert (look() != bare).any()


def test_a_label_beyond_the_names_is_shown_as_its_number(view, look):
    """More labels than names is no error."""
    bare = look()
    view.set_points(POINTS, LABELS, ("zero",))
    assert (look() != bare).any()


def test_points_keep_their_size_while_the_view_is_zoomed(view, look, pixels):
    """In the first frame of a zoom they are at their new positions, in the same size."""
    view.set_points(POINTS, None, ())
    view.set_state(replace(STATE, layers=frozenset({Layer.POINTS})))
    look()
    view.set_state(replace(view_state(view), viewport=Viewport((0.0, 0.0), 1.0)))
    found = on_its_screen(view, pixels)
    assert (np.abs(found - look()).max(axis=2) > 8).mean() < 1e-3
    view.set_points(np.array([(0.0, 0.0)]), None, ())
    look()
    view.set_state(replace(view_state(view), viewport=Viewport((0.0, 0.0), 0.1)))
    middle = on_its_screen(view, pixels)[
        SIDE_PX // 2 - 20 : SIDE_PX // 2 + 20, SIDE_PX // 2 - 20 : SIDE_PX // 2 + 20
    ]
    assert 4 <= (middle.max(axis=2) > 40).sum() <= 36


def test_few_points_have_a_dark_rim(view, look):
    """A single point is visible even on a white ground; among thousands it is a small dot without a rim."""

    def around(count):
        far = np.full((count - 1, 2), 100.0)
        view.set_points(np.concatenate([[(0.0, 0.0)], far]), None, ())
        picture = look()[SIDE_PX // 2 - 6 : SIDE_PX // 2 + 6, SIDE_PX // 2 - 6 : SIDE_PX // 2 + 6]
        return int((picture.min(axis=2) < 128).sum())

    view.add_under_points(lambda painter, *_: painter.fillRect(view.rect(), Qt.GlobalColor.white))
    view.set_state(replace(STATE, layers=frozenset({Layer.POINTS})))
    assert around(FEW_POINTS) > 10 + around(FEW_POINTS + 1)


def view_state(view):
    """The state that the view draws, with points alone."""
    return replace(STATE, layers=frozenset({Layer.POINTS}), viewport=view.viewport)
