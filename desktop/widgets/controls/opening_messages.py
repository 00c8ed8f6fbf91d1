"""The messages about a model that was opened, about one that could not be opened, and other failures."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal

from desktop.app.explorer import Explorer
from desktop.base.machine import distribution_warning
from desktop.models.opened import Opened
from desktop.models.source import Source, UnreadError
from desktop.vetting.opening import OpeningStoppedError
from desktop.widgets.common.message_bar import Action, MessageBar
from desktop.widgets.controls.reading_control import ReadingControl
from desktop.widgets.controls.status_control import StatusControl
from export.bundle import PartOfBundleError


def alone_words(source: Source) -> str:
    """Say that a file was opened without the bundle that it belongs to; empty if there is none."""
    if source.within is None:
        return ""
    return f"{source.path.name} alone is open; it belongs to the bundle {source.within.name}"


class OpeningMessages(QObject):
    """Shows the messages with buttons that help: review the reading, open the whole bundle, wait longer."""

    open_wanted = Signal(object, object)  # Path; Overrides or None

    def __init__(
        self, explorer: Explorer, message: MessageBar, status: StatusControl, reading: ReadingControl
    ) -> None:
        super().__init__(message)
        self._message, self._status, self._reading = message, status, reading
        explorer.opening_began.connect(message.hide_error)
        explorer.opened.connect(self._on_opened)
        explorer.renewed.connect(message.hide_error)  # the file was damaged before, and is not any more
        explorer.open_failed.connect(self._on_open_failed)
        explorer.failed.connect(self._tell_failure)
        # Queued, so that it comes after the messages about the model that was opened.
        explorer.files.lost.connect(self._on_lost, Qt.ConnectionType.QueuedConnection)

    def _on_opened(self, opened: Opened) -> None:
        """Show what people should know about the model that was opened."""
        self._message.clear()
        source = opened.model.source
        review: list[Action] = [("Review…", self._reading.open_dialog)] if source.guess_note else []
        said = [source.guess_note, *source.notes, opened.model.warning, distribution_warning()]
        notes = [alone_words(source), *said]
        if any(notes):
            actions = [*self._whole_bundle(source.within), *review]
            self._message.show_note("; ".join(filter(None, notes)), actions)

    def _whole_bundle(self, within: Path | None) -> list[Action]:
        """The button that opens the bundle which a file belongs to."""
        return [] if within is None else [("Open the bundle", partial(self.open_wanted.emit, within, None))]

    def _on_lost(self, path: Path) -> None:
        self._message.show_message(f"{path.name} was not written, because another model was opened")

    def _tell_failure(self, error: Exception) -> None:
        self._message.queue(partial(self._message.show_error, error))

    def _on_open_failed(self, error: Exception) -> None:
        if isinstance(error, OpeningStoppedError):
            self._status.tell("opening was stopped")
            return
        if self._reading.show_error(error):
            return
        if isinstance(error, UnreadError):
            actions = [*self._whole_bundle(error.within), *self._reading.actions_for(error)]
            longer = error.with_more_time()
            if longer is not None:
                again = partial(self.open_wanted.emit, error.file.path, longer)
                actions.insert(0, ("Give it more time", again))
            self._message.show_error(error, actions=actions)
        else:
            within = error.within if isinstance(error, PartOfBundleError) else None
            self._message.show_error(error, actions=self._whole_bundle(within))
