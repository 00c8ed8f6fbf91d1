"""The formats of animations: their names, what they hold, and which can be written here. No Qt."""

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path

MAX_FPS = 60


class Format(StrEnum):
    """A kind of file; a value is its name in the window, and in lower case its ending."""

    GIF = "GIF"
    WEBP = "WebP"
    APNG = "APNG"
    MP4 = "MP4"

    @property
    def ending(self) -> str:
        """With the dot."""
        return f".{self.value.lower()}"


@dataclass(frozen=True)
class Limits:
    """What a format can say: the unit and the least of a frame's time, and its largest side."""

    tick_ms: int | None
    least_ticks: int
    largest_side_px: int


LIMITS = {
    # Most viewers slow down a GIF that is faster than two hundredths of a second a frame.
    Format.GIF: Limits(10, 2, 65_535),
    Format.WEBP: Limits(1, 11, 16_383),
    Format.APNG: Limits(None, 1, 65_535),
    Format.MP4: Limits(None, 1, 8_192),
}


class AnimationError(Exception):
    """What was asked for cannot be written."""


def format_of(path: Path) -> Format:
    """By a file's ending; `.png` is an APNG too. Raises AnimationError for any other ending."""
    ending = path.suffix.lower()
    if ending == ".png":
        return Format.APNG
    for kind in Format:
        if kind.ending == ending:
            return kind
    raise AnimationError(
        f"{path}: found the ending {ending or 'none'!r}, expected .gif, .webp, .apng or .mp4; name it so"
    )


def frame_time(kind: Format, fps: float) -> Fraction:
    """Seconds that a frame really lasts in a file of that kind, nearest to what `fps` asks for."""
    limits = LIMITS[kind]
    if limits.tick_ms is None:
        return 1 / Fraction(fps).limit_denominator(1000)
    ticks = max(limits.least_ticks, round(1000 / fps / limits.tick_ms))
    return Fraction(ticks * limits.tick_ms, 1000)


def real_fps(kind: Format, fps: float) -> float:
    """Frames a second of the file when `fps` is asked for: a GIF counts hundredths of a second."""
    return float(1 / frame_time(kind, fps))


def why_not(kind: Format) -> str:
    """Why a format cannot be written here and what to do; empty where it can."""
    if kind is Format.MP4 and find_spec("av") is None:
        return "MP4: found no PyAV, which imageio writes it with; pip install 'latent-plane[video]'"
    return ""


def check_size(kind: Format, width_px: int, height_px: int) -> None:
    """Raises AnimationError for frames that a format cannot hold."""
    most = LIMITS[kind].largest_side_px
    if max(width_px, height_px) > most:
        raise AnimationError(
            f"{kind.value}: found {width_px:,} × {height_px:,} pixels, expected at most {most:,} a side; "
            "choose a smaller size"
        )
