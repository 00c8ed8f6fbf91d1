"""Memory-mapped images: arrays whose numbers are in a file, read when they are looked at."""

import mmap
from typing import Any

import numpy as np
from numpy.typing import NDArray


def mapping_of(array: NDArray[Any]) -> mmap.mmap | None:
    """The memory map that an array is a view of, if it is one."""
    base: object = array
    while isinstance(base, np.ndarray):
        base = base.base
    return base if isinstance(base, mmap.mmap) else None


def forget_pages(array: NDArray[Any]) -> None:
    """Give up the memory in which the system shows an array's file.

    Otherwise what was read counts as this process's memory for as long as there is enough. It stays in the
    system's cache of files, from where it comes back quickly.
    """
    mapping = mapping_of(array)
    if mapping is not None and hasattr(mmap, "MADV_DONTNEED"):
        mapping.madvise(mmap.MADV_DONTNEED)
