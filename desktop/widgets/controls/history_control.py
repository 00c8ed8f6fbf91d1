"""Undo and redo: from what the explorer was told to the edit menu, and back."""

import time

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeySequence, QMouseEvent
from PySide6.QtWidgets import QMenu

from desktop.app.explorer import Explorer
from desktop.models.opened import Opened
from desktop.view.history import History
from desktop.view.state import ViewState
from desktop.widgets.common.actions import add_action
from desktop.widgets.plane.pointer import PointerHandler


class HistoryControl(QObject, PointerHandler):
    """Every change to what is looked at can be undone; a drag is one change.

    Of the plane's handlers it stands first, and only watches.
    """

    def __init__(self, explorer: Explorer, edit: QMenu, parent: QObject) -> None:
        super().__init__(parent)
        self._explorer = explorer
        self._history = History()
        self._model = ("", 0)
        self.undo = add_action(edit, "&Undo", "Ctrl+Z", self._undo)
        self.redo = add_action(edit, "&Redo", None, self._redo)
        self.redo.setShortcuts([QKeySequence("Ctrl+Shift+Z"), QKeySequence("Ctrl+Y")])
        edit.addSeparator()
        self._explorer.stepped.connect(self._on_step)
        self._explorer.opened.connect(self._on_opened)
        self._show()

    def press(self, event: QMouseEvent) -> bool:
        """A button that is held on the plane holds the gesture together."""
        self._history.hold()
        return False

    def release(self, event: QMouseEvent) -> bool:
        """With the last button the gesture ends."""
        if event.buttons() == Qt.MouseButton.NoButton:
            self._history.release()
        return False

    def _on_step(self, before: ViewState, after: ViewState) -> None:
        self._history.record(before, after, time.monotonic())
        self._show()

    def _on_opened(self, opened: Opened) -> None:
        """Another model starts anew; the same one opened again goes on."""
        model = (str(opened.model.source.path), opened.model.latent_dim)
        if model != self._model:
            self._history.clear()
        self._model = model
        self._show()

    def _undo(self) -> None:
        self._explorer.set_state(self._history.undo(self._explorer.state), record=False)
        self._show()

    def _redo(self) -> None:
        self._explorer.set_state(self._history.redo(self._explorer.state), record=False)
        self._show()

    def _show(self) -> None:
        _say(self.undo, "&Undo", self._history.undo_words)
        _say(self.redo, "&Redo", self._history.redo_words)


def _say(action: QAction, verb: str, words: str) -> None:
    """Only where it changed: a drag tells the menu nothing new."""
    text = f"{verb} {words}".rstrip()
    if action.text() != text:
        action.setText(text)
    if action.isEnabled() != bool(words):
        action.setEnabled(bool(words))
