"""Exports animations on the worker, one at a time, with progress and cancel."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, Signal

from desktop.app.explorer import Explorer
from desktop.app.worker import Priority
from desktop.base.arrays import Floats
from desktop.film.film import GRID_SIDE, Film, Subject, epoch_film, path_cost, path_film, route_of
from desktop.jobs.cost import Cost, Progress
from desktop.jobs.epoch_pictures import epoch_pictures, epoch_pictures_cost
from desktop.latent.plane import manifold_grid
from desktop.models.epochs import epochs_of
from desktop.models.model import Model
from desktop.models.source import Source
from desktop.view.state import ViewState

NAME, COST = "animation", "animation cost"


class AnimationExport(QObject):
    """Writes animations; emits the explorer's `saved` on success and its `failed` on failure."""

    progressed = Signal(object)  # share from 0 to 1; None at the end
    told = Signal(object)  # Progress of a slow decoder
    cost_known = Signal(object)  # Cost of the pictures of the film that was asked for

    def __init__(self, explorer: Explorer) -> None:
        super().__init__(explorer)
        self._explorer = explorer
        self._epoch_model: Model | None = None  # of the epoch that a film decodes now
        explorer.opened.connect(lambda: self.progressed.emit(None))
        explorer.picture_pending.connect(self._interrupt)

    def save(self, path: Path, film: Film) -> None:
        """Start an animation. Raises ValueError if there is no path or there are no epochs to animate."""
        explorer, state = self._explorer, self._explorer.state
        decoder = explorer.decoder
        if decoder is None or explorer.source is None:
            return
        if film.subject is not Subject.PATH:
            self._save_epochs(path, film)
            return
        route = route_of(state)
        route.curve  # noqa: B018 - raises now, before any progress is shown
        comment = explorer.note("path", **film.details())
        name, epoch = explorer.source.name, epoch_shown(explorer.source, state.epoch)
        self._run(path, path_film(decoder, route, film, path, name, epoch, comment))

    def _save_epochs(self, path: Path, film: Film) -> None:
        """Save one frame per epoch: the picture at the cursor, or the plane's manifold grid."""
        explorer, state = self._explorer, self._explorer.state
        whole, epochs = explorer.whole, epochs_of(explorer.source)
        if whole is None or not epochs:
            raise ValueError("found no epochs in the open model, expected a bundle with epochs; open one")
        decoder = explorer.decoder
        assert decoder is not None
        of_plane = film.subject is Subject.PLANE_EPOCHS
        z = _z_of_epochs(state, film)
        columns, place = (GRID_SIDE, ()) if of_plane else (1, state.z)
        decoded = epoch_pictures(whole, explorer.device, z, decoder.kept, epochs, self._set_epoch_model)
        numbered = ((epoch.number, pictures) for epoch, pictures in decoded)
        details = film.details() | {"frames": len(epochs)}
        comment = explorer.note("manifold epochs" if of_plane else "picture epochs", **details)
        name = whole.model.source.name
        self._run(path, epoch_film(numbered, len(epochs), columns, film, path, name, place, comment))

    def cancel(self) -> None:
        """Stop the animation; a file that was there before stays as it was."""
        self._explorer.worker.cancel(NAME)
        self._explorer.interrupt()
        self._interrupt()
        self.progressed.emit(None)

    def ask_cost(self, film: Film) -> None:
        """Have the cost of a film found out; `cost_known` is emitted if it can be."""
        state, decoder, whole = self._explorer.state, self._explorer.decoder, self._explorer.whole
        if decoder is None or whole is None:
            return
        route = route_of(state)

        def steps() -> Iterator[Cost]:
            if film.subject is not Subject.PATH:
                yield epoch_pictures_cost(decoder, _z_of_epochs(state, film), epochs_of(whole.model.source))
                return
            with contextlib.suppress(ValueError):  # no path yet; saving says so
                yield path_cost(decoder, route, film)

        self._explorer.worker.request(COST, Priority.GRID, steps(), self.cost_known.emit)

    def _set_epoch_model(self, model: Model | None) -> None:
        self._epoch_model = model

    def _interrupt(self, *_: object) -> None:
        """Let what somebody waits for go before the picture of an epoch that is being decoded."""
        model = self._epoch_model
        if model is not None:
            model.interrupt()

    def _on_step(self, step: float | Progress) -> None:
        if isinstance(step, Progress):
            self.told.emit(step)
        else:
            self.progressed.emit(step)

    def _run(self, path: Path, steps: Iterator[float | Progress]) -> None:
        self.progressed.emit(0.0)
        self._explorer.worker.request(
            NAME, Priority.FILM, steps, self._on_step, self._on_failed, lambda: self._on_saved(path)
        )

    def _on_saved(self, path: Path) -> None:
        self.progressed.emit(None)
        self._explorer.saved.emit(path)

    def _on_failed(self, error: Exception) -> None:
        self.progressed.emit(None)
        self._explorer.failed.emit(error)


def _z_of_epochs(state: ViewState, film: Film) -> Floats:
    """The z [N, d] that a film shows at each epoch: the plane's manifold grid, or the cursor's."""
    if film.subject is Subject.PLANE_EPOCHS:
        return manifold_grid(state.plane, GRID_SIDE, state.prior)
    return np.array([state.z], np.float32)


def epoch_shown(source: Source | None, epoch: int | None) -> str:
    """Return the number of the shown epoch as text; empty for a model without epochs."""
    epochs = epochs_of(source)
    return "" if not epochs else str(epochs[-1].number if epoch is None else epoch)
