"""Mouse, keys and menu on a plane: the same on the window's plane and on the planes of Compare."""

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtGui import QAction

from desktop.app.plane_subject import PlaneSubject
from desktop.base.vector import Vector
from desktop.widgets.controls.bookmarks_control import BookmarksControl
from desktop.widgets.controls.held_out_control import HeldOutControl
from desktop.widgets.controls.history_control import HistoryControl
from desktop.widgets.controls.path_control import PathControl
from desktop.widgets.controls.pins_control import PinsControl
from desktop.widgets.controls.plane_control import PlaneControl
from desktop.widgets.controls.select_control import SelectControl
from desktop.widgets.plane.path_handles import PathHandles
from desktop.widgets.plane.plane_menu import PlaneMenu
from desktop.widgets.plane.plane_view import PlaneView
from desktop.widgets.plane.selector import Selector


class PlaneGestures:
    """Gives planes their handlers and their menu.

    Args:
        history: records the changes while a button is held as one step.
        path: edits and plays the path.
        select: selects points.
        pins: pins test images.
        bookmarks: marks bookmarks on planes.
        places: adds entries about the place under the pointer.
        copy: copies z.
        of_view: the menu's entries about the view.
    """

    def __init__(
        self,
        history: HistoryControl,
        path: PathControl,
        select: SelectControl,
        pins: PinsControl,
        bookmarks: BookmarksControl,
        places: PlaneControl,
        copy: Callable[[Vector], None],
        of_view: Sequence[QAction],
    ) -> None:
        self._history, self._path, self._select, self._pins = history, path, select, pins
        self._bookmarks, self._places, self._copy, self._of_view = bookmarks, places, copy, of_view

    def add_plane(self, subject: PlaneSubject, plane: PlaneView) -> HeldOutControl:
        """Give a plane all gestures; return the control that shows its test images."""
        held_out = HeldOutControl(subject, plane)
        handles = self._path.add_plane(subject, plane)
        self.connect_plane(subject, plane, held_out, self._select.add_plane(subject, plane), handles)
        return held_out

    def connect_plane(
        self,
        subject: PlaneSubject,
        plane: PlaneView,
        held_out: HeldOutControl,
        selector: Selector,
        handles: PathHandles,
    ) -> PlaneMenu:
        """Give a plane the gestures of these parts, and return its menu."""
        held_out.copy_wanted.connect(self._copy)
        held_out.path_wanted.connect(self._path.append)
        held_out.pin_wanted.connect(self._pins.switch)
        selector.began.connect(held_out.leave)
        # What the menu is about, from the top down.
        menu = PlaneMenu(
            plane,
            [
                partial(self._path.fill_menu, handles),
                partial(self._bookmarks.fill_menu, self._bookmarks.add_plane(subject, plane)),
                held_out.fill_menu,
                partial(self._places.fill_menu, subject, plane),
            ],
            self._of_view,
        )
        # Each event goes to the handlers in this order, and last to the plane itself.
        plane.set_handlers(
            [
                self._history,  # takes nothing; changes while a button is held are one step
                menu,  # takes nothing; opens at a click of the right button
                self._path,  # stops playing at any click or key; takes Delete
                selector,  # takes drags with a selecting tool, or with Ctrl and Shift
                handles,  # takes presses on a point or on the line
                held_out,  # shows the image under the pointer; takes Ctrl-clicks
            ]
        )
        return menu
