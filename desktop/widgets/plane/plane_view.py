"""The latent plane as a widget: draws a state, and passes mouse and keys to an ordered list of handlers."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QGestureEvent, QPinchGesture, QToolTip, QWidget

from desktop.view.state import ViewState
from desktop.widgets.common.focus_frame import FocusFrame
from desktop.widgets.common.plain_text import tip_text
from desktop.widgets.common.wheel import turned
from desktop.widgets.plane.default_handler import DefaultHandler
from desktop.widgets.plane.plane_canvas import PlaneCanvas
from desktop.widgets.plane.pointer import PointerHandler, PointerRouter

WHEEL_STEP = 1.0015


class PlaneView(PlaneCanvas):
    """Draws a state, and emits signals for what the person wants; it changes no state itself.

    Attributes:
        default_handler: handles mouse and keys after all other handlers.
    """

    # For the list of shortcuts.
    GESTURES: tuple[tuple[str, str], ...] = (
        ("Click or drag", "Move the cursor and decode"),
        ("Shift-click", "Add a point to the path; on the line, insert a point; on a point, visit it again"),
        ("Drag a path point", "Move the point"),
        ("Alt-click a path point, Delete", "Remove that point, or the chosen point"),
        ("Space", "Play or pause the path"),
        ("Arrow keys", "Nudge the cursor"),
        ("Shift+arrow keys", "Nudge the cursor in finer steps"),
        ("Ctrl+arrow keys", "Nudge the cursor in coarser steps"),
        ("Wheel, + or -", "Zoom"),
        ("Right or middle drag", "Move the plane"),
        ("Right click, Menu key", "Show a menu about what is there"),
    )

    cursor_moved = Signal(float, float)
    nudged = Signal(float, float)  # view coordinates
    path_point_wanted = Signal(float, float)
    viewport_wanted = Signal(object)
    zoom_ended = Signal()  # zooming in further would show equal float32 z
    pointer_moved = Signal(object)  # (a, b) or None
    menu_wanted = Signal(QPointF)  # by a key, at the cursor

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.grabGesture(Qt.GestureType.PinchGesture)
        self.setAccessibleName("Latent plane")
        self.setAccessibleDescription("Click or drag to decode; arrow keys move the cursor")
        self.default_handler = handler = DefaultHandler(self)
        handler.cursor_moved.connect(self.cursor_moved)
        handler.nudged.connect(self.nudged)
        handler.path_point_wanted.connect(self.path_point_wanted)
        handler.viewport_wanted.connect(self.viewport_wanted)
        handler.zoom_ended.connect(self.zoom_ended)
        self._router = PointerRouter([handler])
        self._pointer_px: QPointF | None = None
        self._tips: list[Callable[[QPointF], str]] = []
        self.add_tips(self._axes.tip_at)
        self.add_tips(self._name_at)
        FocusFrame(self)

    def add_tips(self, tip_at: Callable[[QPointF], str]) -> None:
        """Add a function that returns the tool tip of a pixel, or an empty text."""
        self._tips.append(tip_at)

    def tip_at(self, position: QPointF) -> str:
        """Return the tool tip of a pixel; empty for none."""
        return next(filter(None, (tip_at(position) for tip_at in self._tips)), "")

    def _name_at(self, position: QPointF) -> str:
        """Return the whole text of a shortened name at a pixel, or of a name for several groups."""
        there = (name for name in self.placed_names() if name.box.contains(position))
        return tip_text(next((name.whole for name in there if name.whole != name.name.text), ""))

    def set_handlers(self, handlers: Sequence[PointerHandler]) -> None:
        """Pass mouse and keys to these handlers in order, and then to the default handler."""
        self._router = PointerRouter([*handlers, self.default_handler])

    def set_state(self, state: ViewState) -> None:
        """Draw another state, and say what is at the pointer if the plane has moved below it."""
        before = self._state
        super().set_state(state)
        is_elsewhere = (before.viewport, before.chart) != (state.viewport, state.chart)
        if self._pointer_px is not None and is_elsewhere:
            self._tell_pointer(self._pointer_px)

    def _tell_pointer(self, place: QPointF) -> None:
        self._pointer_px = place
        self.pointer_moved.emit(self.ab_at(place))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Pass a press to the handlers."""
        self._router.press(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Pass a double click to the handlers as a second press."""
        self._router.press(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Say where the pointer is, whatever it drags, and pass the move to the handlers."""
        self._tell_pointer(event.position())
        self._router.move(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Pass a release to the handlers; emit the pointer's position, because the plane may have moved."""
        self._router.release(event)
        self._tell_pointer(event.position())

    def leaveEvent(self, event: QEvent) -> None:
        """Tell the handlers that the pointer has left."""
        self._pointer_px = None
        self.pointer_moved.emit(None)
        self._router.leave()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Pass a key to the handlers; the window gets it if none of them takes it."""
        if not self._router.key_press(event):
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Pass the release of a key to the handlers; the window gets it if none of them takes it."""
        if not self._router.key_release(event):
            super().keyReleaseEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Tell the handlers that the plane has lost the keyboard focus."""
        self._router.lose_focus()
        super().focusOutEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom about the pointer; emit its position again, because z then has more or fewer decimals."""
        self.default_handler.zoom(WHEEL_STEP ** -turned(event), event.position())
        self._tell_pointer(event.position())

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Ask for the menu at the cursor on a key; for the mouse, the release opens it."""
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            cursor = self._cursor_px()
            in_view = self.rect().contains(cursor.toPoint())
            self.menu_wanted.emit(cursor if in_view else QPointF(self.rect().center()))

    def event(self, event: QEvent) -> bool:
        """Zoom on two-finger gestures, accept keys that handlers claim, and show tool tips."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            if self._router.claims(event):
                event.accept()
                return True
        elif event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self.tip_at(QPointF(event.pos())), self)
            return True
        elif isinstance(event, QNativeGestureEvent):
            if event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
                self.default_handler.zoom(1 / max(0.2, 1 + event.value()), event.position())
                return True
        elif isinstance(event, QGestureEvent):
            pinch = event.gesture(Qt.GestureType.PinchGesture)
            if isinstance(pinch, QPinchGesture):
                center = self.mapFromGlobal(pinch.centerPoint())
                self.default_handler.zoom(1 / max(0.2, pinch.scaleFactor()), center)
                return True
        return super().event(event)
