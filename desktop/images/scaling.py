"""Scales pictures by area to a model's size, and puts transparent ones on a background. No Qt."""

import numpy as np

from desktop.base.arrays import Bytes, Floats
from desktop.reading.tensors import LUMA

ROWS_AT_ONCE = 64  # a large picture is converted to floats in bands of this many rows


def fitted(image: Bytes, image_shape: tuple[int, int, int], ground: float | Floats = 0) -> Floats:
    """Convert an image uint8 [H, W, 4] to x float32 [1, C, H, W] in [0, 1] of a model's shape.

    The picture is scaled by area with its aspect ratio kept, and centred. The space around it and transparent
    pixels become `ground`, 0 for black and 1 for white, or a colour [3]; with four channels they stay
    transparent.
    """
    channels, height, width = image_shape
    scale = min(height / image.shape[0], width / image.shape[1])
    rows, columns = (max(1, round(size * scale)) for size in image.shape[:2])
    x = np.zeros((height, width, 4), np.float32)
    top, left = (height - rows) // 2, (width - columns) // 2
    x[top : top + rows, left : left + columns] = _scaled(image, rows, columns)
    if channels == 4:
        x[..., :3] /= np.maximum(x[..., 3:], 1e-6)
    else:
        x = on_ground(x, ground)
        x = (x @ LUMA)[..., np.newaxis] if channels == 1 else x
    return np.ascontiguousarray(np.clip(x, 0, 1).transpose(2, 0, 1)[np.newaxis])


def shrunk(image: Bytes, side_px: int) -> Floats:
    """Scale an image uint8 [H, W, 4] down by a whole number, to at most `side_px` pixels on its longer side.

    Returns float32 [h, w, 4] in [0, 1]: the colours multiplied by alpha, and alpha.
    """
    from PIL import Image  # imported only when a picture is read

    by = -(-max(image.shape[:2]) // side_px)
    small = Image.fromarray(image).convert("RGBa")
    shares: Floats = np.asarray(small.reduce(by) if by > 1 else small).astype(np.float32)
    return shares / np.float32(255)


def on_ground(image: Floats, ground: float | Floats) -> Floats:
    """Put float32 [..., 4], colours multiplied by alpha, on a grey level or a colour; returns [..., 3]."""
    colors: Floats = image[..., :3] + (1 - image[..., 3:]) * np.asarray(ground, np.float32)
    return colors


def area_scaled(gray: Floats, rows: int, columns: int) -> Floats:
    """Scale [H, W] to [rows, columns]; each new pixel is the mean of the area that it covers."""
    scaled = _area(gray.shape[0], rows) @ gray.astype(np.float32) @ _area(gray.shape[1], columns).T
    return np.asarray(scaled, np.float32)


def _scaled(image: Bytes, rows: int, columns: int) -> Floats:
    """Scale uint8 [H, W, 4] to float32 [rows, columns, 4]: colours multiplied by alpha, and alpha.

    pillow is not used for this, so that a large picture is never in memory as floats as a whole.
    """
    down = _area(image.shape[0], rows)
    low = np.zeros((rows, 4 * image.shape[1]), np.float32)
    for top in range(0, image.shape[0], ROWS_AT_ONCE):
        part = image[top : top + ROWS_AT_ONCE].astype(np.float32) / 255
        part[..., :3] *= part[..., 3:]
        low += down[:, top : top + ROWS_AT_ONCE] @ part.reshape(len(part), -1)
    low = low.reshape(rows, image.shape[1], 4).transpose(1, 0, 2).reshape(image.shape[1], -1)
    small = _area(image.shape[1], columns) @ low
    return small.reshape(columns, rows, 4).transpose(1, 0, 2)


def _area(many: int, few: int) -> Floats:
    """Return the matrix [few, many] that averages `many` pixels into `few`, weighted by covered area."""
    edges = np.linspace(0, many, few + 1)
    pixels = np.arange(many)
    overlap = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    shares: Floats = (np.clip(overlap, 0, None) / (many / few)).astype(np.float32)
    return shares
