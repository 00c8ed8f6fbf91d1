"""What the window's menus hold, for the list of shortcuts and for the palette of commands."""

from collections.abc import Iterator

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu

NATIVE = QKeySequence.SequenceFormat.NativeText


def menus_of(window: QMainWindow) -> Iterator[tuple[tuple[str, ...], QMenu]]:
    """Yield the menu bar's menus and their submenus, each with its titles from the menu bar down."""
    waiting: list[tuple[tuple[str, ...], QObject | None]]
    waiting = [((), action.menu()) for action in window.menuBar().actions()]
    while waiting:
        above, menu = waiting.pop(0)
        if isinstance(menu, QMenu):
            titles = (*above, plain(menu.title()))
            yield titles, menu
            waiting += [(titles, action.menu()) for action in menu.actions()]


def keys_of(action: QAction) -> str:
    """Return an entry's shortcuts, as this system writes them."""
    return ", ".join(key.toString(NATIVE) for key in action.shortcuts())


def plain(text: str) -> str:
    """Return the text of an entry without the marks of its letter and of a dialog that follows."""
    return text.replace("&&", "\0").replace("&", "").replace("\0", "&").rstrip("…")
