"""How long a path's film lasts, and how many frames it needs to last as long as its path is played. No Qt."""

import sys
from collections.abc import Mapping
from dataclasses import replace

from desktop.film.film import Film
from desktop.film.formats import real_fps
from desktop.latent.playback import Playback

ROUNDING_S = 0.06  # the window shows tenths of seconds


def lasting(film: Film, once_s: float, most_frames: int) -> Film:
    """The film with as many frames as it takes to go along the path once in so many seconds.

    A film that does so already, but for rounding, keeps its frames.
    """
    if abs(film.once_s - once_s) < ROUNDING_S:
        return film
    whole_s = Playback(once_s, ping_pong=film.ping_pong).round_s
    count = round(whole_s * real_fps(film.format, film.fps))
    return replace(film, frame_count=min(max(2, count), most_frames))


def noted_seconds(details: Mapping[str, str | int | float | bool]) -> float | None:
    """How long a film with these settings, which its file carries, takes to go along the path once.

    Earlier versions noted frames alone. None if that does not tell.
    """
    seconds, frames, fps = (_positive(details.get(name)) for name in ("seconds", "frames", "fps"))
    if seconds is not None or frames is None or fps is None:
        return seconds
    return _positive(frames / fps / (2 if details.get("ping_pong") is True else 1))


def _positive(value: object) -> float | None:
    # A whole number of a file can be too large for a float.
    if isinstance(value, (int, float)) and 0 < value <= sys.float_info.max:
        return float(value)
    return None
