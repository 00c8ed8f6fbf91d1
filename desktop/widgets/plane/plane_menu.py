"""The plane's context menu, whose entries other parts add: for the thing under the pointer, and the view."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QAction, QMouseEvent
from PySide6.QtWidgets import QApplication, QMenu

from desktop.widgets.plane.plane_view import PlaneView
from desktop.widgets.plane.pointer import PointerHandler

BESIDE_PX = 14

# Adds entries for a pixel of the plane, and returns whether no other part needs to be asked.
Part = Callable[[QMenu, QPointF], bool]


class PlaneMenu(PointerHandler):
    """The menu; opens on a right click (a right drag moves the plane) and on the Menu key.

    It is one of the plane's handlers, and takes no event.

    Args:
        plane: the plane.
        parts: functions that add entries for a position, in the order in which they are asked.
        of_view: the entries about the view, which come last.

    Attributes:
        menu: the open menu, or None.
    """

    def __init__(self, plane: PlaneView, parts: Sequence[Part], of_view: Sequence[QAction]) -> None:
        self.menu: QMenu | None = None
        self._plane = plane
        self._parts, self._of_view = parts, of_view
        self._pressed: QPointF | None = None
        plane.menu_wanted.connect(self.open)

    def press(self, event: QMouseEvent) -> bool:
        """Remember where the right button was pressed."""
        self._pressed = event.position() if event.button() == Qt.MouseButton.RightButton else None
        return False

    def move(self, event: QMouseEvent) -> bool:
        """Open no menu for a drag."""
        if self._pressed is not None:
            way = event.position() - self._pressed
            if way.manhattanLength() > QApplication.startDragDistance():
                self._pressed = None
        return False

    def release(self, event: QMouseEvent) -> bool:
        """Open the menu after a click."""
        pressed, self._pressed = self._pressed, None
        if pressed is not None and event.button() == Qt.MouseButton.RightButton:
            self.open(pressed)
        return False

    def open(self, position: QPointF) -> None:
        """Open the menu for a pixel."""
        self.menu = menu = QMenu(self._plane.window())
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.destroyed.connect(self._forget)
        for part in self._parts:
            menu.addSeparator()  # Qt shows none at the ends, and one for several
            if part(menu, position):
                break
        menu.addSeparator()
        menu.addActions(self._of_view)
        # Beside the pixel, so that a point or a name there stays in view.
        menu.popup(self._plane.mapToGlobal(position).toPoint() + QPoint(BESIDE_PX, BESIDE_PX))

    def _forget(self) -> None:
        self.menu = None


def add_title(menu: QMenu, text: str) -> None:
    """Say what the next entries are about."""
    menu.addAction(text).setEnabled(False)
