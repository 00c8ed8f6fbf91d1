"""Draws thousands of equal round dots into an array at once, for the points of the plane. No Qt."""

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from desktop.base.arrays import Bytes, Doubles

Words = NDArray[np.uint32]

FAINT_SHARE = 0.3  # while points are selected, the others have this share of the usual opacity
LEAST_COVERED = 0.02
SAMPLES = 8  # samples per pixel and side, from which the covered share of a pixel is computed


def dot_coverage(diameter_px: float) -> Doubles:
    """Return the share of each pixel that a dot in the middle covers, [S, S] with S even."""
    side = 2 * math.ceil((diameter_px + 1) / 2)
    along = (np.arange(side * SAMPLES) + 0.5) / SAMPLES - side / 2
    inside = along[:, None] ** 2 + along[None, :] ** 2 <= (diameter_px / 2) ** 2
    shares: Doubles = inside.reshape(side, SAMPLES, side, SAMPLES).mean(axis=(1, 3))
    return shares


def draw_dots(
    canvas: Words, centers_px: Doubles, colors: Bytes, color_of: NDArray[np.intp], coverage: Doubles
) -> Iterator[None]:
    """Draw dots into a transparent canvas [H, W] of premultiplied 0xAARRGGBB, in steps.

    `centers_px` [N, 2] are rounded to corners of pixels; dots that reach beyond the canvas are left out.
    `color_of` [N] has each dot's index into `colors`, uint8 [K, 3]. Where dots overlap, a pixel belongs to
    the dot that covers most of it, so that edges do not show through.
    """
    side = len(coverage)
    height, width = canvas.shape
    corners = np.rint(centers_px).astype(np.intp) - side // 2
    inside = ((corners >= 0) & (corners <= (width - side, height - side))).all(axis=1)
    places, color_of = corners[inside] @ np.array([1, width]), color_of[inside]
    pixels = canvas.reshape(-1)
    for row, column in _ascending(coverage):
        pixels[places + (row * width + column)] = _premultiplied(colors, coverage[row, column])[color_of]
        yield


def _ascending(coverage: Doubles) -> list[tuple[int, int]]:
    """The covered pixels of a dot, from the least covered to the most covered."""
    rows, columns = np.nonzero(coverage > LEAST_COVERED)
    order = np.argsort(coverage[rows, columns], kind="stable")
    return list(zip(rows[order].tolist(), columns[order].tolist(), strict=True))


def _premultiplied(colors: Bytes, alpha: float) -> Words:
    """Colours [K, 3] with an opacity as premultiplied words [K]."""
    red, green, blue = np.rint(colors.T * alpha).astype(np.uint32)
    words: Words = (
        (np.uint32(round(255 * alpha)) << np.uint32(24))
        | (red << np.uint32(16))
        | (green << np.uint32(8))
        | blue
    )
    return words
