"""Exports animations on the worker, one at a time, with progress and cancel."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from PySide6.QtCore import Signal

from desktop.app.explorer import Explorer
from desktop.app.figure_export import subject_of
from desktop.app.file_export import FileExport
from desktop.app.saving import note_of
from desktop.app.worker import Priority
from desktop.base.arrays import Bytes, Floats
from desktop.figure.figure import FigureError
from desktop.figure.figure import Subject as View
from desktop.film.film import GRID_SIDE, Film, Make, Subject, epoch_film, epoch_order, path_cost, path_film
from desktop.film.formats import real_fps
from desktop.film.plane_epochs import PlaneEpochs, plane_epochs_film
from desktop.film.preview import Preview, preview_film, some_of
from desktop.film.writer import make_animation
from desktop.jobs.cost import ASK_FROM_S, Cost, Progress
from desktop.jobs.epoch_pictures import epoch_pictures, epoch_pictures_cost
from desktop.jobs.kept_decoder import KeptDecoder
from desktop.jobs.route import route_of
from desktop.latent.plane import manifold_grid
from desktop.models.epochs import Epoch, epochs_of, in_percent
from desktop.models.model import Model
from desktop.models.opened import Opened
from desktop.models.source import Source
from desktop.view.state import ViewState

COST = "animation cost"


class AnimationExport(FileExport):
    """Writes animations; `progressed` has the share that is done, from 0 to 1."""

    told = Signal(object)  # Progress of a slow decoder
    cost_known = Signal(object)  # Cost of the pictures of the film in `ask_cost`
    previewed = Signal(object, float)  # frames uint8 [H, W(, C)], and how many seconds they last in all

    def __init__(self, explorer: Explorer) -> None:
        super().__init__(explorer, "animation")
        self._epoch_model: Model | None = None  # the model of the epoch that a film is decoding
        self._is_closing = False
        explorer.picture_pending.connect(self._interrupt)
        explorer.closing.connect(self._on_closing)

    def save(self, path: Path, film: Film) -> None:
        """Start an animation. Raises ValueError if there is no path or there are no epochs to animate."""
        explorer, state = self._explorer, self._explorer.state
        decoder = explorer.decoder
        if decoder is None or explorer.source is None:
            return
        if film.subject is not Subject.PATH:
            self._save_epochs(path, film)
            return
        route_of(state).curve  # noqa: B018 - raises now, before any progress
        comment = note_of(explorer, "path", **film.details())
        self._make(path, 0.0, self._path_steps(decoder, film, path, comment))

    def _save_epochs(self, path: Path, film: Film) -> None:
        """Save one frame per epoch: the picture at the cursor, the plane's manifold grid, or the plane."""
        explorer, epochs = self._explorer, epochs_of(self._explorer.source)
        if explorer.whole is None or not epochs:
            raise ValueError("found no epochs in the open model, expected a bundle with epochs; open one")
        details = replace(film, frame_count=len(epoch_order(len(epochs), film.ping_pong))).details()
        del details["seconds"]  # which only a path has
        of_grid = film.subject is Subject.GRID_EPOCHS
        kind = "plane epochs" if film.with_plane else "manifold epochs" if of_grid else "picture epochs"
        comment = note_of(explorer, kind, **details)
        self._make(path, 0.0, self._epoch_steps(explorer.whole, epochs, film, path, comment))

    def _path_steps(
        self, decoder: KeptDecoder, film: Film, path: Path, comment: str = "", make: Make = make_animation
    ) -> Iterator[float | Progress]:
        explorer, state = self._explorer, self._explorer.state
        assert explorer.source is not None
        route = route_of(state)
        name, epoch = explorer.source.name, epoch_shown(explorer.source, state.epoch)
        view = subject_of(explorer) if film.with_plane else None
        return path_film(decoder, route, film, path, name, epoch, comment, view, make)

    def _epoch_steps(
        self,
        whole: Opened,
        epochs: Sequence[Epoch],
        film: Film,
        path: Path,
        comment: str = "",
        make: Make = make_animation,
    ) -> Iterator[float]:
        explorer, state = self._explorer, self._explorer.state
        decoder = explorer.decoder
        assert decoder is not None
        name = whole.model.source.name
        if film.with_plane:
            planes = self._planes(whole, decoder, film, subject_of(explorer))
            return plane_epochs_film(planes, epochs, path, name, comment, make)
        columns, place = (GRID_SIDE, ()) if film.subject is Subject.GRID_EPOCHS else (1, state.z)
        z = _z_of_epochs(state, film)
        decoded = epoch_pictures(whole, explorer.device, z, decoder.kept, epochs, self._set_epoch_model)
        numbered = ((epoch.number, pictures) for epoch, pictures in decoded)
        return epoch_film(numbered, len(epochs), columns, film, path, name, place, comment, make)

    def _planes(self, whole: Opened, decoder: KeptDecoder, film: Film, view: View) -> PlaneEpochs:
        device = self._explorer.device
        return PlaneEpochs(whole, device, decoder.kept, view, film, self._set_epoch_model)

    def preview(self, film: Film) -> None:
        """Have some small frames of a film made; `previewed` is emitted unless that would take too long."""
        explorer, decoder, whole = self._explorer, self._explorer.decoder, self._explorer.whole
        if decoder is None or whole is None or explorer.image_shape is None:
            return
        height, width = explorer.image_shape[1:]
        small, kept = preview_film(film, (width, height)), Preview()
        of_path, epochs = film.subject is Subject.PATH, epochs_of(whole.model.source)
        if of_path:
            steps: Iterator[object] = self._path_steps(decoder, small, Path(), make=kept.make)
        elif epochs:
            shown = some_of(epochs) if small.with_plane else epochs
            steps = self._epoch_steps(whole, shown, small, Path(), make=kept.make)
        else:
            return
        find_cost = self._cost_of(decoder, whole, small)

        def run() -> Iterator[list[Bytes] | None]:
            if decoder.is_slow:
                cost = find_cost()
                if cost is None or cost.seconds > ASK_FROM_S:
                    return
            for _ in steps:
                yield None
            yield kept.frames

        def show(frames: list[Bytes] | None) -> None:
            if frames:
                # The preview may have fewer frames than the film.
                count = film.frame_count if of_path else len(epoch_order(len(epochs), film.ping_pong))
                self.previewed.emit(frames, count / real_fps(film.format, film.fps))

        explorer.worker.request(self.preview_name, Priority.SAVE, run(), show, lambda _: None)

    def cancel(self) -> None:
        """Stop the animation; an existing file stays as it was."""
        super().cancel()
        self._interrupt()

    def ask_cost(self, film: Film) -> None:
        """Have the cost of a film computed; `cost_known` is emitted if that is possible."""
        decoder, whole = self._explorer.decoder, self._explorer.whole
        if decoder is None or whole is None:
            return
        find_cost = self._cost_of(decoder, whole, film)

        def steps() -> Iterator[Cost | None]:
            yield find_cost()

        self._explorer.worker.request(COST, Priority.GRID, steps(), self._on_cost)

    def _cost_of(self, decoder: KeptDecoder, whole: Opened, film: Film) -> Callable[[], Cost | None]:
        """Return a function for the worker's thread that computes the cost of a film of the current view.

        It returns None if there is no path yet, or no room for the plane; saving reports these as errors.
        """
        state, epochs = self._explorer.state, epochs_of(whole.model.source)
        view = subject_of(self._explorer) if film.with_plane else None

        def find() -> Cost | None:
            with contextlib.suppress(ValueError, FigureError):
                if film.subject is Subject.PATH:
                    return path_cost(decoder, route_of(state), film, view)
                if view is not None:
                    return self._planes(whole, decoder, film, view).cost(decoder, epochs)
                return epoch_pictures_cost(decoder, _z_of_epochs(state, film), epochs)
            return None

        return find

    def _on_cost(self, cost: Cost | None) -> None:
        if cost is not None:
            self.cost_known.emit(cost)

    def _set_epoch_model(self, model: Model | None) -> None:
        """Set the model, on the worker's thread; stop it at once if it was loaded while the window closed."""
        self._epoch_model = model
        if self._is_closing and model is not None:
            model.stop_runs()

    def _on_closing(self) -> None:
        self._is_closing = True
        model = self._epoch_model
        if model is not None:
            model.stop_runs()

    def _interrupt(self, *_: object) -> None:
        """Interrupt the picture of an epoch that is being decoded, because something more urgent waits."""
        model = self._epoch_model
        if model is not None:
            model.interrupt()

    def _on_step(self, step: object) -> None:
        if isinstance(step, Progress):
            self.told.emit(step)
        else:
            super()._on_step(step)


def _z_of_epochs(state: ViewState, film: Film) -> Floats:
    """The z [N, d] that a film shows at each epoch: those of the plane's manifold grid, or the cursor."""
    if film.subject is Subject.GRID_EPOCHS:
        return manifold_grid(state.plane, GRID_SIDE, state.prior)
    return np.array([state.z], np.float32)


def epoch_shown(source: Source | None, epoch: int | None) -> str:
    """Return the number of the shown epoch as text; empty for a model without epochs."""
    epochs = epochs_of(source)
    shown = next((each for each in epochs if each.number == epoch), epochs[-1] if epochs else None)
    if shown is None:
        return ""
    return str(shown.number) if shown.share == 1 else f"{shown.number}, {in_percent(shown.share)} of it"
