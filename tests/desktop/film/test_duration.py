"""A film of the path lasts as long as the path's playback."""

from dataclasses import replace

import pytest

from desktop.film.duration import lasting, noted_seconds
from desktop.film.film import Film
from desktop.film.formats import Format


@pytest.mark.parametrize("kind", Format)
@pytest.mark.parametrize("fps", [7, 20, 30, 60])
@pytest.mark.parametrize("ping_pong", [False, True])
def test_a_film_gets_the_frames_for_its_duration(kind, fps, ping_pong):
    """The film has the duration at the format's actual frame rate, and twice that there and back."""
    film = lasting(Film(format=kind, fps=fps, ping_pong=ping_pong), 4.0, 2000)
    assert film.once_s == pytest.approx(4.0, abs=0.5 / fps + 0.06)
    assert lasting(film, round(film.once_s, 1), 2000) == film, "what the window shows changes nothing"


@pytest.mark.parametrize(("seconds", "frames"), [(0.2, 4), (1e-3, 2), (600, 2000)])
def test_frames_stay_within_the_limits(seconds, frames):
    """A film has at least two of them."""
    assert lasting(Film(), seconds, 2000).frame_count == frames


def test_files_tell_the_duration():
    """For files of earlier versions, it is computed from frame count and frame rate."""
    film = replace(Film(), frame_count=90, fps=30, ping_pong=True)
    assert noted_seconds(film.details()) == film.once_s == pytest.approx(90 / (100 / 3) / 2)
    assert noted_seconds({"frames": 90, "fps": 30, "ping_pong": True}) == 1.5
    for details in (
        {},
        {"frames": "90", "fps": 30},
        {"frames": 90, "fps": 0},
        {"frames": 1e15, "fps": 1e-300},
        {"frames": 10**400, "fps": 30},
        {"seconds": float("inf")},
        {"seconds": float("nan")},
        {"seconds": 10**400},
    ):
        assert noted_seconds(details) is None
