"""The decoded plane in tiles: which ones a view needs, in which order, and what is kept. No Qt.

Every level cuts the whole plane, in view coordinates, into cells of 2^-level units, one picture each, at
fixed places; a tile is a square of cells. So a view that moves, or comes back, finds its tiles again.
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

# A cell's longer side on the screen is at least most of its picture's pixels, and less than twice that.
MIN_CELL_PX, MAX_CELL_PX = 24, 72
# A tile of slow pictures is one of them: a view needs no more of them than it shows.
CELLS_OF_FAST, FAST_MS = 4, 1.0
CELLS_OF_SLOW, SLOW_MS = 1, 8.0
COARSER_LEVELS = (4, 2)  # what is decoded before the finest: a two hundredth and a sixteenth as many pictures
SEARCHED_LEVELS = 8
CACHE_BYTES = 48 * 2**20


class Tile(NamedTuple):
    """A tile's place: rows count upward, as b does."""

    level: int
    column: int
    row: int


@dataclass(frozen=True)
class Pyramid:
    """How the plane is cut.

    Attributes:
        cell: width and height of a cell of level 0 in view coordinates, as pictures are wide and high.
        cells: along each side of a tile.
        cell_px: the least length on the screen of a cell's longer side.
        picture_px: width and height at which pictures are kept.
    """

    cell: tuple[float, float]
    cells: int
    cell_px: float
    picture_px: tuple[int, int]

    def level(self, units_per_px: float) -> int:
        """The level whose cells are at least `cell_px` and less than twice as long on the screen."""
        return math.floor(-math.log2(units_per_px * self.cell_px) + 1e-9)

    def side(self, level: int) -> tuple[float, float]:
        """Width and height of a tile."""
        return math.ldexp(self.cell[0] * self.cells, -level), math.ldexp(self.cell[1] * self.cells, -level)

    def edges(self, tile: Tile) -> Edges:
        """A tile's left, bottom, right and top in view coordinates."""
        width, height = self.side(tile.level)
        left, bottom = tile.column * width, tile.row * height
        return left, bottom, left + width, bottom + height

    def centers(self, tile: Tile) -> Doubles:
        """The view coordinates [cells · cells, 2] of a tile's pictures, highest row first, left to right."""
        left, bottom, right, top = self.edges(tile)
        shares = (np.arange(self.cells) + 0.5) / self.cells
        a, b = left + shares * (right - left), top - shares * (top - bottom)
        return np.stack(np.meshgrid(a, b), axis=-1).reshape(-1, 2)

    def meeting(self, edges: Edges, level: int) -> list[Tile]:
        """The tiles of a level that have something in common with `edges`."""
        width, height = self.side(level)
        left, bottom, right, top = edges
        columns = range(math.floor(left / width), math.ceil(right / width))
        rows = range(math.floor(bottom / height), math.ceil(top / height))
        return [Tile(level, column, row) for row in rows for column in columns]

    def wanted(
        self, edges: Edges, units_per_px: float, focus: tuple[float, float], limits: Edges | None = None
    ) -> list[Tile]:
        """What a view between `edges` needs, in the order it is best decoded in.

        Coarse before fine, the nearest to `focus` (view coordinates) first; last, coarsely, what lies just
        outside. Nothing outside `limits`.
        """
        level = self.level(units_per_px)
        inside = _common(edges, limits)
        around = _common(_grown(edges, 0.15), limits)
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


def pyramid_for(image_shape: tuple[int, int, int], picture_ms: float, ratio: float = 1.0) -> Pyramid:
    """How the plane of pictures [C, H, W] is cut that take `picture_ms` each, on a screen of `ratio`."""
    _, height, width = image_shape
    longer = max(height, width)
    cell_px = min(MAX_CELL_PX, max(MIN_CELL_PX, longer * 0.85))
    kept = min(1.0, 2 * cell_px * ratio / longer)
    cells = CELLS_OF_FAST if picture_ms < FAST_MS else CELLS_OF_SLOW if picture_ms > SLOW_MS else 2
    return Pyramid(
        cell=(width / longer, height / longer),
        cells=cells,
        cell_px=cell_px,
        picture_px=(max(1, round(width * kept)), max(1, round(height * kept))),
    )


def reduced(pictures: Bytes, size_px: tuple[int, int]) -> Bytes:
    """uint8 [N, H, W(, C)] → [N, h, w(, C)], each pixel the mean of those it stands for."""
    for axis, size in ((1, size_px[1]), (2, size_px[0])):
        length = pictures.shape[axis]
        if size >= length:
            continue
        starts = np.arange(size) * length // size
        counts = np.diff([*starts, length]).reshape([-1 if i == axis else 1 for i in range(pictures.ndim)])
        sums = np.add.reduceat(pictures, starts, axis=axis, dtype=np.uint32)
        pictures = ((sums + counts // 2) // counts).astype(np.uint8)
    return pictures


def ancestor(tile: Tile, levels: int) -> tuple[Tile, Edges]:
    """The tile so many levels coarser, and which part of it this one is: shares from its left and bottom."""
    column, row = tile.column >> levels, tile.row >> levels
    side = 0.5**levels
    left = (tile.column - (column << levels)) * side
    bottom = (tile.row - (row << levels)) * side
    return Tile(tile.level - levels, column, row), (left, bottom, left + side, bottom + side)


def descendants(tile: Tile, levels: int) -> list[Tile]:
    """The tiles so many levels finer that together are this one."""
    count = 1 << levels
    return [
        Tile(tile.level + levels, tile.column * count + column, tile.row * count + row)
        for row in range(count)
        for column in range(count)
    ]


class TileCache:
    """Pictures uint8 [H, W(, C)] by space and tile: those used last, up to so many bytes in all.

    A space is all that pictures depend on but their place.
    """

    def __init__(self, limit_bytes: int = CACHE_BYTES) -> None:
        self._limit_bytes = limit_bytes
        self._pictures: OrderedDict[tuple[Hashable, Tile], Bytes] = OrderedDict()
        self.size_bytes = 0

    def put(self, space: Hashable, tile: Tile, picture: Bytes) -> None:
        """Keep a picture; what was not used for longest goes where there is no room."""
        old = self._pictures.pop((space, tile), None)
        self.size_bytes += picture.nbytes - (0 if old is None else old.nbytes)
        self._pictures[space, tile] = picture
        while self.size_bytes > self._limit_bytes and len(self._pictures) > 1:
            _, dropped = self._pictures.popitem(last=False)
            self.size_bytes -= dropped.nbytes

    def get(self, space: Hashable, tile: Tile) -> Bytes | None:
        """A picture, which counts as used; or None."""
        picture = self._pictures.get((space, tile))
        if picture is not None:
            self._pictures.move_to_end((space, tile))
        return picture

    def covering(self, space: Hashable, tile: Tile) -> Iterator[tuple[Tile, Bytes, Edges]]:
        """What to draw for a tile, in this order: (where, picture, which part of it).

        The tile itself; without it the part of the nearest coarser one, and then all finer ones there are.
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
    """What tiles belong to: pictures of what, cut how."""

    space: Hashable
    chart: Chart
    pyramid: Pyramid

    def z(self, tiles: Sequence[Tile]) -> tuple[Floats, NDArray[np.bool_]]:
        """Z float32 [N, d] of the tiles' pictures that exist, and which of all [N] they are."""
        view = np.concatenate([self.pyramid.centers(tile) for tile in tiles])
        limits = self.chart.limits
        if limits is None:
            exist: NDArray[np.bool_] = np.ones(len(view), np.bool_)
        else:
            left, bottom, right, top = limits
            exist = np.logical_and.reduce((view > (left, bottom)) & (view < (right, top)), axis=1)
        return self.chart.z(view[exist]), exist


class TileQueue:
    """What is still to be decoded, between the thread that looks and the one that decodes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tiles: list[Tile] = []
        self._cut: Cut | None = None
        self.hurry_until = 0.0  # `time.perf_counter`

    def replace(self, cut: Cut, tiles: Sequence[Tile]) -> None:
        """Want these, and nothing that was wanted before."""
        with self._lock:
            self._cut, self._tiles = cut, list(reversed(tiles))

    def take(self, count: int) -> tuple[Cut | None, list[Tile]]:
        """The next ones, at most `count`; they are no longer in the queue."""
        with self._lock:
            taken = [self._tiles.pop() for _ in range(min(count, len(self._tiles)))]
            return self._cut, taken

    def __len__(self) -> int:
        return len(self._tiles)


def _common(edges: Edges, limits: Edges | None) -> Edges | None:
    if limits is None:
        return edges
    left, bottom = max(edges[0], limits[0]), max(edges[1], limits[1])
    right, top = min(edges[2], limits[2]), min(edges[3], limits[3])
    return (left, bottom, right, top) if left < right and bottom < top else None


def _grown(edges: Edges, share: float) -> Edges:
    left, bottom, right, top = edges
    margin = share * min(right - left, top - bottom)
    return left - margin, bottom - margin, right + margin, top + margin
