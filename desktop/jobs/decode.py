"""The worker's jobs for the picture at the cursor: decode it, save it. No Qt."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

from desktop.base.arrays import Bytes, Floats
from desktop.base.vector import Vector
from desktop.images import pixels
from desktop.jobs.kept_decoder import KeptDecoder

POLL_S = 0.004


@dataclass(frozen=True)
class Decoded:
    """One decoded picture: its z, its probabilities float32 [C, H, W], the time it took, and any warning."""

    z: Vector
    probabilities: Floats
    decode_ms: float
    warning: str = ""


def decode_picture(decoder: KeptDecoder, z: Vector) -> Iterator[Decoded]:
    """Decode one z, or take the picture that is there."""
    kept = decoder.one(z)
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
