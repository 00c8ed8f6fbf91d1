"""One map of z as a large picture: select and nudge single numbers, or paint with a brush."""

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QHideEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QWidget

from desktop.base.arrays import Floats
from desktop.images.map_painting import map_pictures
from desktop.widgets.common import colors
from desktop.widgets.common.every_move import begin_stroke, end_stroke
from desktop.widgets.common.focus_frame import FocusFrame
from desktop.widgets.common.qimage import to_qimage
from desktop.widgets.common.wheel import NOTCH, turned

Cell = tuple[int, int]  # row, column
ARROWS = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
}
NUDGES = {Qt.Key.Key_Plus: 1.0, Qt.Key.Key_Equal: 1.0, Qt.Key.Key_Minus: -1.0}
CHANNELS = {Qt.Key.Key_PageUp: -1, Qt.Key.Key_PageDown: 1}
FINER, COARSER = 0.1, 10.0
OUTLINE = QColor(0, 0, 0)


class MapView(QWidget):
    """Shows a map with its selected number; emits signals for mouse and keys.

    A click selects a number; a drag paints. The wheel nudges the number if the view has the focus; otherwise
    it scrolls the panel.

    Attributes:
        place: the selected row and column.
        brush_size: the brush's diameter in cells, for its outline at the pointer.
    """

    GESTURES = (
        ("Click", "Select a number"),
        ("Arrow keys", "Select the number beside it"),
        ("+, −", "Nudge the number"),
        ("Wheel", "Nudge the number (Shift finer, Ctrl coarser), after a click"),
        ("Left drag", "Paint"),
        ("Right drag", "Erase"),
        ("Page Up, Page Down", "Show the next map"),
    )
    selected = Signal()
    nudged = Signal(float)  # steps
    channel_stepped = Signal(int)
    stroke_began = Signal(bool)  # whether the right button erases, whatever the tool is
    stroke_moved = Signal(object, object)  # from cell, to cell
    stroke_ended = Signal()
    pointed = Signal(object)  # the cell under the pointer, or None

    def __init__(self, side_px: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.place: Cell = (0, 0)
        self.brush_size = 1
        self._side_px = side_px
        self._size: Cell = (1, 1)
        self._image: QImage | None = None
        self._pressed: QPoint | None = None
        self._button = Qt.MouseButton.NoButton
        self._last: Cell | None = None  # the last cell of the stroke
        self._pointer: QPointF | None = None
        self.setFixedHeight(side_px)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setToolTip(
            "Click to select a number and turn the wheel to nudge it. Drag to paint; the right button erases."
        )
        self.setAccessibleName("Map of z")
        FocusFrame(self)

    @property
    def is_painting(self) -> bool:
        """Whether a stroke has begun and not ended."""
        return self._last is not None

    def set_map(self, numbers: Floats, reach: float) -> None:
        """Show a map [h, w], in colours from −reach to reach."""
        self._image = to_qimage(map_pictures(numbers, reach))
        self._size = (numbers.shape[0], numbers.shape[1])
        self.place = self._inside(self.place)
        self.update()

    def select(self, place: Cell) -> None:
        """Select the number at a row and a column; the nearest one inside of the map."""
        self.place = self._inside(place)
        self.update()
        self.selected.emit()

    def sizeHint(self) -> QSize:
        """Return a square."""
        return QSize(self._side_px, self._side_px)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Select the number; a drag from here is a stroke."""
        cell = self._cell(event.position())
        if self._last is not None or cell is None:
            return
        if event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton):
            begin_stroke()
            self._pressed, self._button = event.position().toPoint(), event.button()
            if event.button() == Qt.MouseButton.LeftButton:
                self.select(cell)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Paint, and emit the cell under the pointer."""
        self._pointer = event.position()
        cell = self._cell(event.position())
        self.update()
        self.pointed.emit(cell)
        if self._pressed is None:
            return
        nearest = self._nearest(event.position())
        if self._last is None:
            moved = (event.position().toPoint() - self._pressed).manhattanLength()
            first = self._nearest(QPointF(self._pressed))
            if nearest == first and moved < QApplication.startDragDistance():
                return
            self._last = first
            self.stroke_began.emit(self._button == Qt.MouseButton.RightButton)
        start, self._last = self._last, nearest
        self.stroke_moved.emit(start, nearest)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End the stroke."""
        if event.button() == self._button:
            self._end()

    def leaveEvent(self, event: QEvent) -> None:
        """Hide the brush's outline."""
        self._pointer = None
        self.update()
        self.pointed.emit(None)

    def hideEvent(self, event: QHideEvent) -> None:
        """End the stroke, because no release will arrive."""
        self._end()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Repaint, to show that keys and wheel now change the selected number."""
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Repaint, to show that keys and wheel no longer change the number."""
        super().focusOutEvent(event)
        self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Nudge the selected number, if the view has the focus."""
        if not self.hasFocus():
            event.ignore()
            return
        held = event.modifiers()
        factor = FINER if held & Qt.KeyboardModifier.ShiftModifier else 1.0
        factor *= COARSER if held & Qt.KeyboardModifier.ControlModifier else 1.0
        steps = turned(event) / NOTCH * factor
        if steps:
            self.nudged.emit(steps)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Select another number, nudge it, or show another map."""
        key = Qt.Key(event.key())
        if key in ARROWS:
            down, right = ARROWS[key]
            self.select((self.place[0] + down, self.place[1] + right))
        elif key in NUDGES:
            self.nudged.emit(NUDGES[key])
        elif key in CHANNELS:
            self.channel_stepped.emit(CHANNELS[key])
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the map, the selected number's cell and the outline of the brush."""
        painter = QPainter(self)
        if self._image is None:
            return
        target = self._target()
        painter.fillRect(target, colors.CANVAS)
        painter.drawImage(target, self._image)
        scale = self._scale()
        row, column = self.place
        cell = QRectF(target.x() + column * scale, target.y() + row * scale, scale, scale)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        # The frame is larger than the cell, so that it does not hide a small one.
        cell = cell.adjusted(-1.5, -1.5, 1.5, 1.5)
        mark = self.palette().highlight().color() if self.hasFocus() else colors.CURSOR
        for color, width in ((OUTLINE, 3.5), (mark, 1.5)):
            painter.setPen(QPen(color, width))
            painter.drawRect(cell)
        if self._pointer is not None and target.contains(self._pointer):
            radius = self.brush_size / 2 * scale
            for color, width in ((OUTLINE, 2.5), (colors.CURSOR, 1.0)):
                painter.setPen(QPen(color, width))
                painter.drawEllipse(self._pointer, radius, radius)

    def _end(self) -> None:
        end_stroke()
        was_painting, self._last, self._pressed = self.is_painting, None, None
        if was_painting:
            self.stroke_ended.emit()

    def _scale(self) -> float:
        height, width = self._size
        return min(self.width() / width, self.height() / height)

    def _target(self) -> QRectF:
        height, width = self._size
        scale = self._scale()
        target = QRectF(0, 0, width * scale, height * scale)
        target.moveCenter(QPointF(self.width() / 2, self.height() / 2))
        return target

    def _cell(self, position: QPointF) -> Cell | None:
        """Return the cell at a position; None outside of the map."""
        return self._nearest(position) if self._target().contains(position) else None

    def _nearest(self, position: QPointF) -> Cell:
        offset = (position - self._target().topLeft()) / self._scale()
        return self._inside((int(np.floor(offset.y())), int(np.floor(offset.x()))))

    def _inside(self, cell: Cell) -> Cell:
        height, width = self._size
        return min(height - 1, max(0, cell[0])), min(width - 1, max(0, cell[1]))
