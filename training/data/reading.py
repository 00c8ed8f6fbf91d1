"""Reads the pictures of a source, several at a time, and gives each the form of the dataset."""

import dataclasses
import hashlib
import itertools
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from training.data.dataset import DatasetError
from training.data.form import Form
from training.data.items import Item, Source
from training.data.pictures import PictureError, decode, from_array, in_form, is_coloured

T = TypeVar("T")
R = TypeVar("R")
# Size and channels are taken from the first so many pictures.
PROBED = 64
AHEAD = 8  # pictures that are read ahead, per thread


@dataclass(frozen=True)
class Read:
    """One picture in its form.

    Attributes:
        digest: the hash of what was read.
        pixels: uint8 [C, H, W].
        size: height and width of the original.
        coloured: whether it is a coloured picture that was made grey.
    """

    digest: bytes
    pixels: NDArray[np.uint8]
    size: tuple[int, int]
    coloured: bool


def completed(source: Source, form: Form) -> Form:
    """The form, with size and channels of the source's first pictures if it has none of its own.

    Raises DatasetError if none of them can be read.
    """
    if form.size is not None and form.channels is not None:
        return form
    size, channels, failure = form.size, form.channels or 1, ""
    for item in itertools.islice(source.items(), PROBED):
        try:
            image = _picture(item)[1]
        except (PictureError, OSError) as error:
            failure = failure or f"{item.name}: {reason(error)}"
            continue
        if size is None:
            size = image.height, image.width
        if form.channels is None and is_coloured(image):
            channels = 3
            break
    if size is None:
        raise no_picture(source, failure)
    return dataclasses.replace(form, size=size, channels=channels)


def read_in_order(
    items: Iterable[Item], whole: Form, side_px: int | None, sequential: bool
) -> Iterator[tuple[Item, Read | PictureError | OSError]]:
    """Each picture in its form, or the error that prevented it, in the order of the items; uses threads."""
    workers = os.cpu_count() or 1

    def read(item: Item) -> tuple[Item, Read | PictureError | OSError]:
        try:
            digest, image = _picture(item, side_px)
            # Checked only if colours would be lost.
            coloured = whole.channels == 1 and is_coloured(image)
            return item, Read(digest, in_form(image, whole), (image.height, image.width), coloured)
        except (PictureError, OSError) as error:
            return item, error

    def at_hand(item: Item) -> Item:
        try:
            data = item.read()
        except OSError as error:
            return dataclasses.replace(item, read=_raising(error))
        return dataclasses.replace(item, read=lambda: data)

    with ThreadPoolExecutor(workers) as pool:
        yield from _ahead(pool, read, map(at_hand, items) if sequential else items, AHEAD * workers)


def no_picture(source: Source, first: str) -> DatasetError:
    """The error of a source without a picture; `first` says why the first file could not be read, if any."""
    if not first:
        return DatasetError(f"{source.where}: found no picture, expected some; name other data")
    return DatasetError(
        f"{source.where}: found no picture that can be read; the first: {first}; mend the files, or name "
        "other data"
    )


def reason(error: Exception) -> str:
    """Why a picture could not be read."""
    if isinstance(error, PermissionError):
        return f"{error.strerror or error} (change its permissions)"
    return str(error.strerror or error) if isinstance(error, OSError) else str(error)


def _raising(error: OSError) -> Callable[[], bytes]:
    def read() -> bytes:
        raise error

    return read


def _ahead(
    pool: ThreadPoolExecutor, function: Callable[[T], R], values: Iterable[T], count: int
) -> Iterator[R]:
    """The function's results in order, computed up to `count` ahead."""
    waiting: deque[Future[R]] = deque()
    try:
        for value in values:
            waiting.append(pool.submit(function, value))
            if len(waiting) > count:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()


def _picture(item: Item, side_px: int | None = None) -> tuple[bytes, Image.Image]:
    """The hash of an item's content, and its picture, of which no more than `side_px` is needed."""
    data = item.read()
    if isinstance(data, bytes):
        return hashlib.sha256(data).digest(), decode(data, side_px)
    shape = f"{data.shape} ".encode()
    return hashlib.sha256(shape + np.ascontiguousarray(data).tobytes()).digest(), from_array(data)
