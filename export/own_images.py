"""Images that people give with their own model, as uint8 [N, C, H, W], and their labels."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from export.graphs import ExportError
from export.posterior import MAX_LABELS
from training.data.arrays import as_bytes, levels_of
from training.data.dataset import BINARY, DatasetError

CHANNELS = (1, 3, 4)


@dataclass(frozen=True)
class OwnImages:
    """Held-out images.

    Attributes:
        images: uint8 [N, C, H, W] from 0 to `levels` − 1.
        labels: uint8 or int32 [N], or None.
        levels: 2 if the images are binary, else 256.
    """

    images: NDArray[np.uint8]
    labels: NDArray[Any] | None
    levels: int


def own_images(images: Any, labels: Any, image_shape: Sequence[int] | None) -> OwnImages:
    """Images and labels as a bundle holds them. Raises ExportError if they cannot be used."""
    array = _array(images, "images")
    if array.dtype != np.bool_ and array.dtype != np.uint8 and array.dtype.kind != "f":
        raise ExportError(f"images: found {array.dtype}, expected uint8, bool, or floats from 0 to 1")
    shaped = _with_channels_first(array, image_shape)
    if not len(shaped) or not shaped[0].size:
        raise ExportError(f"images: found {list(array.shape)}, expected at least one image")
    try:
        levels = levels_of(shaped, "images")
    except DatasetError as error:
        raise ExportError(str(error)) from error
    pixels = as_bytes(shaped)
    if shaped.dtype == np.uint8 and ((pixels == 0) | (pixels == 255)).all():
        levels = BINARY  # black and white
    if levels == BINARY:
        pixels = (pixels > 0).astype(np.uint8)
    return OwnImages(
        np.ascontiguousarray(pixels), None if labels is None else _labels(labels, len(pixels)), levels
    )


def _with_channels_first(array: NDArray[Any], image_shape: Sequence[int] | None) -> NDArray[Any]:
    shape = array.shape
    wanted = None if image_shape is None else tuple(int(side) for side in image_shape)
    if wanted is not None and array.ndim > 1 and math.prod(shape[1:]) == math.prod(wanted):
        if shape[1:] == (*wanted[1:], wanted[0]) != wanted:
            return array.transpose(0, 3, 1, 2)
        return array.reshape(-1, *wanted)
    if wanted is None and array.ndim == 3:
        return array[:, None]
    if wanted is None and array.ndim == 4 and shape[1] in CHANNELS:
        return array
    if wanted is None and array.ndim == 4 and shape[3] in CHANNELS:
        return array.transpose(0, 3, 1, 2)
    expected = (
        "[N, C, H, W], [N, H, W, C] or [N, H, W] with 1, 3 or 4 channels, or flat with image_shape=(C, H, W)"
    )
    asked = "" if wanted is None else f" and image_shape {list(wanted)}"
    raise ExportError(f"images: found shape {list(shape)}{asked}, expected {expected}")


def _labels(labels: Any, count: int) -> NDArray[Any]:
    array = _array(labels, "labels")
    if array.shape != (count,) or array.dtype.kind not in "iub":
        raise ExportError(
            f"labels: found {array.dtype} {list(array.shape)}, expected a whole number for each of {count:,} "
            "images"
        )
    low, high = int(array.min()), int(array.max())
    if low < 0 or high >= MAX_LABELS:
        raise ExportError(f"labels: found numbers from {low} to {high}, expected 0 to {MAX_LABELS - 1:,}")
    return array.astype(np.uint8 if high <= 255 else np.int32)


def _array(values: Any, what: str) -> NDArray[Any]:
    """An array from an array, a list, or a tensor on any device."""
    if hasattr(values, "detach"):
        values = values.detach().cpu()
    try:
        return np.asarray(values)
    except (ValueError, TypeError) as error:
        raise ExportError(f"{what}: found {type(values).__name__}: {error}; expected one array") from error
