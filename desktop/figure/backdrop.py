"""Decodes the plane at the size that a figure needs. No Qt."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from desktop.base.arrays import Bytes, Doubles, Floats
from desktop.images import pixels
from desktop.jobs.cost import Cost, Progress
from desktop.jobs.kept_decoder import KeptDecoder
from desktop.jobs.tiles import Pyramid, pyramid_for, reduced
from desktop.latent.chart import Projection
from desktop.latent.plane import Edges


@dataclass(frozen=True, eq=False)
class Backdrop:
    """The decoded plane as one picture, uint8 [H, W(, C)], and its edges in view coordinates."""

    picture: Bytes
    edges: Edges


@dataclass(frozen=True)
class Cells:
    """The grid of pictures that covers a part of the plane.

    Attributes:
        edges: the edges of the whole grid in view coordinates.
        columns, rows: the number of pictures across and down.
        picture_px: width and height of each.
    """

    edges: Edges
    columns: int
    rows: int
    picture_px: tuple[int, int]

    def centers(self) -> Doubles:
        """The view coordinates [rows · columns, 2] of the pictures' middles, by rows from the top left."""
        left, bottom, right, top = self.edges
        a = left + (np.arange(self.columns) + 0.5) * (right - left) / self.columns
        b = top - (np.arange(self.rows) + 0.5) * (top - bottom) / self.rows
        return np.stack(np.meshgrid(a, b), axis=-1).reshape(-1, 2)


def cells_of(decoder: KeptDecoder, projection: Projection, scale: float) -> Cells | None:
    """The grid of pictures that a figure of this size needs; None if no part of the plane is in view.

    The pictures have the same sizes and fixed places as in the window.
    """
    model = decoder.model
    view_px = projection.size_px if decoder.is_slow else (0.0, 0.0)
    pyramid: Pyramid = pyramid_for(model.image_shape, 1e3 * model.picture_s, scale, view_px)
    pyramid = replace(pyramid, cells=1)
    left, bottom, right, top = projection.edges
    if projection.chart.limits is not None:
        limits = projection.chart.limits
        left, bottom = max(left, limits[0]), max(bottom, limits[1])
        right, top = min(right, limits[2]), min(top, limits[3])
    if not (left < right and bottom < top):
        return None
    level = pyramid.level(projection.viewport.units_per_px(projection.size_px))
    tiles = pyramid.meeting((left, bottom, right, top), level)
    first, last = pyramid.edges(tiles[0]), pyramid.edges(tiles[-1])
    columns = tiles[-1].column - tiles[0].column + 1
    rows = tiles[-1].row - tiles[0].row + 1
    return Cells((first[0], first[1], last[2], last[3]), columns, rows, pyramid.picture_px)


def backdrop_z(decoder: KeptDecoder, projection: Projection, scale: float) -> Floats:
    """The z [N, d] of the pictures that a figure of this size needs."""
    cells = cells_of(decoder, projection, scale)
    if cells is None:
        return np.zeros((0, decoder.model.latent_dim), np.float32)
    return projection.chart.z(cells.centers())


def can_be_finer(decoder: KeptDecoder) -> bool:
    """Whether decoded pictures have more pixels than a figure at scale 1 uses."""
    model = decoder.model
    _, height, width = model.image_shape
    kept = pyramid_for(model.image_shape, 1e3 * model.picture_s, 1.0).picture_px
    return kept != (width, height)


def backdrop_cost(decoder: KeptDecoder, projection: Projection, scale: float) -> Cost:
    """The cost of decoding the plane; pictures of a slow decoder that are kept already cost nothing."""
    cells = cells_of(decoder, projection, scale)
    if cells is None:
        return Cost(0, decoder.model.picture_s)
    if not decoder.is_slow:
        return Cost(cells.columns * cells.rows, decoder.model.picture_s)
    return decoder.cost(projection.chart.z(cells.centers()))


def decode_backdrop(
    decoder: KeptDecoder, projection: Projection, scale: float
) -> Iterator[Progress | Backdrop | None]:
    """Decode the plane in short steps. The Backdrop is yielded last; nothing is if no plane is in view."""
    cells = cells_of(decoder, projection, scale)
    if cells is None:
        return
    centers, (width, height) = cells.centers(), cells.picture_px
    picture: Bytes | None = None
    start = 0
    while start < len(centers):
        part = centers[start : start + decoder.step_pictures]
        decoded = decoder.try_decode(projection.chart.z(part))
        if decoded is None:
            yield None
            continue
        found = pixels.opaque(reduced(pixels.to_bytes(decoded), cells.picture_px))
        if picture is None:
            shape = (cells.rows * height, cells.columns * width, *found.shape[3:])
            picture = np.zeros(shape, np.uint8)
        for index, one in enumerate(found, start):
            row, column = divmod(index, cells.columns)
            picture[row * height : (row + 1) * height, column * width : (column + 1) * width] = one
        start += len(part)
        yield decoder.progress(start, len(centers))
    assert picture is not None
    yield Backdrop(picture, cells.edges)
