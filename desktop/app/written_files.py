"""Lists the files that are being written, so that the window asks before it closes with one unfinished."""

from pathlib import Path

from PySide6.QtCore import QObject, Signal


class WrittenFiles(QObject):
    """The list of files that are being written. Code that writes a file calls `begin` and `end`.

    Attributes:
        paths: the files that are being written, in the order of their starts.
    """

    ended = Signal(object, bool)  # Path, and whether the file was written
    lost = Signal(object)  # Path of a file that is not written, because another model was opened

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._of_model: dict[Path, bool] = {}

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files that are being written, in the order of their starts."""
        return tuple(self._of_model)

    def begin(self, path: Path, of_model: bool = True) -> None:
        """Note the start of a file; one that is `of_model` is lost if another model is opened."""
        self._of_model[path] = of_model

    def end(self, path: Path, is_written: bool) -> None:
        """Note that a file was written, failed or was cancelled; ignored if `begin` was not called."""
        if self._of_model.pop(path, None) is not None:
            self.ended.emit(path, is_written)

    def drop_of_model(self) -> None:
        """End all files that need the model that was open until now, because it is closed."""
        for path, of_model in list(self._of_model.items()):
            if of_model:
                self.end(path, is_written=False)
                self.lost.emit(path)


class OneFile:
    """The file that is being made, for code that makes one file at a time.

    Attributes:
        path: the file, or None while there is none.
    """

    def __init__(self, files: WrittenFiles, of_model: bool = True) -> None:
        self._files, self._of_model = files, of_model
        self.path: Path | None = None

    def begin(self, path: Path) -> None:
        """Note the start of a file; a previous file that has not ended counts as not written."""
        self.end(is_written=False)
        self.path = path
        self._files.begin(path, self._of_model)

    def end(self, is_written: bool) -> None:
        """Note that the file was written, failed or was cancelled; nothing happens without a file."""
        path, self.path = self.path, None
        if path is not None:
            self._files.end(path, is_written)
