"""Writes a sequence of pictures to an animation file, with progress and cancellation. No Qt."""

import contextlib
import queue
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from desktop.base.arrays import Bytes
from desktop.base.atomic_file import replaced_file
from desktop.film.apng import ApngWriter
from desktop.film.captions import CaptionStrip
from desktop.film.formats import AnimationError, Format, check_size, frame_time, why_not
from desktop.film.gif import GifWriter, shared_palette
from desktop.film.mp4 import Mp4Writer
from desktop.film.webp import WebpWriter
from desktop.images.pixels import enlarge

BATCH = 16
# At most this many decoded batches wait for the encoder, so that long animations need little memory.
AHEAD = 4
POLL_S = 0.004
LEAST_SAMPLED, SAMPLE_PIXELS = 32, 1_000_000

Pictures = Callable[[Sequence[int]], Bytes | None]


@dataclass(frozen=True)
class Look:
    """How an animation's frames look and how fast they play.

    Attributes:
        format: the file format.
        fps: frames per second; the format may round it.
        scale: every pixel becomes a block of `scale` × `scale`.
        captions: the parts of each frame's caption; empty for no captions.
        comment: text stored in the file.
    """

    format: Format
    fps: float = 20
    scale: int = 1
    captions: Sequence[Sequence[str]] = ()
    comment: str = ""


class Writer(Protocol):
    """The interface of a format's writer."""

    def add(self, frame: Bytes) -> None:
        """Write one more frame."""

    def close(self) -> None:
        """End the file."""


def make_animation(
    path: Path, count: int, pictures: Pictures, look: Look, batch: int = BATCH
) -> Iterator[float]:
    """Write `count` frames to a file, yielding the share done from 0 to 1.

    `pictures(indices)` returns uint8 [N, H, W(, C)] for at most `batch` of the frames 0 to count − 1, or None
    if it must be called again. The caller can do other work between yields. A separate thread encodes.

    Closing the generator cancels the animation: an old file at `path` stays as it was, and the thread ends
    within one frame and removes its temporary file. Raises AnimationError or OSError.
    """
    kind = look.format
    if reason := why_not(kind):
        raise AnimationError(reason)
    palette = (
        (yield from _palette(count, pictures, bool(look.captions), batch)) if kind is Format.GIF else None
    )
    encoding = _Encoding(path, kind, count, look, palette)
    try:
        for start in range(0, count, batch):
            while (frames := pictures(range(start, min(count, start + batch)))) is None:
                yield encoding.share
            while not encoding.take(frames):
                yield encoding.share
            yield encoding.share
        while not encoding.take(None):
            yield encoding.share
        while not encoding.done():
            yield encoding.share
    except BaseException:
        encoding.cancel()
        raise
    yield 1.0


def _palette(
    count: int, pictures: Pictures, with_text: bool, batch: int
) -> Generator[float, None, Bytes | None]:
    """Return one palette for all frames, from evenly spaced samples of them; None for gray frames."""
    while (first := pictures([0])) is None:
        yield 0.0
    parts = [first]
    if parts[0].ndim == 3:
        return None
    pixels = parts[0][..., 0].size
    most = min(count, max(LEAST_SAMPLED, SAMPLE_PIXELS // pixels))
    indices = sorted({round(index) for index in np.linspace(0, count - 1, most)})
    every = max(1, round((pixels * len(indices) / SAMPLE_PIXELS) ** 0.5))
    for start in range(1, len(indices), batch):
        yield 0.0
        while (some := pictures(indices[start : start + batch])) is None:
            yield 0.0
        parts.append(some)
    return shared_palette(np.concatenate(parts)[:, ::every, ::every], with_text)


class _CancelledError(Exception):
    """The animation was cancelled."""


class _Encoding:
    """The thread that encodes batches into a file."""

    def __init__(self, path: Path, kind: Format, count: int, look: Look, palette: Bytes | None) -> None:
        self._path, self._kind, self._count, self._look, self._palette = path, kind, count, look, palette
        self._batches: queue.Queue[Bytes | None] = queue.Queue(AHEAD)
        self._cancelled = threading.Event()
        self._frames = 0
        pool = ThreadPoolExecutor(1, "animation")
        self._written: Future[None] = pool.submit(self._run)
        pool.shutdown(wait=False)

    @property
    def share(self) -> float:
        """The share that is encoded; below 1 until the file is complete."""
        return 0.99 * self._frames / self._count

    def take(self, batch: Bytes | None) -> bool:
        """Hand over a batch, or None at the end; False if the queue is full. Raises the thread's error."""
        if self._written.done():
            self._written.result()
        try:
            self._batches.put(batch, timeout=POLL_S)
        except queue.Full:
            return False
        return True

    def done(self) -> bool:
        """Wait a little and return whether the file is complete. Raises the thread's error."""
        wait([self._written], POLL_S)
        if not self._written.done():
            return False
        self._written.result()
        return True

    def cancel(self) -> None:
        """Ask the thread to end soon, without waiting for it."""
        self._cancelled.set()

    def _run(self) -> None:
        with contextlib.suppress(_CancelledError), replaced_file(self._path) as temporary:
            self._write(temporary)

    def _write(self, temporary: Path) -> None:
        with contextlib.ExitStack() as stack:
            writer: Writer | None = None
            captions = CaptionStrip((), 0)
            for batch in self._arriving():
                for picture in batch:
                    if self._cancelled.is_set():
                        raise _CancelledError
                    frame = enlarge(picture[np.newaxis], self._look.scale)[0]
                    if writer is None:
                        captions = CaptionStrip(self._look.captions, frame.shape[1])
                    frame = captions.under(frame, self._frames)
                    if writer is None:
                        writer = self._writer(temporary, frame, stack)
                    writer.add(frame)
                    self._frames += 1

    def _writer(self, temporary: Path, frame: Bytes, stack: contextlib.ExitStack) -> Writer:
        """Create the format's writer for frames of this size; `stack` closes it and its file."""
        height, width = frame.shape[:2]
        channels = frame.shape[2] if frame.ndim == 3 else 1
        size_px, comment = (width, height), self._look.comment
        check_size(self._kind, width, height)
        frame_s = frame_time(self._kind, self._look.fps)
        writer: Writer
        if self._kind is Format.MP4:
            writer = Mp4Writer(temporary, frame_s, comment)
        else:
            file = stack.enter_context(temporary.open("wb"))
            if self._kind is Format.GIF:
                writer = GifWriter(file, size_px, round(frame_s * 100), self._palette, comment)
            elif self._kind is Format.WEBP:
                writer = WebpWriter(file, size_px, round(frame_s * 1000), channels == 4, comment)
            else:
                writer = ApngWriter(file, size_px, channels, self._count, frame_s, comment)
        stack.callback(writer.close)
        return writer

    def _arriving(self) -> Iterator[Bytes]:
        while True:
            try:
                batch = self._batches.get(timeout=POLL_S)
            except queue.Empty:
                if self._cancelled.is_set():
                    raise _CancelledError from None
                continue
            if batch is None:
                return
            yield batch
