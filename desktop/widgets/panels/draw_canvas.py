"""A canvas with the model's pixels, to draw on with the mouse."""

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QBrush, QEnterEvent, QHideEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from desktop.images.data_look import Color
from desktop.images.drawing import Drawing, Stroke, Tool, blank
from desktop.images.pixels import to_bytes
from desktop.latent.likelihood import THRESHOLD
from desktop.widgets.common import colors
from desktop.widgets.common.checkerboard import draw_checks
from desktop.widgets.common.every_move import begin_stroke, end_stroke
from desktop.widgets.common.qimage import to_qimage

# The time that the pointer must rest on the canvas before `visited` is emitted.
REST_MS = 300
# The name of a stroke after "Undo".
STROKES = {Tool.PEN: "drawing", Tool.ERASER: "erasing", Tool.UNKNOWN: "marking pixels as unknown"}


class DrawCanvas(QWidget):
    """Draws with the left button and erases with the right one. Each stroke can be undone.

    Attributes:
        tool: what the left button does.
        radius_px: the pen's radius in the model's pixels.
        color: the pen's colour, a number for each channel but alpha, or one for all.
    """

    GESTURES = (
        ("Left drag", "Draw, erase or mark as unknown"),
        ("Right drag", "Erase"),
        ("Alt-click", "Draw with the colour there"),
    )
    changed = Signal()
    visited = Signal()  # the pointer rests on the canvas, and does not only pass over it
    left = Signal()  # the pointer has left the canvas
    color_taken = Signal(object)  # Color
    stepped = Signal(object, object, str)  # Drawing before and after a change, and its name

    def __init__(self, side_px: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tool = Tool.PEN
        self.radius_px = 1.2
        self.color: Color = (1.0,)
        self._side_px = side_px
        self._drawing = blank((1, 28, 28))
        self._before: Drawing | None = None  # while a stroke goes on
        self._words = ""  # the name of the stroke
        self._last: tuple[float, float] | None = None
        self._stroke: Stroke | None = None
        self._invitation = ""
        self._rest = QTimer(self, singleShot=True, interval=REST_MS)
        self._rest.timeout.connect(self.visited)
        self.setMouseTracking(True)
        self.setMinimumSize(side_px // 2, side_px // 2)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setAccessibleName("Drawing canvas")
        self.setAccessibleDescription("Draw with the mouse, or drop or paste a picture.")
        self.setToolTip(
            "Draw with the left mouse button and erase with the right one, or drop or paste a picture."
        )

    def drawing(self) -> Drawing:
        """Return the drawing on the canvas."""
        return self._drawing

    def set_invitation(self, text: str) -> None:
        """Set the words that an empty canvas shows."""
        self._invitation = text
        self.update()

    def set_drawing(self, drawing: Drawing, words: str = "") -> None:
        """Replace the drawing; with `words` for it, such as "clearing the drawing", it can be undone."""
        before = self._drawing
        self._before = self._last = self._stroke = None
        self._show(drawing)
        if words:
            self.stepped.emit(before, drawing, words)

    def sizeHint(self) -> QSize:
        """Return the preferred size."""
        return QSize(self._side_px, self._side_px)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a stroke, or with Alt pick the colour under the pointer."""
        if (
            event.button() == Qt.MouseButton.LeftButton
            and event.modifiers() & Qt.KeyboardModifier.AltModifier
        ):
            self._take_color(self._pixel(event.position()))
        elif event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton):
            self._end()
            begin_stroke()
            self._before = self._drawing
            is_right = event.button() == Qt.MouseButton.RightButton
            self._words = STROKES[Tool.ERASER if is_right else self.tool]
            self._stroke = Stroke(self._drawing, Tool.ERASER if is_right else self.tool, self.color)
            self._last = self._pixel(event.position())
            self._draw_to(self._last)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Continue the stroke, and restart the time that the pointer rests."""
        if self._rest.isActive():
            self._rest.start()
        if self._last is not None:
            self._draw_to(self._pixel(event.position()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End the stroke."""
        self._end()

    def event(self, event: QEvent) -> bool:
        """Show no tool tip over a drawing, because it would cover the drawing and take the next press."""
        if event.type() == QEvent.Type.ToolTip and not self._drawing.is_empty:
            return True
        return super().event(event)

    def enterEvent(self, event: QEnterEvent) -> None:
        """Emit `visited` as soon as the pointer rests."""
        self._rest.start()

    def leaveEvent(self, event: QEvent) -> None:
        """Emit `left`, and no `visited` for a pointer that only passed over the canvas."""
        self._rest.stop()
        self.left.emit()

    def hideEvent(self, event: QHideEvent) -> None:
        """End the stroke, because no release will arrive."""
        self._rest.stop()
        self._end()
        self.left.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the pixels, with hatching where they are unknown."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), colors.CANVAS)
        image = to_qimage(to_bytes(self._drawing.pixels[np.newaxis])[0])
        draw_checks(painter, self._target(), image)
        painter.drawImage(self._target(), image)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QBrush(colors.PATH, Qt.BrushStyle.BDiagPattern))
        scale = self._scale()
        corner = self._target().topLeft()
        for row, column in np.argwhere(~self._drawing.known).tolist():
            pixel = QRectF(corner.x() + column * scale, corner.y() + row * scale, scale, scale)
            painter.fillRect(pixel, colors.UNKNOWN)
            painter.drawRect(pixel)
        if self._drawing.is_empty and self._invitation:
            is_bright = float(self._drawing.surface[:3].mean()) > THRESHOLD
            painter.setPen(colors.CARD if is_bright else colors.AXIS)
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            room = self.rect().adjusted(8, 8, -8, -8)
            if image.hasAlphaChannel():  # no colour is readable on light and dark squares
                words = painter.boundingRect(room, flags, self._invitation)
                painter.fillRect(words.adjusted(-6, -4, 6, 4), colors.AXIS if is_bright else colors.CARD)
            painter.drawText(room, flags, self._invitation)

    def _end(self) -> None:
        end_stroke()
        before, self._before, self._last, self._stroke = self._before, None, None, None
        if before is not None and before is not self._drawing:
            self.stepped.emit(before, self._drawing, self._words)

    def _show(self, drawing: Drawing) -> None:
        self._drawing = drawing
        self.update()
        self.changed.emit()

    def _draw_to(self, to: tuple[float, float]) -> None:
        assert self._last is not None and self._stroke is not None
        start, self._last = self._last, to
        self._stroke = self._stroke.to(start, to, self.radius_px)
        self._show(self._stroke.drawing)

    def _take_color(self, place: tuple[float, float]) -> None:
        channels, height, width = self._drawing.pixels.shape
        column, row = int(place[0]), int(place[1])
        if 0 <= row < height and 0 <= column < width:
            self.color_taken.emit(tuple(self._drawing.pixels[: min(3, channels), row, column].tolist()))

    def _scale(self) -> float:
        height, width = self._drawing.known.shape
        return float(min(self.width() / width, self.height() / height))

    def _target(self) -> QRectF:
        height, width = self._drawing.known.shape
        scale = self._scale()
        target = QRectF(0, 0, width * scale, height * scale)
        target.moveCenter(QPointF(self.width() / 2, self.height() / 2))
        return target

    def _pixel(self, position: QPointF) -> tuple[float, float]:
        offset = position - self._target().topLeft()
        return offset.x() / self._scale(), offset.y() / self._scale()
