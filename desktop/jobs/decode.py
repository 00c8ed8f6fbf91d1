"""The worker's jobs for the picture at the cursor: decode it, save it. No Qt."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from desktop.base.arrays import Bytes, Floats
from desktop.base.vector import Vector
from desktop.images import pixels
from desktop.models.model import Model

# A step of the worker for many pictures: the picture under the pointer waits no longer than that.
STEP_PICTURES, STEP_MS = 20, 20.0
STEP_BYTES = 64 << 20


@dataclass(frozen=True)
class Decoded:
    """One decoded picture: its z, its probabilities float32 [C, H, W], the time it took, and any warning."""

    z: Vector
    probabilities: Floats
    decode_ms: float
    warning: str = ""


def pictures_per_step(model: Model, picture_ms: float | None) -> int:
    """How many pictures one step decodes: few if they are large or slow, but a whole fixed batch.

    `picture_ms` is None as long as it is not known how long one takes.
    """
    picture_bytes = 4 * int(np.prod(model.image_shape))
    of_time = 1.0 if picture_ms is None else STEP_MS / max(picture_ms, 1e-3)
    most = int(min(STEP_PICTURES, of_time, STEP_BYTES / picture_bytes))
    return max(1, most, model.source.reading.batch or 1)


def decode_picture(model: Model, z: Vector) -> Iterator[Decoded]:
    """Decode one z, or take what a slow decoder gave in its trial."""
    model.warning = ""
    first = model.source.first
    if first is not None and z == first.z:
        yield Decoded(z, first.picture, 1e3 * first.seconds)
        return
    (probabilities,) = model.decode(z.array[np.newaxis].astype(np.float32, copy=False))
    yield Decoded(z, probabilities, model.last_decode_ms, model.warning)


def save_png(path: Path, picture: Bytes, scale: int, note: str = "") -> Iterator[Path]:
    """Enlarge a picture and write it as PNG, with a note of where it came from."""
    pixels.write_png(path, pixels.enlarge(picture[None], scale)[0], note)
    yield path
