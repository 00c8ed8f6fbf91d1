"""A background thread for all work that takes time, so that the UI thread never waits.

A request is a name, a priority and an iterator. The thread runs the next step of the most urgent request,
returns the result to the UI thread, and chooses again. So the picture under the pointer never waits for more
than one step of the backdrop. A new request replaces the one with the same name: the old request's results
that have not arrived yet are dropped.

Two threads that both run Python slow each other down, and painting the results of background work takes time
as well. So between an urgent request and the painting of its result, no background step is started, and no
result of background work is delivered.
"""

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from enum import IntEnum, auto
from typing import Any

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, QTimer, Signal

SWITCH_S = 0.0005
# How long background work waits for an urgent result at most, and after how long it gets a step in any case.
HOLD_MS, LEAST_OFTEN_S = 8, 0.004
# The longest time for which results of background work are held back.
MOST_LATE_S = 0.03
# An event that is handled after painting, because its priority is below Qt's lowest, −1.
PAINTED, AFTER_PAINTING = QEvent.registerEventType(), -2


class Priority(IntEnum):
    """The priority of a worker's request: the lowest value runs first."""

    OPEN = auto()  # opening a model that the user waits for
    PICTURE = auto()  # the picture at the cursor
    DRAWING = auto()  # the results of a drawing
    EPOCHS = auto()  # the models of other epochs
    GRID = auto()  # pages and panels
    SAVE = auto()  # files
    SEARCH = auto()  # searches, such as the one for directions, which can take minutes
    BACKDROP = auto()  # the tiles of the plane, and the maps on it
    TABLE = auto()  # work that takes seconds and refines something already shown
    FILM = auto()  # animations
    WATCH = auto()  # checks whether the open file has changed


@dataclass(frozen=True)
class _Request:
    name: str
    priority: Priority
    ticket: int
    steps: Iterator[Any]
    on_result: Callable[[Any], object]
    on_error: Callable[[Exception], object]
    on_end: Callable[[], object]
    on_dropped: Callable[[Any], object]

    @property
    def is_urgent(self) -> bool:
        return self.priority <= Priority.PICTURE


@dataclass(frozen=True)
class _Arrival:
    request: _Request
    call: Callable[[], object]
    drop: Callable[[], object] = lambda: None
    is_last: bool = False


class Worker(QObject):
    """Runs iterators step by step on its thread; their results arrive on the thread that made the worker."""

    failed = Signal(object)  # Exception of a request without its own `on_error`
    _arrived = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._arrived.connect(self._deliver, Qt.ConnectionType.QueuedConnection)
        self._changed = threading.Condition()
        self._waiting: dict[str, _Request] = {}
        self._latest: dict[str, int] = {}
        self._of_model: set[str] = set()
        self._ticket = 0
        self._stopping = False
        self._step_began_s: float | None = None
        self._held_until = 0.0  # `time.perf_counter`
        self._background_s = 0.0  # when the last background step ended
        self._late: list[_Arrival] = []
        self._late_since_s = 0.0  # `time.perf_counter` of the first of them
        self._urgent: set[str] = set()  # the names of urgent requests whose last result is still to come
        self._at_latest = QTimer(self, singleShot=True, timerType=Qt.TimerType.PreciseTimer)
        self._at_latest.timeout.connect(self._release)
        # With Python's default, the UI thread waits up to 5 ms whenever both threads run Python code.
        sys.setswitchinterval(SWITCH_S)
        self._thread = threading.Thread(target=self._run, name="worker", daemon=True)
        self._thread.start()

    def request(
        self,
        name: str,
        priority: Priority,
        steps: Iterator[Any],
        on_result: Callable[[Any], object],
        on_error: Callable[[Exception], object] | None = None,
        on_end: Callable[[], object] = lambda: None,
        of_model: bool = True,
        on_dropped: Callable[[Any], object] = lambda _value: None,
    ) -> None:
        """Run `steps` in the background, instead of any earlier request called `name`.

        `on_result` gets each yielded value except None, which only ends a step. At the end `on_end` is
        called, or `on_error` if a step raises; without `on_error`, `failed` is emitted. Requests that are
        `of_model` are dropped by `cancel_of_model`. If a request is replaced or cancelled before a result of
        it has arrived, `on_dropped` gets the result, because some results must be closed.
        """
        on_error = on_error or self.failed.emit
        with self._changed:
            if of_model:
                self._of_model.add(name)
            else:
                self._of_model.discard(name)
            self._ticket += 1
            self._latest[name] = self._ticket
            request = _Request(name, priority, self._ticket, steps, on_result, on_error, on_end, on_dropped)
            self._waiting[name] = request
            if request.is_urgent:
                self._urgent.add(name)
                self._hold()
            self._changed.notify()

    @property
    def is_idle(self) -> bool:
        """Whether no request waits or runs; the last results may not have arrived yet."""
        with self._changed:
            return not self._waiting

    @property
    def step_s(self) -> float:
        """For how many seconds the current step has been running; 0 if no step is."""
        began_s = self._step_began_s
        return 0.0 if began_s is None else time.monotonic() - began_s

    def cancel(self, name: str) -> None:
        """Drop the request called `name`, if any, and its results that have not arrived yet."""
        with self._changed:
            self._ticket += 1
            self._latest[name] = self._ticket
            self._waiting.pop(name, None)
        self._urgent.discard(name)

    def cancel_of_model(self) -> None:
        """Drop all requests that belong to the model that was open until now."""
        while self._of_model:
            self.cancel(self._of_model.pop())

    def stop(self, patience_s: float | None = None) -> bool:
        """End the thread after its current step; no result arrives after this.

        With `patience_s`, it waits no longer than that for the step. Returns whether the thread has ended.
        """
        with self._changed:
            self._stopping = True
            self._latest.clear()
            self._changed.notify()
        self._thread.join(patience_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        started: dict[int, Iterator[Any]] = {}

        def ended() -> set[int]:
            return started.keys() - {request.ticket for request in self._waiting.values()}

        while True:
            with self._changed:
                while not (self._stopping or ended() or self._next() is not None):
                    self._changed.wait(max(self._held_s(), 0.0) if self._waiting else None)
                if self._stopping:
                    break
                to_end = ended()
                request = self._next()
            # Replaced and cancelled generators are closed here, on the thread that ran them.
            for ticket in to_end:
                _end(started.pop(ticket))
            if request is not None:
                started[request.ticket] = request.steps
                self._step(request)
        for steps in started.values():
            _end(steps)

    def _next(self) -> _Request | None:
        """Return the request whose step runs next, if one may run now."""
        request = min(self._waiting.values(), key=lambda r: (r.priority, r.ticket), default=None)
        return request if request is None or request.is_urgent or self._held_s() <= 0 else None

    def _held_s(self) -> float:
        """Return for how many seconds no background step may start."""
        return min(self._held_until, self._background_s + LEAST_OFTEN_S) - time.perf_counter()

    def _step(self, request: _Request) -> None:
        self._step_began_s = time.monotonic()
        try:
            value = next(request.steps)
        except StopIteration:
            self._finish(request, request.on_end)
        except Exception as error:  # the window shows it, and the thread goes on
            self._finish(request, lambda error=error: request.on_error(error))  # type: ignore[misc]
        else:
            if value is not None:
                self._arrived.emit(
                    _Arrival(request, lambda: request.on_result(value), lambda: request.on_dropped(value))
                )
        finally:
            self._step_began_s = None
        if not request.is_urgent:
            self._background_s = time.perf_counter()

    def _finish(self, request: _Request, call: Callable[[], object]) -> None:
        with self._changed:
            if self._waiting.get(request.name) is request:
                del self._waiting[request.name]
        self._arrived.emit(_Arrival(request, call, is_last=True))

    def _deliver(self, arrival: _Arrival) -> None:
        request = arrival.request
        if not request.is_urgent:
            if not self._late:
                self._late_since_s = time.perf_counter()
            self._late.append(arrival)
            if not self._at_latest.isActive():
                self._deliver_late()
            return
        self._call(arrival)
        if arrival.is_last and self._latest.get(request.name) == request.ticket:
            self._urgent.discard(request.name)
            QCoreApplication.postEvent(self, QEvent(QEvent.Type(PAINTED)), AFTER_PAINTING)

    def customEvent(self, event: QEvent) -> None:  # noqa: N802 (Qt's own)
        """Let background work go on after an urgent result was painted."""
        if event.type() == PAINTED and not self._urgent:
            self._release()

    def _hold(self) -> None:
        """Start no background step for now, and deliver no results of background work."""
        now_s = time.perf_counter()
        if self._late and now_s - self._late_since_s > MOST_LATE_S:
            return  # urgent requests follow each other without a gap, as while a person draws
        self._held_until = now_s + HOLD_MS / 1e3
        self._at_latest.start(HOLD_MS)
        QCoreApplication.removePostedEvents(self, PAINTED)  # the event of an earlier result

    def _release(self) -> None:
        """Let background work go on, and deliver the results that have arrived meanwhile."""
        self._at_latest.stop()
        with self._changed:
            self._held_until = 0.0
            self._changed.notify()
        self._deliver_late()

    def _deliver_late(self) -> None:
        while self._late:  # if one call raises, the others are delivered the next time
            self._call(self._late.pop(0))

    def _call(self, arrival: _Arrival) -> None:
        if self._latest.get(arrival.request.name) == arrival.request.ticket:
            arrival.call()
        else:
            arrival.drop()


def _end(steps: Iterator[Any]) -> None:
    if isinstance(steps, Generator):
        # Nobody waits for a replaced or cancelled request, so its errors are not reported.
        with contextlib.suppress(Exception):
            steps.close()
