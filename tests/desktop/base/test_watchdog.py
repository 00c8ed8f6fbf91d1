"""The watchdog stops only what is late, and its thread ends when nothing runs."""

import threading
import time

from desktop.base import watchdog
from desktop.base.watchdog import Watchdog


def watchdog_threads():
    """How many watchdog threads are alive."""
    return sum(thread.name == "watchdog" for thread in threading.enumerate())


def test_what_is_late_is_stopped_once_and_what_is_not_is_left():
    """`stop` is called once after the limit, and never for a run that ended before it."""
    dog, stopped, early = Watchdog(0.15), threading.Event(), []
    with dog.watch(lambda: early.append(1)) as quick:
        pass
    times = []

    def stop():
        times.append(time.monotonic())
        stopped.set()

    start = time.monotonic()
    with dog.watch(stop) as guard:
        assert stopped.wait(2)
        time.sleep(0.25)
    assert guard.expired
    assert not quick.expired
    assert early == []
    assert len(times) == 1
    assert 0.15 <= times[0] - start < 1
    dog.close()


def test_the_thread_goes_when_nothing_runs_and_comes_back(monkeypatch):
    """Idling costs no thread, and a later run is watched like an earlier one."""
    monkeypatch.setattr(watchdog, "LINGER_S", 0.0)
    dog = Watchdog(0.1)
    for _ in range(2):
        with dog.watch(lambda: None) as guard:
            assert watchdog_threads() == 1
            deadline = time.monotonic() + 2
            while not guard.expired and time.monotonic() < deadline:
                time.sleep(0.01)
        assert guard.expired
        while watchdog_threads() and time.monotonic() < deadline:
            time.sleep(0.01)
        assert watchdog_threads() == 0
    dog.close()


def test_closing_stops_what_runs_and_ends_the_thread():
    """After `close` no thread is left, and later runs are not watched."""
    dog, stopped = Watchdog(60), []
    with dog.watch(lambda: stopped.append(1)):
        dog.close()
    with dog.watch(lambda: stopped.append(2)):
        assert watchdog_threads() == 0
    assert stopped == [1]
    dog.close()
