"""A model that takes long to open: what is being done, for how long so far, and a button that stops it."""

import time
from pathlib import Path

from PySide6.QtCore import QObject, QTimer

from desktop.app.explorer import Explorer
from desktop.widgets.common.message_bar import MessageBar

UPDATE_MS = 1000


class OpeningControl(QObject):
    """Shows a note in the message bar once something is told that takes long."""

    def __init__(self, explorer: Explorer, message: MessageBar) -> None:
        super().__init__(message)
        self._explorer = explorer
        self._message = message
        self._name = self._doing = self._shown = ""
        self._began_s = 0.0
        self._clock = QTimer(self, interval=UPDATE_MS)
        self._clock.timeout.connect(self._count)
        explorer.opening_began.connect(self._begin)
        explorer.opening_told.connect(self._tell)
        for ended in (explorer.opened, explorer.renewed, explorer.open_failed):
            ended.connect(self._clock.stop)

    def _begin(self, path: Path) -> None:
        self._clock.stop()
        self._name, self._began_s = path.name, time.monotonic()

    def _tell(self, text: str) -> None:
        self._doing = text
        self._shown = self._text()
        self._message.show_note(self._shown, [("Stop", self._explorer.stop_opening)])
        self._clock.start()

    def _count(self) -> None:
        """Only the text changes: a button that was made anew each second could not be pressed."""
        text = self._text()
        self._message.replace_text(self._shown, text)
        self._shown = text

    def _text(self) -> str:
        seconds = time.monotonic() - self._began_s
        return f"Opening {self._name}: {self._doing}, {seconds:.0f} s so far"
