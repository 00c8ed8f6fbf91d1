"""Adds menu entries."""

from collections.abc import Callable

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu


def add_action(
    menu: QMenu, text: str, shortcut: QKeySequence.StandardKey | str | None, call: Callable[[], object]
) -> QAction:
    """Add a menu entry that calls `call`; `shortcut` calls it too, if there is one."""
    action = menu.addAction(text)
    if shortcut is not None:
        action.setShortcut(QKeySequence(shortcut))
    action.triggered.connect(lambda: call())
    return action
