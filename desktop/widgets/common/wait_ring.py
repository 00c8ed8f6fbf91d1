"""A ring that fills while the window waits, with the seconds that are left."""

import math
import time

from PySide6.QtCore import QRectF, Qt, QTimer
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from desktop.widgets.common import colors

SIDE_PX, PEN_PX, MARGIN_PX = 52, 4, 6
UPDATE_MS = 50
FULL_TURN = 16 * 360  # Qt counts sixteenths of a degree


class WaitRing(QWidget):
    """Lies in the lower right corner of another widget while it waits, and takes no events."""

    def __init__(self, over: QWidget) -> None:
        super().__init__(over)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setFixedSize(SIDE_PX, SIDE_PX)
        self.setAccessibleName("Waiting for the picture")
        self._over = over
        self._began_s = self._expected_s = 0.0
        self._clock = QTimer(self, interval=UPDATE_MS)
        self._clock.timeout.connect(self.update)
        self.hide()

    def start(self, expected_s: float) -> None:
        """Start waiting for something that is expected to take `expected_s`."""
        self._began_s, self._expected_s = time.monotonic(), max(expected_s, 1e-3)
        place = self._over.rect().bottomRight()
        self.move(place.x() - SIDE_PX - MARGIN_PX, place.y() - SIDE_PX - MARGIN_PX)
        self.show()
        self.raise_()
        self._clock.start()

    def stop(self) -> None:
        """Stop waiting, and hide the ring."""
        self._clock.stop()
        self.hide()

    def text(self) -> str:
        """Return the time that is left, or "…" if the wait is longer than expected."""
        left_s = self._expected_s - (time.monotonic() - self._began_s)
        return f"{math.ceil(left_s)} s" if left_s > 0 else "…"

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the filled part of the ring, and the text in it."""
        share = min(1.0, (time.monotonic() - self._began_s) / self._expected_s)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(PEN_PX, PEN_PX, -PEN_PX, -PEN_PX)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colors.CARD)
        painter.drawEllipse(box)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colors.AXIS, PEN_PX))
        painter.drawEllipse(box)
        painter.setPen(QPen(colors.CURSOR, PEN_PX))
        painter.drawArc(box, FULL_TURN // 4, -round(share * FULL_TURN))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.text())
