"""The worker's job that decodes a sheet of pictures: kept ones first, the others if there is time. No Qt."""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from desktop.base.arrays import Array, Bytes, Floats
from desktop.images import pixels
from desktop.images.titles import Titles
from desktop.jobs.cost import ASK_FROM_S, Cost, Progress
from desktop.jobs.decode import save_png
from desktop.jobs.kept_decoder import KeptDecoder
from desktop.jobs.sheets import Plan
from desktop.jobs.tiles import reduced

# The longer side of a sheet in the window, and the time between two sheets that are not full yet.
SHOWN_SIDE_PX, BETWEEN_S = 2048, 0.3
EMPTY_GRAY = 64  # of cells that are not decoded


@dataclass(frozen=True, eq=False)
class Sheet:
    """Many pictures in rows, as one picture.

    Attributes:
        picture: uint8 [rows · cell height, columns · cell width(, C)], with gaps.
        rows: how many rows of cells it has.
        plan: what the sheet shows.
        missing: how many cells are empty, because they are not decoded yet.
        is_reduced: whether the pictures are smaller than those of the decoder.
    """

    picture: Bytes
    rows: int
    plan: Plan
    missing: int = 0
    is_reduced: bool = False

    @property
    def columns(self) -> int:
        """How many cells a row has."""
        return self.plan.columns

    @property
    def z(self) -> Floats:
        """Where a click on each cell moves the cursor, float32 [N, d]."""
        return self.plan.z

    @property
    def captions(self) -> tuple[str, ...]:
        """N texts, one for each cell."""
        return self.plan.captions


SheetStep = Sheet | Progress | Cost | None


def sheet_steps(
    decoder: KeptDecoder,
    plan: Plan,
    most_px: int | None = None,
    most_s: float = math.inf,
    tells_from_s: float = ASK_FROM_S,
) -> Iterator[SheetStep]:
    """Decode a sheet, yielding the Sheet last, and None after each other step.

    With a slow decoder, or if it takes more than `tells_from_s` seconds, it yields Progress and unfinished
    sheets in between. If it takes more than `most_s` seconds, the sheet shows only pictures that are kept,
    and the Cost of the others is yielded last.

    `most_px` bounds the longer side of the sheet; its pictures are shrunk to fit.
    """
    cost, there = decoder.cost(plan.z), np.array(decoder.is_there(plan.z), bool)
    is_asked = cost.seconds > most_s
    order = np.argsort(~there, kind="stable")
    canvas = _Canvas(plan, decoder.model.image_shape, most_px)
    tells = decoder.is_slow or cost.seconds > tells_from_s
    shown_s = time.monotonic()
    for piece in decoder.pieces(plan.z[order[: there.sum()] if is_asked else order]):
        if piece is None:
            yield None
            continue
        start, pictures = piece
        canvas.put(order[start : start + len(pictures)], pictures)
        if tells and start >= there.sum() and canvas.missing:
            if time.monotonic() - shown_s > BETWEEN_S:
                yield canvas.sheet()
                shown_s = time.monotonic()
            yield decoder.progress(len(plan.z) - canvas.missing, len(plan.z))
        else:
            yield None
    yield canvas.sheet()
    if is_asked:
        yield cost


def save_sheet(
    decoder: KeptDecoder, plan: Plan, path: Path, scale: int, note: str = "", titles: Titles | None = None
) -> Iterator[Path | None]:
    """Decode a sheet in full size and write it as PNG; `note` says where it came from."""
    for step in sheet_steps(decoder, plan):
        if isinstance(step, Sheet) and not step.missing:
            yield from save_png(path, step.picture, scale, note, titles)
        else:
            yield None


class _Canvas:
    """A sheet that is being filled."""

    def __init__(self, plan: Plan, image_shape: tuple[int, int, int], most_px: int | None) -> None:
        self._plan = plan
        size = plan.size(image_shape)
        self._rows, self._gap_px = size.rows, size.gap_px
        channels, height, width = image_shape
        share = 1.0 if most_px is None else most_px / max(size.size_px(1))
        self._is_reduced = share < 1
        if self._is_reduced:
            height, width = max(1, int(height * share)), max(1, int(width * share))
        self._picture_px = width, height
        self._cell_px = (width * (1 if plan.originals is None else 2), height)
        across, down = (side + self._gap_px for side in self._cell_px)
        shape = size.rows * down - self._gap_px, plan.columns * across - self._gap_px
        self._sheet = np.zeros(shape if channels == 1 else (*shape, channels), np.uint8)
        for index in range(len(plan.z)):
            self._cell(index)[:-1, :-1] = EMPTY_GRAY  # the rest is a line between two cells
        self.missing = len(plan.z)

    def put(self, indices: Array, pictures: Floats) -> None:
        """Put the pictures float32 [N, C, H, W] into the cells of these indices."""
        decoded = self._small(pictures)
        if self._plan.originals is not None:
            decoded = np.concatenate([self._small(self._plan.originals(indices)), decoded], axis=2)
        for index, picture in zip(indices, decoded, strict=True):
            self._cell(int(index))[:] = picture
        self.missing -= len(indices)

    def sheet(self) -> Sheet:
        """Return the sheet as it is now."""
        picture = self._sheet.copy() if self.missing else self._sheet
        return Sheet(picture, self._rows, self._plan, self.missing, self._is_reduced)

    def _small(self, pictures: Floats) -> Bytes:
        found = pixels.to_bytes(pictures)
        return reduced(found, self._picture_px) if self._is_reduced else found

    def _cell(self, index: int) -> Bytes:
        width, height = self._cell_px
        row, column = divmod(index, self._plan.columns)
        top, left = row * (height + self._gap_px), column * (width + self._gap_px)
        return self._sheet[top : top + height, left : left + width]
