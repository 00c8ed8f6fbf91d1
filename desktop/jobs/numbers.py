"""The worker's jobs for files of numbers: read arrays, write z or a path. No Qt."""

from collections.abc import Iterator
from pathlib import Path

from numpy.typing import ArrayLike

from desktop.base.arrays import Doubles
from desktop.latent.number_file import read_arrays, write_numbers


def read_numbers(path: Path) -> Iterator[dict[str, Doubles]]:
    """Read all arrays of a `.npy`, `.npz`, `.json` or `.csv` file."""
    yield read_arrays(path)


def save_numbers(path: Path, numbers: ArrayLike) -> Iterator[Path]:
    """Write numbers as `.npy` in float32."""
    write_numbers(path, numbers)
    yield path
