"""Finds the part of a frame that differs from the previous frame. No Qt."""

import numpy as np

from desktop.base.arrays import Bytes

Box = tuple[int, int, int, int]


def changed_box(before: Bytes | None, frame: Bytes, even: bool = False) -> Box:
    """Return the smallest box (left, top, right, bottom) outside of which two frames [H, W(, C)] are equal.

    The box is the whole frame if there is no previous frame, and one pixel if nothing differs. With `even`,
    the box's left column and top row are even.
    """
    height, width = frame.shape[:2]
    if before is None:
        return 0, 0, width, height
    differs = before != frame
    if differs.ndim == 3:
        differs = differs.any(axis=2)
    rows, columns = (np.flatnonzero(differs.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return 0, 0, 1, 1
    left, top = int(columns[0]), int(rows[0])
    if even:
        left, top = left & ~1, top & ~1
    return left, top, int(columns[-1]) + 1, int(rows[-1]) + 1
