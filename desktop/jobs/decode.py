"""The worker's jobs for the picture at the cursor: decode it, save it. No Qt."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from desktop.base.arrays import Bytes, Floats
from desktop.base.vector import Vector
from desktop.images import pixels
from desktop.images.titles import Titles, titled
from desktop.jobs.kept_decoder import KeptDecoder
from desktop.latent.likelihood import Parameters

POLL_S = 0.004


@dataclass(frozen=True)
class Decoded:
    """One decoded picture.

    Attributes:
        z: the point that was decoded.
        probabilities: the picture, float32 [C, H, W] in [0, 1].
        decode_ms: the time that decoding took.
        warning: what is wrong with the picture, or an empty string.
        parameters: the parameters of the likelihood at z; None if they were not requested.
    """

    z: Vector
    probabilities: Floats
    decode_ms: float
    warning: str = ""
    parameters: Parameters | None = None


def decode_picture(decoder: KeptDecoder, z: Vector, with_parameters: bool = False) -> Iterator[Decoded]:
    """Decode one z, or return its kept picture; `with_parameters` adds those of a bundle's likelihood."""
    kept = decoder.one(z)
    parameters = None
    if with_parameters:
        parameters = decoder.model.decode_parameters(np.asarray(z, np.float32)[np.newaxis])
    yield Decoded(z, kept.picture, kept.decode_ms, kept.warning, parameters)


def save_png(
    path: Path, picture: Bytes, scale: int, note: str = "", titles: Titles | None = None
) -> Iterator[Path | None]:
    """Enlarge a picture and write it as PNG.

    `note` says where the picture came from; `titles` are those of a sheet's rows and columns. A separate
    thread writes the file, because a large picture takes seconds.
    """

    def write() -> None:
        enlarged = pixels.enlarge(picture[None], scale)[0]
        pixels.write_png(path, enlarged if titles is None else titled(enlarged, titles), note)

    with ThreadPoolExecutor(1, "save") as pool:
        written = pool.submit(write)
        while not wait([written], POLL_S).done:
            yield None
    written.result()
    yield path
