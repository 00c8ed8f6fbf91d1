"""Points are faint while somebody looks at the drawing, and no longer."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QEnterEvent
from PySide6.QtWidgets import QApplication, QMenu

from desktop.images.drawing import blank
from desktop.widgets.controls.dim_control import DimControl
from desktop.widgets.panels.draw_canvas import DrawCanvas
from desktop.widgets.plane.plane_view import PlaneView
from tests.desktop.widgets.on_plane import are_points_faint

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
    QApplication.sendEvent(canvas, QEnterEvent(QPointF(5, 5), QPointF(5, 5), QPointF(5, 5)))
    assert dimmed(planes)
    qtbot.keyClick(planes[0], Qt.Key.Key_Left)
    assert not dimmed(planes)
    draw(qtbot, canvas)
    canvas.set_drawing(blank((1, 28, 28)))
    assert not dimmed(planes)


def test_it_can_be_switched_off_for_good(parts, qtbot):
    """The entry in the menu holds at once, and at the next start."""
    canvas, planes, control = parts
    draw(qtbot, canvas)
    control.action.trigger()
    assert not dimmed(planes)
    again = DimControl(QMenu(planes[0]), canvas)
    assert not again.action.isChecked()
    again.action.trigger()
    assert DimControl(QMenu(planes[0]), canvas).action.isChecked()
