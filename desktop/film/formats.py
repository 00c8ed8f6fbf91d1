"""The formats of animations: their names, their limits, and which ones can be written here. No Qt."""

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path

from desktop.base.installed import install_line
from desktop.base.machine import free_memory_bytes
from desktop.base.own_process import IS_APP
from desktop.images.room import MAX_SIDE_PX
from desktop.images.room import why_not as why_not_room

MAX_FPS = 60
# The memory that encoding takes per pixel of a frame, for the frames that are in memory at once and for the
# encoders' own buffers.
FRAME_BYTES = 40


class Format(StrEnum):
    """A file format; the values are the names in the window, and in lower case the file extensions."""

    GIF = "GIF"
    WEBP = "WebP"
    APNG = "APNG"
    MP4 = "MP4"

    @property
    def ending(self) -> str:
        """The file extension, with the dot."""
        return f".{self.value.lower()}"


# Of files: those of the formats, and that of most APNGs.
ENDINGS = (*(kind.ending for kind in Format), ".png")


@dataclass(frozen=True)
class Limits:
    """A format's limits: the unit of a frame's duration, the fewest units, and the largest side.

    `tick_ms` is None for formats that store any duration.
    """

    tick_ms: int | None
    least_ticks: int
    largest_side_px: int


LIMITS = {
    # Most viewers slow down a GIF whose frames last less than 20 ms.
    Format.GIF: Limits(10, 2, 65_535),
    Format.WEBP: Limits(1, 11, 16_383),
    Format.APNG: Limits(None, 1, 65_535),
    Format.MP4: Limits(None, 1, 8_192),
}


class AnimationError(Exception):
    """The requested animation cannot be written."""


def format_of(path: Path) -> Format:
    """Return the format for a file's extension, APNG for `.png`. Raises AnimationError for any other."""
    ending = path.suffix.lower()
    if ending == ".png":
        return Format.APNG
    for kind in Format:
        if kind.ending == ending:
            return kind
    raise AnimationError(
        f"{path}: found the ending {ending or 'none'!r}, expected .gif, .webp, .apng or .mp4; rename it"
    )


def frame_time(kind: Format, fps: float) -> Fraction:
    """Return the duration of a frame in seconds that the format can store, nearest to 1 / `fps`."""
    limits = LIMITS[kind]
    if limits.tick_ms is None:
        return 1 / Fraction(fps).limit_denominator(1000)
    ticks = max(limits.least_ticks, round(1000 / fps / limits.tick_ms))
    return Fraction(ticks * limits.tick_ms, 1000)


def real_fps(kind: Format, fps: float) -> float:
    """Return the file's actual frames per second when `fps` is requested: a GIF stores multiples of 10 ms."""
    return float(1 / frame_time(kind, fps))


def why_not(kind: Format) -> str:
    """An error text if a format cannot be written on this machine; empty if it can."""
    if kind is Format.MP4 and find_spec("av") is None:
        if IS_APP:
            return (
                "MP4: the app comes without PyAV, which writes video; choose another format, or install the "
                "program with Python and its extra video"
            )
        return f"MP4: found no PyAV, expected it for writing video; run {install_line('video')}"
    return ""


def why_too_large(kind: Format, width_px: int, height_px: int) -> str:
    """An error text if frames are too large for a format or the memory; empty if they are not."""
    most = min(LIMITS[kind].largest_side_px, MAX_SIDE_PX)
    size_bytes = FRAME_BYTES * width_px * height_px
    reason = why_not_room(width_px, height_px, size_bytes, free_memory_bytes(), most)
    return f"{kind.value}: {reason}" if reason else ""


def largest_scale(kind: Format, width_px: int, height_px: int, below: int) -> int | None:
    """Return the largest scale smaller than `below` at which pictures of this size fit, or None."""
    scales = (n for n in range(below - 1, 0, -1) if not why_too_large(kind, n * width_px, n * height_px))
    return next(scales, None)


def check_size(kind: Format, width_px: int, height_px: int) -> None:
    """Raise AnimationError for frames that are too large for a format or the memory."""
    if reason := why_too_large(kind, width_px, height_px):
        raise AnimationError(f"{reason}; choose a smaller size")
