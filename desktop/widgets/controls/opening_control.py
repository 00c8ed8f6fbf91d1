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
        self._name = self._text = ""
        self._began_s = 0.0
        self._clock = QTimer(self, interval=UPDATE_MS)
        self._clock.timeout.connect(self._show)
        explorer.opening_began.connect(self._begin)
        explorer.opening_told.connect(self._tell)
        for ended in (explorer.opened, explorer.renewed, explorer.open_failed):
            ended.connect(self._clock.stop)

    def _begin(self, path: Path) -> None:
        self._clock.stop()
        self._name, self._began_s = path.name, time.monotonic()

    def _tell(self, text: str) -> None:
        self._text = text
        self._clock.start()
        self._show()

    def _show(self) -> None:
        seconds = time.monotonic() - self._began_s
        text = f"Opening {self._name}: {self._text}, {seconds:.0f} s so far"
        self._message.show_note(text, [("Stop", self._explorer.stop_opening)])
