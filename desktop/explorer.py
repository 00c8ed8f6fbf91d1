"""What the window does: holds the open model and the state, and asks the worker for what is to be seen."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from desktop import jobs
from desktop.latent_plane import viewport_around
from desktop.pictures import Bytes
from desktop.runtime import DeviceName, Model
from desktop.source import Source
from desktop.state import ViewState, start_state
from desktop.wanted import Wanted
from desktop.worker import Worker
from export.bundle import Posterior

# Lower goes first.
PICTURE, GRID, SAVE, BACKDROP = range(4)


class Explorer(QObject):
    """One open model at a time. What fails leaves everything as it was and says so by `failed`.

    What a feature needs of the background it asks for by `run`, from a file of its own.
    """

    opened = Signal(object)  # jobs.Opened
    open_failed = Signal(object)  # Exception
    failed = Signal(object)  # Exception
    state_changed = Signal(object)  # ViewState
    stepped = Signal(object, object)  # ViewState before and after: what can be undone
    picture_decoded = Signal(object)  # jobs.Decoded
    backdrop_decoded = Signal(object)  # jobs.Backdrop
    backdrop_finished = Signal()
    saved = Signal(object)  # Path

    def __init__(self, device: DeviceName, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._device: DeviceName = device
        self._worker = Worker(self)
        self._opener = Worker(self)
        self._opened: jobs.Opened | None = None
        self._of_model: set[str] = set()
        self._size_px = (1, 1)
        self.state = ViewState()

    @property
    def source(self) -> Source | None:
        """What is open."""
        return None if self._opened is None else self._opened.model.source

    @property
    def model(self) -> Model | None:
        """What decodes, and encodes if it can."""
        return None if self._opened is None else self._opened.model

    @property
    def posterior(self) -> Posterior | None:
        """What the encoder made of the held-out images, where the open bundle says."""
        return None if self._opened is None else self._opened.posterior

    def run(
        self,
        name: str,
        urgency: int,
        steps: Iterator[Any],
        on_result: Callable[[Any], object],
        on_end: Callable[[], object] = lambda: None,
        on_error: Callable[[Exception], object] | None = None,
        of_model: bool = True,
    ) -> None:
        """Have the worker take `steps`, in the place of an earlier request called `name`.

        As `Worker.request`; errors go to `failed` unless `on_error` takes them. What is `of_model` is
        dropped when another model is opened.
        """
        if of_model:
            self._of_model.add(name)
        self._worker.request(name, urgency, steps, on_result, on_error or self.failed.emit, on_end)

    def cancel(self, name: str) -> None:
        """Drop a request of `run`, with all results that have not arrived."""
        self._worker.cancel(name)

    def open(self, path: Path, wishes: Wanted | None = None) -> None:
        """Open a bundle or a bare model; what is open stays so until the new one is ready, or it fails.

        `wishes` are for a bare model's reading, as in `open_source`. Opening has a thread of its own: a
        model that takes long to look into, or hangs, keeps nothing else waiting.
        """
        job = jobs.open_model(path, wishes, self._device)
        self._opener.request("open", 0, job, self._on_opened, self.open_failed.emit)

    def close(self) -> None:
        """End the threads, the model's own too."""
        self._opener.stop()
        self._worker.stop()
        if self._opened is not None:
            self._opened.model.close()

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
        if old.plane != state.plane or old.viewport != state.viewport:
            self._request_backdrop()

    def change(self, **changes: Any) -> None:
        """Look at something else: the state with some fields replaced."""
        self.set_state(replace(self.state, **changes))

    def set_view_size(self, size_px: tuple[int, int]) -> None:
        """The plane is drawn at another size: what is in view changed."""
        if size_px != self._size_px:
            self._size_px = size_px
            self._request_backdrop()

    def encode_image(self, path: Path) -> None:
        """Go to the mean of q(z|x) of a picture in a file."""
        if self._opened is not None:
            self.run("encode", PICTURE, jobs.encode_image(self._opened.model, path), self._on_encoded)

    def save_picture(self, path: Path, picture: Bytes, scale: int) -> None:
        """Write a PNG."""
        job = jobs.save_png(path, picture, scale)
        self.run(f"save {path}", SAVE, job, self.saved.emit, of_model=False)

    def _request_picture(self) -> None:
        if self._opened is not None:
            job = jobs.decode_picture(self._opened.model, self.state.z)
            self.run("picture", PICTURE, job, self.picture_decoded.emit)

    def _request_backdrop(self) -> None:
        if self._opened is None or min(self._size_px) < 2:
            return
        edges = self.state.viewport.edges(self._size_px)
        job = jobs.decode_backdrop(self._opened.model, self.state.plane, edges, self._size_px)
        self.run("backdrop", BACKDROP, job, self._on_backdrop, self.backdrop_finished.emit)

    def _on_opened(self, opened: jobs.Opened) -> None:
        while self._of_model:
            self._worker.cancel(self._of_model.pop())
        same_file = (
            self._opened is not None and self._opened.model.source.sha256 == opened.model.source.sha256
        )
        if self._opened is not None:
            self._opened.model.close()
        self._opened = opened
        before = self.state
        if not same_file or len(before.z) != opened.model.latent_dim:
            fresh = start_state(opened.model.latent_dim)
            if opened.posterior is not None:
                view = viewport_around(fresh.plane.project(opened.posterior.mean))
                fresh = replace(fresh, viewport=view)
            self.state = replace(fresh, layers=before.layers, picture_mode=before.picture_mode)
        self.opened.emit(opened)
        self.state_changed.emit(self.state)
        self._request_picture()
        self._request_backdrop()

    def _on_backdrop(self, backdrop: jobs.Backdrop | None) -> None:
        if backdrop is not None:
            self.backdrop_decoded.emit(backdrop)

    def _on_encoded(self, z: tuple[float, ...]) -> None:
        self.set_state(self.state.moved_to(z))
