"""Memory-mapped images: arrays whose numbers are in a file and are read at first access."""

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
    """Release the memory pages that a memory-mapped array has read.

    Otherwise they count as this process's memory until the system needs it. They stay in the system's file
    cache, so that reading them again is quick.
    """
    mapping = mapping_of(array)
    if mapping is not None and hasattr(mmap, "MADV_DONTNEED"):
        mapping.madvise(mmap.MADV_DONTNEED)
