"""Edits the path with the mouse: selects, drags, adds, inserts and removes points."""

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QObject, QPointF, Qt, Signal
from PySide6.QtGui import QMouseEvent

from desktop.base.arrays import Doubles
from desktop.base.vector import Vector
from desktop.latent.paths import path_line, point_name
from desktop.view.state import ViewState
from desktop.widgets.plane.path_layer import POINT_RADIUS_PX
from desktop.widgets.plane.plane_view import PlaneView
from desktop.widgets.plane.pointer import PointerHandler

GRAB_PX, LINE_GRAB_PX = POINT_RADIUS_PX, 5.0
# A press becomes a drag only beyond this distance, because hands tremble.
DRAG_PX = 3.0

POINT_TIP = "{}, point {} of {} on the path. Drag it to move it; Alt-click removes it."


@dataclass
class _Held:
    """The point that the left button holds, the position of the press, and whether the point was moved."""

    index: int
    from_px: QPointF
    offset_px: QPointF
    moved: bool = False


class PathHandles(QObject, PointerHandler):
    """Takes presses on the path's points and line, and emits signals for what the person wants."""

    point_chosen = Signal(int)
    point_dragged = Signal(int, float, float)  # index, to (a, b)
    point_added = Signal(int)  # a copy of this point, at the end
    point_inserted = Signal(int, object)  # before this index, z
    point_removed = Signal(int)

    def __init__(self, plane: PlaneView) -> None:
        super().__init__(plane)
        self._plane = plane
        self._state = ViewState()
        self._held: _Held | None = None
        self._shape_is_ours = False
        plane.add_tips(self._tip_at)

    def set_state(self, state: ViewState) -> None:
        """Set the state whose path is edited."""
        self._state = state
        if not state.path:
            self._held = None
            self._show_shape(None)

    def press(self, event: QMouseEvent) -> bool:
        """Take a press of the left button on a point, and one with Shift on the line."""
        if not self._state.path or event.button() != Qt.MouseButton.LeftButton:
            return False
        if self._plane.default_handler.is_space_held:
            return False  # the press moves the plane
        index = self.point_at(event.position())
        modifiers = event.modifiers()
        if modifiers & Qt.KeyboardModifier.ShiftModifier:
            if index is not None:
                self.point_added.emit(index)
                return True
            found = self.line_at(event.position())
            if found is not None:
                self.point_inserted.emit(*found)
            return found is not None
        if index is None:
            return False
        if modifiers & Qt.KeyboardModifier.AltModifier:
            self.point_removed.emit(index)
            return True
        center = QPointF(*self._points_px()[index].tolist())
        self._held = _Held(index, event.position(), center - event.position())
        self._show_shape(Qt.CursorShape.ClosedHandCursor)
        self.point_chosen.emit(index)
        return True

    def move(self, event: QMouseEvent) -> bool:
        """Drag the held point; over a point, show with the pointer's shape that it can be dragged."""
        if not self._state.path:
            return False
        held = self._held
        if held is None:
            if event.buttons() == Qt.MouseButton.NoButton:
                over = self.point_at(event.position()) is not None
                self._show_shape(Qt.CursorShape.OpenHandCursor if over else None)
            return False
        way = event.position() - held.from_px
        held.moved = held.moved or max(abs(way.x()), abs(way.y())) > DRAG_PX
        if held.moved and held.index < len(self._state.path):
            a, b = self._plane.ab_at(event.position() + held.offset_px)
            self.point_dragged.emit(held.index, a, b)
        return True

    def release(self, event: QMouseEvent) -> bool:
        """Release the point."""
        if self._held is None or event.button() != Qt.MouseButton.LeftButton:
            return False
        self._held = None
        over = self.point_at(event.position()) is not None
        self._show_shape(Qt.CursorShape.OpenHandCursor if over else None)
        return True

    def _tip_at(self, position: QPointF) -> str:
        index = self.point_at(position)
        return "" if index is None else POINT_TIP.format(point_name(index), index + 1, len(self._state.path))

    def _points_px(self) -> Doubles:
        return self._plane.to_px(self._state.plane.project(self._state.path))

    def point_at(self, position: QPointF) -> int | None:
        """Return the index of the point under a pixel; of several, the one drawn last."""
        if not self._state.path:
            return None
        away = np.linalg.norm(self._points_px() - (position.x(), position.y()), axis=-1)
        near = np.flatnonzero(away <= GRAB_PX)
        return int(near[-1]) if len(near) else None

    def line_at(self, position: QPointF) -> tuple[int, Vector] | None:
        """Return the index to insert before, and z, for a pixel on the path's line; None off the line."""
        state = self._state
        if len(state.path) < 2:
            return None
        t, z = path_line(state.path, state.path_kind, state.path_closed)
        line = self._plane.to_px(state.plane.project(z))
        start, along = line[:-1], np.diff(line, axis=0)
        here = np.array([position.x(), position.y()])
        squares = np.maximum((along**2).sum(axis=1), 1e-12)
        share = np.clip(((here - start) * along).sum(axis=1) / squares, 0, 1)
        away = np.linalg.norm(start + share[:, np.newaxis] * along - here, axis=1)
        piece = int(away.argmin())
        if away[piece] > LINE_GRAB_PX:
            return None
        on_line = z[piece] + share[piece] * (z[piece + 1] - z[piece])
        leg = int(min(t[piece], t[-1] - 1))
        return leg + 1, Vector(on_line)

    def _show_shape(self, shape: Qt.CursorShape | None) -> None:
        """Set the pointer's shape, which shows what a press would do; None leaves it to the plane."""
        if shape is not None:
            self._plane.setCursor(shape)
        elif self._shape_is_ours:
            self._plane.default_handler.show_shape()
        self._shape_is_ours = shape is not None
