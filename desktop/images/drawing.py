"""Pictures drawn by hand: strokes of a round pen on the model's pixels. No Qt."""

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from desktop.base.arrays import Floats
from desktop.latent.likelihood import THRESHOLD, as_data


class Tool(StrEnum):
    """What a stroke does; the values are the names in the window."""

    PEN = "Pen"
    ERASER = "Eraser"
    UNKNOWN = "Unknown"


@dataclass(frozen=True)
class Drawing:
    """A drawn picture, and which of its pixels are known.

    Attributes:
        pixels: float32 [C, H, W] in [0, 1].
        known: bool [H, W].
        surface: the empty canvas, float32 [C, H, W], which the eraser restores.
    """

    pixels: Floats
    known: NDArray[np.bool_]
    surface: Floats

    @property
    def is_empty(self) -> bool:
        """Whether nothing is drawn and every pixel is known."""
        return bool((self.pixels == self.surface).all() and self.known.all())

    def stroked(
        self,
        start: tuple[float, float],
        end: tuple[float, float],
        radius_px: float,
        tool: Tool,
        color: tuple[float, ...] = (1.0,),
    ) -> "Drawing":
        """Return the drawing with a line from `start` to `end` (x, y), in pixels from the upper left."""
        return Stroke(self, tool, color).to(start, end, radius_px).drawing

    def covered(self, cover: Floats, tool: Tool, color: tuple[float, ...]) -> "Drawing":
        """Return the drawing with a tool's effect where `cover` [H, W] says how much of a pixel it touches.

        `color` has one number for all channels, or one for each channel except alpha, which becomes opaque.
        Pixels that pen or eraser touch become known.
        """
        touched = cover > THRESHOLD
        if tool is Tool.UNKNOWN:
            return replace(self, known=self.known & ~touched)
        pixels = self.pixels + cover * (self._target(tool, color) - self.pixels)
        return replace(self, pixels=pixels.astype(np.float32), known=self.known | touched)

    def thresholded(self) -> Floats:
        """Return the pixels as binary values: 1 above one half, otherwise 0."""
        return as_data(self.pixels, 2)

    def _target(self, tool: Tool, color: tuple[float, ...]) -> Floats:
        if tool is Tool.ERASER:
            return self.surface
        channels = len(self.pixels)
        numbers = color * channels if len(color) == 1 else (*color, 1.0)
        return np.array(numbers[:channels], np.float32)[:, np.newaxis, np.newaxis]


@dataclass(frozen=True)
class Stroke:
    """A stroke in progress. Where it crosses itself, it covers pixels only once.

    Attributes:
        before: the drawing without the stroke.
        tool, color: as in `Drawing.covered`.
        cover: how much of each pixel [H, W] the stroke touches; None before its first line.
    """

    before: Drawing
    tool: Tool
    color: tuple[float, ...]
    cover: Floats | None = None

    def to(self, start: tuple[float, float], end: tuple[float, float], radius_px: float) -> "Stroke":
        """Return the stroke with one more line of a round pen."""
        more = coverage(self.before.known.shape, start, end, radius_px)
        return replace(self, cover=more if self.cover is None else np.maximum(self.cover, more))

    @property
    def drawing(self) -> Drawing:
        """The drawing with the stroke."""
        if self.cover is None:
            return self.before
        return self.before.covered(self.cover, self.tool, self.color)


def blank(image_shape: tuple[int, ...], surface: Floats | None = None) -> Drawing:
    """Return an empty drawing in which every pixel is known, on a surface or on black."""
    ground = np.zeros(image_shape, np.float32) if surface is None else surface
    return Drawing(ground, np.ones(image_shape[1:], bool), ground)


def coverage(
    shape: tuple[int, ...], start: tuple[float, float], end: tuple[float, float], radius_px: float
) -> Floats:
    """Return how much of each pixel [H, W] a round line covers, by the distance from pixel centre to line."""
    y, x = np.mgrid[0.5 : shape[0], 0.5 : shape[1]]
    (x0, y0), (x1, y1) = start, end
    dx, dy = x1 - x0, y1 - y0
    length_squared = dx * dx + dy * dy
    along = 0.0 if length_squared == 0 else np.clip(((x - x0) * dx + (y - y0) * dy) / length_squared, 0, 1)
    distance = np.hypot(x - x0 - along * dx, y - y0 - along * dy)
    cover: Floats = np.clip(radius_px + 0.5 - distance, 0, 1).astype(np.float32)
    return cover
