"""What the worker does for the picture at the cursor: decode it, write it. No Qt."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from desktop.base.arrays import Bytes, Floats
from desktop.images import pixels
from desktop.models.model import Model


@dataclass(frozen=True)
class Decoded:
    """One picture: its z, probabilities float32 [C, H, W], how long it took, what was wrong with it."""

    z: tuple[float, ...]
    probabilities: Floats
    decode_ms: float
    warning: str = ""


def decode_picture(model: Model, z: tuple[float, ...]) -> Iterator[Decoded]:
    """Decode one z."""
    model.warning = ""
    (probabilities,) = model.decode(np.array([z], np.float32))
    yield Decoded(z, probabilities, model.last_decode_ms, model.warning)


def save_png(path: Path, picture: Bytes, scale: int, note: str = "") -> Iterator[Path]:
    """Write a picture, enlarged, as PNG, with a note of where it came from."""
    pixels.write_png(path, pixels.enlarge(picture[None], scale)[0], note)
    yield path
