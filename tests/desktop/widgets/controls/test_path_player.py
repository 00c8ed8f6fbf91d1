"""The player is a clock: its pace is even when ticks come late, and it emits nothing when it is stopped."""

from itertools import pairwise

import pytest

from desktop.latent.playback import Playback
from desktop.widgets.controls.path_player import PathPlayer
from tests.waiting import SOON_MS


class Clock:
    """Replaces Qt's clock: it advances by a step at every reading, or only when a test advances it."""

    def __init__(self):
        self.now_s = self.begun_s = self.step_s = 0.0

    def start(self):
        self.begun_s = self.now_s

    def isValid(self):  # noqa: N802 - Qt's name
        return True

    def nsecsElapsed(self):  # noqa: N802 - Qt's name
        self.now_s += self.step_s
        return round((self.now_s - self.begun_s) * 1e9)


@pytest.fixture
def player(qapp):  # noqa: ARG001 - timers need an application
    """A player, stopped after the test."""
    player = PathPlayer()
    yield player
    player.stop()


@pytest.fixture
def clock(player):
    """The player's clock."""
    player._clock = Clock()
    return player._clock


def test_it_moves_evenly_and_ends_on_the_end(player, clock, qtbot):
    """Shares rise by the time that has passed; the last is 1, and it has stopped."""
    shares, running = [], []
    player.moved.connect(shares.append)
    player.running_changed.connect(running.append)
    clock.step_s = 0.08
    player.start(Playback(0.3))
    qtbot.waitUntil(lambda: not player.is_running, timeout=SOON_MS)
    assert running == [True, False]
    assert shares == pytest.approx([0.08 / 0.3, 0.16 / 0.3, 0.24 / 0.3, 1.0])


def test_a_late_tick_drops_frames_and_does_not_slow_down(player, clock, qtbot):
    """While the thread is held up for a while, the walk goes on."""
    shares = []
    player.moved.connect(shares.append)
    player.start(Playback(0.4))
    clock.now_s = 0.3
    qtbot.waitUntil(lambda: len(shares) > 1, timeout=SOON_MS)
    assert shares[:2] == pytest.approx([0, 0.75])


def test_it_begins_where_it_is_told(player, clock):
    """After a pause, it continues from the given share."""
    shares = []
    player.moved.connect(shares.append)
    clock.now_s = 7.0
    player.start(Playback(10.0), 0.5)
    assert shares == pytest.approx([0.5])


def test_another_speed_goes_on_from_where_it_is(player, clock, qtbot):
    """There is no jump at a faster or slower pace, and the way back stays the way back."""
    shares = []
    player.moved.connect(shares.append)

    def share_after(passed_s):
        clock.now_s += passed_s
        shares.clear()
        qtbot.waitUntil(lambda: bool(shares), timeout=SOON_MS)
        return shares[-1]

    player.start(Playback(10.0), 0.5)
    player.set_playback(Playback(100.0, loop=True))
    assert share_after(0) == pytest.approx(0.5)
    assert share_after(10) == pytest.approx(0.6)
    player.start(Playback(0.2, loop=True, ping_pong=True), 0.99)
    before = share_after(0.04)
    player.set_playback(Playback(50.0, loop=True, ping_pong=True))
    assert share_after(0) == pytest.approx(before)
    assert share_after(5) == pytest.approx(before - 0.1)


def test_a_loop_goes_on(player, qtbot):
    """It starts again after the end, round after round."""
    shares = []
    player.moved.connect(shares.append)
    player.start(Playback(0.1, loop=True))
    qtbot.waitUntil(lambda: sum(b < a for a, b in pairwise(shares)) >= 2, timeout=SOON_MS)
    assert player.is_running
    player.stop()
    count = len(shares)
    qtbot.wait(40)
    assert len(shares) == count
