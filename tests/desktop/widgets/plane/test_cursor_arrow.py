"""The arrow to a cursor out of view."""

import math
from itertools import product

import pytest
from PySide6.QtCore import QRectF, Qt

from desktop.latent.plane import Viewport, plane_through
from desktop.view.state import ViewState
from desktop.widgets.plane.edge_place import BOTTOM_PX, LEFT_PX, SIDE_PX, TOP_PX, arrow_box, edge_place

ROOM = QRectF(0, 0, 600, 400)


@pytest.mark.parametrize(
    ("x", "y", "angle"),
    [(5000, 190, 0), (1e300, 190, 0), (339, -50, -90), (339, 500, 90), (-9000, 190, 180)],
)
def test_the_arrow_is_in_view_and_points_outward(x, y, angle):
    """The arrow is clear of the axes' numbers, in the direction of the cursor from the middle."""
    place, found = edge_place(x, y, ROOM)
    assert abs(math.remainder(found - angle, 360)) < 2
    half = SIDE_PX / 2
    assert LEFT_PX + half <= place.x() <= 600 - half
    assert TOP_PX + half <= place.y() <= 400 - BOTTOM_PX - half


@pytest.mark.parametrize("span", [6.0, 1e-5])
def test_the_arrow_covers_no_text_of_the_axes(view, look, span):
    """The axes have their meaning in a box at the top, and numbers with many digits need a wider strip."""
    plane = plane_through((0.23841, -0.44665, 0.1), (1.0, 0.2, 0.1), (0.0, 1.0, 0.3))
    view.set_state(ViewState(z=(0.23841, -0.44665, 0.1), plane=plane, viewport=Viewport((0.2, -0.4), span)))
    look()
    width, height = view.size_px()
    for x, y in product((-50, 0.2 * width, 0.5 * width, width + 50), (-50, 0.5 * height, height + 50)):
        arrow = arrow_box(x, y, QRectF(0, 0, width, height))
        texts = [*view.axes_boxes, *view._axes.strips]
        assert len(texts) > 3 and (arrow is None or not any(arrow.intersects(box) for box in texts))


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
