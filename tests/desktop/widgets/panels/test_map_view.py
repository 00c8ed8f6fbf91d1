"""Mouse and keys on a map: a click selects, a drag paints, wheel and keys nudge."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt

from desktop.widgets.panels.map_view import MapView
from tests.waiting import SOON_MS

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
SIDE_PX = 100
CELL_PX = 10


@pytest.fixture
def view(qtbot):
    """A view of 8 × 10 numbers with ten pixels each; the map begins 10 pixels below the upper edge."""
    view = MapView(SIDE_PX)
    qtbot.addWidget(view)
    view.resize(SIDE_PX, SIDE_PX)
    view.set_map(np.zeros((8, 10), np.float32), 1.0)
    view.show()
    qtbot.waitExposed(view)
    return view


@pytest.fixture
def told(view):
    """The signals of the view, in order."""
    said = []
    view.selected.connect(lambda: said.append(("select", view.place)))
    view.nudged.connect(lambda steps: said.append(("nudge", steps)))
    view.channel_stepped.connect(lambda step: said.append(("channel", step)))
    view.stroke_began.connect(lambda erases: said.append(("begin", erases)))
    view.stroke_moved.connect(lambda start, end: said.append(("stroke", start, end)))
    view.stroke_ended.connect(lambda: said.append(("end",)))
    return said


def cell(row, column):
    return QPoint(CELL_PX * column + 5, 10 + CELL_PX * row + 5)


def test_a_click_selects_and_paints_nothing(view, told, qtbot):
    """A click outside of the map selects nothing."""
    qtbot.mouseClick(view, LEFT, pos=cell(3, 7))
    assert told == [("select", (3, 7))]
    qtbot.mouseClick(view, LEFT, pos=QPoint(50, 3))
    assert told == [("select", (3, 7))]


@pytest.mark.parametrize("button", [LEFT, RIGHT])
def test_a_drag_is_one_stroke_from_where_it_began(view, told, qtbot, button):
    """The right button erases. Beyond the map's edge the stroke goes along the edge."""
    qtbot.mousePress(view, button, pos=cell(1, 1))
    for place in (cell(1, 4), QPoint(95, 300)):
        qtbot.mouseMove(view, place)
    qtbot.mouseRelease(view, button, pos=QPoint(95, 300))
    strokes = [what for what in told if what[0] != "select"]
    assert strokes == [
        ("begin", button == RIGHT),
        ("stroke", (1, 1), (1, 4)),
        ("stroke", (1, 4), (7, 9)),
        ("end",),
    ]


def test_a_hidden_view_ends_its_stroke(view, told, qtbot):
    """The stroke ends, because no release of the button would arrive."""
    qtbot.mousePress(view, LEFT, pos=cell(1, 1))
    qtbot.mouseMove(view, cell(2, 2))
    assert view.is_painting
    view.hide()
    assert told[-1] == ("end",)
    assert not view.is_painting


def test_keys_select_nudge_and_change_the_map(view, told, qtbot):
    """At the map's edge the selection stays."""
    view.place = (0, 8)
    for key in (
        Qt.Key.Key_Right,
        Qt.Key.Key_Right,
        Qt.Key.Key_Up,
        Qt.Key.Key_Down,
        Qt.Key.Key_Plus,
        Qt.Key.Key_Minus,
        Qt.Key.Key_PageDown,
        Qt.Key.Key_PageUp,
    ):
        qtbot.keyClick(view, key)
    assert told == [
        ("select", (0, 9)),
        ("select", (0, 9)),
        ("select", (0, 9)),
        ("select", (1, 9)),
        ("nudge", 1.0),
        ("nudge", -1.0),
        ("channel", 1),
        ("channel", -1),
    ]


def test_the_wheel_nudges_after_a_click_only(view, told, qtbot, turn_wheel):
    """Before a click, the wheel is meant for the panel."""
    view.clearFocus()
    turn_wheel(view, cell(2, 2), 1)
    assert told == []
    view.activateWindow()
    qtbot.waitUntil(view.isActiveWindow, timeout=SOON_MS)
    view.setFocus()
    turn_wheel(view, cell(2, 2), -2)
    assert told == [("nudge", -2.0)]


def test_the_pointer_tells_where_it_is(view, qtbot):
    """The view emits the cell under the pointer, or None outside of the map and after the pointer left."""
    found = []
    view.pointed.connect(found.append)
    for place in (cell(7, 0), cell(0, 9), QPoint(50, 4)):
        qtbot.mouseMove(view, place)
    view.leaveEvent(None)
    assert found == [(7, 0), (0, 9), None, None]


def test_the_map_the_place_and_the_brush_are_seen(view, qtbot, pixels):
    """Each number is drawn at its cell; the outline is as wide as the brush."""
    numbers = np.full((8, 10), -1.0, np.float32)
    numbers[2, 6] = 1.0
    view.set_map(numbers, 1.0)
    view.brush_size = 4
    view.select((0, 0))
    before = pixels(view.grab().toImage())
    bright, dark = before[cell(2, 6).y(), cell(2, 6).x()], before[cell(6, 2).y(), cell(6, 2).x()]
    assert bright[:3].sum() > 600
    assert dark[:3].sum() < 200
    qtbot.mouseMove(view, cell(5, 5))
    changed = (pixels(view.grab().toImage()) != before).any(-1)
    rows, columns = np.nonzero(changed)
    assert 36 <= np.ptp(rows) <= 46
    assert 36 <= np.ptp(columns) <= 46
    assert not changed[cell(5, 5).y(), cell(5, 5).x()]
