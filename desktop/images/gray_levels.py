"""Turns grey pictures of 16 bits, 32 bits or floats into 8 bits. No Qt."""

import numpy as np

from desktop.base.arrays import Array, Bytes

# The largest numbers of the bit depths that cameras, scanners and microscopes use.
DEPTHS = (8, 10, 12, 14, 16)


def has_wide_numbers(mode: str) -> bool:
    """Whether a mode of Pillow has more than 8 bits in one channel: "I", "F" and "I;16" in its variants."""
    return mode.startswith(("I", "F"))


def from_numbers(numbers: Array) -> tuple[Bytes, str]:
    """Return uint8 [H, W] for whole numbers or floats [H, W], and a description of what was done.

    Floats from 0 to 1, floats from 0 to a maximum between 128 and 255, and whole numbers of a usual bit depth
    keep their levels. For others, the least number becomes black and the largest white. Numbers that are not
    finite become black.
    """
    levels: Array = numbers.astype(np.float32 if numbers.dtype.itemsize <= 2 else np.float64)
    levels[~np.isfinite(levels)] = np.nan
    if np.isnan(levels).all():
        return np.zeros(numbers.shape, np.uint8), "made black, because none of its numbers is finite"
    low, high = float(np.nanmin(levels)), float(np.nanmax(levels))
    whole = numbers.dtype.kind in "iu"
    depth = next((bits for bits in DEPTHS if high < 2**bits), None)
    if low >= 0 and high <= 1 and not whole:
        low, high, how = 0.0, 1.0, ""
    elif low >= 0 and depth is not None and (whole or 128 <= high <= 255):
        low, high, how = 0.0, 2.0**depth - 1, f"reduced from {depth} bits to 8" if depth > 8 else ""
    else:
        how = f"stretched from its numbers {low:g} to {high:g}"
    shares = np.nan_to_num((levels - low) / max(high - low, 1e-30), nan=0.0)
    return np.rint(255 * np.clip(shares, 0, 1)).astype(np.uint8), how
