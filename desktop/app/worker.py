"""A background thread for everything that takes time, so that the UI thread never waits.

A request is a name, a priority and an iterator. The thread runs the next step of the most urgent request,
returns the result to the UI thread, and chooses again. So a picture under the pointer never waits for more
than one step of the backdrop. A new request replaces the one with the same name: later results of the old
request are dropped, even those already on their way.
"""

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from enum import IntEnum, auto
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal

SWITCH_S = 0.0005


class Priority(IntEnum):
    """The priority of a worker's request: the lowest value runs first."""

    OPEN = auto()  # opening a model that the user waits for
    PICTURE = auto()  # the picture at the cursor, and the results of a drawing
    EPOCHS = auto()  # the models of other epochs
    GRID = auto()  # pages and panels
    SAVE = auto()  # files, and tables that take seconds
    SEARCH = auto()  # directions that are looked for, which can take minutes
    BACKDROP = auto()  # the tiles of the plane, and the maps on it
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
    ) -> None:
        """Run `steps` in the background, in place of any earlier request called `name`.

        `on_result` gets each yielded value except None, which only ends a step. Then `on_end` is called, or
        `on_error` if a step raises; without `on_error`, the error goes to `failed`. Requests that are
        `of_model` are dropped by `cancel_of_model`.
        """
        on_error = on_error or self.failed.emit
        with self._changed:
            if of_model:
                self._of_model.add(name)
            else:
                self._of_model.discard(name)
            self._ticket += 1
            self._latest[name] = self._ticket
            request = _Request(name, priority, self._ticket, steps, on_result, on_error, on_end)
            self._waiting[name] = request
            self._changed.notify()

    @property
    def is_idle(self) -> bool:
        """Whether no request waits or runs; the last results may still be on their way."""
        with self._changed:
            return not self._waiting

    @property
    def step_s(self) -> float:
        """For how many seconds the current step has been running; 0 if none is."""
        began_s = self._step_began_s
        return 0.0 if began_s is None else time.monotonic() - began_s

    def cancel(self, name: str) -> None:
        """Drop the request called `name`, if any, and its results that have not arrived yet."""
        with self._changed:
            self._ticket += 1
            self._latest[name] = self._ticket
            self._waiting.pop(name, None)

    def cancel_of_model(self) -> None:
        """Drop all requests that belong to the model that was open until now."""
        while self._of_model:
            self.cancel(self._of_model.pop())

    def stop(self, patience_s: float | None = None) -> bool:
        """End the thread after its current step; no result arrives after this.

        With `patience_s` it is left alone if the step takes longer. Returns whether the thread has ended.
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
                self._changed.wait_for(lambda: self._stopping or self._waiting or ended())
                if self._stopping:
                    break
                to_end = ended()
                request = min(self._waiting.values(), key=lambda r: (r.priority, r.ticket), default=None)
            # Replaced and cancelled generators are closed here, on the thread that ran them.
            for ticket in to_end:
                _end(started.pop(ticket))
            if request is not None:
                started[request.ticket] = request.steps
                self._step(request)
        for steps in started.values():
            _end(steps)

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
                self._arrived.emit((request, lambda: request.on_result(value)))
        finally:
            self._step_began_s = None

    def _finish(self, request: _Request, call: Callable[[], object]) -> None:
        with self._changed:
            if self._waiting.get(request.name) is request:
                del self._waiting[request.name]
        self._arrived.emit((request, call))

    def _deliver(self, arrival: tuple[_Request, Callable[[], object]]) -> None:
        request, call = arrival
        if self._latest.get(request.name) == request.ticket:
            call()


def _end(steps: Iterator[Any]) -> None:
    if isinstance(steps, Generator):
        # Nobody waits for a replaced or cancelled request, so its errors are not reported.
        with contextlib.suppress(Exception):
            steps.close()
