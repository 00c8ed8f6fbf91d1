"""Keeps the files that are being written, so that the window ends with none of them half done unasked."""

from pathlib import Path

from PySide6.QtCore import QObject, Signal


class WrittenFiles(QObject):
    """Whoever begins a file says so, and when it has ended.

    Attributes:
        paths: what is being written now, the first one first.
    """

    ended = Signal(object, bool)  # Path, and whether the file is there
    lost = Signal(object)  # Path of a file that another model's opening ended, or kept from being begun

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._of_model: dict[Path, bool] = {}

    @property
    def paths(self) -> tuple[Path, ...]:
        """What is being written now, the first one first."""
        return tuple(self._of_model)

    def begin(self, path: Path, of_model: bool = True) -> None:
        """A file is begun; what is `of_model` cannot be ended once another model is open."""
        self._of_model[path] = of_model

    def end(self, path: Path, is_written: bool) -> None:
        """A file is written, has failed or was cancelled; nothing happens if it was not begun."""
        if self._of_model.pop(path, None) is not None:
            self.ended.emit(path, is_written)

    def drop_of_model(self) -> None:
        """The model that was open until now is closed, and with it what it was needed for."""
        for path, of_model in list(self._of_model.items()):
            if of_model:
                self.end(path, is_written=False)
                self.lost.emit(path)


class OneFile:
    """The file that is being made where only one is made at a time.

    Attributes:
        path: the file, or None while there is none.
    """

    def __init__(self, files: WrittenFiles, of_model: bool = True) -> None:
        self._files, self._of_model = files, of_model
        self.path: Path | None = None

    def begin(self, path: Path) -> None:
        """A file is begun; the one before, if it has not ended, is not written."""
        self.end(is_written=False)
        self.path = path
        self._files.begin(path, self._of_model)

    def end(self, is_written: bool) -> None:
        """The file is written, has failed or was cancelled; nothing happens if there is none."""
        path, self.path = self.path, None
        if path is not None:
            self._files.end(path, is_written)
