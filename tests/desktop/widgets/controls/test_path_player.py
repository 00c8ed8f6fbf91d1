"""The player is a clock: even when ticks come late, and quiet when it is stopped."""

import time
from itertools import pairwise

import pytest

from desktop.latent.playback import Playback
from desktop.widgets.controls.path_player import PathPlayer


@pytest.fixture
def player(qapp):  # noqa: ARG001 - timers need an application
    """A player, stopped after the test."""
    player = PathPlayer()
    yield player
    player.stop()


def test_it_moves_evenly_and_ends_on_the_end(player, qtbot):
    """Shares rise by the time that has passed; the last is 1, and it has stopped."""
    heard, running = [], []
    player.moved.connect(lambda share: heard.append((time.perf_counter(), share)))
    player.running_changed.connect(running.append)
    player.start(Playback(0.3))
    qtbot.waitUntil(lambda: not player.is_running, timeout=5000)
    assert running == [True, False]
    start = heard[0][0]
    assert heard[-1][1] == 1.0
    assert all(share == pytest.approx((at - start) / 0.3, abs=0.02) for at, share in heard[:-1])


def test_a_late_tick_drops_frames_and_does_not_slow_down(player, qtbot):
    """While the thread is held up for a while, the walk goes on."""
    shares = []
    player.moved.connect(shares.append)
    player.start(Playback(0.4))
    time.sleep(0.2)
    qtbot.wait(30)
    assert not any(0.1 < share < 0.5 for share in shares)
    assert shares[-1] > 0.5


def test_it_begins_where_it_is_told(player):
    """After a pause it goes on from there."""
    shares = []
    player.moved.connect(shares.append)
    player.start(Playback(10.0), 0.5)
    assert shares[0] == pytest.approx(0.5, abs=0.01)


def test_another_speed_goes_on_from_where_it_is(player, qtbot):
    """Faster or slower, there is no jump; on the way back it stays on the way back."""
    shares = []
    player.moved.connect(shares.append)
    player.start(Playback(10.0), 0.5)
    player.set_playback(Playback(100.0, loop=True))
    qtbot.wait(40)
    assert shares[-1] == pytest.approx(0.5, abs=0.02)
    player.start(Playback(0.2, loop=True, ping_pong=True), 0.99)
    qtbot.wait(40)
    player.set_playback(Playback(50.0, loop=True, ping_pong=True))
    before = shares[-1]
    qtbot.wait(60)
    assert shares[-1] < before


def test_a_loop_goes_on(player, qtbot):
    """Round after round, from the end to the start."""
    shares = []
    player.moved.connect(shares.append)
    player.start(Playback(0.1, loop=True))
    qtbot.waitUntil(lambda: sum(b < a for a, b in pairwise(shares)) >= 2, timeout=5000)
    assert player.is_running
    player.stop()
    count = len(shares)
    qtbot.wait(40)
    assert len(shares) == count
