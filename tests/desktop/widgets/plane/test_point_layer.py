"""The points of the plane are drawn at their positions, in the colours of their labels."""

from dataclasses import replace

import numpy as np
from PySide6.QtCore import Qt

from desktop.latent.plane import Viewport
from desktop.view.state import Layer
from desktop.widgets.common import colors
from desktop.widgets.plane.point_layer import FEW_POINTS
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
