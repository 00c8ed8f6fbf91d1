"""Computes the frame count with which a film of a path lasts as long as the path's playback. No Qt."""

import sys
from collections.abc import Mapping
from dataclasses import replace

from desktop.film.film import Film
from desktop.film.formats import real_fps
from desktop.latent.playback import Playback

ROUNDING_S = 0.06  # the window shows tenths of seconds


def lasting(film: Film, once_s: float, most_frames: int) -> Film:
    """The film with the number of frames that goes along the path once in `once_s` seconds.

    A film that has this duration already, up to rounding, keeps its number of frames.
    """
    if abs(film.once_s - once_s) < ROUNDING_S:
        return film
    whole_s = Playback(once_s, ping_pong=film.ping_pong).round_s
    count = round(whole_s * real_fps(film.format, film.fps))
    return replace(film, frame_count=min(max(2, count), most_frames))


def noted_seconds(details: Mapping[str, str | int | float | bool]) -> float | None:
    """The seconds that a film takes to go along the path once, from the settings in its file.

    Files of earlier versions have only frame count and frame rate. None if the settings do not suffice.
    """
    seconds, frames, fps = (_positive(details.get(name)) for name in ("seconds", "frames", "fps"))
    if seconds is not None or frames is None or fps is None:
        return seconds
    return _positive(frames / fps / (2 if details.get("ping_pong") is True else 1))


def _positive(value: object) -> float | None:
    # A whole number in a file can be too large for a float.
    if isinstance(value, (int, float)) and 0 < value <= sys.float_info.max:
        return float(value)
    return None
