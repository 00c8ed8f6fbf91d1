"""The progress of opening a slow model: the current step, the time so far, and a button that stops it."""

import time
from pathlib import Path

from PySide6.QtCore import QObject, QTimer

from desktop.app.explorer import Explorer
from desktop.base.words import NAME_CHARS, one_line
from desktop.widgets.common.message_bar import MessageBar
from desktop.widgets.plane.empty_plane import EmptyPlane

UPDATE_MS = 1000
EMPTY_MS = 300  # most models are open by then


class OpeningControl(QObject):
    """Shows a note in the message bar while a model is being opened, once the explorer reports a slow step.

    Another message takes the note's place. The note returns after it, so that the opening can be stopped.

    While no model is open, the plane says what is being opened, and after a failure how to open another.
    """

    def __init__(self, explorer: Explorer, message: MessageBar, empty: EmptyPlane) -> None:
        super().__init__(message)
        self._empty = empty
        self._empty_soon = QTimer(self, singleShot=True, interval=EMPTY_MS)
        self._empty_soon.timeout.connect(self._show_empty)
        self._explorer = explorer
        self._message = message
        self._name = self._doing = ""
        self._note = 0
        self._is_dismissed = False
        self._began_s = 0.0
        self._clock = QTimer(self, interval=UPDATE_MS)
        self._clock.timeout.connect(self._count)
        explorer.opening_began.connect(self._begin)
        explorer.opening_told.connect(self._tell)
        for ended in (explorer.opened, explorer.renewed, explorer.open_failed):
            ended.connect(self._end)
        explorer.opened.connect(self._on_opened)
        for left_empty in (explorer.open_failed, explorer.model_closed):
            left_empty.connect(self._invite)

    def _begin(self, path: Path) -> None:
        self._end()  # the opening before this one has been stopped
        self._note, self._is_dismissed = 0, False
        self._name, self._began_s = path.name, time.monotonic()
        if self._explorer.source is None:
            self._empty.show_opening(one_line(path.name, NAME_CHARS))
            self._empty_soon.start()

    def _end(self) -> None:
        self._clock.stop()
        self._message.withdraw(self._note)

    def _on_opened(self) -> None:
        self._empty_soon.stop()
        self._empty.hide()

    def _invite(self) -> None:
        """Say how to open a model, if none is open."""
        if self._explorer.source is None:
            self._empty.invite()
            self._show_empty()

    def _show_empty(self) -> None:
        self._empty_soon.stop()
        self._empty.place()
        self._empty.show()
        self._empty.raise_()

    def _tell(self, text: str) -> None:
        self._doing = text
        if self._clock.isActive():
            self._count()
            return
        self._clock.start()
        if not self._message.is_asking:
            self._show_note()

    def _count(self) -> None:
        """Update the text alone, because a button that was replaced each second could not be pressed."""
        if self._message.is_latest(self._note):
            self._is_dismissed = self._message.isHidden()
            self._message.replace_text(self._note, self._text())
        elif self._message.isHidden() and not self._is_dismissed:
            self._show_note()

    def _show_note(self) -> None:
        self._note = self._message.show_note(self._text(), [("Stop", self._explorer.stop_opening)])

    def _text(self) -> str:
        seconds = time.monotonic() - self._began_s
        return f"Opening {self._name}: {self._doing}, {seconds:.0f} s so far"
