"""Reads many pictures from the arrays of an `.npz`, one after another. Pickles are never read. No Qt."""

import io
import math
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np

from desktop.base.arrays import Array, Bytes
from desktop.images.picture_files import (
    MAX_LABELS,
    ZIP_ERRORS,
    PictureSet,
    file_content,
    first_line,
    number_labels,
    open_archive,
    open_entry,
    spread_rows,
    zip_entries,
)
from desktop.images.picture_kinds import MAX_FILE_BYTES, ImageError

MAX_LABELS_BYTES = 64 << 20
# In Fortran order, each picture is spread over the whole array, so that all of the array must be in memory.
MAX_FORTRAN_BYTES = 64 << 20


class ArrayPictures(PictureSet):
    """`images` [N, H, W], [N, H, W, C] or [N, C, H, W] and `labels` [N] in an `.npz`."""

    def __init__(self, path: Path, most: int, known_labels: Sequence[str]) -> None:
        self.path = path
        with path.open("rb") as file:
            names = zip_entries(file, path)
            if "images.npy" not in names:
                found = ", ".join(name.removesuffix(".npy") for name in sorted(names))[:120] or "none"
                raise ImageError(
                    f"{path}: found the arrays {found}, expected images [N, H, W], [N, H, W, C] or "
                    "[N, C, H, W]; save them as images"
                )
            archive = open_archive(file, path)
            with open_entry(archive, "images.npy", path) as entry:
                shape, self._dtype, self._is_fortran = _array_header(entry, f"{path}: images")
            self._axes = _picture_axes(shape, self._dtype, path)
            size = math.prod(shape) * self._dtype.itemsize
            if self._is_fortran and size > MAX_FORTRAN_BYTES:
                raise ImageError(
                    f"{path}: images: found {size:,} bytes in Fortran's order, expected at most "
                    f"{MAX_FORTRAN_BYTES:,} or C's order; save numpy.ascontiguousarray of it"
                )
            labels = _read_labels(archive, path, shape[0]) if "labels.npy" in names else None
        self._shape = shape
        self.found = shape[0]
        self._rows = spread_rows(self.found, most)
        self.names = tuple(f"#{row}" for row in self._rows.tolist())
        if labels is None:
            self.labels, self.label_names = None, ()
        elif labels.dtype.kind == "U":
            self.labels, self.label_names = number_labels([str(label) for label in labels[self._rows]])
        elif known_labels and labels.min() >= 0 and labels.max() < min(len(known_labels), MAX_LABELS):
            self.labels, self.label_names = labels[self._rows].astype(np.uint8), tuple(known_labels)
        else:
            self.labels, self.label_names = number_labels(labels[self._rows].tolist())

    def content(self) -> Iterator[bytes]:
        """As in `PictureSet`."""
        yield from file_content(self.path)

    def pictures(self) -> Iterator[Bytes | ImageError]:
        """As in `PictureSet`."""
        wanted = set(self._rows.tolist())
        size = math.prod(self._shape[1:]) * self._dtype.itemsize
        try:
            with (
                self.path.open("rb") as file,
                open_archive(file, self.path) as archive,
                archive.open("images.npy") as entry,
            ):
                _array_header(entry, f"{self.path}: images")
                read = self._read_fortran(entry).read if self._is_fortran else entry.read
                for row in range(self.found):
                    data = read(size)
                    if len(data) < size:
                        raise ImageError(f"{self.path}: images ends at image {row:,}; save it again")
                    if row in wanted:
                        picture = np.frombuffer(data, self._dtype)
                        if self._dtype.kind == "f" and not np.isfinite(picture).all():
                            yield ImageError(f"{self.path}: image {row:,} of images holds NaN or infinity")
                        else:
                            yield self._picture(picture)
        except ZIP_ERRORS as error:
            raise ImageError(f"{self.path}: {first_line(error)}; expected arrays that numpy saved") from error

    def _read_fortran(self, entry: IO[bytes]) -> IO[bytes]:
        """The data of images in C order, read from an entry in Fortran order."""
        size = math.prod(self._shape) * self._dtype.itemsize
        data = entry.read(size)
        if len(data) < size:
            raise ImageError(f"{self.path}: images ends early; save it again")
        return io.BytesIO(np.frombuffer(data, self._dtype).reshape(self._shape, order="F").tobytes())

    def _picture(self, numbers: Array) -> Bytes:
        picture = numbers.reshape(self._shape[1:])
        if self._dtype.kind == "f":
            low, high = float(picture.min()), float(picture.max())
            if low < 0 or high > 1:
                raise ImageError(
                    f"{self.path}: found numbers from {low:g} to {high:g} in images, expected floats from "
                    "0 to 1, or uint8; scale them"
                )
            picture = np.rint(picture.astype(np.float32) * 255)
        elif self._dtype.kind == "b":
            picture = picture * np.uint8(255)
        planes = picture.transpose(self._axes).reshape(*[picture.shape[axis] for axis in self._axes[:2]], -1)
        result = np.full((*planes.shape[:2], 4), 255, np.uint8)
        result[..., : planes.shape[2] if planes.shape[2] > 1 else 3] = planes
        return result


def _picture_axes(shape: tuple[int, ...], dtype: np.dtype[Any], path: Path) -> tuple[int, ...]:
    """The axes of one picture in the order height, width, and channels if there are any."""
    where = f"{path}: images"
    if not (dtype == np.uint8 or dtype.kind in "fb"):
        raise ImageError(f"{where}: found {dtype}, expected uint8, or floats from 0 to 1")
    axes: tuple[int, ...] | None = None
    if len(shape) == 3:
        axes = (0, 1)
    elif len(shape) == 4 and shape[3] in (1, 3, 4):
        axes = (0, 1, 2)
    elif len(shape) == 4 and shape[1] in (1, 3, 4):
        axes = (1, 2, 0)
    if axes is None or 0 in shape[1:]:
        raise ImageError(
            f"{where}: found the shape {list(shape)}, expected [N, H, W], [N, H, W, C] or [N, C, H, W] with "
            "1, 3 or 4 channels; reshape it"
        )
    if shape[0] == 0:
        raise ImageError(f"{where}: found no images, expected at least one")
    size = math.prod(shape[1:]) * dtype.itemsize
    if size > MAX_FILE_BYTES:
        words = f"found {size:,} bytes an image, expected at most {MAX_FILE_BYTES:,}; make them smaller"
        raise ImageError(f"{where}: {words}")
    return axes


def _read_labels(archive: zipfile.ZipFile, path: Path, count: int) -> Array:
    """The labels [N]: integers or texts."""
    where = f"{path}: labels"
    with open_entry(archive, "labels.npy", path) as entry:
        shape, dtype, _ = _array_header(entry, where)
        if shape != (count,) or dtype.kind not in "iuU":
            raise ImageError(
                f"{where}: found {dtype} {list(shape)}, expected one whole number or text for each of the "
                f"{count:,} images"
            )
        if count * dtype.itemsize > MAX_LABELS_BYTES:
            raise ImageError(
                f"{where}: found {count * dtype.itemsize:,} bytes, expected at most {MAX_LABELS_BYTES:,}; "
                "save fewer images or shorter labels"
            )
        try:
            data = entry.read(count * dtype.itemsize)
        except ZIP_ERRORS as error:
            raise ImageError(f"{where}: {first_line(error)}; save it again") from error
    if len(data) < count * dtype.itemsize:
        raise ImageError(f"{where}: found fewer than {count:,} labels; save it again")
    return np.frombuffer(data, dtype)


def _array_header(entry: IO[bytes], where: str) -> tuple[tuple[int, ...], np.dtype[Any], bool]:
    """Read a `.npy` header up to the data: shape, dtype, and whether the data are in Fortran order.

    Raises ImageError.
    """
    try:
        version = np.lib.format.read_magic(entry)
        if version == (1, 0):
            header = np.lib.format.read_array_header_1_0(entry)
        else:
            header = np.lib.format.read_array_header_2_0(entry)
    except (*ZIP_ERRORS, SyntaxError, TypeError) as error:
        raise ImageError(f"{where}: {first_line(error)}; expected an array that numpy saved") from error
    shape, is_fortran, dtype = header
    if dtype.hasobject or dtype.names is not None:
        raise ImageError(f"{where}: found Python objects, expected plain numbers; save it with another dtype")
    if any(size < 0 for size in shape):
        raise ImageError(f"{where}: found the shape {list(shape)}, expected an array that numpy saved")
    return tuple(int(size) for size in shape), dtype, is_fortran
