"""Shows where a dragged file would be dropped, and what the drop would do."""

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from desktop.widgets.common.plain_text import breakable
from desktop.widgets.common.theme import GRID_PX

FRAME_PX, TINT_ALPHA = 3, 46
FLAGS = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap


class DropOverlay(QWidget):
    """Highlights a part of the window, and takes no events."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._text = ""
        self.hide()

    def text(self) -> str:
        """Return the text that is shown; empty while nothing is dragged."""
        return "" if self.isHidden() else self._text

    def show_over(self, target: QRect, text: str) -> None:
        """Highlight a part of the window, and say what a drop there does."""
        if (target, text) != (self.geometry(), self.text()):
            self._text = text
            self.setAccessibleName(text)
            self.setGeometry(target)
            self.show()
            self.raise_()
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw a frame and a tint in the accent colour, and the text on a filled box."""
        accent = self.palette().highlight().color()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        half = FRAME_PX / 2
        painter.setPen(QPen(accent, FRAME_PX))
        painter.setBrush(QColor(accent.red(), accent.green(), accent.blue(), TINT_ALPHA))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(half, half, -half, -half), GRID_PX, GRID_PX)
        room = self.rect().adjusted(2 * GRID_PX, GRID_PX, -2 * GRID_PX, -GRID_PX)
        words = breakable(self._text)
        text = painter.boundingRect(room, FLAGS, words)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(accent)
        painter.drawRoundedRect(text.adjusted(-GRID_PX, -GRID_PX // 2, GRID_PX, GRID_PX // 2), 6, 6)
        painter.setPen(self.palette().highlightedText().color())
        painter.drawText(text, FLAGS, words)
