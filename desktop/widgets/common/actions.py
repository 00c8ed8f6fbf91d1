"""Menu entries."""

from collections.abc import Callable

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu


def add_action(
    menu: QMenu, text: str, shortcut: QKeySequence.StandardKey | str | None, call: Callable[[], object]
) -> QAction:
    """An entry that calls `call`, by its shortcut too if it has one."""
    action = menu.addAction(text)
    if shortcut is not None:
        action.setShortcut(QKeySequence(shortcut))
    action.triggered.connect(lambda: call())
    return action
