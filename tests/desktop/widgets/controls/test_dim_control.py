"""Points are faint only while somebody looks at the drawing."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QEnterEvent
from PySide6.QtWidgets import QApplication, QMenu

from desktop.base.vector import Vector
from desktop.images.drawing import blank
from desktop.view.state import start_state
from desktop.widgets.controls.dim_control import DimControl
from desktop.widgets.panels.draw_canvas import REST_MS, DrawCanvas
from desktop.widgets.plane.plane_view import PlaneView
from tests.desktop.widgets.on_plane import are_points_faint
from tests.waiting import SOON_MS

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def parts(qtbot):
    """A canvas, two planes and the control."""
    canvas, planes = DrawCanvas(168), (PlaneView(), PlaneView())
    for widget in (canvas, *planes):
        qtbot.addWidget(widget)
    control = DimControl(QMenu(planes[0]), canvas)
    for plane in planes:
        plane.set_points(np.array([(-1.0, 1.0), (1.0, 1.0)]), None, ())
        control.add_plane(plane)
    return canvas, planes, control


def enter(canvas):
    """Let the pointer enter the canvas."""
    QApplication.sendEvent(canvas, QEnterEvent(QPointF(5, 5), QPointF(5, 5), QPointF(5, 5)))


def leave(canvas):
    """Let the pointer leave the canvas."""
    QApplication.sendEvent(canvas, QEvent(QEvent.Type.Leave))


def draw(qtbot, canvas):
    """Draw a stroke."""
    qtbot.mousePress(canvas, LEFT, pos=QPoint(20, 20))
    qtbot.mouseMove(canvas, QPoint(60, 60))
    qtbot.mouseRelease(canvas, LEFT, pos=QPoint(60, 60))


def dimmed(planes):
    """Whether the points of all planes are faint, or of none."""
    (found,) = {are_points_faint(plane) for plane in planes}
    return found


def test_a_stroke_dims_until_the_cursor_is_moved(parts, qtbot):
    """A click on either plane ends it for both; the canvas brings it back, but an empty one does not."""
    canvas, planes, _ = parts
    assert not dimmed(planes)
    draw(qtbot, canvas)
    assert dimmed(planes)
    qtbot.mouseClick(planes[1], LEFT, pos=QPoint(100, 100))
    assert not dimmed(planes)
    enter(canvas)
    qtbot.waitUntil(lambda: dimmed(planes), timeout=SOON_MS)
    qtbot.keyClick(planes[0], Qt.Key.Key_Left)
    assert not dimmed(planes)
    draw(qtbot, canvas)
    canvas.set_drawing(blank((1, 28, 28)))
    assert not dimmed(planes)


def test_a_pointer_on_its_way_elsewhere_dims_nothing(parts, qtbot):
    """A pointer that only crosses the canvas changes nothing; a pointer that rests there dims the points."""
    canvas, planes, _ = parts
    draw(qtbot, canvas)
    qtbot.mouseClick(planes[0], LEFT, pos=QPoint(100, 100))
    heard = []
    canvas.visited.connect(lambda: heard.append(True))
    enter(canvas)
    qtbot.mouseMove(canvas, QPoint(160, 40))
    leave(canvas)
    qtbot.wait(2 * REST_MS)
    assert not heard and not dimmed(planes)


def test_a_rest_without_a_stroke_ends_with_it(parts, qtbot):
    """When the pointer leaves, everything is as before it came; after a stroke it stays."""
    canvas, planes, control = parts
    heard = []
    control.looked.connect(heard.append)
    draw(qtbot, canvas)
    control.look_away()
    enter(canvas)
    qtbot.waitUntil(lambda: dimmed(planes), timeout=SOON_MS)
    leave(canvas)
    assert not dimmed(planes) and heard[-2:] == [True, False]
    enter(canvas)
    qtbot.waitUntil(lambda: dimmed(planes), timeout=SOON_MS)
    draw(qtbot, canvas)
    leave(canvas)
    assert dimmed(planes) and heard[-1]
    with qtbot.waitSignal(canvas.visited, timeout=SOON_MS):
        enter(canvas)
    leave(canvas)
    assert dimmed(planes) and heard[-1], "the stroke was before"


def test_a_cursor_that_moves_by_other_means_ends_it_too(parts, qtbot):
    """A typed z, a slider or R end it, but a move to the image's own mean or a zoom does not."""
    canvas, planes, _ = parts
    mean = Vector((1.0, 0.5))
    control = DimControl(QMenu(planes[0]), canvas, lambda: [mean])
    control.add_plane(planes[0])
    state = start_state(2)
    control.follow(state)
    draw(qtbot, canvas)
    for same in (replace(state, lens=False), state.moved_to(Vector((0.0, 0.0))), state.moved_to(mean)):
        control.follow(same)
        assert are_points_faint(planes[0])
    control.follow(state)
    assert not are_points_faint(planes[0])


def test_it_can_be_switched_off_for_good(parts, qtbot):
    """The menu entry takes effect at once, and at the next start."""
    canvas, planes, control = parts
    draw(qtbot, canvas)
    control.action.trigger()
    assert not dimmed(planes)
    again = DimControl(QMenu(planes[0]), canvas)
    assert not again.action.isChecked()
    again.action.trigger()
    assert DimControl(QMenu(planes[0]), canvas).action.isChecked()
