"""The colour scale of a map of z."""

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from desktop.images.map_painting import map_pictures
from desktop.widgets.common.qimage import to_qimage

BAR_PX, GAP_PX = 10, 5
WIDTH_PX = 42


class MapLegend(QWidget):
    """A bar of colours from `reach` at the top down to −`reach`, with numbers beside it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedWidth(WIDTH_PX)
        self._reach = 1.0
        self._image = to_qimage(map_pictures(np.linspace(1, -1, 256, dtype=np.float32)[:, np.newaxis], 1.0))
        self.set_reach(1.0)

    def set_reach(self, reach: float) -> None:
        """Set the number that the brightest colour stands for."""
        self._reach = reach
        self.setToolTip(f"Numbers beyond ±{reach:g} have the colours of the ends.")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the bar, and the numbers at its ends and its middle."""
        painter = QPainter(self)
        painter.drawImage(QRectF(0, 0, BAR_PX, self.height()), self._image)
        painter.setPen(self.palette().windowText().color())
        beside = self.rect().adjusted(BAR_PX + GAP_PX, 0, 0, 0)
        left = Qt.AlignmentFlag.AlignLeft
        painter.drawText(beside, left | Qt.AlignmentFlag.AlignTop, f"{self._reach:g}")
        painter.drawText(beside, left | Qt.AlignmentFlag.AlignVCenter, "0")
        painter.drawText(beside, left | Qt.AlignmentFlag.AlignBottom, f"−{self._reach:g}")
