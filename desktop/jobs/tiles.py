"""The decoded plane in tiles: which ones a view needs, in which order, and which are kept. No Qt.

Every level divides the whole plane, in view coordinates, into cells of 2^-level units with one picture each.
A tile is a square of cells. Cells have fixed places, so that a view that moves away and back finds its tiles
again.
"""

import math
import threading
from collections import OrderedDict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from desktop.base.arrays import Bytes, Doubles, Floats
from desktop.latent.chart import Chart
from desktop.latent.plane import Edges

# Bounds of a cell's longer side on the screen. Within them it is 85 % to 170 % of the picture's longer side.
MIN_CELL_PX, MAX_CELL_PX = 24, 72
# Cells per side of a tile: one if pictures are slow, so that no picture outside the view is decoded.
CELLS_OF_FAST, FAST_MS = 4, 1.0
CELLS_OF_SLOW, SLOW_MS = 1, 8.0
COARSER_LEVELS = (4, 2)  # decoded before the finest level: 1/256 and 1/16 as many pictures
SEARCHED_LEVELS = 8
CACHE_BYTES = 48 * 2**20
# With a slow decoder the plane has fewer and larger pictures: as many as are decoded in this time.
PLANE_MS = 60_000.0


class Tile(NamedTuple):
    """The place of a tile; rows count upward, like b."""

    level: int
    column: int
    row: int


@dataclass(frozen=True)
class Pyramid:
    """How the plane is divided into tiles.

    Attributes:
        cell: width and height of a cell of level 0 in view coordinates, with the pictures' aspect ratio.
        cells: the number of cells along each side of a tile.
        cell_px: the least length of a cell's longer side on the screen.
        picture_px: width and height of the pictures in the cache.
        is_slow: whether the cells are larger than usual, because the decoder is slow.
    """

    cell: tuple[float, float]
    cells: int
    cell_px: float
    picture_px: tuple[int, int]
    is_slow: bool = False

    def level(self, units_per_px: float) -> int:
        """Return the level whose cells are at least `cell_px` and less than twice as long on the screen."""
        return math.floor(-math.log2(units_per_px * self.cell_px) + 1e-9)

    def side(self, level: int) -> tuple[float, float]:
        """Return the width and height of a tile in view coordinates."""
        return math.ldexp(self.cell[0] * self.cells, -level), math.ldexp(self.cell[1] * self.cells, -level)

    def edges(self, tile: Tile) -> Edges:
        """Return a tile's left, bottom, right and top in view coordinates."""
        width, height = self.side(tile.level)
        left, bottom = tile.column * width, tile.row * height
        return left, bottom, left + width, bottom + height

    def centers(self, tile: Tile) -> Doubles:
        """Return the view coordinates [cells · cells, 2] of a tile's pictures, by rows from the top left."""
        left, bottom, right, top = self.edges(tile)
        shares = (np.arange(self.cells) + 0.5) / self.cells
        a, b = left + shares * (right - left), top - shares * (top - bottom)
        return np.stack(np.meshgrid(a, b), axis=-1).reshape(-1, 2)

    def meeting(self, edges: Edges, level: int) -> list[Tile]:
        """Return the tiles of a level that overlap `edges`."""
        width, height = self.side(level)
        left, bottom, right, top = edges
        columns = range(math.floor(left / width), math.ceil(right / width))
        rows = range(math.floor(bottom / height), math.ceil(top / height))
        return [Tile(level, column, row) for row in rows for column in columns]

    def wanted(
        self, edges: Edges, units_per_px: float, focus: tuple[float, float], limits: Edges | None = None
    ) -> list[Tile]:
        """Return the tiles that a view between `edges` needs, in the order in which to decode them.

        Coarse levels come before fine ones. Within a level, the tiles nearest to `focus` (view coordinates)
        come first. Coarse tiles just outside the view come last. Tiles outside `limits` are left out. With a
        slow decoder (`is_slow`) there are no coarse tiles: one would cover the view for a long time.
        """
        level = self.level(units_per_px)
        inside = common(edges, limits)
        if self.is_slow:
            return self._nearest_first(inside, level, focus)
        around = common(_grown(edges, 0.15), limits)
        tiles: list[Tile] = []
        for coarser in (*COARSER_LEVELS, 0):
            tiles += self._nearest_first(inside, level - coarser, focus)
        outside = self._nearest_first(around, level - COARSER_LEVELS[-1], focus)
        return list(dict.fromkeys(tiles + outside))

    def _nearest_first(self, edges: Edges | None, level: int, focus: tuple[float, float]) -> list[Tile]:
        if edges is None:
            return []
        width, height = self.side(level)
        column, row = focus[0] / width - 0.5, focus[1] / height - 0.5
        return sorted(self.meeting(edges, level), key=lambda t: (t.column - column) ** 2 + (t.row - row) ** 2)


def pyramid_for(
    image_shape: tuple[int, int, int],
    picture_ms: float,
    ratio: float = 1.0,
    view_px: tuple[float, float] = (0, 0),
) -> Pyramid:
    """Return the pyramid for pictures [C, H, W] that take `picture_ms` each, in a view of `view_px`.

    `ratio` is the screen's device pixels per pixel.
    """
    _, height, width = image_shape
    longer = max(height, width)
    cell_px = min(MAX_CELL_PX, max(MIN_CELL_PX, longer * 0.85))
    slow_px = math.sqrt(math.prod(view_px) * picture_ms / PLANE_MS)
    is_slow, cell_px = slow_px > cell_px, max(slow_px, cell_px)
    kept = min(1.0, 2 * cell_px * ratio / longer)
    cells = CELLS_OF_FAST if picture_ms < FAST_MS else CELLS_OF_SLOW if picture_ms > SLOW_MS else 2
    return Pyramid(
        cell=(width / longer, height / longer),
        cells=cells,
        cell_px=cell_px,
        picture_px=(max(1, round(width * kept)), max(1, round(height * kept))),
        is_slow=is_slow,
    )


def reduced(pictures: Bytes, size_px: tuple[int, int]) -> Bytes:
    """Shrink uint8 [N, H, W(, C)] to [N, h, w(, C)]; each pixel is the mean of those that it replaces.

    With four channels, the colours are weighted by alpha, because transparent pixels have none.
    """
    if pictures.ndim == 4 and pictures.shape[3] == 4 and (pictures[..., 3] < 255).any():
        alpha = pictures[..., 3:].astype(np.float32)
        mean_alpha = _reduced(alpha, size_px)
        colors = _reduced(pictures[..., :3] * alpha, size_px) / np.maximum(mean_alpha, 1e-6)
        mixed: Bytes = np.rint(np.concatenate([colors, mean_alpha], axis=3)).astype(np.uint8)
        return mixed
    for axis, size in ((1, size_px[1]), (2, size_px[0])):
        length = pictures.shape[axis]
        if size >= length:
            continue
        starts = np.arange(size) * length // size
        counts = np.diff([*starts, length]).reshape([-1 if i == axis else 1 for i in range(pictures.ndim)])
        sums = np.add.reduceat(pictures, starts, axis=axis, dtype=np.uint32)
        pictures = ((sums + counts // 2) // counts).astype(np.uint8)
    return pictures


def _reduced(pictures: Floats, size_px: tuple[int, int]) -> Floats:
    """Shrink float32 pictures as `reduced` does."""
    for axis, size in ((1, size_px[1]), (2, size_px[0])):
        length = pictures.shape[axis]
        starts = np.arange(min(size, length)) * length // min(size, length)
        counts = np.diff([*starts, length]).reshape([-1 if i == axis else 1 for i in range(pictures.ndim)])
        pictures = (np.add.reduceat(pictures, starts, axis=axis) / counts).astype(np.float32)
    return pictures


def ancestor(tile: Tile, levels: int) -> tuple[Tile, Edges]:
    """Return the tile `levels` coarser, and its part under this tile, as shares from the lower left."""
    column, row = tile.column >> levels, tile.row >> levels
    side = 0.5**levels
    left = (tile.column - (column << levels)) * side
    bottom = (tile.row - (row << levels)) * side
    return Tile(tile.level - levels, column, row), (left, bottom, left + side, bottom + side)


def descendants(tile: Tile, levels: int) -> list[Tile]:
    """Return the tiles that are `levels` finer and together cover this one."""
    count = 1 << levels
    return [
        Tile(tile.level + levels, tile.column * count + column, tile.row * count + row)
        for row in range(count)
        for column in range(count)
    ]


class TileCache:
    """Keeps the most recently used pictures uint8 [H, W(, C)] by space and tile, up to `limit_bytes`.

    A space identifies what pictures depend on besides their place: model, reading, plane, pyramid.
    """

    def __init__(self, limit_bytes: int = CACHE_BYTES) -> None:
        self._limit_bytes = limit_bytes
        self._pictures: OrderedDict[tuple[Hashable, Tile], Bytes] = OrderedDict()
        self.size_bytes = 0

    def put(self, space: Hashable, tile: Tile, picture: Bytes) -> None:
        """Keep a picture; if there is no room, drop the least recently used ones."""
        old = self._pictures.pop((space, tile), None)
        self.size_bytes += picture.nbytes - (0 if old is None else old.nbytes)
        self._pictures[space, tile] = picture
        while self.size_bytes > self._limit_bytes and len(self._pictures) > 1:
            _, dropped = self._pictures.popitem(last=False)
            self.size_bytes -= dropped.nbytes

    def get(self, space: Hashable, tile: Tile) -> Bytes | None:
        """Return a picture and mark it as used; None if it is not kept."""
        picture = self._pictures.get((space, tile))
        if picture is not None:
            self._pictures.move_to_end((space, tile))
        return picture

    def covering(self, space: Hashable, tile: Tile) -> Iterator[tuple[Tile, Bytes, Edges]]:
        """Yield what to draw for a tile, in drawing order: (place, picture, part of the picture).

        This is the tile itself if it is kept. Otherwise it is a part of the nearest coarser tile that is
        kept, and then all kept tiles up to two levels finer.
        """
        picture = self.get(space, tile)
        if picture is not None:
            yield tile, picture, (0.0, 0.0, 1.0, 1.0)
            return
        for levels in range(1, SEARCHED_LEVELS + 1):
            coarser, part = ancestor(tile, levels)
            picture = self.get(space, coarser)
            if picture is not None:
                yield tile, picture, part
                break
        for levels in (2, 1):
            for finer in descendants(tile, levels):
                picture = self.get(space, finer)
                if picture is not None:
                    yield finer, picture, (0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True)
class Cut:
    """The space, the chart and the pyramid that tiles belong to."""

    space: Hashable
    chart: Chart
    pyramid: Pyramid

    def places(self, tiles: Sequence[Tile]) -> tuple[Doubles, NDArray[np.bool_]]:
        """Return the view coordinates [M, 2] of the pictures within the limits, and their mask bool [N]."""
        view = np.concatenate([self.pyramid.centers(tile) for tile in tiles])
        limits = self.chart.limits
        if limits is None:
            exist: NDArray[np.bool_] = np.ones(len(view), np.bool_)
        else:
            left, bottom, right, top = limits
            exist = np.logical_and.reduce((view > (left, bottom)) & (view < (right, top)), axis=1)
        return view[exist], exist


class TileQueue:
    """The tiles still to decode: the UI thread puts them in, and the worker takes them out."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tiles: list[Tile] = []
        self._cut: Cut | None = None
        self.hurry_until = 0.0  # in seconds of `time.perf_counter`

    def replace(self, cut: Cut, tiles: Sequence[Tile]) -> None:
        """Replace everything in the queue."""
        with self._lock:
            self._cut, self._tiles = cut, list(reversed(tiles))

    def take(self, count: int) -> tuple[Cut | None, list[Tile]]:
        """Remove and return the next tiles, at most `count`."""
        with self._lock:
            taken = [self._tiles.pop() for _ in range(min(count, len(self._tiles)))]
            return self._cut, taken

    def put_back(self, cut: Cut, tiles: Sequence[Tile]) -> None:
        """Put back tiles that were taken and not decoded, unless the queue has changed to another cut."""
        with self._lock:
            if cut == self._cut:
                self._tiles += reversed(tiles)

    def __len__(self) -> int:
        return len(self._tiles)


def common(edges: Edges, limits: Edges | None) -> Edges | None:
    """Return the overlap of two parts of the plane, or None."""
    if limits is None:
        return edges
    left, bottom = max(edges[0], limits[0]), max(edges[1], limits[1])
    right, top = min(edges[2], limits[2]), min(edges[3], limits[3])
    return (left, bottom, right, top) if left < right and bottom < top else None


def _grown(edges: Edges, share: float) -> Edges:
    left, bottom, right, top = edges
    margin = share * min(right - left, top - bottom)
    return left - margin, bottom - margin, right + margin, top + margin
