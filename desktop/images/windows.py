"""Computes means, minima and maxima over windows around each pixel of grey pictures. Pure numpy."""

import numpy as np

from desktop.base.arrays import Floats


def box_mean(gray: Floats, radius_px: int) -> Floats:
    """The mean over squares of 2 · radius + 1 pixels; pictures are mirrored at their edges. [H, W]."""
    for axis in (0, 1):
        radius = min(radius_px, gray.shape[axis] - 1)
        if radius < 1:
            continue
        pad = [(0, 0), (0, 0)]
        pad[axis] = (radius + 1, radius)
        sums = np.cumsum(np.pad(gray, pad, "symmetric"), axis=axis, dtype=np.float64)
        width = 2 * radius + 1
        sums = np.moveaxis(sums, axis, 0)
        gray = np.moveaxis((sums[width:] - sums[:-width]) / width, 0, axis).astype(np.float32)
    return gray


def opened(gray: Floats, side_px: int) -> Floats:
    """The grey opening [H, W] by a square: removes light structures that are narrower than the square.

    Beyond the edges, the picture is extended by its outermost pixels.
    """
    pad = side_px
    low = _minima(_minima(np.pad(gray, pad, "edge"), side_px, 0), side_px, 1)
    high = -_minima(_minima(-low, side_px, 0), side_px, 1)
    # In both passes a pixel's window begins at the pixel, so that the result is shifted by side_px − 1.
    start = pad - side_px + 1
    return high[start : start + gray.shape[0], start : start + gray.shape[1]]


def dilated(gray: Floats, radius_px: float) -> Floats:
    """The maximum over a disc around each pixel, 0 beyond the edges. [H, W]."""
    whole = int(radius_px)
    padded = np.pad(gray, whole)
    result = np.zeros_like(gray)
    height, width = gray.shape
    for down in range(-whole, whole + 1):
        half = int((radius_px**2 - down**2) ** 0.5)
        widest = -_minima(-padded, 2 * half + 1, 1)
        start = whole - half
        np.maximum(result, widest[whole + down : whole + down + height, start : start + width], out=result)
    return result


def _minima(values: Floats, length: int, axis: int) -> Floats:
    """The minimum over each pixel and the next `length` − 1 along an axis, which gets shorter by as many."""
    values = np.moveaxis(values, axis, 0)
    done = 1
    while done < length:
        step = min(done, length - done)
        values = np.minimum(values[: len(values) - step], values[step:])
        done += step
    return np.moveaxis(values, 0, axis)
