"""Lists the window's menus and their entries, for the shortcuts dialog and the command palette.

Also hides a menu while it has no entry to show.
"""

from collections.abc import Iterator

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu

OF_ENTRIES = (QEvent.Type.ActionAdded, QEvent.Type.ActionChanged, QEvent.Type.ActionRemoved)
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


def hide_when_empty(menu: QMenu) -> None:
    """Hide a menu of the menu bar while all its entries are hidden."""
    menu.installEventFilter(_Hiding(menu))


class _Hiding(QObject):
    def eventFilter(self, menu: QObject, event: QEvent) -> bool:
        """Look again at the entries whenever one has changed."""
        if event.type() in OF_ENTRIES and isinstance(menu, QMenu):
            menu.menuAction().setVisible(
                any(entry.isVisible() and not entry.isSeparator() for entry in menu.actions())
            )
        return False


def keys_of(action: QAction) -> str:
    """Return an entry's shortcuts in the notation of this system."""
    return ", ".join(key.toString(NATIVE) for key in action.shortcuts())


def plain(text: str) -> str:
    """Return the text of an entry without "&" and "…"."""
    return text.replace("&&", "\0").replace("&", "").replace("\0", "&").rstrip("…")
