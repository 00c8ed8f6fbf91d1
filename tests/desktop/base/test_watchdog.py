"""The watchdog stops only runs over the time limit, and its thread ends when nothing runs."""

import threading

import pytest

from desktop.base import watchdog
from desktop.base.watchdog import Watchdog
from tests.waiting import SOON_S, wait_until


def watchdog_threads():
    """How many watchdog threads are alive."""
    return sum(thread.name == "watchdog" for thread in threading.enumerate())


class Clock:
    """A clock that advances only when it is told to, and counts how often it was read."""

    def __init__(self):
        self.now_s = 0.0
        self._looked = threading.Semaphore(0)

    def monotonic(self):
        self._looked.release()
        return self.now_s

    def wait_for_looks(self, count):
        """Wait until the clock was read `count` more times."""
        while self._looked.acquire(blocking=False):
            pass
        for _ in range(count):
            assert self._looked.acquire(timeout=SOON_S)


@pytest.fixture
def clock(monkeypatch):
    """The watchdog's clock."""
    clock = Clock()
    monkeypatch.setattr(watchdog, "time", clock)
    return clock


def test_what_is_late_is_stopped_once_and_what_is_not_is_left(clock, monkeypatch):
    """`stop` is called once, at the first check after the limit, and never for a run that ended in time."""
    monkeypatch.setattr(watchdog, "LOOK_EVERY_S", 0.01)
    dog, stops, early = Watchdog(100.0), [], []
    with dog.watch(lambda: early.append(1)) as quick:
        pass
    with dog.watch(lambda: stops.append(clock.now_s)) as guard:
        clock.now_s = 100.0
        clock.wait_for_looks(3)
        assert not guard.expired
        assert stops == []
        clock.now_s = 100.1
        # The second check begins when the first is over.
        clock.wait_for_looks(3)
        assert guard.expired
        clock.now_s = 900.0
        clock.wait_for_looks(3)
    assert not quick.expired
    assert early == []
    assert stops == [100.1]
    dog.close()


def test_the_thread_goes_when_nothing_runs_and_comes_back(monkeypatch):
    """An idle watchdog has no thread, and a later run is watched like an earlier one."""
    monkeypatch.setattr(watchdog, "LINGER_S", 0.0)
    dog = Watchdog(0.1)
    for _ in range(2):
        with dog.watch(lambda: None) as guard:
            assert watchdog_threads() == 1
            wait_until(lambda: guard.expired)
        wait_until(lambda: watchdog_threads() == 0)
    dog.close()


def test_closing_stops_what_runs_and_ends_the_thread():
    """After `close` no thread is left, and later runs are stopped before they begin."""
    dog, stopped = Watchdog(60), []
    with dog.watch(lambda: stopped.append(1)):
        dog.close()
    with dog.watch(lambda: stopped.append(2)):
        assert watchdog_threads() == 0
        assert stopped == [1, 2]
    dog.close()
