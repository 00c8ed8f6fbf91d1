"""Makes one file at a time on the worker: what figures and animations share."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from desktop.app.explorer import Explorer
from desktop.app.worker import Priority


class FileExport(QObject):
    """Runs the steps that make a file; emits the explorer's `saved` on success and its `failed` on failure.

    Args:
        name: of its request to the worker; that of a preview is `preview_name`.
    """

    progressed = Signal(object)  # how far it is; None at the end

    def __init__(self, explorer: Explorer, name: str) -> None:
        super().__init__(explorer)
        self._explorer = explorer
        self._name, self.preview_name = name, f"{name} preview"
        explorer.opened.connect(lambda: self.progressed.emit(None))

    def stop_preview(self) -> None:
        """Make no preview that nobody sees any more."""
        self._explorer.worker.cancel(self.preview_name)

    def cancel(self) -> None:
        """Stop making the file; one that was there before stays as it was."""
        self._explorer.worker.cancel(self._name)
        self._explorer.interrupt()
        self.progressed.emit(None)

    def _make(self, path: Path, begun: object, steps: Iterator[Any]) -> None:
        """Begin to make a file; `begun` is the progress at the start, and `_on_step` gets each step's."""
        self.progressed.emit(begun)
        self._explorer.worker.request(
            self._name, Priority.FILM, steps, self._on_step, self._on_failed, lambda: self._on_saved(path)
        )

    def _on_step(self, step: object) -> None:
        self.progressed.emit(step)

    def _on_saved(self, path: Path) -> None:
        self.progressed.emit(None)
        self._explorer.saved.emit(path)

    def _on_failed(self, error: Exception) -> None:
        self.progressed.emit(None)
        self._explorer.failed.emit(error)
