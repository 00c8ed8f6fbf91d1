"""The worker's jobs for the picture at the cursor: decode it, save it. No Qt."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from desktop.base.arrays import Bytes, Floats
from desktop.images import pixels
from desktop.jobs.kept_decoder import KeptDecoder
from desktop.models.model import Model

POLL_S = 0.004

# A step of the worker for many pictures: the picture under the pointer waits no longer than that.
STEP_PICTURES, STEP_MS = 20, 20.0
STEP_BYTES = 64 << 20


@dataclass(frozen=True)
class Decoded:
    """One decoded picture: its z, its probabilities float32 [C, H, W], the time it took, and any warning."""

    z: tuple[float, ...]
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


def decode_picture(decoder: KeptDecoder, z: tuple[float, ...]) -> Iterator[Decoded]:
    """Decode one z, or take the picture that is there."""
    kept = decoder.one(np.array(z, np.float32))
    yield Decoded(z, kept.picture, kept.decode_ms, kept.warning)


def save_png(path: Path, picture: Bytes, scale: int, note: str = "") -> Iterator[Path | None]:
    """Enlarge a picture and write it as PNG, with a note of where it came from.

    A thread of its own writes, because a large picture takes seconds.
    """

    def write() -> None:
        pixels.write_png(path, pixels.enlarge(picture[None], scale)[0], note)

    with ThreadPoolExecutor(1, "save") as pool:
        written = pool.submit(write)
        while not wait([written], POLL_S).done:
            yield None
    written.result()
    yield path
