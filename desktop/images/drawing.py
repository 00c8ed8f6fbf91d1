"""A picture drawn by hand: strokes of a round pen on the model's pixels. No Qt."""

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from desktop.base.arrays import Floats

THRESHOLD = 0.5


class Tool(StrEnum):
    """What a stroke does; the values are the names in the window."""

    PEN = "Pen"
    ERASER = "Eraser"
    UNKNOWN = "Unknown"


@dataclass(frozen=True)
class Drawing:
    """A picture, and which of its pixels are known.

    Attributes:
        pixels: float32 [C, H, W] in [0, 1].
        known: bool [H, W].
    """

    pixels: Floats
    known: NDArray[np.bool_]

    @property
    def is_empty(self) -> bool:
        """Whether there is no ink and every pixel is known."""
        return not self.pixels.any() and bool(self.known.all())

    def stroked(
        self, start: tuple[float, float], end: tuple[float, float], radius_px: float, tool: Tool
    ) -> "Drawing":
        """Return the drawing with a line from `start` to `end` (x, y), in pixels from the upper left corner.

        The pen covers a pixel by the share of it that lies within the radius. Pen and eraser make the pixels
        that they touch known.
        """
        cover = coverage(self.known.shape, start, end, radius_px)
        touched = cover > THRESHOLD
        if tool is Tool.UNKNOWN:
            return replace(self, known=self.known & ~touched)
        inked, wiped = np.maximum(self.pixels, cover), np.minimum(self.pixels, 1 - cover)
        pixels = inked if tool is Tool.PEN else wiped
        return Drawing(pixels, self.known | touched)

    def thresholded(self) -> Floats:
        """Return the pixels as binary values, as in the training data: 1 above one half, otherwise 0."""
        return (self.pixels > THRESHOLD).astype(np.float32)


def blank(image_shape: tuple[int, int, int]) -> Drawing:
    """Return an empty drawing in which every pixel is known."""
    return Drawing(np.zeros(image_shape, np.float32), np.ones(image_shape[1:], bool))


def coverage(
    shape: tuple[int, ...], start: tuple[float, float], end: tuple[float, float], radius_px: float
) -> Floats:
    """Return how much of each pixel [H, W] a round line covers, by the distance of its centre to the line."""
    y, x = np.mgrid[0.5 : shape[0], 0.5 : shape[1]]
    (x0, y0), (x1, y1) = start, end
    dx, dy = x1 - x0, y1 - y0
    length_squared = dx * dx + dy * dy
    along = 0.0 if length_squared == 0 else np.clip(((x - x0) * dx + (y - y0) * dy) / length_squared, 0, 1)
    distance = np.hypot(x - x0 - along * dx, y - y0 - along * dy)
    cover: Floats = np.clip(radius_px + 0.5 - distance, 0, 1).astype(np.float32)
    return cover
