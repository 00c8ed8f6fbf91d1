"""Stops runs that take too long, from one thread that exists only during runs and shortly after."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

# Decodes in quick succession share one thread: starting one costs more than decoding a small picture.
LINGER_S = 1.0
LOOK_EVERY_S = 0.1


class Guard:
    """A run that is being watched. `expired` says whether it was stopped for taking too long."""

    __slots__ = ("deadline", "expired", "stop")

    def __init__(self, deadline: float, stop: Callable[[], None]) -> None:
        self.deadline = deadline
        self.stop = stop
        self.expired = False


class Watchdog:
    """Calls `stop` for each run that takes longer than `limit_s` seconds, at most LOOK_EVERY_S too late.

    Any thread may use a watchdog. The watchdog's own thread ends with `close`, or when nothing has run for
    LINGER_S.
    """

    def __init__(self, limit_s: float) -> None:
        self.limit_s = limit_s
        self._running: set[Guard] = set()
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self._last_end = 0.0

    @contextmanager
    def watch(self, stop: Callable[[], None]) -> Iterator[Guard]:
        """Watch the block: `stop()` may be called once, from another thread, while the block runs.

        After `close`, `stop()` is called before the block begins.
        """
        guard = Guard(time.monotonic() + self.limit_s, stop)
        with self._lock:
            self._running.add(guard)
            if self._closing.is_set():
                stop()
            elif self._thread is None:
                self._thread = threading.Thread(target=self._look, name="watchdog", daemon=True)
                self._thread.start()
        try:
            yield guard
        finally:
            with self._lock:
                self._running.discard(guard)
                self._last_end = time.monotonic()

    @property
    def is_closed(self) -> bool:
        """Whether the watchdog was closed, so that nothing may run any more."""
        return self._closing.is_set()

    def close(self) -> None:
        """End the thread, and stop all current and later runs."""
        with self._lock:
            self._closing.set()
            thread = self._thread
            for guard in self._running:
                guard.stop()
        if thread is not None:
            thread.join()

    def _look(self) -> None:
        while not self._closing.wait(min(LOOK_EVERY_S, self.limit_s)):
            now = time.monotonic()
            with self._lock:
                if not self._running and now - self._last_end > LINGER_S:
                    break
                for guard in self._running:
                    if now > guard.deadline and not guard.expired:
                        guard.expired = True
                        guard.stop()
        with self._lock:
            # A run that began after the last check found this thread alive and did not start another.
            self._thread = None
            if self._running and not self._closing.is_set():
                self._thread = threading.Thread(target=self._look, name="watchdog", daemon=True)
                self._thread.start()
