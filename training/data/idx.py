"""IDX files, MNIST's format: two zero bytes, a type, a number of dimensions, big-endian sizes, the values."""

import gzip
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.data.dataset import DatasetError

GZIP = b"\x1f\x8b"
UNSIGNED_BYTE = 8


def is_idx(path: Path) -> bool:
    """Whether a file's name is that of an IDX file."""
    return path.name.removesuffix(".gz").endswith(("-ubyte", ".idx", ".idx1", ".idx3"))


def read_idx(path: Path, dimensions: int) -> NDArray[np.uint8]:
    """The values of an IDX file with that many dimensions, gzipped or not. Raises DatasetError, OSError."""
    data = path.read_bytes()
    try:
        data = gzip.decompress(data) if data.startswith(GZIP) else data
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DatasetError(f"{path}: {error}; expected a complete gzip file; copy it again") from error
    magic = bytes([0, 0, UNSIGNED_BYTE, dimensions])
    if data[:4] != magic:
        raise DatasetError(
            f"{path}: found {data[:4].hex(' ')} at the start, expected {magic.hex(' ')}: an IDX file of "
            f"bytes with {dimensions} dimension{'s' * (dimensions > 1)}; name another file"
        )
    shape = (
        tuple(np.frombuffer(data, ">u4", dimensions, 4).tolist()) if len(data) >= 4 + 4 * dimensions else ()
    )
    # A writable copy, because PyTorch warns of read-only arrays.
    values = np.frombuffer(bytearray(data), np.uint8, offset=min(len(data), 4 + 4 * dimensions))
    if not shape or len(values) != np.prod(shape, dtype=np.int64):
        raise DatasetError(
            f"{path}: found {len(values):,} values, expected "
            f"{' × '.join(map(str, shape)) or 'sizes before them'}; "
            "copy it again"
        )
    return values.reshape(shape)
