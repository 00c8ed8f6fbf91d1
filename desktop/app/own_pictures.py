"""Shows own pictures or z as points: has each epoch's model encode the pictures or decode the z."""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from desktop.app.explorer import Explorer
from desktop.app.worker import Priority, Worker
from desktop.jobs.own_pictures import Progress, encode_again, encode_pictures
from desktop.jobs.points_of_z import decode_points, points_of_z
from desktop.latent.named_points import NamedPoints
from desktop.models.model import Model
from desktop.models.own_posterior import OwnPosterior
from desktop.view.saved_views import SavedPictures

NAME = "own pictures"
# Nothing is encoded for epochs that the slider only passes.
SETTLED_MS = 200
# The most names that are saved of single files that were dropped together.
MOST_SAVED = 1000


class OwnPictures(QObject):
    """Encodes on the thread that opens models, so that the picture under the pointer does not wait.

    Own z are decoded on the thread that decodes, after the picture under the pointer.

    Attributes:
        is_restored: whether the shown or currently encoded pictures were restored from an earlier start.
    """

    progressed = Signal(object)  # Progress; None at the end
    shown = Signal(object)  # OwnPosterior that a person opened
    kept = Signal(object)  # SavedPictures to restore at the next start; None for none
    restore_failed = Signal(object, object)  # Path of pictures that could not be restored, and the Exception
    unencoded = Signal()  # the model that decodes now has no encoder, so the points are gone

    def __init__(self, explorer: Explorer) -> None:
        super().__init__(explorer)
        self._explorer = explorer
        self._settled = QTimer(self, singleShot=True, interval=SETTLED_MS)
        self._settled.timeout.connect(self._encode_again)
        self._shown: SavedPictures | None = None
        self.is_restored = False
        explorer.opened.connect(lambda: self.cancel())
        explorer.model_changed.connect(self._on_model)
        explorer.closed.connect(self._settled.stop)

    @property
    def can_encode(self) -> bool:
        """Whether a model with an encoder is open."""
        return self._explorer.has_encoder

    def show(self, path: Path, only: Sequence[Path] = (), restored: bool = False) -> None:
        """Encode the pictures in a folder, a zip or an `.npz`, and show them as points.

        If `only` is not empty, only these files and folders in the folder are encoded. With `restored`, they
        are pictures of an earlier start: the view stays, and a failure emits `restore_failed`.
        """
        explorer, model = self._explorer, self._explorer.model
        if model is None or not model.has_encoder:
            return
        path, only = path.absolute(), tuple(one.absolute() for one in only)
        self.is_restored = restored
        self._shown = SavedPictures(path, only) if len(only) <= MOST_SAVED else None
        source = explorer.source
        bundle = None if source is None else source.bundle
        known = () if bundle is None else bundle.label_names
        steps = encode_pictures(model, path, explorer.look, known, only)
        self._request(explorer.opener, model, steps, is_new=True)

    def show_z(
        self, points: NamedPoints, title: str, path: Path | None = None, restored: bool = False
    ) -> None:
        """Show z as points, and decode thumbnails for them. `path` is their file, if they come from one.

        With `restored`, they are z of an earlier start: the view stays.
        """
        model = self._explorer.model
        if model is not None:
            self.cancel()
            self.is_restored = restored
            self.kept.emit(None if path is None else SavedPictures(path.absolute()))
            own = points_of_z(model, points, title)
            self._explorer.show_pictures(own, model, keeps_view=restored)
            self.shown.emit(own)
            self._request(self._explorer.worker, model, decode_points(model, own), is_new=False)

    def cancel(self) -> None:
        """Stop encoding; the points that are shown stay."""
        for thread in (self._explorer.opener, self._explorer.worker):
            thread.cancel(NAME)
        self._settled.stop()
        self._end()

    def remove(self) -> None:
        """Show the model's own test images again."""
        self.cancel()
        self.kept.emit(None)
        self._explorer.show_pictures(None)

    def _request(
        self, thread: Worker, model: Model, steps: Iterator[Progress | OwnPosterior | None], is_new: bool
    ) -> None:
        thread.request(
            NAME,
            Priority.GRID if thread is self._explorer.opener else Priority.SEARCH,
            steps,
            partial(self._on_step, model, is_new),
            self._on_failed,
            self._end,
        )

    def _on_step(self, model: Model, is_new: bool, step: Progress | OwnPosterior) -> None:
        if isinstance(step, Progress):
            self.progressed.emit(step)
            return
        self._explorer.show_pictures(step, model, keeps_view=is_new and self.is_restored)
        if is_new:
            self.kept.emit(self._shown)
            self.shown.emit(step)

    def _on_failed(self, error: Exception) -> None:
        self._end()
        if self.is_restored and self._explorer.points.own is None:
            self.kept.emit(None)
            self.restore_failed.emit(None if self._shown is None else self._shown.path, error)
        else:
            self._explorer.failed.emit(error)

    def _on_model(self) -> None:
        points = self._explorer.points
        if points.own is not None and points.posterior is None:
            self._settled.start()

    def _encode_again(self) -> None:
        points, model = self._explorer.points, self._explorer.model
        own = points.own
        if own is None or model is None or points.posterior is not None:
            return
        if own.is_z:
            self._request(self._explorer.worker, model, decode_points(model, own), is_new=False)
        elif model.has_encoder:
            self._request(self._explorer.opener, model, encode_again(model, own), is_new=False)
        else:
            self.unencoded.emit()

    def _end(self) -> None:
        self.progressed.emit(None)
