"""The path: from clicks and keys to the state, and its export."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from desktop.widgets.actions import add_action
from desktop.widgets.save_dialog import ask_where

if TYPE_CHECKING:
    from desktop.widgets.main_window import MainWindow


class PathControl(QObject):
    """Wires the path's panel and menu, and Shift-clicks on the plane, to the explorer."""

    def __init__(self, window: "MainWindow") -> None:
        super().__init__(window)
        self._window = window
        self._explorer = explorer = window.explorer
        panel = window.panel.path
        window.plane.path_point_wanted.connect(
            lambda a, b: explorer.set_state(explorer.state.at((a, b)).with_path_point())
        )
        explorer.gif_progressed.connect(panel.set_progress)
        panel.add_wanted.connect(self._add)
        panel.remove_wanted.connect(self._remove)
        panel.clear_wanted.connect(self._clear)
        panel.closed_wanted.connect(lambda closed: explorer.change(path_closed=closed))
        panel.gif_wanted.connect(self._save_gif)
        panel.cancel_wanted.connect(explorer.cancel_gif)
        menu = window.menus["path"]
        add_action(menu, "&Add the cursor", "P", self._add)
        add_action(menu, "&Remove the last point", "Shift+P", self._remove)
        add_action(menu, "&Clear", None, self._clear)

    def _add(self) -> None:
        self._explorer.set_state(self._explorer.state.with_path_point())

    def _remove(self) -> None:
        self._explorer.change(path=self._explorer.state.path[:-1])

    def _clear(self) -> None:
        self._explorer.change(path=())

    def _save_gif(self, frame_count: int, fps: int) -> None:
        window = self._window
        path = ask_where(window, "Save the path", "walk.gif", "GIF (*.gif)", window.message.show_message)
        if path is not None:
            try:
                self._explorer.save_gif(path, frame_count, fps)
            except ValueError as error:
                window.show_error(error)
