"""A dataset: images and labels, split into a training and a test part."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.output import counted

BINARY, BYTES = 2, 256
FEW_IMAGES = 50  # to train with
# The range of sides that the networks are made for, and a side for a first try.
LEAST_PX, MOST_PX, TRY_PX = 8, 256, 64
MOST_NUMBERED = 1000  # with fewer labels than this, their numbers become their names


class DatasetError(Exception):
    """Data is missing, damaged or of the wrong kind; the message says what to do."""


@dataclass(frozen=True)
class Dataset:
    """Images with labels, split into a training and a test part.

    Attributes:
        name: what people call it.
        label_names: the names of the labels 0, 1, …; empty if the images have none.
        train_images: uint8 [N, C, H, W], with values from 0 to `levels` − 1; an array, or a
            memory-mapped file.
        train_labels: uint8 or int32 [N]; zeros if the images have none.
        test_images: like `train_images`.
        test_labels: like `train_labels`.
        levels: 2 for binary images, 256 for grey levels and colours.
        key: a hash of the content, by which changed data is noticed; empty for the embedded MNIST.
        notes: lines for people on how the data was interpreted, such as what was left out.
    """

    name: str
    label_names: tuple[str, ...]
    train_images: NDArray[np.uint8]
    train_labels: NDArray[Any]
    test_images: NDArray[np.uint8]
    test_labels: NDArray[Any]
    levels: int = BINARY
    key: str = ""
    notes: tuple[str, ...] = ()

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Channels, height and width."""
        channels, height, width = self.train_images.shape[1:]
        return channels, height, width

    @property
    def has_labels(self) -> bool:
        """Whether the images have labels: names, or numbers that are not all 0."""
        return bool(self.label_names) or any(part.any() for part in (self.train_labels, self.test_labels))


def cautions(dataset: Dataset) -> Iterator[str]:
    """Warnings about a fit of this dataset, if its images are very few, small or large."""
    train, test = len(dataset.train_images), len(dataset.test_images)
    if train < FEW_IMAGES:
        yield (
            f"found only {counted(train, 'training image')} and {counted(test, 'test image')}: a model "
            "memorises so few, and their ELBO says little; add some hundreds"
        )
    _, height, width = dataset.image_shape
    if max(height, width) < LEAST_PX:
        yield (
            f"found images of {width} × {height} pixels: networks are meant for sides from {LEAST_PX} to "
            f"{MOST_PX}; choose a larger --size"
        )
    if max(height, width) > MOST_PX:
        times = height * width / TRY_PX**2
        yield (
            f"found images of {width} × {height} pixels: networks are meant for sides from {LEAST_PX} to "
            f"{MOST_PX}; with about {times:,.0f} times the pixels of --size {TRY_PX}, a fit is that much "
            "slower"
        )


def number_names(most: int) -> tuple[str, ...]:
    """The names "0", "1", … of the labels up to `most`; empty if all labels are 0 or there are very many."""
    return tuple(map(str, range(most + 1))) if 0 < most < MOST_NUMBERED else ()
