"""The latent plane: decoded backdrop, held-out points, path and cursor, and the mouse and keys on them."""

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
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

from desktop.latent_plane import Viewport, spread_apart, ticks
from desktop.state import ViewState
from desktop.widgets import colors

Edges = tuple[float, float, float, float]

BACKDROP_OPACITY = 0.62
POINT_OPACITY = 0.8
POINT_PX = 3.4
LABEL_DISTANCE_PX = 30.0
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
        self._points_ab: NDArray[np.float64] = np.empty((0, 2))
        self._labels: NDArray[np.uint8] | None = None
        self._label_names: tuple[str, ...] = ()
        self._scene: QPixmap | None = None  # all but path and cursor
        self._pan_from: QPointF | None = None

    def set_state(self, state: ViewState) -> None:
        """Draw another state."""
        old, self._state = self._state, state
        drawn = ("viewport", "axes", "show_backdrop", "show_points", "hidden_labels")
        if any(getattr(old, name) != getattr(state, name) for name in drawn):
            self._scene = None
        if self._scene is None or old.path != state.path or old.plane != state.plane:
            self.update()
        else:  # only the cursor moved: paint where it was and where it is
            self._update_cursor(old)
            self._update_cursor(state)

    def set_points(
        self, ab: NDArray[np.float64], labels: NDArray[np.uint8] | None, label_names: tuple[str, ...]
    ) -> None:
        """Show points at (a, b) [N, 2], coloured by labels [N] if there are any."""
        self._points_ab, self._labels, self._label_names = ab, labels, label_names
        self._scene = None
        self.update()

    def set_backdrop(self, image: QImage | None, edges: Edges) -> None:
        """Show the decoded plane between edges (left, bottom, right, top)."""
        self._backdrop = None if image is None else QPixmap.fromImage(image)
        self._backdrop_edges = edges
        self._scene = None
        self.update()

    def set_thumbnail(self, image: QImage | None) -> None:
        """Show the picture beside the cursor."""
        self._thumbnail = image
        self._update_cursor(self._state)

    def size_px(self) -> tuple[int, int]:
        """Width and height."""
        return self.width(), self.height()

    def sizeHint(self) -> QSize:
        """A square that the side panel goes well with."""
        return QSize(760, 760)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The cached scene, then what moves on it."""
        painter = QPainter(self)
        if self._scene is None or self._scene.deviceIndependentSize().toSize() != self.size():
            self._scene = self._draw_scene()
        ratio = self._scene.devicePixelRatio()
        area = QRectF(event.rect())
        painter.drawPixmap(area, self._scene, QRectF(area.topLeft() * ratio, area.size() * ratio))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._draw_path(painter)
        self._draw_cursor(painter)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """What is in view changes with the size."""
        self._scene = None
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

    def _draw_scene(self) -> QPixmap:
        ratio = self.devicePixelRatioF()
        scene = QPixmap(self.size() * ratio)
        scene.setDevicePixelRatio(ratio)
        scene.fill(colors.CANVAS)
        painter = QPainter(scene)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._state.show_backdrop and self._backdrop is not None:
            left, bottom, right, top = self._backdrop_edges
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.setOpacity(BACKDROP_OPACITY)
            target = QRectF(self._px((left, top)), self._px((right, bottom)))
            painter.drawPixmap(target, self._backdrop, QRectF(self._backdrop.rect()))
            painter.setOpacity(1.0)
        if self._state.show_points:
            self._draw_points(painter)
        self._draw_axes(painter)
        painter.end()
        return scene

    def _draw_points(self, painter: QPainter) -> None:
        px = self._viewport.to_px(self.size_px(), self._points_ab)
        width, height = self.size_px()
        in_view = ((px > -POINT_PX) & (px < np.array([width, height]) + POINT_PX)).all(axis=1)
        labels = self._labels if self._labels is not None else np.zeros(len(px), np.uint8)
        shown = [label for label in np.unique(labels).tolist() if label not in self._state.hidden_labels]
        # Ten thousand small pixmaps take a twentieth of the time of as many antialiased points.
        ratio = self.devicePixelRatioF()
        for label in shown:
            color = colors.label_color(label) if self._labels is not None else colors.AXIS
            dot = _dot(color, ratio)
            offset = dot.deviceIndependentSize().width() / 2
            for x, y in np.rint((px[in_view & (labels == label)] - offset) * ratio).tolist():
                painter.drawPixmap(QPointF(x / ratio, y / ratio), dot)
        if self._labels is None:
            return
        middles = [np.median(px[labels == label], axis=0) for label in shown]
        for label, (x, y) in zip(shown, spread_apart(middles, LABEL_DISTANCE_PX).tolist(), strict=True):
            name = self._label_names[label] if label < len(self._label_names) else str(label)
            self._draw_label(painter, QPointF(x, y), name, colors.label_color(label))

    def _draw_label(self, painter: QPainter, center: QPointF, text: str, color: QColor) -> None:
        font = painter.font()
        font.setPointSizeF(12.5)
        font.setBold(True)
        painter.setFont(font)
        box = QRectF(painter.fontMetrics().boundingRect(text)).adjusted(-7, -3, 7, 3)
        box.moveCenter(center)
        painter.setPen(QPen(color, 1.5))
        painter.setBrush(QColor(14, 17, 22, 225))
        painter.drawRoundedRect(box, 7, 7)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def _draw_axes(self, painter: QPainter) -> None:
        """Ticks with numbers along the left and the lower edge, over a strip that keeps them readable."""
        left, bottom, right, top = self._viewport.edges(self.size_px())
        font = painter.font()
        font.setPointSizeF(8.5)
        font.setBold(False)
        painter.setFont(font)
        width, height = self.size_px()
        metrics = painter.fontMetrics()
        painter.fillRect(QRectF(0, height - 22, width, 22), QColor(14, 17, 22, 190))
        painter.fillRect(QRectF(0, 0, 44, height - 22), QColor(14, 17, 22, 190))
        painter.setPen(colors.AXIS)
        for value in ticks(left, right, max(2, width // 90)):
            x = self._px((value, 0)).x()
            if x > 60:
                painter.drawLine(QPointF(x, height - 22), QPointF(x, height - 18))
                text = f"{value:.6g}"
                painter.drawText(QPointF(x - metrics.horizontalAdvance(text) / 2, height - 6), text)
        for value in ticks(bottom, top, max(2, height // 90)):
            y = self._px((0, value)).y()
            if y < height - 34:
                painter.drawLine(QPointF(40, y), QPointF(44, y))
                text = f"{value:.6g}"
                painter.drawText(
                    QPointF(36 - metrics.horizontalAdvance(text), y + metrics.ascent() / 2 - 1), text
                )
        horizontal, vertical = self._state.axes
        names = f"z{vertical} ↑  z{horizontal} →" if horizontal != vertical else f"z{horizontal} →"
        painter.drawText(QPointF(6, height - 6), names)

    def _draw_path(self, painter: QPainter) -> None:
        if not self._state.path:
            return
        ab = self._state.plane.project(self._state.path)
        corners = [self._px(point) for point in ab]
        painter.setPen(QPen(colors.PATH, 2))
        painter.drawPolyline(corners)
        font = painter.font()
        font.setPointSizeF(8)
        font.setBold(True)
        painter.setFont(font)
        for number, corner in enumerate(corners, start=1):
            painter.setPen(QPen(colors.CANVAS, 1.5))
            painter.setBrush(colors.PATH)
            painter.drawEllipse(corner, 8.5, 8.5)
            box = QRectF(corner.x() - 9, corner.y() - 9, 18, 18)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, str(number))
        painter.setBrush(Qt.BrushStyle.NoBrush)

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


def _dot(color: QColor, ratio: float) -> QPixmap:
    """A round point, antialiased, for a device pixel ratio."""
    side = math.ceil((POINT_PX + 2) * ratio)
    dot = QPixmap(side, side)
    dot.setDevicePixelRatio(ratio)
    dot.fill(Qt.GlobalColor.transparent)
    painter = QPainter(dot)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setOpacity(POINT_OPACITY)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color)
    center = side / ratio / 2
    painter.drawEllipse(QPointF(center, center), POINT_PX / 2, POINT_PX / 2)
    painter.end()
    return dot
