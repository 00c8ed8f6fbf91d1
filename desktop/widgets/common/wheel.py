"""The mouse wheel: how far it turned, and that it scrolls a panel instead of changing inputs in its way."""

from collections.abc import Iterable

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QAbstractSpinBox, QComboBox, QSlider, QWidget

NOTCH = 120  # one notch of most wheels, in eighths of a degree
# Some touchpads report only the pixels that two fingers moved; for others Qt counts so many units per pixel.
UNITS_PER_PX = 2


def turned(event: QWheelEvent) -> int:
    """Return how far a wheel was turned away from the hand, in eighths of a degree."""
    return event.angleDelta().y() or event.pixelDelta().y() * UNITS_PER_PX


def leave_wheel_to_scrolling(panel: QWidget) -> None:
    """Let the wheel change a number or a choice on a panel only if the input has the keyboard focus."""
    inputs: list[QWidget] = [*panel.findChildren(QAbstractSpinBox), *panel.findChildren(QComboBox)]
    leave_wheel_of([*inputs, *panel.findChildren(QSlider)], panel)


def leave_wheel_of(inputs: Iterable[QWidget], panel: QWidget) -> None:
    """Let the wheel change inputs that are made later only if they have the keyboard focus."""
    guard = _Guard(panel)
    for widget in inputs:
        if widget.focusPolicy() == Qt.FocusPolicy.WheelFocus:
            widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        widget.installEventFilter(guard)


class _Guard(QObject):
    def eventFilter(self, widget: QObject, event: QEvent) -> bool:
        """Pass the wheel on to the panel around the widget."""
        if event.type() == QEvent.Type.Wheel and isinstance(widget, QWidget) and not widget.hasFocus():
            event.ignore()
            return True
        return False
