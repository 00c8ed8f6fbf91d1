"""Frames → a GIF. No Qt."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import imageio.v3 as imageio
import numpy as np
from numpy.typing import NDArray

from desktop.files import replaced_file
from desktop.pictures import Bytes, enlarge, to_bytes

# GIF counts hundredths of a second, and most viewers slow down what is faster than two of them.
GIF_TICK_MS = 10
MIN_FRAME_MS = 20
DECODE_CHUNK = 16
POLL_S = 0.005


def write_gif(path: Path, frames: Bytes, fps: float) -> None:
    """Write [T, H, W(, 3)] as a GIF that repeats; the old file stays whole if that fails. Raises OSError.

    The time of a frame is rounded to the format's hundredths of a second.
    """
    with replaced_file(path) as temporary:
        _encode_gif(temporary, frames, fps)


def path_gif(
    decode: Callable[[NDArray[np.float32]], NDArray[np.float32]],
    z: NDArray[np.float32],
    path: Path,
    fps: float,
    scale: int,
) -> Iterator[float]:
    """Decode z [T, d] and write the pictures as a GIF, yielding the share done from 0 to 1.

    It works only between yields, so whoever drives it can do something else there, and to stop asking is
    to cancel: nothing is then left at `path` that was not there before. Encoding has a thread of its own,
    so that no step takes long.
    """
    parts: list[Bytes] = []
    for start in range(0, len(z), DECODE_CHUNK):
        parts.append(enlarge(to_bytes(decode(z[start : start + DECODE_CHUNK])), scale))
        yield 0.9 * min(1.0, (start + DECODE_CHUNK) / len(z))
    with replaced_file(path) as temporary, ThreadPoolExecutor(1) as encoder:
        written = encoder.submit(_encode_gif, temporary, np.concatenate(parts), fps)
        while not written.done():
            yield 0.95
            try:
                written.result(timeout=POLL_S)
            except TimeoutError:
                continue
        written.result()
    yield 1.0


def _encode_gif(path: Path, frames: Bytes, fps: float) -> None:
    duration_ms = max(MIN_FRAME_MS, round(1000 / fps / GIF_TICK_MS) * GIF_TICK_MS)
    imageio.imwrite(path, frames, extension=".gif", duration=duration_ms, loop=0)
