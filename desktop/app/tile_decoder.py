"""Decodes the tiles of the view in the background, keeps them, and announces those that are decoded."""

import time
from collections.abc import Hashable, Iterator
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QObject, Signal

from desktop.app.worker import Priority, Worker
from desktop.base.arrays import Bytes
from desktop.images import pixels
from desktop.jobs.kept_decoder import KeptDecoder
from desktop.jobs.tiles import Cut, Pyramid, Tile, TileCache, TileQueue, pyramid_for, reduced
from desktop.latent.chart import Projection
from desktop.models.sessions import InterruptedDecodeError

# All other work, such as the picture under the pointer, waits for at most one step.
STEP_MS = 2.5
# While the cursor is dragged, steps are shorter and use one thread, so that the UI thread has a free core.
HURRIED_STEP_MS, HURRY_S = 0.8, 0.1
SMOOTHING = 0.3  # the weight of the last step in the estimate of the time per picture
MAX_STEP_PICTURES, MAX_STEP_NUMBERS = 256, 1 << 23  # numbers of all z of a step
MAX_SPACES = 64


@dataclass(frozen=True)
class DecodedTile:
    """A tile's pictures as one picture, uint8 [H, W(, C)], with the space that they belong to."""

    space: Hashable
    tile: Tile
    picture: Bytes


class TileDecoder(QObject):
    """Decodes the tiles of one plane.

    When the view changes, tiles that are no longer in view are not decoded, and tiles that still are in view
    are not decoded again.
    """

    decoded = Signal(object)  # list[Tile] of the cut that is shown
    shown_changed = Signal()  # another cut is shown
    progressed = Signal(object)  # Progress of a slow decoder, or None if nothing is left
    paused_changed = Signal(bool)
    finished = Signal()  # all tiles in view are decoded

    def __init__(self, worker: Worker) -> None:
        super().__init__(worker)
        self._worker = worker
        self._cache = TileCache()
        self._queue = TileQueue()
        self._running = False
        self._spaces: dict[Hashable, int] = {}
        self._last_space = 0
        self._decoder: KeptDecoder | None = None
        self._picture_ms: dict[str, float] = {}
        self._ratio = 1.0
        self._view_px: tuple[float, float] = (0, 0)
        self._total = 0
        self._is_paused = self._is_hidden = False
        self._looked: tuple[Projection, float] | None = None
        self._cut: Cut | None = None
        self._is_announced = True
        self.shown: Cut | None = None
        self.focus: tuple[float, float] | None = None

    @property
    def cache(self) -> TileCache:
        """The decoded tiles."""
        return self._cache

    @property
    def is_complete(self) -> bool:
        """Whether all requested tiles are decoded."""
        return not self._running and not len(self._queue)

    @property
    def is_shown_current(self) -> bool:
        """Whether the shown tiles belong to the model that decodes now, and not to the previous one."""
        return self.shown == self._cut

    def hurry(self) -> None:
        """Let the picture under the pointer go first: shorten the next steps, or interrupt a slow one."""
        self._queue.hurry_until = time.perf_counter() + HURRY_S
        self._interrupt()

    @property
    def is_paused(self) -> bool:
        """Whether a person has paused the decoding of tiles."""
        return self._is_paused

    def set_paused(self, is_paused: bool) -> None:
        """Pause the decoding of tiles, or go on."""
        if is_paused != self._is_paused:
            self._is_paused = is_paused
            self._hold_or_go_on()
            self.paused_changed.emit(is_paused)

    def set_hidden(self, is_hidden: bool) -> None:
        """Say whether the plane is hidden: then a slow decoder decodes only what is visible elsewhere."""
        if is_hidden != self._is_hidden:
            self._is_hidden = is_hidden
            if self._is_slow:
                self._hold_or_go_on()

    @property
    def _is_slow(self) -> bool:
        return self._decoder is not None and self._decoder.is_slow

    @property
    def _is_held(self) -> bool:
        return self._is_paused or (self._is_hidden and self._is_slow)

    def _hold_or_go_on(self) -> None:
        if self._is_held:
            self._worker.cancel("backdrop")
            self._interrupt()
            self._running = False
            self._tell_progress()
        elif self._looked is not None:
            # A tile that was being decoded is no longer in the queue, so all are requested again.
            self.look(*self._looked)

    def set_decoder(self, decoder: KeptDecoder) -> None:
        """Decode with another model from now on, and drop the requests for the previous one."""
        self._decoder, model = decoder, decoder.model
        self._picture_ms.setdefault(model.source.sha256, model.last_decode_ms)
        self._worker.cancel("backdrop")
        self._queue = TileQueue()
        self._running = False
        self._cut = self._looked = None
        # A model that is opened again has the same tiles, but they are no longer shown.
        self._is_announced = False

    def forget(self) -> None:
        """Drop all tiles and requests, because no model is open any more."""
        self._worker.cancel("backdrop")
        self._decoder = self._cut = self.shown = self._looked = None
        self._cache, self._queue = TileCache(), TileQueue()
        self._spaces.clear()
        self._running = False
        self.progressed.emit(None)
        self.shown_changed.emit()

    def look(self, projection: Projection, ratio: float, coarse_first: bool = True) -> None:
        """Decode the tiles of this part of the plane, for a screen with `ratio` device pixels per pixel.

        Without `coarse_first`, the old pictures stay until all new ones are decoded.
        """
        if self._decoder is None:
            return
        self._looked = projection, ratio
        size_changed = self._decoder.is_slow and self._view_px != projection.size_px
        if self._cut is None or self._cut.chart != projection.chart or ratio != self._ratio or size_changed:
            self._ratio, self._view_px = ratio, projection.size_px
            self._cut = self._new_cut(projection, ratio)
        pyramid, space = self._cut.pyramid, self._cut.space
        units_per_px = projection.viewport.units_per_px(projection.size_px)
        level = pyramid.level(units_per_px)
        focus = projection.viewport.center if self.focus is None else self.focus
        wanted = pyramid.wanted(projection.edges, units_per_px, focus, projection.chart.limits)
        missing = [tile for tile in wanted if self._cache.get(space, tile) is None]
        finest = [tile for tile in missing if tile.level == level]
        # If the finest level is complete, no coarser tile is needed.
        self._queue.replace(self._cut, (missing if coarse_first else finest) if finest else [])
        self._total = len(self._queue)
        self._tell_progress()
        if coarse_first or not finest:
            self._show()
        if not finest:
            self.finished.emit()
        self._start()

    def _show(self) -> None:
        if self.shown != self._cut or not self._is_announced:
            self.shown, self._is_announced = self._cut, True
            self.shown_changed.emit()

    def _start(self) -> None:
        if self._decoder is None or self._running or self._is_held or not len(self._queue):
            return
        self._running = True
        steps = decode_tiles(self._decoder, self._queue)
        self._worker.request(
            "backdrop", Priority.BACKDROP, steps, self._on_tiles, self._on_error, self._on_end
        )

    def _on_tiles(self, tiles: list[DecodedTile] | None) -> None:
        if not tiles:
            return
        for decoded in tiles:
            self._cache.put(decoded.space, decoded.tile, decoded.picture)
        self._tell_progress()
        here = [decoded.tile for decoded in tiles if self.shown and decoded.space == self.shown.space]
        if here:
            self.decoded.emit(here)

    def _on_end(self) -> None:
        self._running = False
        if len(self._queue):  # tiles were added just as the last step found an empty queue
            self._start()
        else:
            self._show()
            self.finished.emit()

    def _tell_progress(self) -> None:
        """Tell the progress of a slow decoder; a quick one is done before people could read it."""
        if self._decoder is None or not self._is_slow or self._is_hidden:
            self.progressed.emit(None)
            return
        left = len(self._queue)
        progress = self._decoder.progress(self._total - left, self._total)
        self.progressed.emit(progress if left else None)

    def _interrupt(self) -> None:
        if self._decoder is not None:
            self._decoder.model.interrupt()

    def _on_error(self, error: Exception) -> None:
        self._running = False
        self._worker.failed.emit(error)

    def _new_cut(self, projection: Projection, ratio: float) -> Cut:
        assert self._decoder is not None
        model = self._decoder.model
        source = model.source
        pyramid: Pyramid = pyramid_for(
            model.image_shape,
            self._picture_ms[source.sha256],
            ratio,
            self._view_px if model.is_slow else (0, 0),
        )
        key = (source.sha256, repr(source.reading), projection.chart, pyramid)
        if key not in self._spaces:
            self._last_space += 1
            self._spaces[key] = self._last_space
            while len(self._spaces) > MAX_SPACES:
                del self._spaces[next(iter(self._spaces))]
        return Cut(self._spaces[key], projection.chart, pyramid)


def decode_tiles(decoder: KeptDecoder, queue: TileQueue) -> Iterator[list[DecodedTile] | None]:
    """Decode the tiles in the queue, including those added meanwhile, in steps of about STEP_MS."""
    model = decoder.model
    picture_ms, count = model.last_decode_ms, 1
    most = max(1, min(MAX_STEP_PICTURES, MAX_STEP_NUMBERS // model.latent_dim))
    while True:
        step_ms = HURRIED_STEP_MS if time.perf_counter() < queue.hurry_until else STEP_MS
        cut, tiles = queue.take(max(1, int(step_ms / max(picture_ms, 1e-3)) // 16))
        if cut is None or not tiles:
            return
        places, exist = cut.places(tiles)
        parts: list[Bytes] = []
        start = 0
        while start < len(places):
            hurried = time.perf_counter() < queue.hurry_until
            step_ms = HURRIED_STEP_MS if hurried else STEP_MS
            count = max(1, min(most, int(step_ms / max(picture_ms, 1e-3))))
            if len(places) - start < min(most, 1.5 * count):
                count = len(places) - start
            part = cut.chart.z(places[start : start + count])
            start += len(part)
            try:
                pictures = decoder.decode_step(part, 1 if hurried else None)
                decode_ms = model.last_decode_ms
            except InterruptedDecodeError:
                queue.put_back(cut, tiles)
                parts.clear()
                break
            yield None  # so that the picture under the pointer need not wait for the rest of the step
            parts.append(pixels.opaque(reduced(pixels.to_bytes(pictures), cut.pyramid.picture_px)))
            picture_ms += SMOOTHING * (decode_ms / len(part) - picture_ms)
            if start < len(places):
                yield None
        yield _joined(cut, tiles, parts, exist) if parts else None


def _joined(cut: Cut, tiles: list[Tile], parts: list[Bytes], exist: np.ndarray) -> list[DecodedTile]:
    """Join the decoded pictures into one picture per tile; pictures outside the chart's limits are black."""
    if not parts:
        return []
    found = np.concatenate(parts)
    if exist.all():
        everywhere = found
    else:
        everywhere = np.zeros((len(exist), *found.shape[1:]), np.uint8)
        everywhere[exist] = found
    cells = cut.pyramid.cells
    return [
        DecodedTile(cut.space, tile, pixels.tile(everywhere[i * cells**2 : (i + 1) * cells**2], cells))
        for i, tile in enumerate(tiles)
    ]
