"""A hint over the plane: a text that fades in and out. Only its close button takes events."""

from PySide6.QtCore import QPoint, QRect, QRectF, Qt, QVariantAnimation, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QToolButton, QWidget

from desktop.widgets.common import colors
from desktop.widgets.common.theme import GRID_PX
from desktop.widgets.plane.axes import MARGIN_BOTTOM_PX, MARGIN_LEFT_PX
from desktop.widgets.plane.plane_canvas import NOTE_PX
from desktop.widgets.plane.plane_view import PlaneView

FADE_MS = 400
ABOVE_SCALE_PX = 6 * GRID_PX  # the axes' scale bar stays in view
PADDING_PX, MOST_WIDTH_PX = 1.5 * GRID_PX, 460
CLOSE_PX = 2.5 * GRID_PX
# The plane is dark in both themes.
CLOSE_STYLE = f"""
QToolButton {{ color: {colors.CURSOR.name()}; background: transparent; border: 1px solid transparent; }}
QToolButton:hover, QToolButton:focus {{ border-color: {colors.PATH.name()}; }}
"""
FLAGS = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap


class Hint(QWidget):
    """Lies at the edge of the plane where it covers the least, preferably in the lower middle.

    Attributes:
        close_button: closes it.
    """

    gone = Signal()  # the hint has faded out
    closed = Signal()  # by its button

    def __init__(self, plane: PlaneView) -> None:
        super().__init__(plane)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._plane = plane
        self._text = ""
        self._is_going = False
        self._covered = 0  # how much the hint covered when it was placed
        self._fade = QVariantAnimation(self, duration=FADE_MS, startValue=0.0, endValue=1.0)
        self._fade.valueChanged.connect(self.update)
        self._fade.finished.connect(self._on_end)
        # A child of the plane, because the hint lets clicks through to the plane.
        self.close_button = QToolButton(plane)
        self.close_button.setText("×")
        self.close_button.setStyleSheet(CLOSE_STYLE)
        self.close_button.setCursor(Qt.CursorShape.ArrowCursor)
        self.close_button.setAccessibleName("Close the hint")
        self.close_button.setToolTip("Close this hint for good; Help › Show the hints again brings it back.")
        self.close_button.clicked.connect(self.closed)
        self.close_button.hide()
        self.hide()

    def text(self) -> str:
        """Return the shown text, even while it fades out; empty for nothing."""
        return "" if self.isHidden() else self._text

    def show_text(self, text: str) -> None:
        """Fade in a text in place of the previous one."""
        self._text = text
        self._is_going = False
        self.setAccessibleName("Hint")
        self.setAccessibleDescription(text)
        self.place()
        for part in (self, self.close_button):
            part.show()
            part.raise_()
        self._start()

    def fade(self) -> None:
        """Fade out the text, and then emit `gone`."""
        if not self._is_going:
            self._is_going = True
            self.close_button.hide()
            self._start()

    def place(self) -> None:
        """Stay in place if that covers no more than before, or move to where the hint covers the least."""
        room = self._plane.rect().adjusted(MARGIN_LEFT_PX, 2 * NOTE_PX, 0, -MARGIN_BOTTOM_PX)
        room.adjust(GRID_PX, GRID_PX, -GRID_PX, -ABOVE_SCALE_PX)
        beside = round(2 * PADDING_PX + CLOSE_PX)
        most = min(MOST_WIDTH_PX, room.width()) - beside
        text = self.fontMetrics().boundingRect(0, 0, most, 0, FLAGS, self._text)
        box = text.adjusted(0, 0, beside + 2, round(PADDING_PX) + 2)
        places = _places(box, room)
        covered = self._plane.crowding(QRectF(self.geometry()))
        if self.isHidden() or self.geometry() not in places or covered > self._covered:
            covered, place = min(((self._plane.crowding(QRectF(p)), p) for p in places), key=lambda c: c[0])
            self.setGeometry(place)
        self._covered = covered
        side = round(CLOSE_PX)
        corner = self.geometry().topRight() - QPoint(side + GRID_PX // 2, 0)
        above = (self.height() - side) // 2
        self.close_button.setFixedSize(side, side)
        self.close_button.move(corner + QPoint(0, above))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the text on a dark box with rounded corners, with the current opacity."""
        share = float(self._fade.currentValue() or 0.0)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setOpacity(1 - share if self._is_going else share)
        painter.setPen(QPen(colors.PATH, 1))
        painter.setBrush(colors.CARD)
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(box, GRID_PX, GRID_PX)
        painter.setPen(colors.CURSOR)
        painter.drawText(box.adjusted(0, 0, -CLOSE_PX, 0), FLAGS, self._text)

    def _start(self) -> None:
        self._fade.stop()
        self._fade.start()

    def _on_end(self) -> None:
        if self._is_going:
            self.hide()
            self.gone.emit()


def _places(box: QRect, room: QRect) -> list[QRect]:
    """Return possible positions of a box: the lower and then the upper edge of a room, middle first."""
    middle = room.center().x() - box.width() // 2
    lefts = (middle, room.right() - box.width(), room.left())
    tops = (room.bottom() - box.height(), room.top())
    return [QRect(QPoint(left, top), box.size()) for top in tops for left in lefts]
