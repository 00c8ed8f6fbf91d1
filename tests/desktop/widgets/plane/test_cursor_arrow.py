"""The arrow to a cursor out of view."""

import math

import pytest
from PySide6.QtCore import QRectF, Qt

from desktop.latent.plane import Viewport
from desktop.widgets.plane.edge_place import BOTTOM_PX, LEFT_PX, SIDE_PX, edge_place

ROOM = QRectF(0, 0, 600, 400)


@pytest.mark.parametrize(
    ("x", "y", "angle"),
    [(5000, 189, 0), (1e300, 189, 0), (325, -50, -90), (325, 500, 90), (-9000, 189, 180)],
)
def test_the_arrow_is_in_view_and_points_outward(x, y, angle):
    """The arrow is clear of the axes' numbers, in the direction of the cursor from the middle."""
    place, found = edge_place(x, y, ROOM)
    assert abs(math.remainder(found - angle, 360)) < 2
    half = SIDE_PX / 2
    assert LEFT_PX + half <= place.x() <= 600 - half
    assert half <= place.y() <= 400 - BOTTOM_PX - half


def test_a_cursor_in_view_has_no_arrow():
    """A cursor at the edge has no arrow either, nor has a plane without room for it."""
    for x, y in ((0, 0), (300, 200), (600, 400)):
        assert edge_place(x, y, ROOM) is None
    assert edge_place(5, 5, QRectF()) is None


def test_a_click_on_it_brings_the_cursor_into_view(open_window, make_bundle, qtbot):
    """The zoom does not change; the key C does the same, and the move can be undone."""
    window = open_window(make_bundle())
    arrow = window.plane_control.arrow
    assert not arrow.isVisible()
    away = Viewport((8.0, 5.0), 2.0)
    window.explorer.change(viewport=away)
    assert arrow.isVisible()
    # Texts on the plane keep off the cursor's ring, or the arrow that replaces it.
    assert window.plane.ring.toAlignedRect().intersected(arrow.geometry()) == arrow.geometry()
    qtbot.mouseClick(arrow, Qt.MouseButton.LeftButton)
    assert window.explorer.state.viewport.span == 2.0
    assert window.explorer.state.viewport.center == pytest.approx(window.explorer.state.z)
    assert not arrow.isVisible()
    window.history.undo.trigger()
    assert window.explorer.state.viewport == away
    assert arrow.isVisible()
    qtbot.keyClick(window.plane, Qt.Key.Key_C)
    assert not arrow.isVisible()
