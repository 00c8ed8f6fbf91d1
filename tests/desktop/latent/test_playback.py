"""The position in a walk depends only on the time."""

import pytest

from desktop.latent.playback import Playback


@pytest.mark.parametrize(
    ("playback", "places"),
    [
        (Playback(2.0), [0, 0.25, 0.5, 1, 1]),
        (Playback(2.0, loop=True), [0, 0.25, 0.5, 0, 0.5]),
        (Playback(2.0, ping_pong=True), [0, 0.25, 0.5, 1, 0.5]),
        (Playback(1.0, loop=True, ping_pong=True), [0, 0.5, 1, 0, 1]),
    ],
)
def test_the_place_after_so_many_seconds(playback, places):
    """The position is right for playing once, looping, there and back, and both."""
    assert [playback.share(seconds) for seconds in (0, 0.5, 1, 2, 3)] == pytest.approx(places)


def test_a_walk_that_does_not_loop_ends():
    """The walk ends after one way, or after there and back."""
    assert not Playback(2.0).has_ended(1.99)
    assert Playback(2.0).has_ended(2.0)
    assert not Playback(2.0, ping_pong=True).has_ended(3.99)
    assert Playback(2.0, ping_pong=True).has_ended(4.0)
    assert Playback(2.0, ping_pong=True).share(9.0) == 0
    assert not Playback(2.0, loop=True).has_ended(1e6)
