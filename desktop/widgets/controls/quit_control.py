"""Lets the window close at once, or asks first if a file is still being written."""

from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QMessageBox, QWidget

from desktop.app.written_files import WrittenFiles
from desktop.base.words import NAME_CHARS, one_line

SOON_MS = 300  # files that are written by then need no question


class QuitControl(QObject):
    """Asks at most once each time somebody wants to quit.

    Attributes:
        question: the dialog that asks, or None.
    """

    close_wanted = Signal()  # the window may close now

    def __init__(self, files: WrittenFiles, window: QWidget) -> None:
        super().__init__(window)
        self._files, self._window = files, window
        self._is_wanted = self._is_forced = False
        self.question: QMessageBox | None = None
        self._soon = QTimer(self, singleShot=True, interval=SOON_MS)
        self._soon.timeout.connect(self._ask)
        files.ended.connect(self._on_ended)

    def force(self) -> None:
        """From now on, close without asking, as when the system or the terminal ends the program."""
        self._is_forced = True

    def may_close(self) -> bool:
        """Whether the window may close now; if not, `close_wanted` follows once it may."""
        if self._is_forced or not self._files.paths:
            return True
        self._is_wanted = True
        if self.question is None:
            self._soon.start()
        return False

    def _ask(self) -> None:
        if not self._is_wanted or not self._files.paths:
            return
        box = QMessageBox(self._window)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle("Quit")
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setText(f"{_names(self._files.paths)} still being written.")
        wait = box.addButton("&Wait, then quit", QMessageBox.ButtonRole.AcceptRole)
        drop = box.addButton("Quit with&out it", QMessageBox.ButtonRole.DestructiveRole)
        stay = box.addButton("&Do not quit", QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(wait)
        box.setEscapeButton(stay)
        drop.clicked.connect(self._quit_without)
        stay.clicked.connect(self._stay)
        box.finished.connect(self._on_answered)
        self.question = box
        box.open()

    def _quit_without(self) -> None:
        self.force()
        self.close_wanted.emit()

    def _stay(self) -> None:
        self._is_wanted = False

    def _on_answered(self) -> None:
        if self.question is not None:
            self.question.deleteLater()
            self.question = None

    def _on_ended(self, _: Path, is_written: bool) -> None:
        """Quit after the last file is written. If one fails, the window stays open and says why."""
        if not self._is_wanted:
            return
        if is_written and self._files.paths:
            return
        self._is_wanted = False
        if self.question is not None:
            self.question.done(0)
        if is_written:
            QTimer.singleShot(0, self, self.close_wanted.emit)


def _names(paths: tuple[Path, ...]) -> str:
    first = one_line(paths[0].name, NAME_CHARS)
    return f"{first} is" if len(paths) == 1 else f"{first} and {len(paths) - 1} more files are"
