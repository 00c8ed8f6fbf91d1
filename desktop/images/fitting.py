"""Fits any picture to the look of a model's training data, and names each step. No Qt.

MNIST's digits are light on dark, scaled into 20 × 20 pixels with their aspect ratio kept, and moved so that
their centre of mass is in the middle of 28 × 28 (LeCun et al., "The MNIST database of handwritten digits").
"""

from dataclasses import dataclass

import numpy as np

from desktop.base.arrays import Bytes, Floats
from desktop.images.read_image import area_scaled, fitted

BOX_SHARE = 20 / 28
INK = 0.1
LIGHT = 0.5
WORKING_SIDE_PX = 560


@dataclass(frozen=True)
class Fitted:
    """A picture fitted to a model.

    Attributes:
        original: the picture before fitting, uint8 [H, W, 4].
        pixels: the fitted picture, float32 [C, h, w] in [0, 1], in the model's shape.
        steps: what was done, in words.
    """

    original: Bytes
    pixels: Floats
    steps: tuple[str, ...]


def fit(original: Bytes, image_shape: tuple[int, int, int], as_digit: bool) -> Fitted:
    """Fit a picture uint8 [H, W, 4] to the model; `as_digit` means that its data was made like MNIST's.

    A picture that already has the model's size is neither scaled nor moved.
    """
    steps = []
    if not as_digit or image_shape[0] != 1:
        if original.shape[:2] != image_shape[1:]:
            steps.append(f"scaled to {image_shape[2]} × {image_shape[1]}")
        return Fitted(original, fitted(original, image_shape)[0], tuple(steps))
    same_size = original.shape[:2] == image_shape[1:]
    scale = min(1.0, WORKING_SIDE_PX / max(original.shape[:2]))
    rows, columns = (max(1, round(size * scale)) for size in original.shape[:2])
    gray = fitted(original, (1, rows, columns))[0, 0]
    if np.median(np.concatenate([gray[0], gray[-1], gray[:, 0], gray[:, -1]])) > LIGHT:
        gray = 1 - gray
        steps.append("inverted to light on dark")
    if not same_size:
        gray = _digit(gray, image_shape[1:])
        steps.append(f"scaled to {round(BOX_SHARE * image_shape[1])} pixels and centred by mass")
    return Fitted(original, gray[np.newaxis].astype(np.float32), tuple(steps))


def _digit(gray: Floats, size: tuple[int, ...]) -> Floats:
    """Scale the ink of [H, W] into a box of 20/28 of `size`, with its centre of mass in the middle."""
    rows, columns = np.flatnonzero((gray > INK).any(1)), np.flatnonzero((gray > INK).any(0))
    result = np.zeros(size, np.float32)
    if not len(rows):
        return result
    ink = gray[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    box = BOX_SHARE * min(size)
    scale = box / max(ink.shape)
    small = area_scaled(ink, max(1, round(ink.shape[0] * scale)), max(1, round(ink.shape[1] * scale)))
    y, x = np.mgrid[: small.shape[0], : small.shape[1]] + 0.5
    middle = (small * y).sum() / small.sum(), (small * x).sum() / small.sum()
    top, left = (
        min(max(0, round(whole / 2 - at)), whole - part)
        for whole, at, part in zip(size, middle, small.shape, strict=True)
    )
    result[top : top + small.shape[0], left : left + small.shape[1]] = small
    return result
