"""The approximate posteriors of own pictures, shown instead of a bundle's test images. No Qt."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from desktop.base.arrays import Array, Floats
from desktop.base.words import one_line
from export.bundle import Posterior

MAX_NAME_CHARS = 32


@dataclass(frozen=True)
class OwnPosterior(Posterior):
    """The approximate posteriors of own pictures, or own z shown as points.

    Attributes:
        images: uint8 [N, C, H, W] from 0 to `levels` − 1.
        title: the name of the folder or file that they come from.
        names: the name of each picture, for people.
        label_names: the names of the labels 0, 1, …
        note: what people should know about how they were read; it may be empty.
        is_z: whether `mean` holds own z. Then `logvar` has no meaning, and `images` are thumbnails decoded
            from these z, or None until they are decoded.
    """

    title: str = ""
    names: tuple[str, ...] = ()
    label_names: tuple[str, ...] = ()
    note: str = ""
    is_z: bool = False


def white_of(posterior: Posterior) -> int:
    """The value of the brightest pixel of `posterior.images`."""
    return posterior.levels - 1


def pictures_of(posterior: Posterior, rows: Array | slice) -> Floats:
    """Some of the images, float32 [K, C, H, W] in [0, 1]. There must be images."""
    assert posterior.images is not None
    found = posterior.images[rows].astype(np.float32)
    return found if posterior.levels == 2 else found / np.float32(white_of(posterior))


def name_of(posterior: Posterior, index: int) -> str:
    """The name of an own picture, shortened at its start; empty for a test image."""
    names = posterior.names if isinstance(posterior, OwnPosterior) else ()
    name = names[index] if index < len(names) else ""
    name = one_line(name, len(name) + 1)
    return name if len(name) <= MAX_NAME_CHARS else f"…{name[1 - MAX_NAME_CHARS :]}"


def title_of(posterior: Posterior, index: int, label_names: Sequence[str]) -> str:
    """What a point is called: the name of an own picture, or label and number, such as "8 · #2272"."""
    name = name_of(posterior, index)
    if name:
        return name
    if posterior.labels is None:
        return f"#{index}"
    label = int(posterior.labels[index])
    return f"{label_names[label] if label < len(label_names) else label} · #{index}"
