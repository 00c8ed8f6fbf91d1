"""Frames → a GIF. No Qt."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
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


def path_gif(
    decode: Callable[[NDArray[np.float32]], NDArray[np.float32]],
    z: NDArray[np.float32],
    path: Path,
    fps: float,
    scale: int,
) -> Iterator[float]:
    """Decode z [T, d] and write the pictures as a GIF, yielding the share done from 0 to 1.

    It works only between yields, so whoever drives it can do something else there. To close it is to
    cancel: what was at `path` before stays as it was. Encoding has a thread of its own, so that no step
    takes long; after a cancel it ends by itself and removes its temporary file.
    """
    parts: list[Bytes] = []
    for start in range(0, len(z), DECODE_CHUNK):
        parts.append(enlarge(to_bytes(decode(z[start : start + DECODE_CHUNK])), scale))
        yield 0.9 * min(1.0, (start + DECODE_CHUNK) / len(z))
    cancelled = threading.Event()

    def encode() -> None:
        with contextlib.suppress(_CancelledError), replaced_file(path) as temporary:
            _encode_gif(temporary, np.concatenate(parts), fps)
            if cancelled.is_set():
                raise _CancelledError

    encoder = ThreadPoolExecutor(1, "gif")
    written = encoder.submit(encode)
    encoder.shutdown(wait=False)
    try:
        while not written.done():
            yield 0.95
            wait([written], timeout=POLL_S)
    except GeneratorExit:
        cancelled.set()
        raise
    written.result()
    yield 1.0


class _CancelledError(Exception):
    """Nobody wants the GIF any more."""


def _encode_gif(path: Path, frames: Bytes, fps: float) -> None:
    duration_ms = max(MIN_FRAME_MS, round(1000 / fps / GIF_TICK_MS) * GIF_TICK_MS)
    imageio.imwrite(
        path,
        frames,
        extension=".gif",
        is_batch=True,  # a narrow picture's width could be taken for channels, the frames for one picture
        duration=duration_ms,
        loop=0,
        optimize=False,  # else each gray frame gets a palette of its own, which some readers do not take
    )
