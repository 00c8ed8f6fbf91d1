"""A hint over the plane: one line that comes and goes softly and takes no events."""

from PySide6.QtCore import QRectF, Qt, QVariantAnimation, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from desktop.widgets.common import colors
from desktop.widgets.common.theme import GRID_PX
from desktop.widgets.plane.axes import MARGIN_BOTTOM_PX, MARGIN_LEFT_PX

FADE_MS = 400
ABOVE_SCALE_PX = 6 * GRID_PX  # the axes' scale bar stays in view
PADDING_PX, MOST_WIDTH_PX = 1.5 * GRID_PX, 460
FLAGS = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap


class Hint(QWidget):
    """Lies in the lower middle of the plane, above the axis."""

    gone = Signal()  # it has faded

    def __init__(self, plane: QWidget) -> None:
        super().__init__(plane)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._plane = plane
        self._text = ""
        self._is_going = False
        self._fade = QVariantAnimation(self, duration=FADE_MS, startValue=0.0, endValue=1.0)
        self._fade.valueChanged.connect(self.update)
        self._fade.finished.connect(self._on_end)
        self.hide()

    def text(self) -> str:
        """Return what is shown or goes; empty for nothing."""
        return "" if self.isHidden() else self._text

    def show_text(self, text: str) -> None:
        """Let a text come in place of what was there."""
        self._text = text
        self._is_going = False
        self.setAccessibleName("Hint")
        self.setAccessibleDescription(text)
        self.place()
        self.show()
        self.raise_()
        self._start()

    def fade(self) -> None:
        """Let the text go, and emit `gone` when it has gone."""
        if not self._is_going:
            self._is_going = True
            self._start()

    def place(self) -> None:
        """Take the place that the plane has for it now."""
        room = self._plane.rect().adjusted(MARGIN_LEFT_PX, 0, 0, -MARGIN_BOTTOM_PX)
        room.adjust(GRID_PX, GRID_PX, -GRID_PX, -ABOVE_SCALE_PX)
        most = min(MOST_WIDTH_PX, room.width()) - round(2 * PADDING_PX)
        text = self.fontMetrics().boundingRect(0, 0, most, 0, FLAGS, self._text)
        box = text.adjusted(0, 0, round(2 * PADDING_PX) + 2, round(PADDING_PX) + 2)
        box.moveCenter(room.center())
        box.moveBottom(room.bottom())
        self.setGeometry(box)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the text on a dark pill, as opaque as it is now."""
        share = float(self._fade.currentValue() or 0.0)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setOpacity(1 - share if self._is_going else share)
        painter.setPen(QPen(colors.PATH, 1))
        painter.setBrush(colors.CARD)
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(box, GRID_PX, GRID_PX)
        painter.setPen(colors.CURSOR)
        painter.drawText(box, FLAGS, self._text)

    def _start(self) -> None:
        self._fade.stop()
        self._fade.start()

    def _on_end(self) -> None:
        if self._is_going:
            self.hide()
            self.gone.emit()
