"""What the window does: holds the open model and the state, and asks the worker for what is to be seen."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from desktop.app.tile_decoder import TileDecoder
from desktop.app.worker import Priority, Worker
from desktop.base.arrays import Bytes
from desktop.base.machine import Device
from desktop.jobs.decode import decode_picture, save_png
from desktop.latent.chart import Projection
from desktop.models.model import DeviceName, Model
from desktop.models.opened import Opened, open_model
from desktop.models.source import Source
from desktop.reading.overrides import Wanted
from desktop.view.provenance import Detail, provenance, to_text
from desktop.view.state import ViewState, start_state
from export.bundle import Posterior


class Explorer(QObject):
    """One open model at a time. What fails leaves everything as it was and says so by `failed`.

    What a feature needs done in the background it requests of `worker`, from a file of its own.

    Attributes:
        device: where models are to run.
        state: what is looked at.
        worker: the thread that decodes, encodes and writes.
        opener: the thread that opens models: one that takes long, or hangs, keeps nothing else waiting.
        tiles: the decoded plane.
    """

    opened = Signal(object)  # Opened
    renewed = Signal(object)  # Opened: the same file, which has changed
    model_changed = Signal()
    open_failed = Signal(object)  # Exception
    failed = Signal(object)  # Exception
    state_changed = Signal(object)  # ViewState
    stepped = Signal(object, object)  # ViewState before and after: what can be undone
    picture_decoded = Signal(object)  # Decoded
    backdrop_finished = Signal()  # all tiles in view are there
    saved = Signal(object)  # Path
    closed = Signal()  # nothing runs any more

    def __init__(self, device: DeviceName, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.device: DeviceName = device
        self.worker = Worker(self)
        self.opener = Worker(self)
        for thread in (self.worker, self.opener):
            thread.failed.connect(self.failed)
        self._opened: Opened | None = None
        self._now: Opened | None = None
        self._size_px = (1, 1)
        self._ratio = 1.0
        self.tiles = TileDecoder(self.worker)
        self.tiles.finished.connect(self.backdrop_finished)
        self.state = ViewState()

    @property
    def source(self) -> Source | None:
        """What is open."""
        return None if self._opened is None else self._opened.model.source

    @property
    def whole(self) -> Opened | None:
        """What is open, as it is by itself: of a bundle the model after its last epoch."""
        return self._opened

    @property
    def model(self) -> Model | None:
        """What decodes, and encodes if it can: the model after the state's epoch, once that is loaded.

        `model_changed` says that another one is it, or the open file was renewed.
        """
        return None if self._now is None else self._now.model

    @property
    def latent_dim(self) -> int | None:
        """How many numbers z has; None while nothing is open."""
        return None if self._now is None else self._now.model.latent_dim

    @property
    def image_shape(self) -> tuple[int, int, int] | None:
        """Channels, height and width of a decoded picture; None while nothing is open."""
        return None if self._now is None else self._now.model.image_shape

    @property
    def has_encoder(self) -> bool:
        """Whether the model that decodes can encode too."""
        return self._now is not None and self._now.model.has_encoder

    @property
    def running_on(self) -> Device | None:
        """Where the open model really runs; None while nothing is open."""
        return None if self._opened is None else self._opened.model.device

    @property
    def posterior(self) -> Posterior | None:
        """What that model's encoder made of the held-out images, where the open bundle says."""
        return None if self._now is None else self._now.posterior

    def open(self, path: Path, wishes: Wanted | None = None) -> None:
        """Open a bundle or a bare model; what is open stays so until the new one is ready, or it fails.

        `wishes` are for a bare model's reading, as in `open_source`.
        """
        job = open_model(path, wishes, self.device)
        self._request_open(job, self._on_opened)

    def reload(self) -> None:
        """Open what is open once more, as it is on disk now; what is looked at stays, where it fits."""
        if self._opened is not None:
            source = self._opened.model.source
            job = open_model(source.path, dict(source.wanted) or None, self.device)
            self._request_open(job, self.renew)

    def renew(self, opened: Opened) -> None:
        """Take the same file in the place of what is open: it has changed, or grown.

        A model of other dimensions is opened like any other.
        """
        old = self._opened
        if old is None or _dimensions(old.model) != _dimensions(opened.model):
            self._on_opened(opened)
            return
        # What still runs with the old model may end with it: it is left to those who hold it.
        is_shown, self._opened = self._now is old, opened
        if is_shown:
            self._now = opened
        self.renewed.emit(opened)
        if is_shown:
            self._use_model()

    def take_over(self, opened: Opened | None) -> None:
        """Decode with the model after an epoch of the open bundle, or with the bundle's own."""
        now = self._opened if opened is None else opened
        if now is not self._now:
            self._now = now
            self._use_model()

    def close(self) -> None:
        """End the threads, the model's own too."""
        self.opener.stop()
        self.worker.stop()
        for opened in (self._opened, self._now):
            if opened is not None:
                opened.model.close()
        self.closed.emit()

    def set_state(self, state: ViewState, record: bool = True) -> None:
        """Look at something else: decodes what changed.

        `record` is false for what people do not undo: what plays by itself, and undoing.
        """
        old, self.state = self.state, state
        if old == state:
            return
        if record:
            self.stepped.emit(old, state)
        self.state_changed.emit(state)
        if old.z != state.z:
            self._request_picture()
        if old.chart != state.chart or old.viewport != state.viewport:
            self._request_backdrop()

    def change(self, **changes: Any) -> None:
        """Look at something else: the state with some fields replaced."""
        self.set_state(replace(self.state, **changes))

    def note(self, kind: str, **details: Detail) -> str:
        """The text that an export of what is looked at now carries; empty while nothing is open.

        `kind` and `details` say what is exported and how, as in `desktop.view.provenance`.
        """
        source = self.source
        return "" if source is None else to_text(provenance(source, self.state, kind, **details))

    def set_view_size(self, size_px: tuple[int, int], ratio: float = 1.0) -> None:
        """The plane is drawn at another size, or with `ratio` pixels to a pixel: what is in view changed."""
        if (size_px, ratio) != (self._size_px, self._ratio):
            self._size_px, self._ratio = size_px, ratio
            self._request_backdrop()

    def save_picture(self, path: Path, picture: Bytes, scale: int, note: str = "") -> None:
        """Write a PNG; `note` says in the file where it came from, see `note`."""
        job = save_png(path, picture, scale, note)
        self.worker.request(f"save {path}", Priority.SAVE, job, self.saved.emit, of_model=False)

    def _request_open(self, job: Iterator[Opened], on_opened: Callable[[Opened], object]) -> None:
        failed = self.open_failed.emit
        self.opener.request("open", Priority.OPEN, job, on_opened, failed, of_model=False)

    def _request_picture(self) -> None:
        if self._now is not None:
            self.tiles.hurry()
            job = decode_picture(self._now.model, self.state.z)
            self.worker.request("picture", Priority.PICTURE, job, self.picture_decoded.emit)

    def _use_model(self) -> None:
        assert self._now is not None
        self.tiles.set_model(self._now.model)
        self.model_changed.emit()
        self._request_picture()
        # The plane as it is stays until it is decoded anew: seen in pieces, it would flicker.
        self._request_backdrop(coarse_first=False)

    def _request_backdrop(self, coarse_first: bool = True) -> None:
        if self._now is not None and min(self._size_px) > 1:
            projection = Projection(self.state.chart, self.state.viewport, self._size_px)
            self.tiles.look(projection, self._ratio, coarse_first)

    def _on_opened(self, opened: Opened) -> None:
        self.worker.cancel_of_model()
        self.opener.cancel_of_model()
        same_file = (
            self._opened is not None and self._opened.model.source.sha256 == opened.model.source.sha256
        )
        if self._opened is not None:
            self._opened.model.close()
        self._opened = self._now = opened
        self.tiles.set_model(opened.model)
        before = self.state
        if not same_file or len(before.z) != opened.model.latent_dim:
            fresh = start_state(opened.model.latent_dim)
            if opened.posterior is not None:
                fresh = replace(
                    fresh, viewport=fresh.chart.around(fresh.plane.project(opened.posterior.mean))
                )
            self.state = replace(
                fresh,
                layers=before.layers,
                picture_mode=before.picture_mode,
                nearness=before.nearness,
            )
        self.opened.emit(opened)
        self.state_changed.emit(self.state)
        self._request_picture()
        self._request_backdrop()


def _dimensions(model: Model) -> tuple[int, tuple[int, int, int]]:
    return model.latent_dim, model.image_shape
