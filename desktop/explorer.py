"""What the window does: holds the open model and the state, and asks the worker for what is to be seen."""

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from desktop import jobs
from desktop.animation import path_gif
from desktop.latent_plane import Floats, manifold_grid, path_points, sample_prior, viewport_around
from desktop.pictures import Bytes
from desktop.runtime import DeviceName
from desktop.source import Source
from desktop.state import ViewState, start_state
from desktop.wanted import Wanted
from desktop.worker import Worker

# Lower goes first.
PICTURE, GRID, SAVE, BACKDROP, GIF = range(5)


class Explorer(QObject):
    """One open model at a time. What fails leaves everything as it was and says so by `failed`."""

    opened = Signal(object)  # jobs.Opened
    open_failed = Signal(object)  # Exception
    failed = Signal(object)  # Exception
    state_changed = Signal(object)  # ViewState
    picture_decoded = Signal(object)  # jobs.Decoded
    backdrop_decoded = Signal(object)  # jobs.Backdrop
    backdrop_finished = Signal()
    sheet_decoded = Signal(str, object)  # the page's name, Bytes
    gif_progressed = Signal(object)  # share from 0 to 1, None when it has ended
    saved = Signal(object)  # Path

    def __init__(self, device: DeviceName, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._device: DeviceName = device
        self._worker = Worker(self)
        self._opener = Worker(self)
        self._opened: jobs.Opened | None = None
        self._size_px = (1, 1)
        self._grids: dict[str, Floats] = {}
        self.state = ViewState()

    @property
    def source(self) -> Source | None:
        """What is open."""
        return None if self._opened is None else self._opened.model.source

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

    def set_state(self, state: ViewState) -> None:
        """Look at something else: decodes what changed."""
        old, self.state = self.state, state
        if old == state:
            return
        self.state_changed.emit(state)
        if old.z != state.z:
            self._request_picture()
        if old.plane != state.plane or old.viewport != state.viewport:
            self._request_backdrop()

    def set_view_size(self, size_px: tuple[int, int]) -> None:
        """The plane is drawn at another size: what is in view changed."""
        if size_px != self._size_px:
            self._size_px = size_px
            self._request_backdrop()

    def request_samples(self, page: str, n: int, seed: int) -> None:
        """Decode n × n prior samples for a page."""
        if self._opened is not None:
            self._request_grid(page, sample_prior(n * n, self._opened.model.latent_dim, seed), n)

    def request_manifold(self, page: str, n: int) -> None:
        """Decode the manifold grid of the plane in view for a page."""
        self._request_grid(page, manifold_grid(self.state.plane, n), n)

    def grid_z(self, page: str, index: int) -> tuple[float, ...] | None:
        """The z of a picture on a page."""
        grid = self._grids.get(page)
        return tuple(map(float, grid[index])) if grid is not None and index < len(grid) else None

    def encode_image(self, path: Path) -> None:
        """Go to the mean of q(z|x) of a picture in a file."""
        if self._opened is not None:
            job = jobs.encode_image(self._opened.model, path)
            self._worker.request("encode", PICTURE, job, self._on_encoded, self.failed.emit)

    def save_picture(self, path: Path, picture: Bytes, scale: int) -> None:
        """Write a PNG."""
        job = jobs.save_png(path, picture, scale)
        self._worker.request(f"save {path}", SAVE, job, self.saved.emit, self.failed.emit)

    def save_gif(self, path: Path, frame_count: int, fps: int, closed: bool) -> None:
        """Write the path as a GIF. Raises ValueError when the path has no two different points."""
        if self._opened is None:
            return
        model = self._opened.model
        z = path_points(self.state.path, frame_count, closed)
        scale = max(1, 280 // max(model.image_shape[1:]))
        self.gif_progressed.emit(0.0)
        self._worker.request(
            "gif",
            GIF,
            path_gif(model.decode, z, path, fps, scale),
            self.gif_progressed.emit,
            self._on_gif_failed,
            lambda: self._on_gif_saved(path),
        )

    def cancel_gif(self) -> None:
        """Stop making the GIF; what was at its path before is untouched."""
        self._worker.cancel("gif")
        self.gif_progressed.emit(None)

    def _request_picture(self) -> None:
        if self._opened is not None:
            job = jobs.decode_picture(self._opened.model, self.state.z)
            self._worker.request("picture", PICTURE, job, self.picture_decoded.emit, self.failed.emit)

    def _request_backdrop(self) -> None:
        if self._opened is None or min(self._size_px) < 2:
            return
        edges = self.state.viewport.edges(self._size_px)
        job = jobs.decode_backdrop(self._opened.model, self.state.plane, edges, self._size_px)
        self._worker.request(
            "backdrop", BACKDROP, job, self._on_backdrop, self.failed.emit, self.backdrop_finished.emit
        )

    def _request_grid(self, page: str, z: Floats, n: int) -> None:
        if self._opened is None:
            return
        self._grids[page] = z
        self._worker.request(
            f"grid {page}",
            GRID,
            jobs.decode_sheet(self._opened.model, z, n),
            lambda sheet: None if sheet is None else self.sheet_decoded.emit(page, sheet),
            self.failed.emit,
        )

    def _on_opened(self, opened: jobs.Opened) -> None:
        for name in ("picture", "backdrop", "gif", "encode", *(f"grid {page}" for page in self._grids)):
            self._worker.cancel(name)
        self.gif_progressed.emit(None)
        same_file = (
            self._opened is not None and self._opened.model.source.sha256 == opened.model.source.sha256
        )
        if self._opened is not None:
            self._opened.model.close()
        self._opened = opened
        self._grids.clear()
        before = self.state
        if not same_file or len(before.z) != opened.model.latent_dim:
            fresh = start_state(opened.model.latent_dim)
            if opened.posterior is not None:
                view = viewport_around(fresh.plane.project(opened.posterior.mean))
                fresh = replace(fresh, viewport=view)
            self.state = replace(fresh, show_backdrop=before.show_backdrop, show_points=before.show_points)
        self.opened.emit(opened)
        self.state_changed.emit(self.state)
        self._request_picture()
        self._request_backdrop()

    def _on_backdrop(self, backdrop: jobs.Backdrop | None) -> None:
        if backdrop is not None:
            self.backdrop_decoded.emit(backdrop)

    def _on_encoded(self, z: tuple[float, ...]) -> None:
        self.set_state(self.state.moved_to(z))

    def _on_gif_failed(self, error: Exception) -> None:
        self.gif_progressed.emit(None)
        self.failed.emit(error)

    def _on_gif_saved(self, path: Path) -> None:
        self.gif_progressed.emit(None)
        self.saved.emit(path)
