"""What the tests of the widgets share: the wheel, and what is really on the screen."""

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget

from tests.waiting import SOON_MS


@pytest.fixture(scope="session")
def turn_wheel() -> Callable[..., None]:
    """`turn_wheel(widget, point, notches)`: the wheel over a point; up, away from the hand, is positive."""

    def turn(widget: QWidget, point: QPoint, notches: float) -> None:
        position = QPointF(point)
        event = QWheelEvent(
            position,
            widget.mapToGlobal(position),
            QPoint(),
            QPoint(0, round(120 * notches)),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(widget, event)

    return turn


@pytest.fixture
def on_screen(qtbot: Any) -> Callable[[QWidget], QImage]:
    """`on_screen(widget)`: what the screen shows of a widget, not what it would draw if asked anew."""

    def read(widget: QWidget) -> QImage:
        # The plane draws its layers little by little.
        qtbot.waitUntil(lambda: getattr(widget, "is_settled", True), timeout=SOON_MS)
        # Painting is scheduled; two rounds of the event loop carry it out.
        qtbot.wait(30)
        window = widget.window()
        corner = widget.mapTo(window, QPoint(0, 0))
        grabbed = window.screen().grabWindow(
            window.winId(), corner.x(), corner.y(), widget.width(), widget.height()
        )
        return grabbed.toImage()

    return read
