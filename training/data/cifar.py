"""CIFAR-10 and CIFAR-100 as published: pickles in a tar, read so that they cannot run code."""

import io
import pickle
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.data.arrays import Arrays, arrays_of
from training.data.dataset import DatasetError
from training.data.trees import ARCHIVE_ERRORS, first_line

SIDE_PX = 32
# The only classes and functions that a pickled dict of arrays, lists, numbers and texts refers to.
HARMLESS = frozenset(
    (module, name)
    for module in ("numpy", "numpy.core.multiarray", "numpy._core.multiarray", "_codecs")
    for name in ("ndarray", "dtype", "_reconstruct", "encode")
)


def read_cifar(path: Path, title: str, train: tuple[str, ...], labels: str, meta: tuple[str, str]) -> Arrays:
    """The images of CIFAR-10 or CIFAR-100, from the published tar or from the folder that it unpacks to.

    Args:
        path: the tar or the folder.
        title: the dataset's name, for people.
        train: the batches of training images; those of test images are "test_batch" or "test".
        labels: the labels' name in a batch.
        meta: the file with the labels' names, and their name in it.

    Raises DatasetError, OSError.
    """
    read = _tar_reader(path) if path.is_file() else lambda name: (path / name).read_bytes()
    test = "test_batch" if len(train) > 1 else "test"
    batches = [_batch(path, name, read(name), labels) for name in (*train, test)]
    names = _unpickled(path, meta[0], read(meta[0])).get(meta[1])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise DatasetError(
            f"{path}: {meta[0]}: found no list {meta[1]}, expected the labels' names; copy it again"
        )
    images = np.concatenate([images for images, _ in batches[:-1]])
    numbers = np.concatenate([numbers for _, numbers in batches[:-1]])
    return arrays_of(title, str(path), images, numbers, *batches[-1], tuple(names))


def _tar_reader(path: Path) -> Callable[[str], bytes]:
    try:
        with tarfile.open(path) as archive:
            files = {
                member.name.rpartition("/")[2]: content.read()
                for member in archive
                if (content := archive.extractfile(member)) is not None
            }
    except ARCHIVE_ERRORS as error:
        raise DatasetError(
            f"{path}: {first_line(error)}; expected a complete tar.gz; delete it, or copy it again"
        ) from error

    def read(name: str) -> bytes:
        if name not in files:
            raise DatasetError(f"{path}: found no {name} inside, expected the published tar; copy it again")
        return files[name]

    return read


def _batch(path: Path, name: str, data: bytes, labels: str) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    batch = _unpickled(path, name, data)
    images, numbers = batch.get("data"), batch.get(labels)
    if (
        not isinstance(images, np.ndarray)
        or images.dtype != np.uint8
        or images.shape[1:] != (3 * SIDE_PX * SIDE_PX,)
        or not isinstance(numbers, list)
        or len(numbers) != len(images)
    ):
        raise DatasetError(
            f"{path}: {name}: found other contents, expected data, uint8 [N, {3 * SIDE_PX * SIDE_PX}], and "
            f"as many {labels}; copy it again"
        )
    return images.reshape(-1, 3, SIDE_PX, SIDE_PX), np.array(numbers, np.uint8)


class _Harmless(pickle.Unpickler):
    """Unpickles arrays, lists, dicts, numbers and texts, and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in HARMLESS:
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"it asks for {module}.{name}")


def _unpickled(path: Path, name: str, data: bytes) -> dict[str, Any]:
    try:
        # Written by Python 2.
        content = _Harmless(io.BytesIO(data), encoding="latin1").load()
        if not isinstance(content, dict):
            raise ValueError(f"it holds a {type(content).__name__}")
    except Exception as error:  # a damaged pickle can raise any kind of error
        raise DatasetError(
            f"{path}: {name}: found a file that is no batch of CIFAR ({error}), expected arrays and lists "
            "alone; copy it again"
        ) from error
    return content
