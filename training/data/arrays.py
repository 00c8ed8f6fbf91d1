"""Images as arrays: `.npy`, `.npz` and IDX files."""

import hashlib
import zipfile
import zlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from training.data.dataset import BINARY, BYTES, Dataset, DatasetError, number_names
from training.data.idx import is_idx, read_idx
from training.data.items import Item, Part, Source
from training.data.mapped import forget_pages

# Names in an .npz: images and labels of both parts, as in files of Keras, MedMNIST and others, or of all
# images together.
SPLIT_NAMES = (
    ("x_train", "y_train", "x_test", "y_test"),
    ("train_images", "train_labels", "test_images", "test_labels"),
)
IMAGE_NAMES, LABEL_NAMES = ("images", "imgs", "x", "data", "arr_0"), ("labels", "y", "targets", "arr_1")
ARRAY_ERRORS = (ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error)
CHUNK_BYTES = 64 << 20
FORGOTTEN_AFTER = 1000  # after so many images, the memory of those that were read is released


@dataclass(frozen=True)
class Arrays:
    """Images and labels as they are in files; without test images they are not split into parts yet.

    Images are [N, C, H, W]: uint8, bool, or floats from 0 to 1.
    """

    name: str
    where: str
    images: NDArray[Any]
    labels: NDArray[Any] | None
    test_images: NDArray[Any] | None = None
    test_labels: NDArray[Any] | None = None
    label_names: tuple[str, ...] = ()


class ArraySource(Source):
    """The images of arrays, one after another."""

    def __init__(self, arrays: Arrays, signature: str) -> None:
        self.name, self.where, self.signature = arrays.name, arrays.where, signature
        parts: list[tuple[Part | None, NDArray[Any], NDArray[Any] | None]]
        if arrays.test_images is None:
            parts = [(None, arrays.images, arrays.labels)]
        else:
            parts = [
                ("train", arrays.images, arrays.labels),
                ("test", arrays.test_images, arrays.test_labels),
            ]
        self._parts = parts
        self.label_names = label_names_of(arrays)
        self.count = sum(len(images) for _, images, _ in parts)
        self.levels = max(levels_of(images, arrays.where) for _, images, _ in parts)

    def items(self) -> Iterator[Item]:
        """All images, the training part first."""
        for part, images, labels in self._parts:
            for row in range(len(images)):
                label = 0 if labels is None else int(labels[row])
                name = f"{part or 'image'} {row:,}"
                yield Item(name, label, part, partial(self._pixels, images, row))
                if row % FORGOTTEN_AFTER == 0:
                    forget_pages(images)

    def _pixels(self, images: NDArray[Any], row: int) -> NDArray[np.uint8]:
        pixels = as_bytes(images[row])
        return pixels * np.uint8(255) if self.levels == BINARY and pixels.max() <= 1 else pixels


def to_dataset(arrays: Arrays) -> Dataset:
    """The dataset of arrays that have both parts; size and channels stay as they are."""
    assert arrays.test_images is not None
    parts = [arrays.images, arrays.test_images]
    levels = max(levels_of(images, arrays.where) for images in parts)
    train, test = (_in_levels(as_bytes(images), levels) for images in parts)
    labels, test_labels = arrays.labels, arrays.test_labels
    if labels is None or test_labels is None:
        labels, test_labels = (np.zeros(len(images), np.uint8) for images in parts)
    return Dataset(
        arrays.name,
        label_names_of(arrays),
        train,
        labels,
        test,
        test_labels,
        levels,
        content_key(train, labels, test, test_labels),
    )


def content_key(*arrays: NDArray[Any] | None) -> str:
    """A hash of the content of arrays."""
    marks = hashlib.sha256()
    for array in arrays:
        if array is not None:
            marks.update(f"{array.shape} {array.dtype}\n".encode())
            marks.update(np.ascontiguousarray(array).data)
    return marks.hexdigest()


def as_bytes(images: NDArray[Any]) -> NDArray[np.uint8]:
    """Images as uint8; floats from 0 to 1 become 0 to 255."""
    if images.dtype.kind != "f":
        return images.astype(np.uint8, copy=False)
    return np.rint(images.astype(np.float32) * 255).astype(np.uint8)


def levels_of(images: NDArray[Any], where: str) -> int:
    """2 if all numbers are 0 or 1, otherwise 256. Reads the images in chunks.

    Raises DatasetError if a float is not from 0 to 1.
    """
    if images.dtype == np.bool_:
        return BINARY
    levels = BINARY
    rows = max(1, CHUNK_BYTES // max(1, images[0].nbytes))
    for start in range(0, len(images), rows):
        chunk = images[start : start + rows]
        forget_pages(images)
        if images.dtype == np.uint8:
            if chunk.max() > 1:
                return BYTES
            continue
        low, high = chunk.min(), chunk.max()
        if not (low >= 0 and high <= 1):
            raise DatasetError(
                f"{where}: found numbers from {low:g} to {high:g} in images {start:,} to "
                f"{start + len(chunk) - 1:,}, "
                "expected floats from 0 to 1, or uint8; scale or convert them"
            )
        if levels == BINARY and not ((chunk == 0) | (chunk == 1)).all():
            levels = BYTES
    return levels


def label_names_of(arrays: Arrays) -> tuple[str, ...]:
    """The label names that come with the arrays, or else the labels' numbers."""
    if arrays.label_names or arrays.labels is None:
        return arrays.label_names
    parts = [arrays.labels, *([] if arrays.test_labels is None else [arrays.test_labels])]
    return number_names(max(int(labels.max(initial=0)) for labels in parts))


def read_npy(path: Path) -> Arrays:
    """The images in an `.npy`, memory-mapped. Raises DatasetError, OSError."""
    try:
        images = np.load(path, mmap_mode="r", allow_pickle=False)
    except ARRAY_ERRORS as error:
        raise _not_arrays(path, error) from error
    return arrays_of(path.stem, str(path), images, None)


def read_npz(path: Path) -> Arrays:
    """The images and labels in an `.npz`. Raises DatasetError, OSError."""
    with Npz(path) as npz:
        known = npz.names
        for names in SPLIT_NAMES:
            if names[0] in known or names[2] in known:
                missing = _missing(known, *names)
                if missing is not None:
                    raise DatasetError(
                        f"{path}: found the arrays {', '.join(known.values())} and no {missing}, expected "
                        f"{names[0]} and {names[2]}, or images for a tenth of them as test images; "
                        "save it with both"
                    )
                images, test_images = npz.get(names[0]), npz.get(names[2])
                labels, test_labels = (npz.get(name) if name in known else None for name in names[1::2])
                return arrays_of(path.stem, str(path), images, labels, test_images, test_labels)
        name = next((name for name in IMAGE_NAMES if name in known), None)
        if name is None:
            raise DatasetError(
                f"{path}: found the arrays {', '.join(known.values())[:120] or 'none'}, expected images (and "
                "labels), or x_train and x_test (and y_train and y_test); save them under these names"
            )
        label = next((label for label in LABEL_NAMES if label in known), None)
        return arrays_of(path.stem, str(path), npz.get(name), None if label is None else npz.get(label))


class Npz:
    """An open `.npz`, which gives its arrays by their names in small letters.

    Raises DatasetError if it is damaged, OSError if it cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._file = np.load(path, allow_pickle=False)
            if not isinstance(self._file, np.lib.npyio.NpzFile):
                raise ValueError("found a single array")
        except ARRAY_ERRORS as error:
            raise _not_arrays(path, error) from error
        self.names = {name.lower(): name for name in self._file}

    def get(self, name: str) -> NDArray[Any]:
        """The array of that name."""
        try:
            array: NDArray[Any] = self._file[self.names[name]]
        except ARRAY_ERRORS as error:
            raise DatasetError(
                f"{self._path}: {name}: {error}; expected an array that numpy saved, without pickles"
            ) from error
        return array

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


def _missing(known: Collection[str], *names: str) -> str | None:
    """The name of an array that is missing although its counterpart is there; None if none is."""
    images, labels, test_images, test_labels = names
    pairs = ((images, test_images), (test_images, images), (labels, test_labels), (test_labels, labels))
    return next((one for one, other in pairs if one not in known and other in known), None)


def read_idx_file(path: Path) -> Arrays:
    """The images in one IDX file, with the labels beside it if there are any."""
    labels = path.with_name(path.name.replace("images", "labels").replace("idx3", "idx1"))
    return arrays_of(
        path.name.partition("-")[0],
        str(path),
        read_idx(path, 3),
        read_idx(labels, 1) if labels != path and labels.is_file() else None,
    )


def idx_files(folder: Path) -> tuple[Path, ...] | None:
    """MNIST's four files in a folder: training images and labels, test images and labels; None without any.

    Raises DatasetError if some are missing, or there are several of one kind.
    """
    files = [path for path in folder.iterdir() if is_idx(path)] if folder.is_dir() else []
    if not files:
        return None
    found: list[Path] = []
    for part, words in ((("train",), "train"), (("t10k", "test"), "t10k")):
        for kind in ("images", "labels"):
            # If a file is there both gzipped and unpacked, the unpacked one is taken.
            matches = {
                path.name.removesuffix(".gz"): path
                for path in sorted(files, reverse=True)
                if kind in path.name and any(name in path.name for name in part)
            }
            if len(matches) != 1:
                names = ", ".join(sorted(matches)) or f"no {words}-{kind}-…-ubyte.gz"
                raise DatasetError(
                    f"{folder}: found {names}, expected MNIST's four IDX files: images and labels of train "
                    "and t10k; keep one set in the folder"
                )
            found += matches.values()
    return tuple(found)


def read_idx_folder(files: tuple[Path, ...], name: str) -> Arrays:
    """The images and labels of MNIST's four files. Raises DatasetError, OSError."""
    images, labels, test_images, test_labels = (
        read_idx(path, 1 if "labels" in path.name else 3) for path in files
    )
    return arrays_of(name, str(files[0].parent), images, labels, test_images, test_labels)


def arrays_of(
    name: str,
    where: str,
    images: NDArray[Any],
    labels: NDArray[Any] | None,
    test_images: NDArray[Any] | None = None,
    test_labels: NDArray[Any] | None = None,
    label_names: tuple[str, ...] = (),
) -> Arrays:
    """Check arrays and bring them into the usual shapes. Raises DatasetError."""
    images = _as_images(images, where)
    if test_images is not None:
        test_images = _as_images(test_images, where)
        if test_images.shape[1:] != images.shape[1:]:
            raise DatasetError(
                f"{where}: found images of {list(images.shape[1:])} and test images of "
                f"{list(test_images.shape[1:])}, expected one shape; save them alike"
            )
    number = _numbering(labels, test_labels)
    labels, found = _as_labels(labels, len(images), where, number)
    if test_images is not None:
        test_labels, _ = _as_labels(test_labels, len(test_images), where, number)
    return Arrays(name, where, images, labels, test_images, test_labels, label_names or found)


def _not_arrays(path: Path, error: Exception) -> DatasetError:
    # numpy takes a file of an unknown kind for a pickle, and its message says how to load pickles.
    what = "found no arrays of numpy" if "allow_pickle" in str(error) else error
    return DatasetError(f"{path}: {what}; expected arrays that numpy saved, without pickles; save it again")


def _in_levels(images: NDArray[np.uint8], levels: int) -> NDArray[np.uint8]:
    return images if levels == BYTES or images.max() <= 1 else (images > 127).astype(np.uint8)


def _as_images(array: NDArray[Any], where: str) -> NDArray[Any]:
    """A view [N, C, H, W] of images [N, H, W], [N, H, W, C] or [N, C, H, W]."""
    if not (array.dtype in (np.uint8, np.bool_) or array.dtype.kind == "f"):
        raise DatasetError(
            f"{where}: found images of {array.dtype}, expected uint8, bool, or floats from 0 to 1; convert "
            "them"
        )
    if array.ndim and not len(array):
        raise DatasetError(f"{where}: found no images, shape {list(array.shape)}, expected some; add them")
    images: NDArray[Any] | None = None
    if array.ndim == 3:
        images = array[:, None]
    elif array.ndim == 4 and array.shape[3] in (1, 3):
        images = array.transpose(0, 3, 1, 2)
    elif array.ndim == 4 and array.shape[1] in (1, 3):
        images = array
    if images is None or 0 in images.shape:
        raise DatasetError(
            f"{where}: found images of the shape {list(array.shape)}, expected [N, H, W], [N, H, W, C] or "
            "[N, C, H, W] with 1 or 3 channels; save them so"
        )
    return images


def _numbering(*parts: NDArray[Any] | None) -> dict[str, int]:
    """The number of each label that is a text."""
    texts = {str(text) for part in parts if part is not None and part.dtype.kind == "U" for text in part.flat}
    return {text: number for number, text in enumerate(sorted(texts))}


def _as_labels(
    labels: NDArray[Any] | None, count: int, where: str, number: Mapping[str, int]
) -> tuple[NDArray[Any] | None, tuple[str, ...]]:
    """Labels as uint8 or int32 [N], and their names if the labels are texts."""
    if labels is None:
        return None, ()
    flat = labels.reshape(-1) if labels.ndim == 2 and labels.shape[1] == 1 else labels
    is_number = flat.dtype.kind in "iu"
    if flat.shape != (count,) or not (is_number or flat.dtype.kind == "U"):
        raise DatasetError(
            f"{where}: found labels of {labels.dtype} shaped {list(labels.shape)}, expected a whole number "
            f"or a text for each of {count:,} images; save them so"
        )
    if not is_number:
        return np.array([number[str(text)] for text in flat], np.int32), tuple(number)
    least, most = int(flat.min()), int(flat.max())
    if least < 0 or most > np.iinfo(np.int32).max:
        raise DatasetError(
            f"{where}: found labels from {least} to {most}, expected numbers from 0; count from 0"
        )
    return flat.astype(np.uint8 if most < BYTES else np.int32), ()
