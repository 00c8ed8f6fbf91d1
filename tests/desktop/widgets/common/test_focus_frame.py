"""Keyboard users see the focus, and reach everything with Tab."""

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QLineEdit, QPushButton, QWidget

from desktop.widgets.common.focus_frame import WIDTH_PX, FocusFrame


@pytest.fixture
def window(open_window, make_bundle):
    return open_window(make_bundle())


def test_the_plane_is_framed_when_the_keyboard_comes_to_it(window, on_screen, pixels):
    """Tab draws a frame in the selection colour around an unchanged inside; the frame goes with the focus."""
    color = window.palette().color(QPalette.ColorRole.Highlight).getRgb()[:3]
    (frame,) = window.plane.findChildren(FocusFrame)
    assert not frame.isVisible()
    before = pixels(on_screen(window.plane))
    window.panel.picture.z.setFocus()
    window.plane.setFocus(Qt.FocusReason.TabFocusReason)
    framed = pixels(on_screen(window.plane))
    assert (framed[WIDTH_PX // 2, 60:160, :3] == color).all()
    inside = slice(2 * WIDTH_PX, -2 * WIDTH_PX)
    assert np.array_equal(before[inside, inside], framed[inside, inside])
    window.panel.picture.z.setFocus()
    assert not frame.isVisible()


def test_a_click_needs_no_frame(window, qtbot):
    """After a click, the pointer already shows where the focus is."""
    window.panel.picture.z.setFocus()
    qtbot.mouseClick(window.plane, Qt.MouseButton.LeftButton)
    assert window.plane.hasFocus()
    assert not window.plane.findChildren(FocusFrame)[0].isVisible()


def test_tab_reaches_every_input_that_is_shown(window, qtbot):
    """Tab goes round the window and back to the plane; every stop has a name for screen readers."""
    window.panel.show_section(window.coordinates.panel)
    window.activateWindow()
    window.plane.setFocus()
    reached: list[QWidget] = []
    while (widget := QApplication.focusWidget()) not in reached and widget is not None:
        reached.append(widget)
        qtbot.keyClick(widget, Qt.Key.Key_Tab)
        assert len(reached) < 100
    inputs = [w for kind in (QPushButton, QLineEdit) for w in window.findChildren(kind)]
    boxes = [w for w in window.findChildren(QAbstractSpinBox) if w.isVisible() and w.isEnabled()]
    inside = {box.lineEdit() for box in boxes if hasattr(box, "lineEdit")}
    wanted = [w for w in inputs if w.isVisible() and w.isEnabled() and w not in inside] + boxes
    missing = [w for w in wanted if w not in reached]
    assert not missing
    assert window.plane in reached
