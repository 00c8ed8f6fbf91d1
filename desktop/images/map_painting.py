"""Paints strokes of a round brush on the maps of z, and draws the maps as pictures. No Qt."""

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from desktop.base.arrays import Bytes, Floats
from desktop.images.drawing import coverage

MAX_VALUE = 1e9
# The colours at −1, −½, 0, ½ and 1 times the reach. Brightness increases evenly, so that the maps can also be
# read as grey pictures; 0 is grey, negative numbers are blue and positive ones yellow.
STOPS = ((10, 26, 74), (54, 84, 138), (119, 119, 119), (196, 164, 104), (255, 240, 200))
STEPS = 128  # colours on each side of 0
# Beyond the reach, colours do not change. By default, at most this share of the numbers is beyond it.
SHARE_BEYOND = 0.005


class MapTool(StrEnum):
    """What a stroke on a map does; the values are the names in the window."""

    ADD = "Add"
    SET = "Set to"
    ERASE = "Erase"


@dataclass(frozen=True)
class Brush:
    """The settings of a stroke.

    Attributes:
        tool: the tool.
        value: the number that ADD adds and that SET sets.
        size: the diameter in cells of a map.
    """

    tool: MapTool
    value: float
    size: int


@dataclass(frozen=True)
class MapStroke:
    """A stroke in progress.

    A stroke changes a cell once, however often the brush passes over it. At the brush's edge the change is
    partial, but erasing always covers whole cells, so that erasing along the same way removes a stroke
    completely.

    Attributes:
        start: the maps [C, h, w] before the stroke.
        erased: the numbers that erasing restores, [C, h, w].
        channels: which maps are painted.
        brush: the settings of the stroke.
        cover: how much of each cell [h, w] has been covered.
    """

    start: Floats
    erased: Floats
    channels: slice
    brush: Brush
    cover: Floats

    def along(self, start: tuple[int, int], end: tuple[int, int]) -> "MapStroke":
        """Return the stroke with one more straight line between two cells (row, column)."""
        (top, left), (bottom, right) = start, end
        here, there = (left + 0.5, top + 0.5), (right + 0.5, bottom + 0.5)
        line = coverage(self.cover.shape, here, there, self.brush.size / 2)
        return replace(self, cover=np.maximum(self.cover, line))

    def maps(self) -> Floats:
        """Return the maps [C, h, w] after the stroke."""
        painted = self.start.copy()
        before, tool = self.start[self.channels], self.brush.tool
        wanted = {
            MapTool.ADD: before + np.float32(self.brush.value),
            MapTool.SET: np.full_like(before, self.brush.value),
            MapTool.ERASE: self.erased[self.channels],
        }[tool]
        cover = (self.cover > 0).astype(np.float32) if tool is MapTool.ERASE else self.cover
        # This formula gives exact numbers where the cover is 0 or 1.
        mixed = before * (1 - cover) + wanted * cover
        painted[self.channels] = np.clip(mixed, -MAX_VALUE, MAX_VALUE)
        return painted


def new_stroke(maps: Floats, erased: Floats, channels: slice, brush: Brush) -> MapStroke:
    """Return a stroke that has not begun, on maps [C, h, w]."""
    return MapStroke(maps, erased, channels, brush, np.zeros(maps.shape[1:], np.float32))


def reach_of(maps: Floats, least: float) -> float:
    """The number that the brightest colour stands for: `least`, or more if the maps have larger numbers.

    A number other than `least` is 1, 2 or 5 times a power of ten.
    """
    finite = np.abs(maps[np.isfinite(maps)])
    large = float(np.quantile(finite, 1 - SHARE_BEYOND)) if finite.size else 0.0
    if not large > least:
        return least
    power = 10.0 ** np.floor(np.log10(large))
    return float(next(step * power for step in (1, 2, 5, 10) if step * power >= large * (1 - 1e-6)))


def map_pictures(maps: Floats, reach: float) -> Bytes:
    """Draw maps [..., h, w] as pictures uint8 [..., h, w, 3], from dark at −reach to bright at reach."""
    scaled = np.nan_to_num(np.clip(maps / reach, -1, 1))
    pictures: Bytes = COLORS[np.rint((scaled + 1) * STEPS).astype(np.intp)]
    return pictures


def _colors() -> NDArray[np.uint8]:
    at = np.linspace(-1, 1, 2 * STEPS + 1)
    stops = np.array(STOPS, np.float64)
    places = np.linspace(-1, 1, len(stops))
    channels = [np.interp(at, places, stops[:, channel]) for channel in range(3)]
    return np.rint(np.stack(channels, axis=-1)).astype(np.uint8)


COLORS = _colors()
