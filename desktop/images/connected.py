"""Finds the connected parts of a mask from the runs in each row. No Qt."""

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


def connected_parts(mask: Mask) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Number the parts of a mask [H, W] whose pixels touch at a side or a corner.

    Returns int32 [H, W] with the parts' numbers 1, 2, … and 0 outside of all parts, and the sizes in pixels
    by number; the size at 0 counts the pixels outside.
    """
    edges = np.diff(np.pad(mask, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    rows, starts = np.nonzero(edges == 1)
    ends = np.nonzero(edges == -1)[1]  # the column after the last one of a run
    parents = list(range(len(rows)))

    def root(run: int) -> int:
        while parents[run] != run:
            parents[run] = parents[parents[run]]
            run = parents[run]
        return run

    first = np.searchsorted(rows, np.arange(len(mask) + 1)).tolist()
    begin, end = starts.tolist(), ends.tolist()
    for row in range(1, len(mask)):
        above, here = first[row - 1], first[row]
        while above < first[row] and here < first[row + 1]:
            if begin[above] <= end[here] and begin[here] <= end[above]:
                parents[root(here)] = root(above)
            if end[above] < end[here]:
                above += 1
            else:
                here += 1
    roots = np.array([root(run) for run in range(len(rows))], np.int64)
    numbers = np.unique(roots, return_inverse=True)[1].astype(np.int32) + 1
    labels = np.zeros(mask.shape, np.int32)
    labels[mask] = np.repeat(numbers, ends - starts)
    return labels, np.bincount(labels.ravel(), minlength=1)
