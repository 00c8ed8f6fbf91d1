"""Has the worker make animations of what is open, one at a time, with progress and cancel."""

from collections.abc import Iterator
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from desktop.explorer import Explorer
from desktop.film import Film, Route, path_film

NAME = "animation"
URGENCY = 4


class AnimationExport(QObject):
    """Writes films; what fails is told by the explorer's `failed`, what is done by its `saved`."""

    progressed = Signal(object)  # share from 0 to 1, None when it has ended

    def __init__(self, explorer: Explorer) -> None:
        super().__init__(explorer)
        self._explorer = explorer
        explorer.opened.connect(lambda: self.progressed.emit(None))

    def save(self, path: Path, film: Film) -> None:
        """Make a film. Raises ValueError when the path has no two different points."""
        explorer, state = self._explorer, self._explorer.state
        if explorer.model is None or explorer.source is None:
            return
        route = Route(state.path, state.path_closed, state.path_kind)
        route.curve  # noqa: B018 - whoever asks is told at once
        comment = explorer.note("path", **film.details())
        name, decode = explorer.source.name, explorer.model.decode
        self._run(path, path_film(decode, route, film, path, name, comment=comment))

    def cancel(self) -> None:
        """Stop; what was in the file's place before is untouched."""
        self._explorer.cancel(NAME)
        self.progressed.emit(None)

    def _run(self, path: Path, steps: Iterator[float]) -> None:
        self.progressed.emit(0.0)
        self._explorer.run(
            NAME, URGENCY, steps, self.progressed.emit, lambda: self._on_saved(path), self._on_failed
        )

    def _on_saved(self, path: Path) -> None:
        self.progressed.emit(None)
        self._explorer.saved.emit(path)

    def _on_failed(self, error: Exception) -> None:
        self.progressed.emit(None)
        self._explorer.failed.emit(error)
