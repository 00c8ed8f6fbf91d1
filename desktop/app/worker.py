"""One background thread for everything that takes time; the UI thread never waits.

A request is a name, a priority and an iterator. The thread takes the next step of the request that goes
first, gives what it yields back to the UI thread, and chooses again: so a picture under the pointer never
waits for more than one step of a backdrop. A new request takes the place of the one with the same name,
whose later results are dropped, even those already on their way: the latest wins.
"""

import contextlib
import sys
import threading
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from enum import IntEnum, auto
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal

SWITCH_S = 0.0005


class Priority(IntEnum):
    """Whose step is taken next, of all that is requested of a worker: the lowest goes first."""

    OPEN = auto()  # a model that somebody waits for
    PICTURE = auto()  # the picture at the cursor, and what is shown of a drawing
    EPOCHS = auto()  # the models of other epochs
    GRID = auto()  # pages and panels
    SAVE = auto()  # files, and tables that take seconds
    BACKDROP = auto()  # the tiles of the plane, and the maps on it
    FILM = auto()  # animations
    WATCH = auto()  # whether the open file has changed


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

    failed = Signal(object)  # Exception, of a request that does not take its errors itself
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
        # Else the UI thread waits for up to 5 ms whenever both have something to do in Python.
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
        """Have `steps` run. Replaces the request called `name`, if any.

        `on_result` gets each value that is yielded but None, which only ends a step. Then comes `on_end` or,
        if a step raises, `on_error`; without one the error goes to `failed`. Requests that are `of_model`
        are dropped by `cancel_of_model`.
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

    def cancel(self, name: str) -> None:
        """Drop the request called `name`, if any, with all results that have not arrived."""
        with self._changed:
            self._ticket += 1
            self._latest[name] = self._ticket
            self._waiting.pop(name, None)

    def cancel_of_model(self) -> None:
        """Drop all requests that were made for the model that was open until now."""
        while self._of_model:
            self.cancel(self._of_model.pop())

    def stop(self) -> None:
        """End the thread after the step it is in. Nothing arrives any more."""
        with self._changed:
            self._stopping = True
            self._latest.clear()
            self._changed.notify()
        self._thread.join()

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
            # What was replaced or cancelled is closed here, on the thread that ran it.
            for ticket in to_end:
                _end(started.pop(ticket))
            if request is not None:
                started[request.ticket] = request.steps
                self._step(request)
        for steps in started.values():
            _end(steps)

    def _step(self, request: _Request) -> None:
        try:
            value = next(request.steps)
        except StopIteration:
            self._finish(request, request.on_end)
        except Exception as error:  # it is shown in the window; the thread lives on
            self._finish(request, lambda error=error: request.on_error(error))  # type: ignore[misc]
        else:
            if value is not None:
                self._arrived.emit((request, lambda: request.on_result(value)))

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
        # Nobody waits for what was replaced or cancelled, so nobody is told; the thread lives on.
        with contextlib.suppress(Exception):
            steps.close()
