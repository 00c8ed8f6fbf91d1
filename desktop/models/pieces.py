"""Divides the rows of a batch into runs of a graph. Pure functions."""

from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np

from desktop.base.arrays import Floats
from desktop.reading.reading import Reading

# On the CPU, transposed convolutions run image by image. So small chunks in single-threaded runs are faster
# than one large batch over many threads, and keep the caches warm (`tests/benchmarks/decode.py` measures it).
CPU_CHUNK = 10
# A slow network gets smaller chunks, so that a decode can be stopped between them and memory stays low.
CHUNK_MS = 100.0
CUDA_CHUNK = 1024
CUDA_CHUNK_BYTES = 2**31  # of activations, assuming 64 maps for each channel of a picture


def chunk_size(reading: Reading, kind: Literal["cuda", "cpu"], one_ms: float) -> int:
    """How many pictures to decode per run, so that caches stay warm, memory low and runs short."""
    if kind == "cuda":
        size = min(CUDA_CHUNK, CUDA_CHUNK_BYTES // (64 * 4 * int(np.prod(reading.image_shape))))
    else:
        size = min(CPU_CHUNK, int(CHUNK_MS / max(one_ms, 1e-3)))
    batch = reading.batch or 1
    return max(batch, size // batch * batch)


def equal_sizes(count: int, fixed: int | None, most: int) -> list[tuple[int, int]]:
    """The runs for `count` rows, each of `fixed` rows, or else of at most `most`.

    Each run is given by its rows and the size to which it is padded.
    """
    step = max(1, fixed or most)
    rows = [min(step, count - start) for start in range(0, count, step)]
    return [(each, fixed or each) for each in rows]


def pieces(rows: Floats, sizes: Sequence[tuple[int, int]]) -> Iterator[tuple[Floats, int]]:
    """The rows of each run and its size, for `sizes` such as `equal_sizes` gives them."""
    start = 0
    for count, size in sizes:
        yield rows[start : start + count], size
        start += count


def filled(rows: Floats, size: int) -> Floats:
    """The rows, padded to `size` by repeating the last one."""
    if len(rows) == size:
        return rows
    return np.concatenate([rows, np.repeat(rows[-1:], size - len(rows), axis=0)])
