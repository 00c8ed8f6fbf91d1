"""Draws the latent plane: decoded tiles, points of test images, path and cursor. It handles no input."""

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike
from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QImage,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from desktop.base.arrays import Array, Doubles
from desktop.jobs.tiles import Cut, Tile, TileCache
from desktop.latent.chart import Projection, ToPx
from desktop.latent.plane import Viewport
from desktop.view.state import Layer, ViewState
from desktop.widgets.common import colors
from desktop.widgets.common.checkerboard import draw_checks
from desktop.widgets.common.qimage import scaled_down
from desktop.widgets.plane.layer import PlaneLayer
from desktop.widgets.plane.path_layer import draw_path
from desktop.widgets.plane.plane_layers import PlacedPoints, Points, draw_axes, draw_points, draw_tiles

MARKER_PX = 7.0
THUMBNAIL_PX = 96
THUMBNAIL_GAP_PX = 14
# How long the layers are drawn before events are handled again.
SLICE_S = 0.0008
# While the cursor is dragged, the layers are drawn only this often, because its picture goes first.
HURRIED_EVERY_MS, HURRY_S = 8, 0.1
# Axis labels stay within these margins.
AXES_LEFT_PX, AXES_BOTTOM_PX = 160, 60

# Draws something below the points, given a painter, the mapping (a, b) [..., 2] → pixels, and the state.
Paint = Callable[[QPainter, ToPx, ViewState], object]


class PlaneCanvas(QWidget):
    """Draws a ViewState.

    Everything but path and cursor is drawn into layers, in short steps while there are no events to handle.
    While the view moves, the layers are moved with it until they are drawn again.
    """

    resized = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(240, 240)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._state = ViewState()
        self._thumbnail: QImage | None = None
        self._points = Points(np.empty((0, 2)), None, ())
        self._placed: PlacedPoints | None = None
        self._cache = TileCache()
        self._cut: Cut | None = None
        self._arrived: deque[Tile] = deque()
        self._path_point: int | None = None
        self._under_points: list[Paint] = []
        self._backdrop = PlaneLayer(self._draw_backdrop, colors.CANVAS)
        self._below = PlaneLayer(self._draw_below)
        self._dots = PlaneLayer(self._draw_points)
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._advance)
        self._has_news = False  # layers were drawn that are not on the screen yet
        self._hurry_until = 0.0  # `time.perf_counter`

    @property
    def projection(self) -> Projection:
        """The mapping from the plane to the widget's pixels."""
        return Projection(self._state.chart, self._state.viewport, self.size_px())

    @property
    def viewport(self) -> Viewport:
        """The part of the plane in view."""
        return self._state.viewport

    def add_under_points(self, paint: Paint) -> None:
        """Add something to be drawn between the backdrop and the points."""
        self._under_points.append(paint)

    def redraw_under_points(self) -> None:
        """Draw again what `add_under_points` added."""
        self._below.redraw()
        self._draw_soon()

    def to_px(self, ab: ArrayLike) -> Doubles:
        """Return the pixels [..., 2] of plane coordinates (a, b) [..., 2]."""
        return self.projection.px(ab)

    def set_state(self, state: ViewState) -> None:
        """Draw another state."""
        old, self._state = self._state, state
        if replace(old, z=state.z, path=state.path) == state:
            if old.path != state.path:
                self.update()
            else:  # only the cursor moved: paint where it was and where it is
                self._hurry_until = time.perf_counter() + HURRY_S
                self._update_cursor(old)
                self._update_cursor(state)
            return
        if old.chart != state.chart:
            self._forget(old, state)
        elif (old.layers, old.hidden_labels, old.plane) != (state.layers, state.hidden_labels, state.plane):
            self._below.redraw()
            self._dots.redraw()
            if (Layer.BACKDROP in old.layers) != (Layer.BACKDROP in state.layers):
                self._backdrop.redraw()
        self.update()

    def set_points(self, ab: Doubles, labels: Array | None, label_names: tuple[str, ...]) -> None:
        """Show points at (a, b) [N, 2], coloured by labels [N] if there are any."""
        self._points, self._placed = Points(ab, labels, label_names), None
        self._dots.redraw()
        self.update()

    def set_backdrop(self, cache: TileCache, cut: Cut | None) -> None:
        """Show the tiles of a cut that are decoded; None shows the empty canvas."""
        self._cache, self._cut = cache, cut
        self._arrived.clear()
        if cut is None:
            self._backdrop.forget()
        else:
            self._backdrop.redraw()
        self.update()

    def add_tiles(self, tiles: Sequence[Tile]) -> None:
        """Draw these tiles, which have just been decoded."""
        self._arrived.extend(tiles)
        self._draw_soon()

    def set_thumbnail(self, image: QImage | None) -> None:
        """Show the picture beside the cursor."""
        # Scaled once, and not with every move of the cursor.
        side_px = round(THUMBNAIL_PX * self.devicePixelRatioF())
        self._thumbnail = image if image is None else scaled_down(image, side_px)
        self._update_cursor(self._state)

    def set_path_point(self, index: int | None) -> None:
        """Set which point of the path is shown as chosen."""
        if index != self._path_point:
            self._path_point = index
            self.update()

    def ab_at(self, position: QPointF) -> tuple[float, float]:
        """Return the plane coordinates (a, b) of a pixel."""
        return self.projection.ab(position.x(), position.y())

    def size_px(self) -> tuple[int, int]:
        """Return width and height."""
        return self.width(), self.height()

    def sizeHint(self) -> QSize:
        """Prefer a square, which goes well with the side panel."""
        return QSize(760, 760)

    @property
    def is_settled(self) -> bool:
        """Whether everything is drawn with its latest content."""
        projection, ratio = self.projection, self.devicePixelRatioF()
        return not self._arrived and not any(layer.is_due(projection, ratio) for layer in self._layers())

    def settle(self) -> None:
        """Draw everything now, for a picture of the window."""
        while self._arrived:
            self._draw_arrived()
        for layer in self._layers():
            layer.complete(self.projection, self.devicePixelRatioF())
        self.update()

    def grab(self, rectangle: QRect = QRect(QPoint(0, 0), QSize(-1, -1))) -> QPixmap:  # noqa: B008 (Qt's own)
        """Return a picture of the plane with everything drawn."""
        self.settle()
        return super().grab(rectangle)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the layers at their current places, then path and cursor."""
        painter = QPainter(self)
        projection, ratio = self.projection, self.devicePixelRatioF()
        area = QRectF(event.rect())
        painter.fillRect(area, colors.CANVAS)
        for layer in self._layers():
            if layer.pixmap is None:
                layer.complete(projection, ratio)
            layer.paint(painter, projection, area)
            if layer.is_due(projection, ratio):
                self._draw_soon()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if area.left() < AXES_LEFT_PX or area.bottom() > self.height() - AXES_BOTTOM_PX:
            draw_axes(painter, projection)
        draw_path(painter, self._state, self.to_px, self._path_point)
        self._draw_cursor(painter)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Emit `resized`, because the part in view changes with the size."""
        self.resized.emit()

    def _cursor_px(self, state: ViewState) -> QPointF:
        x, y = self.projection.px(state.cursor_ab).tolist()
        return QPointF(x, y)

    def _layers(self) -> list[PlaneLayer]:
        """Return the layers from the lowest to the highest."""
        below = [self._below] if self._under_points else []
        return [self._backdrop, *below, self._dots]

    def _forget(self, old: ViewState, state: ViewState) -> None:
        """Drop what was drawn of the old chart."""
        self._placed = None
        self._arrived.clear()
        parallel = old.scale == state.scale and (old.plane.u, old.plane.v) == (state.plane.u, state.plane.v)
        for layer in self._layers():
            if parallel:  # its pictures are similar, so they stay until the new ones arrive
                layer.redraw()
            else:
                layer.forget()

    def _advance(self) -> None:
        """Continue drawing for a short time, and show the result."""
        projection, ratio = self.projection, self.devicePixelRatioF()
        deadline = time.perf_counter() + SLICE_S
        while self._arrived and time.perf_counter() < deadline:
            self._draw_arrived()
        for layer in self._layers():
            if time.perf_counter() >= deadline:
                break
            self._has_news |= layer.advance(projection, ratio, deadline)
        settled = self.is_settled
        if not settled:
            self._draw_soon()
        if self._has_news and (settled or time.perf_counter() >= self._hurry_until):
            self._has_news = False
            self.update()

    def _draw_soon(self) -> None:
        if not self._soon.isActive():
            self._soon.start(HURRIED_EVERY_MS if time.perf_counter() < self._hurry_until else 0)

    def _draw_arrived(self) -> None:
        """Draw the next decoded tile into the backdrop's layer."""
        tile = self._arrived.popleft()
        cut = self._cut
        if cut is None or Layer.BACKDROP not in self._state.layers:
            return
        if self._backdrop.amend(
            lambda painter, drawn: draw_tiles(painter, drawn, self._cache, cut, [tile]), cut.chart
        ):
            left, bottom, right, top = cut.pyramid.edges(tile)
            corners = self.projection.view_px([(left, top), (right, bottom)])
            (x0, y0), (x1, y1) = np.clip(corners, -1e6, 1e6).tolist()
            self.update(QRectF(x0, y0, x1 - x0, y1 - y0).toAlignedRect().adjusted(-1, -1, 1, 1))

    def _draw_backdrop(self, painter: QPainter, projection: Projection) -> Iterator[None]:
        if self._cut is None or Layer.BACKDROP not in self._state.layers:
            return
        if self._cut.chart != projection.chart:  # a parallel plane, whose own tiles are not decoded yet
            self._backdrop.paint(painter, projection, QRectF(0, 0, *projection.size_px))
            return
        yield from draw_tiles(painter, projection, self._cache, self._cut)

    def _draw_below(self, painter: QPainter, projection: Projection) -> Iterator[None]:
        for paint in self._under_points:
            painter.save()
            paint(painter, projection.px, self._state)
            painter.restore()
            yield

    def _draw_points(self, painter: QPainter, projection: Projection) -> Iterator[None]:
        if Layer.POINTS not in self._state.layers:
            return
        if self._placed is None or self._placed.chart != projection.chart:
            self._placed = self._points.placed(projection.chart)
        yield from draw_points(painter, projection, self._placed, self._state.hidden_labels)

    def _update_cursor(self, state: ViewState) -> None:
        """Have the cursor of a state repainted, with its picture."""
        center = self._cursor_px(state)
        around = MARKER_PX + 4
        area = QRectF(center.x() - around, center.y() - around, 2 * around, 2 * around)
        if self._thumbnail is not None:
            area = area.united(self._thumbnail_box(center).adjusted(-3, -3, 3, 3))
        self.update(area.toAlignedRect())

    def _thumbnail_box(self, center: QPointF) -> QRectF:
        """Return where the picture goes: beside the cursor, above and to the right if there is room."""
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
        center = self._cursor_px(self._state)
        for color, width in ((colors.CANVAS, 4.5), (colors.CURSOR, 2.0)):
            painter.setPen(QPen(color, width))
            painter.drawEllipse(center, MARKER_PX, MARKER_PX)
        if self._thumbnail is None:
            return
        box = self._thumbnail_box(center)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        draw_checks(painter, box, self._thumbnail)
        painter.drawImage(box, self._thumbnail)
        painter.setPen(QPen(colors.CURSOR, 1.5))
        painter.drawRoundedRect(box.adjusted(-1, -1, 1, 1), 3, 3)
