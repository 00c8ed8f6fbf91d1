"""Connects undo and redo in the Edit menu to the view, the drawing, the bookmarks and the compared model."""

import time

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence, QMouseEvent
from PySide6.QtWidgets import QMenu

from desktop.app.explorer import Explorer
from desktop.images.drawing import Drawing
from desktop.models.opened import Opened, same_images
from desktop.view.comparison import Other
from desktop.view.history import Bookmarks, History
from desktop.view.state import ViewState
from desktop.widgets.common.actions import add_action
from desktop.widgets.common.usable import set_usable
from desktop.widgets.plane.pointer import PointerHandler
from export.bundle import Posterior


class HistoryControl(QObject, PointerHandler):
    """Records what people change, so that it can be undone; a drag is one change.

    It is the first of the plane's handlers, and passes every event on.
    """

    drawing_wanted = Signal(object)  # Drawing to show again
    bookmarks_wanted = Signal(object)  # tuple of Bookmark to show again
    other_wanted = Signal(object)  # Other to compare with again, or None

    def __init__(self, explorer: Explorer, edit: QMenu, parent: QObject) -> None:
        super().__init__(parent)
        self._explorer = explorer
        self._history = History()
        self._model: object = None
        self._posterior: Posterior | None = None
        self.undo = add_action(edit, "&Undo", "Ctrl+Z", self._undo)
        self.redo = add_action(edit, "&Redo", None, self._redo)
        self.redo.setShortcuts([QKeySequence("Ctrl+Shift+Z"), QKeySequence("Ctrl+Y")])
        edit.addSeparator()
        self._explorer.stepped.connect(self._on_step)
        self._explorer.opened.connect(self._on_opened)
        self._explorer.renewed.connect(self._on_renewed)
        self._show()

    def begin_gesture(self) -> None:
        """Record all changes until `end_gesture` as one step."""
        self._history.hold()

    def end_gesture(self) -> None:
        """End the step that `begin_gesture` began."""
        self._history.release()

    def press(self, event: QMouseEvent) -> bool:
        """Start a gesture: as long as a button is held, all changes are one step."""
        self._history.hold()
        return False

    def release(self, event: QMouseEvent) -> bool:
        """End the gesture when the last button is released."""
        if event.buttons() == Qt.MouseButton.NoButton:
            self._history.release()
        return False

    def _on_step(self, before: ViewState, after: ViewState) -> None:
        self._history.record(before, after, time.monotonic())
        self._show()

    def _on_opened(self, opened: Opened) -> None:
        """Clear the history for another model; the same model opened again with another reading keeps it.

        If its test images are others now, the steps lose the numbers of test images.
        """
        model = _identity(opened)
        if model != self._model:
            self._history.clear()
        elif not same_images(self._posterior, opened.posterior):
            self._history.forget_points()
        self._model, self._posterior = model, opened.posterior
        self._show()

    def _on_renewed(self, opened: Opened) -> None:
        """Keep the steps of a file that has changed, because its z are still places of the same space.

        If its test images are others now, the steps lose the numbers of test images.
        """
        if not same_images(self._posterior, opened.posterior):
            self._history.forget_points()
        self._model, self._posterior = _identity(opened), opened.posterior
        self._show()

    def forget_pictures(self, right: frozenset[int | None]) -> None:
        """Forget the bookmarks' pictures, except those of these epochs, whose decoders have not changed."""
        self._history.forget_pictures(right)

    def record_drawing(self, before: Drawing, after: Drawing, words: str) -> None:
        """Record a change of the drawing, such as a stroke."""
        self._history.record_drawing(self._explorer.state, before, after, words)
        self._show()

    def add_to_drawing(self, before: ViewState, after: ViewState) -> None:
        """Add a change of the view to the step of the drawing that caused it."""
        self._history.add_to_drawing(before, after)
        self._show()

    def go_on(self, before: ViewState, after: ViewState) -> None:
        """Add a change of the view to the last step, which the program continues by itself."""
        self._history.go_on(before, after)
        self._show()

    def record_bookmarks(self, before: Bookmarks, after: Bookmarks, words: str) -> None:
        """Record a change of the bookmarks, such as the removal of one."""
        self._history.record_bookmarks(self._explorer.state, before, after, words)
        self._show()

    def record_other(self, before: Other | None, after: Other | None, words: str) -> None:
        """Record a change of the compared model, such as that it was closed."""
        self._history.record_other(self._explorer.state, before, after, words)
        self._show()

    def _undo(self) -> None:
        self._restore(self._history.undo(self._explorer.state))

    def _redo(self) -> None:
        self._restore(self._history.redo(self._explorer.state))

    def _restore(self, state: ViewState) -> None:
        self._explorer.set_state(state, record=False)
        if self._history.drawing is not None:
            self.drawing_wanted.emit(self._history.drawing)
        if self._history.marks is not None:
            self.bookmarks_wanted.emit(self._history.marks)
        for other in self._history.others:
            self.other_wanted.emit(other)
        self._show()

    def _show(self) -> None:
        _say(self.undo, "&Undo", self._history.undo_words, "Nothing was changed yet.")
        _say(self.redo, "&Redo", self._history.redo_words, "Nothing was undone.")


def _identity(opened: Opened) -> object:
    """Values that differ if the open model is another one."""
    source = opened.model.source
    return str(source.path), source.sha256, opened.model.latent_dim, opened.model.image_shape


def _say(action: QAction, verb: str, words: str, reason: str) -> None:
    """Set an entry's text and state only if they changed, because each move of a drag calls this."""
    text = f"{verb} {words}".rstrip()
    if action.text() != text:
        action.setText(text)
    set_usable(action, "" if words else reason)
