"""The plane's default use of mouse and keys: moves the cursor, moves the view, and zooms."""

from PySide6.QtCore import QObject, QPointF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent

from desktop.widgets.plane.plane_canvas import PlaneCanvas
from desktop.widgets.plane.pointer import PointerHandler

KEY_ZOOM = 1.25
NUDGE_SHARE = 0.01
FINER, COARSER = 0.1, 5.0
ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, 1),
    Qt.Key.Key_Down: (0, -1),
}
ZOOM_KEYS = {
    Qt.Key.Key_Plus: 1 / KEY_ZOOM,
    Qt.Key.Key_Equal: 1 / KEY_ZOOM,
    Qt.Key.Key_Minus: KEY_ZOOM,
}


class DefaultHandler(QObject, PointerHandler):
    """The last handler of the plane, which gets the events that no other handler takes."""

    cursor_moved = Signal(float, float)  # to (a, b)
    nudged = Signal(float, float)  # view coordinates
    path_point_wanted = Signal(float, float)
    viewport_wanted = Signal(object)  # Viewport
    zoom_ended = Signal()  # zooming in further would show equal float32 z

    def __init__(self, canvas: PlaneCanvas) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self._pan_from: QPointF | None = None
        self._space_held = False

    @property
    def is_space_held(self) -> bool:
        """Whether Space is held, so that the left button moves the plane."""
        return self._space_held

    def press(self, event: QMouseEvent) -> bool:
        """Move the cursor or, with Shift, add a path point; Space or another button moves the plane."""
        if event.button() != Qt.MouseButton.LeftButton or self._space_held:
            self._pan_from = event.position()
            self.show_shape()
            return True
        ab = self._canvas.ab_at(event.position())
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.path_point_wanted.emit(*ab)
        else:
            self.cursor_moved.emit(*ab)
        return True

    def move(self, event: QMouseEvent) -> bool:
        """Move the cursor or the plane while a button is held."""
        position = event.position()
        shift = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        if self._pan_from is not None:
            viewport = self._canvas.viewport
            scale = viewport.units_per_px(self._canvas.size_px())
            moved = position - self._pan_from
            self._pan_from = position
            self.viewport_wanted.emit(viewport.panned(-moved.x() * scale, moved.y() * scale))
        elif event.buttons() & Qt.MouseButton.LeftButton and not shift:
            self.cursor_moved.emit(*self._canvas.ab_at(position))
        return True

    def release(self, event: QMouseEvent) -> bool:
        """Stop moving the plane."""
        self._pan_from = None
        self.show_shape()
        return True

    def key_press(self, event: QKeyEvent) -> bool:
        """Nudge with arrows (Shift finer, Ctrl coarser), zoom with + and −, remember that Space is held."""
        modifiers = event.modifiers()
        if event.key() in ARROWS:
            step = self._canvas.viewport.span * NUDGE_SHARE
            if modifiers & Qt.KeyboardModifier.ShiftModifier:
                step *= FINER
            if modifiers & Qt.KeyboardModifier.ControlModifier:
                step *= COARSER
            da, db = ARROWS[Qt.Key(event.key())]
            self.nudged.emit(da * step, db * step)
        elif event.key() in ZOOM_KEYS:
            self.zoom(ZOOM_KEYS[Qt.Key(event.key())])
        elif event.key() == Qt.Key.Key_Space:
            self._space_held = True
            self.show_shape()
        else:
            return False
        return True

    def key_release(self, event: QKeyEvent) -> bool:
        """Let the left button move the cursor again when Space is released."""
        if event.key() != Qt.Key.Key_Space:
            return False
        if not event.isAutoRepeat():
            self._space_held = False
            self.show_shape()
        return True

    def lose_focus(self) -> None:
        """Forget Space, because its release will go to another widget."""
        self._space_held = False
        self.show_shape()

    def show_shape(self) -> None:
        """Set the pointer's shape, which shows what a press on the plane would do."""
        if self._pan_from is not None:
            self._canvas.setCursor(Qt.CursorShape.ClosedHandCursor)
        elif self._space_held:
            self._canvas.setCursor(Qt.CursorShape.OpenHandCursor)
        else:
            self._canvas.setCursor(Qt.CursorShape.CrossCursor)

    def zoom(self, factor: float, position: QPointF | None = None) -> None:
        """Zoom about a pixel, or about the middle, as long as float32 can distinguish neighbouring z."""
        projection = self._canvas.projection
        viewport = projection.viewport
        about = viewport.center if position is None else projection.view(position.x(), position.y())
        wanted, has_ended = projection.chart.zoomed(viewport, factor, about)
        if has_ended:
            self.zoom_ended.emit()
        self.viewport_wanted.emit(wanted)
