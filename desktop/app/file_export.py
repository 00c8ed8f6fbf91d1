"""Makes one file at a time on the worker: the code shared by figures and animations."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from desktop.app.explorer import Explorer
from desktop.app.worker import Priority
from desktop.app.written_files import OneFile


class FileExport(QObject):
    """Runs the steps that make a file; emits the explorer's `saved` on success and its `failed` on failure.

    Args:
        name: the name of its request to the worker; a preview's request is called `preview_name`.
    """

    progressed = Signal(object)  # the progress; None at the end

    def __init__(self, explorer: Explorer, name: str) -> None:
        super().__init__(explorer)
        self._explorer = explorer
        self._name, self.preview_name = name, f"{name} preview"
        self._file = OneFile(explorer.files)
        explorer.opened.connect(lambda: self._end(is_written=False))

    @property
    def path(self) -> Path | None:
        """The file that is being made, or None."""
        return self._file.path

    @property
    def writing(self) -> str:
        """The words for what is being done; empty while no file is being made."""
        return "" if self.path is None else f"writing {self.path.name}"

    def stop_preview(self) -> None:
        """Stop the preview, because nobody sees it any more."""
        self._explorer.worker.cancel(self.preview_name)

    def cancel(self) -> None:
        """Stop making the file; an existing file stays as it was."""
        self._explorer.worker.cancel(self._name)
        self._explorer.interrupt()
        self._end(is_written=False)

    def _make(self, path: Path, begun: object, steps: Iterator[Any]) -> None:
        """Start to make a file; `begun` is the progress at the start, `_on_step` gets each step's result."""
        self._begin(path, begun)
        self._request(path, steps)

    def _begin(self, path: Path, begun: object) -> None:
        """Note that a file is being made from now on; one that is still being made is cancelled."""
        if self.path is not None:
            self.cancel()
        self._file.begin(path)
        self.progressed.emit(begun)

    def _request(self, path: Path, steps: Iterator[Any]) -> None:
        """Have the worker make the file that `_begin` noted."""
        self._explorer.worker.request(
            self._name, Priority.FILM, steps, self._on_step, self._on_failed, lambda: self._on_saved(path)
        )

    def _end(self, is_written: bool) -> None:
        """Note that no file is being made any more."""
        self._file.end(is_written)
        self.progressed.emit(None)

    def _on_step(self, step: object) -> None:
        self.progressed.emit(step)

    def _on_saved(self, path: Path) -> None:
        self._end(is_written=True)
        self._explorer.saved.emit(path)

    def _on_failed(self, error: Exception) -> None:
        self._end(is_written=False)
        self._explorer.failed.emit(error)
