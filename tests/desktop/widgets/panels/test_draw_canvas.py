"""The mouse draws on the canvas."""

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QApplication, QToolTip

from desktop.images.drawing import Tool, blank
from desktop.widgets.panels.draw_canvas import DrawCanvas
from tests.waiting import SOON_MS

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
SIDE_PX = 140


@pytest.fixture
def canvas(qtbot):
    """A shown canvas of 14 × 14 pixels, with ten screen pixels each."""
    canvas = DrawCanvas(SIDE_PX)
    qtbot.addWidget(canvas)
    canvas.set_drawing(blank((1, 14, 14)))
    canvas.show()
    qtbot.waitExposed(canvas)
    return canvas


def drag(qtbot, canvas, start, end, button=LEFT):
    qtbot.mousePress(canvas, button, pos=QPoint(*start))
    qtbot.mouseMove(canvas, QPoint(*end))
    qtbot.mouseRelease(canvas, button, pos=QPoint(*end))


def test_a_drag_draws_what_is_seen(canvas, qtbot, pixels):
    """The ink is where the mouse was, on the screen and in the drawing, and `changed` is emitted."""
    with qtbot.waitSignal(canvas.changed, timeout=SOON_MS):
        drag(qtbot, canvas, (25, 75), (115, 75))
    drawn = canvas.drawing().pixels[0]
    assert (drawn[7, 2:11] == 1).all()
    assert drawn[:5].max() == 0
    seen = pixels(canvas.grab().toImage())
    assert seen[75, 65, 0] == 255
    assert seen[30, 65, 0] == 0


def test_the_right_button_erases(canvas, qtbot):
    """The right button erases with every tool."""
    drag(qtbot, canvas, (25, 75), (115, 75))
    drag(qtbot, canvas, (25, 75), (115, 75), RIGHT)
    assert canvas.drawing().thresholded().max() == 0


def test_the_invitation_is_read_on_a_checkerboard(canvas, pixels):
    """The invitation has a filled ground, because no colour is readable on light and dark squares."""
    canvas.set_drawing(blank((4, 14, 14)))
    canvas.set_invitation("Draw")
    seen = pixels(canvas.grab().toImage())[..., :3].astype(int)
    middle = seen[SIDE_PX // 2 - 8 : SIDE_PX // 2 + 8, SIDE_PX // 2 - 12 : SIDE_PX // 2 + 12].max(axis=2)
    assert (middle < 40).mean() > 0.3
    assert middle.max() > 160


def test_no_tool_tip_lies_over_a_drawing(canvas, qtbot):
    """A tool tip would hide a part of the drawing between two strokes."""
    for is_drawn in (False, True):
        if is_drawn:
            drag(qtbot, canvas, (25, 75), (115, 75))
        asks = QHelpEvent(QEvent.Type.ToolTip, QPoint(70, 70), canvas.mapToGlobal(QPoint(70, 70)))
        QApplication.sendEvent(canvas, asks)
        assert QToolTip.isVisible() is not is_drawn
        QToolTip.hideText()
        qtbot.waitUntil(lambda: not QToolTip.isVisible(), timeout=SOON_MS)


def test_unknown_pixels_are_hatched(canvas, qtbot, pixels):
    """Only unknown pixels are hatched."""
    canvas.tool = Tool.UNKNOWN
    before = pixels(canvas.grab().toImage())
    drag(qtbot, canvas, (75, 75), (76, 75))
    assert not canvas.drawing().known[7, 7]
    changed = (pixels(canvas.grab().toImage()) != before).any(-1)
    assert changed[60:90, 60:90].any()
    assert not changed[:40, :40].any()


def test_each_stroke_is_a_step_that_can_be_undone(canvas, qtbot):
    """A stroke that ends is emitted with its name and both drawings, even if no release comes."""
    heard = []
    canvas.stepped.connect(lambda *step: heard.append(step))
    empty = canvas.drawing()
    drag(qtbot, canvas, (25, 75), (115, 75))
    first = canvas.drawing()
    drag(qtbot, canvas, (25, 75), (115, 75), RIGHT)
    assert heard == [(empty, first, "drawing"), (first, canvas.drawing(), "erasing")]
    qtbot.mousePress(canvas, LEFT, pos=QPoint(25, 75))
    canvas.hide()  # no release will come
    assert len(heard) == 3


def test_a_drawing_is_a_step_only_with_a_name(canvas):
    """Clearing has a name; another model's empty canvas has none."""
    heard = []
    canvas.stepped.connect(lambda *step: heard.append(step))
    before = canvas.drawing()
    canvas.set_drawing(blank((3, 8, 16)))
    assert heard == []
    canvas.set_drawing(before, "clearing the drawing")
    assert [words for _, _, words in heard] == ["clearing the drawing"]


def test_a_canvas_takes_another_models_shape(canvas, qtbot):
    """A stroke across it inks all of its columns."""
    drag(qtbot, canvas, (25, 75), (115, 75))
    canvas.set_drawing(blank((3, 8, 16)))
    drag(qtbot, canvas, (5, 75), (135, 75))
    assert np.flatnonzero(canvas.drawing().pixels[0].any(0)).tolist() == list(range(16))
