"""The wheel scrolls a panel; an input under the pointer changes only if it has the focus."""

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QComboBox, QPushButton, QSlider, QSpinBox, QVBoxLayout, QWidget

from desktop.widgets.common.number_box import NumberBox
from desktop.widgets.common.wheel import leave_wheel_to_scrolling, turned


def value(widget):
    return widget.currentIndex() if isinstance(widget, QComboBox) else widget.value()


def wheel(angle, pixels=0):
    there, nothing = QPointF(1, 1), Qt.MouseButton.NoButton
    rest = Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False
    return QWheelEvent(there, there, QPoint(0, pixels), QPoint(0, angle), nothing, *rest)


@pytest.mark.parametrize("kind", [QSpinBox, NumberBox, QSlider, QComboBox])
def test_the_wheel_over_an_input_is_left_to_the_panel_unless_it_has_the_focus(qtbot, kind):
    """So the wheel changes nothing by accident, but still changes an input that a person has selected."""
    panel, widget, other = QWidget(), kind(), QPushButton("other")
    if isinstance(widget, QComboBox):
        widget.addItems(["a", "b", "c"])
        widget.setCurrentIndex(1)
    else:
        widget.setValue(5)
    layout = QVBoxLayout(panel)
    layout.addWidget(other)
    layout.addWidget(widget)
    leave_wheel_to_scrolling(panel)
    qtbot.addWidget(panel)
    with qtbot.waitActive(panel):
        panel.show()
    other.setFocus()
    before, event = value(widget), wheel(-120)
    QApplication.sendEvent(widget, event)
    assert value(widget) == before
    assert not event.isAccepted()  # Qt passes it on to the parent
    assert other.hasFocus()
    widget.setFocus()
    QApplication.sendEvent(widget, wheel(-120))
    assert value(widget) != before


@pytest.mark.parametrize(
    ("angle", "pixels", "expected"), [(120, 0, 120), (-3, -1, -3), (0, 10, 20), (0, 0, 0)]
)
def test_a_touchpad_that_tells_only_pixels_turns_too(angle, pixels, expected):
    """If the event has an angle, the angle counts."""
    assert turned(wheel(angle, pixels)) == expected
