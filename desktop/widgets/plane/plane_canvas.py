"""Draws the latent plane: decoded tiles, points of test images, path and cursor. It handles no input."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from numpy.typing import ArrayLike
from PySide6.QtCore import (
    QPoint,
    QPointF,
    QRect,
    QRectF,
    QSize,
    QSizeF,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QPixmap, QRegion, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QSizePolicy, QStyle, QWidget

from desktop.base.arrays import Array, Doubles
from desktop.jobs.tiles import Cut, Tile, TileCache
from desktop.latent.chart import Projection, ToPx
from desktop.latent.plane import Viewport
from desktop.view.state import Layer, ViewState
from desktop.widgets.common import colors
from desktop.widgets.plane.axes import Axes
from desktop.widgets.plane.cursor_mark import CursorMark, ring_box
from desktop.widgets.plane.edge_place import arrow_box
from desktop.widgets.plane.framed_texts import draw_note
from desktop.widgets.plane.moving_points import MovingPoints
from desktop.widgets.plane.path_layer import draw_path
from desktop.widgets.plane.placed_names import PlacedName, draw_names
from desktop.widgets.plane.plane_names import PlaneNames
from desktop.widgets.plane.plane_stack import Paint, PlaneStack
from desktop.widgets.plane.point_layer import Points
from desktop.widgets.plane.repainting import Repainting

# The time for which layers are drawn before events are handled again.
SLICE_S = 0.0008
HURRIED_EVERY_MS = 8  # the interval at which layers are drawn while the cursor is dragged
MARK_POINTS = 1000  # covering a name or a mark counts like covering this many points
NOTE_PX = 24  # from the upper edge to the middle of a note

Flags = Callable[[ToPx, ViewState], list[QRectF]]


class PlaneCanvas(QWidget):
    """Draws a ViewState.

    Everything except axes, path and cursor is drawn by a stack of layers, in short steps while there are no
    events to handle.
    """

    resized = Signal()  # also emitted when the plane is shown again
    move_shown = Signal()  # the moved cursor is painted next

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(240, 240)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._state = self._shown_cursor = ViewState()
        self._path_point: int | None = None
        self._over_points: list[Paint] = []
        self._flags: list[Flags] = []
        self._are_points_dimmed = False
        self._points = MovingPoints(self)
        self._points.moved.connect(self._show_moved_points)
        self._stack = PlaneStack(self._points)
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._advance)
        self._repainting = Repainting(self, self._compose, self._cursor_px)
        self._repainting.move_shown.connect(self._on_move_shown)
        self._outdated_note = self._note = ""
        self._cursor: tuple[ViewState, int, int, QPointF] | None = None
        self._axes = Axes()
        self._mark = CursorMark()
        self._names = PlaneNames(self._stack.names, self._points, self)
        self._names.rested.connect(self._make_way)
        self._clear: list[QRectF] = []  # boxes that should stay uncovered
        self._cards: list[QRectF] = []

    @property
    def projection(self) -> Projection:
        """The mapping from the plane to the widget's pixels."""
        return Projection(self._state.chart, self._state.viewport, self.size_px())

    @property
    def state(self) -> ViewState:
        """The state that is drawn."""
        return self._state

    @property
    def ring(self) -> QRectF:
        """The box of the cursor's ring, or of the arrow to a cursor out of view.

        For a moved cursor, this is the new box from `move_shown` on.
        """
        x, y = self.projection.px(self._shown_cursor.cursor_ab).tolist()
        return arrow_box(x, y, QRectF(self.rect())) or ring_box(QPointF(x, y))

    @property
    def axes_boxes(self) -> list[QRectF]:
        """The boxes with the meaning of the axes, and of the scale bar."""
        return self._axes.boxes

    @property
    def viewport(self) -> Viewport:
        """The part of the plane in view."""
        return self._state.viewport

    def add_map(self, paint: Paint) -> None:
        """Add a function that draws right above the backdrop something slow that seldom changes."""
        self._stack.maps.append(paint)

    def redraw_maps(self) -> None:
        """Draw the maps from `add_map` again."""
        self._stack.redraw_maps()
        self._draw_soon()

    def add_under_points(self, paint: Paint) -> None:
        """Add a function that draws between the maps and the points."""
        self._stack.under_points.append(paint)

    def redraw_under_points(self) -> None:
        """Draw everything from `add_under_points` again."""
        self._stack.redraw_under_points()
        self._draw_soon()

    def add_flags(self, boxes: Flags) -> None:
        """Add a function that returns the boxes of small marks above the points, which texts keep off."""
        self._flags.append(boxes)

    def flags(self, to_px: ToPx, state: ViewState) -> list[QRectF]:
        """Return the boxes from `add_flags`."""
        return [box for boxes in self._flags for box in boxes(to_px, state)]

    def add_over_points(self, paint: Paint) -> None:
        """Add a function that draws above the points, below path and cursor. It is called often."""
        self._over_points.append(paint)

    def redraw_over_points(self, boxes: Sequence[QRectF] = ()) -> None:
        """Draw everything from `add_over_points` again, within these boxes if there are any."""
        if not boxes:
            self._repainting.change()
        for box in boxes:
            self._repainting.change(box.toAlignedRect().adjusted(-1, -1, 1, 1))

    def set_points_dimmed(self, are_dimmed: bool) -> None:
        """Draw the points faintly or at full strength; faintly while a person looks at something else."""
        if are_dimmed != self._are_points_dimmed:
            self._are_points_dimmed = are_dimmed
            self._repainting.change()

    def to_px(self, ab: ArrayLike) -> Doubles:
        """Return the pixels [..., 2] of plane coordinates (a, b) [..., 2]."""
        return self.projection.px(ab)

    def set_state(self, state: ViewState) -> None:
        """Draw another state."""
        old, old_mark = self._state, self._mark_region()
        self._state = state
        self._names.wait()
        has_cursor_moved_only = replace(old, z=state.z, path=state.path) == state
        self._stack.set_state(state, has_cursor_moved_only)
        if has_cursor_moved_only:
            if old.path != state.path:
                self._shown_cursor = state
                self._repainting.change()
            else:  # only the cursor moved: paint its old and new position
                self._repainting.move(old_mark + self._mark_region())
            return
        self._mark.show_picture(state.lens)
        self._shown_cursor = state
        self._repainting.change()

    def set_points(
        self, ab: Doubles, labels: Array | None, label_names: tuple[str, ...], smoothly: bool = False
    ) -> None:
        """Show points at (a, b) [N, 2], coloured by labels [N] if there are any.

        If they replace the same number of points `smoothly`, they move, unless the desktop's settings
        switch animations off.
        """
        hint = QStyle.StyleHint.SH_Widget_Animation_Duration
        are_seen = self.isVisible() and Layer.POINTS in self._state.layers
        duration_ms = self.style().styleHint(hint, None, self) if smoothly and are_seen else 0
        if not self._points.set(Points(ab, labels, label_names), duration_ms):
            self._stack.redraw_points()
            self._repainting.change()

    def set_backdrop(self, cache: TileCache, cut: Cut | None) -> None:
        """Show the tiles of a cut that are decoded; None shows the empty canvas."""
        self._stack.set_backdrop(cache, cut)
        self._repainting.change()

    def set_outdated_note(self, text: str) -> None:
        """Dim the tiles, and show a text that says that they are outdated; an empty text ends this."""
        if text != self._outdated_note:
            self._outdated_note = text
            self._repainting.change()

    def set_note(self, text: str) -> None:
        """Show a text that says how many of the tiles are decoded; empty for none."""
        if text != self._note:
            self._note = text
            self._repainting.change()

    def add_tiles(self, tiles: Sequence[Tile]) -> None:
        """Draw these tiles, which have just been decoded."""
        self._stack.add_tiles(tiles)
        self._draw_soon()

    def set_thumbnail(self, image: QImage | None) -> None:
        """Show the picture beside the cursor."""
        before = self._mark_region()
        self._mark.set_picture(image, self.devicePixelRatioF())
        self._repainting.show_move(before + self._mark_region())

    def set_cards(self, cards: Sequence[QRectF]) -> None:
        """Set the boxes of the cards over the plane, which the picture at the cursor should not cover."""
        self._cards = list(cards)
        self._clear_mark()

    def marks(self) -> list[QRectF]:
        """Return the boxes of everything on the plane: names, marks, the path's points, and the cursor."""
        return [*self._clear, *self._mark.boxes(self._cursor_px(), QSizeF(self.size()))]

    def crowding(self, box: QRectF) -> int:
        """Return how much a box would cover: points, and much more if it covers a name, a mark or a card."""
        count = MARK_POINTS * sum(box.intersects(other) for other in [*self.marks(), *self._cards])
        ab = self._points.now.ab
        if Layer.POINTS in self._state.layers and len(ab):
            x, y = self.to_px(ab).T
            inside = (x > box.left()) & (x < box.right()) & (y > box.top()) & (y < box.bottom())
            count += int(inside.sum())
        return count

    def placed_names(self) -> list[PlacedName]:
        """Return the names of groups; until new points are drawn, those of the previous points."""
        return self._names.find(self.font(), self.projection, self._state)

    def set_path_point(self, index: int | None) -> None:
        """Set which point of the path is shown as selected."""
        if index != self._path_point:
            self._path_point = index
            self._repainting.change()

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
    def outdated_note(self) -> str:
        """The text that says that the tiles are outdated; empty if they are not."""
        return self._outdated_note

    @property
    def note(self) -> str:
        """The text that says how many of the tiles are decoded; empty for none."""
        return self._note

    @property
    def is_moving(self) -> bool:
        """Whether points are moving to new positions."""
        return self._points.is_moving

    @property
    def is_move_held(self) -> bool:
        """Whether a moved cursor waits for its picture before it is painted."""
        return self._repainting.is_move_held

    @property
    def is_settled(self) -> bool:
        """Whether everything is drawn with its latest content."""
        return self._repainting.is_complete and not self._stack.is_due(
            self.projection, self.devicePixelRatioF()
        )

    def settle(self) -> None:
        """Draw everything now, for a picture of the window."""
        self._stack.complete(self.projection, self.devicePixelRatioF())
        if self._names.are_waiting:
            self._make_way()
        self._repainting.change()

    def grab(self, rectangle: QRect = QRect(QPoint(0, 0), QSize(-1, -1))) -> QPixmap:  # noqa: B008 (Qt's own)
        """Return a picture of the plane with everything drawn."""
        self.settle()
        return super().grab(rectangle)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint everything but the cursor, mostly by copying it, and then the cursor."""
        painter = QPainter(self)
        ratio = self.devicePixelRatioF()
        self._repainting.paint(painter, event.region(), ratio)
        self._mark.paint(painter, self._cursor_px(), QSizeF(self.size()), ratio)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Emit `resized`, because the part in view changes with the size."""
        self._names.wait()
        self.resized.emit()

    def showEvent(self, event: QShowEvent) -> None:
        """Emit `resized`, because tiles may have been decoded for a plane of another size meanwhile."""
        self._names.wait()  # names make way only on a visible plane
        self.resized.emit()
        self._draw_soon()

    def _cursor_px(self) -> QPointF:
        """Return the cursor's pixel, computed once for each state and size."""
        key = self._state, self.width(), self.height()
        if self._cursor is None or self._cursor[0] is not self._state or self._cursor[1:3] != key[1:]:
            x, y = self.projection.px(self._state.cursor_ab).tolist()
            self._cursor = *key, QPointF(x, y)
        return self._cursor[3]

    def _compose(self, painter: QPainter, area: QRectF) -> None:
        """Paint the layers at their current positions within an area, then axes and path."""
        projection, ratio = self.projection, self.devicePixelRatioF()
        painter.fillRect(area, colors.CANVAS)
        if self._stack.paint(
            painter, projection, ratio, area, self._are_points_dimmed, bool(self._outdated_note)
        ):
            self._draw_soon()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        # Names are in no layer, because they keep their full strength while points are dimmed.
        names = self.placed_names()
        draw_names(painter, names, area)
        self._axes.paint(painter, projection, ratio, area)
        over: list[QRectF] = []
        for paint in self._over_points:
            painter.save()
            boxes = paint(painter, projection.px, self._state)
            over += boxes if isinstance(boxes, list) else []
            painter.restore()
        path = draw_path(painter, self._state, self.to_px, self._path_point)
        self._clear = [*self._axes.boxes, *(name.box for name in names), *over, *path]
        self._clear_mark()
        over += [*self._axes.boxes, *self._axes.strips]
        self._names.keep_off(over)
        if self._outdated_note or self._note:
            draw_note(painter, QPointF(self.width() / 2, NOTE_PX), self._outdated_note or self._note)

    def _make_way(self) -> None:
        """Move names away from boxes over them, once the view and the cursor rest."""
        if self.isVisible() and self._names.make_way(self.projection, self.ring):
            self._repainting.change()

    def _clear_mark(self) -> None:
        """Move the picture at the cursor away from the boxes that it should not cover."""
        before = self._mark_region()
        self._mark.keep_clear(self._clear + self._cards)
        if before != self._mark_region():
            self.update(before + self._mark_region())

    def _mark_region(self) -> QRegion:
        return self._mark.region(self._cursor_px(), QSizeF(self.size()))

    def _on_move_shown(self) -> None:
        self._shown_cursor = self._state
        self.move_shown.emit()

    def _show_moved_points(self) -> None:
        self._stack.redraw_points(at_once=True)
        self._repainting.change()

    def _advance(self) -> None:
        """Continue drawing for a short time, and show the result."""
        if not self.isVisible():  # it may have another model's state, and is drawn when it is shown
            return
        if self._repainting.is_move_due:  # the picture at the cursor goes first
            self._draw_soon()
            return
        projection, ratio = self.projection, self.devicePixelRatioF()
        parts, has_news = self._stack.advance(projection, ratio, time.perf_counter() + SLICE_S)
        is_drawn = not self._stack.is_due(projection, ratio)
        self._repainting.improve(parts, has_news, is_drawn)
        if not (is_drawn and self._repainting.is_complete):
            self._draw_soon()

    def _draw_soon(self) -> None:
        if not self._soon.isActive():
            self._soon.start(HURRIED_EVERY_MS if self._repainting.is_hurried else 0)
