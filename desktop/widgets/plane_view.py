"""The latent plane: decoded backdrop, held-out points, path and cursor, and the mouse and keys on them."""

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from desktop.latent_plane import Viewport
from desktop.state import ViewState
from desktop.widgets import colors
from desktop.widgets.path_layer import draw_path
from desktop.widgets.plane_layers import Edges, Points, backdrop_layer, points_layer

MARKER_PX = 7.0
THUMBNAIL_PX = 96
THUMBNAIL_GAP_PX = 14
WHEEL_STEP = 1.0015
NUDGE_SHARE = 0.01
FINER, COARSER = 0.1, 5.0
ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, 1),
    Qt.Key.Key_Down: (0, -1),
}


class PlaneView(QWidget):
    """Draws a ViewState; says what the person wants by signals and changes nothing itself."""

    cursor_moved = Signal(float, float)
    nudged = Signal(float, float)
    path_point_wanted = Signal(float, float)
    viewport_wanted = Signal(object)
    pointer_moved = Signal(object)
    resized = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(240, 240)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setAccessibleName("Latent plane")
        self.setAccessibleDescription("Click or drag to decode; arrow keys move the cursor")
        self._state = ViewState()
        self._thumbnail: QImage | None = None
        self._backdrop: QPixmap | None = None
        self._backdrop_edges: Edges = (0.0, 0.0, 1.0, 1.0)
        self._points = Points(np.empty((0, 2)), None, ())
        # All but path and cursor, drawn anew only when it changes.
        self._backdrop_layer: QPixmap | None = None
        self._points_layer: QPixmap | None = None
        self._pan_from: QPointF | None = None
        self._path_point: int | None = None

    def set_state(self, state: ViewState) -> None:
        """Draw another state."""
        old, self._state = self._state, state
        if replace(old, z=state.z, path=state.path) != state:
            self._backdrop_layer = self._points_layer = None
        if self._points_layer is None or old.path != state.path or old.plane != state.plane:
            self.update()
        else:  # only the cursor moved: paint where it was and where it is
            self._update_cursor(old)
            self._update_cursor(state)

    def set_points(
        self, ab: NDArray[np.float64], labels: NDArray[np.uint8] | None, label_names: tuple[str, ...]
    ) -> None:
        """Show points at (a, b) [N, 2], coloured by labels [N] if there are any."""
        self._points = Points(ab, labels, label_names)
        self._points_layer = None
        self.update()

    def set_backdrop(self, image: QImage | None, edges: Edges) -> None:
        """Show the decoded plane between edges (left, bottom, right, top)."""
        self._backdrop = None if image is None else QPixmap.fromImage(image)
        self._backdrop_edges = edges
        self._backdrop_layer = None
        self.update()

    def set_thumbnail(self, image: QImage | None) -> None:
        """Show the picture beside the cursor."""
        self._thumbnail = image
        self._update_cursor(self._state)

    def set_path_point(self, index: int | None) -> None:
        """Show one of the path's points as chosen."""
        if index != self._path_point:
            self._path_point = index
            self.update()

    def to_px(self, ab: ArrayLike) -> NDArray[np.float64]:
        """(a, b) [..., 2] → the pixels [..., 2] they are drawn at."""
        return self._state.viewport.to_px(self.size_px(), ab)

    def ab_at(self, position: QPointF) -> tuple[float, float]:
        """The (a, b) of a pixel."""
        return self._ab(position)

    def size_px(self) -> tuple[int, int]:
        """Width and height."""
        return self.width(), self.height()

    def sizeHint(self) -> QSize:
        """A square that the side panel goes well with."""
        return QSize(760, 760)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The cached layers, then what moves on them."""
        painter = QPainter(self)
        ratio = self.devicePixelRatioF()
        if self._backdrop_layer is not None and self._backdrop_layer.devicePixelRatio() != ratio:
            self._backdrop_layer = self._points_layer = None  # the window is on another screen
        if self._backdrop_layer is None:
            self._backdrop_layer = backdrop_layer(
                self._state, self.size(), ratio, self._backdrop, self._backdrop_edges
            )
        if self._points_layer is None:
            self._points_layer = points_layer(self._state, self.size(), ratio, self._points)
        area = QRectF(event.rect())
        for layer in (self._backdrop_layer, self._points_layer):
            painter.drawPixmap(area, layer, QRectF(area.topLeft() * ratio, area.size() * ratio))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        draw_path(painter, self._state, self.to_px, self._path_point)
        self._draw_cursor(painter)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """What is in view changes with the size."""
        self._backdrop_layer = self._points_layer = None
        self.resized.emit()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Left moves the cursor, with Shift it adds to the path; the other buttons hold the plane."""
        if event.button() == Qt.MouseButton.LeftButton:
            ab = self._ab(event.position())
            if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
                self.path_point_wanted.emit(*ab)
            else:
                self.cursor_moved.emit(*ab)
        else:
            self._pan_from = event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag the cursor or the plane."""
        position = event.position()
        self.pointer_moved.emit(self._ab(position))
        shift = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        if event.buttons() & Qt.MouseButton.LeftButton and not shift:
            self.cursor_moved.emit(*self._ab(position))
        elif self._pan_from is not None:
            scale = self._state.viewport.units_per_px(self.size_px())
            moved = position - self._pan_from
            self._pan_from = position
            self.viewport_wanted.emit(self._state.viewport.panned(-moved.x() * scale, moved.y() * scale))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let the plane go."""
        self._pan_from = None

    def leaveEvent(self, event: QEvent) -> None:
        """The pointer is elsewhere."""
        self.pointer_moved.emit(None)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom about the pointer."""
        factor = WHEEL_STEP ** -event.angleDelta().y()
        self.viewport_wanted.emit(self._state.viewport.zoomed(factor, self._ab(event.position())))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows nudge the cursor, with Shift finer, with Ctrl coarser; + and − zoom."""
        modifiers = event.modifiers()
        if event.key() in ARROWS:
            step = self._state.viewport.span * NUDGE_SHARE
            if modifiers & Qt.KeyboardModifier.ShiftModifier:
                step *= FINER
            if modifiers & Qt.KeyboardModifier.ControlModifier:
                step *= COARSER
            da, db = ARROWS[Qt.Key(event.key())]
            self.nudged.emit(da * step, db * step)
        elif event.key() in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus):
            factor = 1.25 if event.key() == Qt.Key.Key_Minus else 0.8
            self.viewport_wanted.emit(self._state.viewport.zoomed(factor, self._state.viewport.center))
        else:
            super().keyPressEvent(event)

    def _ab(self, position: QPointF) -> tuple[float, float]:
        return self._state.viewport.to_plane(self.size_px(), position.x(), position.y())

    def _px(self, z_or_ab: object) -> QPointF:
        x, y = self._viewport.to_px(self.size_px(), z_or_ab)  # type: ignore[arg-type]
        return QPointF(float(x), float(y))

    @property
    def _viewport(self) -> Viewport:
        return self._state.viewport

    def _update_cursor(self, state: ViewState) -> None:
        """Have the cursor of a state painted again, with its picture."""
        center = self._px(state.plane.project(state.z))
        around = MARKER_PX + 4
        area = QRectF(center.x() - around, center.y() - around, 2 * around, 2 * around)
        if self._thumbnail is not None:
            area = area.united(self._thumbnail_box(center).adjusted(-3, -3, 3, 3))
        self.update(area.toAlignedRect())

    def _thumbnail_box(self, center: QPointF) -> QRectF:
        """Beside the cursor, above and to the right where there is room."""
        assert self._thumbnail is not None
        aspect = self._thumbnail.width() / self._thumbnail.height()
        width, height = THUMBNAIL_PX * min(1.0, aspect), THUMBNAIL_PX / max(1.0, aspect)
        box = QRectF(center.x() + THUMBNAIL_GAP_PX, 0, width, height)
        box.moveBottom(center.y() - THUMBNAIL_GAP_PX)
        if box.right() > self.width() - 4:
            box.moveRight(center.x() - THUMBNAIL_GAP_PX)
        if box.top() < 4:
            box.moveTop(center.y() + THUMBNAIL_GAP_PX)
        return box

    def _draw_cursor(self, painter: QPainter) -> None:
        center = self._px(self._state.plane.project(self._state.z))
        for color, width in ((colors.CANVAS, 4.5), (colors.CURSOR, 2.0)):
            painter.setPen(QPen(color, width))
            painter.drawEllipse(center, MARKER_PX, MARKER_PX)
        if self._thumbnail is None:
            return
        box = self._thumbnail_box(center)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(box, self._thumbnail)
        painter.setPen(QPen(colors.CURSOR, 1.5))
        painter.drawRoundedRect(box.adjusted(-1, -1, 1, 1), 3, 3)
