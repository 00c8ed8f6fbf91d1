"""The worker's jobs for the picture at the cursor: decode it, save it. No Qt."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from desktop.base.arrays import Bytes, Floats
from desktop.images import pixels
from desktop.models.model import Model


@dataclass(frozen=True)
class Decoded:
    """One decoded picture: its z, its probabilities float32 [C, H, W], the time it took, and any warning."""

    z: tuple[float, ...]
    probabilities: Floats
    decode_ms: float
    warning: str = ""


def decode_picture(model: Model, z: tuple[float, ...]) -> Iterator[Decoded]:
    """Decode one z, or take what a slow decoder gave in its trial."""
    model.warning = ""
    first = model.source.first
    if first is not None and z == first.z:
        yield Decoded(z, first.picture, 1e3 * first.seconds)
        return
    (probabilities,) = model.decode(np.array([z], np.float32))
    yield Decoded(z, probabilities, model.last_decode_ms, model.warning)


def save_png(path: Path, picture: Bytes, scale: int, note: str = "") -> Iterator[Path]:
    """Enlarge a picture and write it as PNG, with a note of where it came from."""
    pixels.write_png(path, pixels.enlarge(picture[None], scale)[0], note)
    yield path
