"""Full screen: shows the plane and the panel alone."""

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QMainWindow, QMenu, QWidget

from desktop.widgets.common.actions import add_action

HIGHEST_PX = 16777215  # Qt's QWIDGETSIZE_MAX: no limit


class FullScreenControl(QObject):
    """Hides menu, tabs and status bar in full screen; Alt shows the menu, and a menu's keys open it.

    The menu bar gets a height of zero, because hiding it would disable its shortcuts.
    """

    def __init__(self, window: QMainWindow, view: QMenu, tab_bar: QWidget) -> None:
        super().__init__(window)
        self._window, self._tab_bar = window, tab_bar
        self.action = add_action(view, "F&ull screen", "F11", self.switch)
        self.action.setCheckable(True)
        self.action.setToolTip("Alt shows the menu in full screen; F11 or Esc leaves it.")
        window.installEventFilter(self)

    def switch(self) -> None:
        """Turn full screen on or off; nothing else changes."""
        self._window.setWindowState(self._window.windowState() ^ Qt.WindowState.WindowFullScreen)

    def leave(self) -> None:
        """Leave full screen if it is on."""
        if self._window.isFullScreen():
            self.switch()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the window's state, which the desktop can change too, and let Alt show or hide the menu."""
        if event.type() == QEvent.Type.WindowStateChange:
            self._show(self._window.isFullScreen())
        elif (
            event.type() == QEvent.Type.KeyPress
            and isinstance(event, QKeyEvent)
            and event.key() == Qt.Key.Key_Alt
            and self._window.isFullScreen()
        ):
            self._show_menu(self._window.menuBar().maximumHeight() == 0)
        return super().eventFilter(watched, event)

    def _show(self, is_full: bool) -> None:
        self.action.setChecked(is_full)
        self._tab_bar.setVisible(not is_full)
        self._window.statusBar().setVisible(not is_full)
        self._show_menu(not is_full)

    def _show_menu(self, is_shown: bool) -> None:
        self._window.menuBar().setMaximumHeight(HIGHEST_PX if is_shown else 0)
