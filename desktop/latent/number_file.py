"""Reads z from untrusted files (`.npy`, `.npz`, JSON, CSV), and writes `.npy`.

Only plain numbers are read: type and size in an array's header are checked before its data are read, and
nothing is ever unpickled. No Qt.
"""

import json
import math
import stat
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import IO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import ArrayLike

from desktop.base.arrays import Array, Doubles
from desktop.base.atomic_file import replaced_file
from desktop.base.errors import ReportedError
from desktop.latent.number_table import TableError, arrays_of_table
from desktop.latent.plane import MAX_Z

ENDINGS = (".npy", ".npz", ".json", ".csv")
MAX_CSV_BYTES = 64 << 20
MAX_JSON_BYTES = 32 << 20  # the Python objects for JSON take several times as much memory
MAX_BYTES = 256 << 20  # the limit for all arrays of a file together
MAX_ARRAYS = 4096
MAX_HEADER_CHARS = 10_000
NPY_START = b"\x93NUMPY"
ZIP_START = b"PK"


class NumberFileError(ReportedError):
    """A file of numbers cannot be read, or does not fit the model."""


def is_number_file(path: Path) -> bool:
    """Whether a file has an extension of numpy, JSON or CSV."""
    return path.suffix.lower() in ENDINGS


def read_arrays(path: Path) -> dict[str, Doubles]:
    """Read all arrays of a `.npy`, `.npz`, `.json` or `.csv` file as float64, by name, or by the file's name.

    Raises NumberFileError for another kind of file, arrays of objects or texts, too many bytes, a damaged
    file, or a number that is not finite in float32. Raises OSError if the file cannot be read.
    """
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise NumberFileError(
            f"{path}: found something other than a regular file, expected a .npy, .npz, .json or .csv; "
            "choose another"
        )
    _check_size(str(path), status.st_size)
    with path.open("rb") as file:
        start = file.read(len(NPY_START))
        file.seek(0)
        if start == NPY_START:
            return {path.stem: _read_array(file, str(path))}
        if start.startswith(ZIP_START):
            return _read_zip(file, path)
        if path.suffix.lower() == ".json":
            return _read_json(file, path)
        if path.suffix.lower() == ".csv":
            return _read_csv(file, path)
    raise NumberFileError(f"{path}: found no arrays, expected a file that numpy.save or numpy.savez wrote")


def rows_of(array: Array, latent_dim: int) -> Doubles | None:
    """Return an array as float64 [n, d]; None if its shape does not fit d or it is empty."""
    if not array.size:
        return None
    if array.size == latent_dim or (array.ndim > 1 and math.prod(array.shape[1:]) == latent_dim):
        return np.asarray(array, np.float64).reshape(-1, latent_dim)
    if array.ndim == 1 and latent_dim == 1:
        return np.asarray(array, np.float64).reshape(-1, 1)
    return None


def misfit(arrays: Mapping[str, Array], latent_dim: int) -> str:
    """An error text with the shapes that were found, where [d] or [n, d] was expected."""
    found = ", ".join(shape_text(array.shape) for array in list(arrays.values())[:3])
    more = ", …" if len(arrays) > 3 else ""
    return (
        f"found an array of shape {found}{more}, expected [{latent_dim}] or [n, {latent_dim}]; "
        f"save arrays whose last axis has the model's {latent_dim} number{'s' if latent_dim > 1 else ''}"
    )


def shape_text(shape: tuple[int, ...]) -> str:
    """A shape as a text such as "[3, 512]"."""
    return f"[{', '.join(map(str, shape))}]"


def write_numbers(path: Path, numbers: ArrayLike) -> None:
    """Write numbers of any shape as a `.npy` file of float32."""
    with replaced_file(path) as temporary, temporary.open("wb") as file:
        np.save(file, np.asarray(numbers, np.float32), allow_pickle=False)


def _read_zip(file: IO[bytes], path: Path) -> dict[str, Doubles]:
    try:
        with zipfile.ZipFile(file) as archive:
            members = [member for member in archive.infolist() if member.filename.endswith(".npy")]
            if not members or len(members) > MAX_ARRAYS:
                raise NumberFileError(
                    f"{path}: found {len(members):,} arrays, expected 1 to {MAX_ARRAYS:,}; "
                    "save the arrays that you mean with numpy.savez"
                )
            arrays, left = {}, MAX_BYTES
            for member in members:
                name = member.filename.removesuffix(".npy")
                with archive.open(member) as entry:
                    arrays[name] = _read_array(entry, f"{path}, {name[:60]}", left)
                left -= arrays[name].nbytes
            return arrays
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError) as error:
        words = " ".join(str(error).split())[:120]
        raise NumberFileError(f"{path}: found a damaged file ({words}), expected an intact one") from error


def _read_json(file: IO[bytes], path: Path) -> dict[str, Doubles]:
    """Read a list of numbers, a nested list, or an object of such lists, whose other members are ignored."""
    text = file.read(MAX_JSON_BYTES + 1)
    _check_size(str(path), len(text), MAX_JSON_BYTES)
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        words = " ".join(str(error).split())[:120]
        raise NumberFileError(f"{path}: found damaged JSON ({words}), expected lists of numbers") from error
    members = found if isinstance(found, dict) else {path.stem: found}
    arrays = {key: array for key, value in members.items() if (array := _array_of(value)) is not None}
    if not arrays or len(arrays) > MAX_ARRAYS:
        raise NumberFileError(
            f"{path}: found {len(arrays):,} lists of numbers in the JSON, expected 1 to {MAX_ARRAYS:,}; "
            "save z as a list of numbers, or several as a list of lists"
        )
    for key, array in arrays.items():
        _check_range(array.ravel(), str(path) if len(arrays) == 1 else f"{path}, {key[:60]}")
    return arrays


def _read_csv(file: IO[bytes], path: Path) -> dict[str, Doubles]:
    data = file.read(MAX_CSV_BYTES + 1)
    _check_size(str(path), len(data), MAX_CSV_BYTES)
    try:
        arrays = arrays_of_table(data.decode("utf-8-sig"), path.stem)
    except (TableError, UnicodeDecodeError) as error:
        words = (
            "found no text in UTF-8, expected a CSV" if isinstance(error, UnicodeDecodeError) else str(error)
        )
        raise NumberFileError(f"{path}: {words}") from error
    for key, array in arrays.items():
        _check_range(array.ravel(), str(path) if len(arrays) == 1 else f"{path}, {key[:60]}")
    return arrays


def _array_of(value: object) -> Doubles | None:
    """A list from JSON as an array; None if it contains non-numbers, or lists of different lengths."""
    if not isinstance(value, list):
        return None
    try:
        array = np.asarray(value)
    except (ValueError, OverflowError):
        return None
    return array.astype(np.float64) if array.dtype.kind in "fiu" and array.size else None


def _read_array(file: IO[bytes], where: str, most_bytes: int = MAX_BYTES) -> Doubles:
    """Read one array. Unlike numpy.load, this limits the size that a header can request."""
    try:
        version = npy.read_magic(file)
        read_header = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}[version]
        shape, by_columns, dtype = read_header(file, max_header_size=MAX_HEADER_CHARS)
        if any(size < 0 for size in shape):
            raise ValueError("negative size")
    except Exception as error:  # damaged headers raise any kind of error
        raise NumberFileError(
            f"{where}: found a damaged array, expected one that numpy.save wrote"
        ) from error
    if dtype.kind not in "fiub" or dtype.itemsize > 8:
        kind = "Python objects" if dtype.hasobject else f"the type {str(dtype)[:40]}"
        raise NumberFileError(f"{where}: found {kind}, expected numbers; save z as float32")
    count = math.prod(shape)
    _check_size(where, count * 8, most_bytes)  # held as float64
    data = file.read(count * dtype.itemsize)
    if len(data) != count * dtype.itemsize:
        words = f"found {len(data):,} bytes of {count * dtype.itemsize:,}"
        raise NumberFileError(f"{where}: {words}, expected a complete file; copy or save it again")
    numbers = np.frombuffer(data, dtype).astype(np.float64)
    _check_range(numbers, where)
    return numbers.reshape(shape, order="F" if by_columns else "C")


def _check_range(numbers: Doubles, where: str) -> None:
    if not (np.abs(numbers) <= MAX_Z).all():
        bad = np.flatnonzero(~(np.abs(numbers) <= MAX_Z))
        words = f"found {numbers[bad[0]]:g}" + (f" and {len(bad) - 1:,} more" if len(bad) > 1 else "")
        raise NumberFileError(f"{where}: {words}, expected finite float32 numbers; remove or replace them")


def _check_size(where: str, size_bytes: int, most_bytes: int = MAX_BYTES) -> None:
    if size_bytes > most_bytes:
        raise NumberFileError(
            f"{where}: found {size_bytes:,} bytes of numbers, expected at most {most_bytes:,}; save fewer"
        )
