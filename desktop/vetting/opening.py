"""Reports the progress of opening a model to the caller, and lets the caller stop it. No Qt."""

import threading
from collections.abc import Callable

from desktop.base.errors import ModelError


class OpeningStoppedError(ModelError):
    """The person who opened the model stopped it."""


class Opening:
    """One attempt to open a model. Any thread may use it.

    Args:
        tell: called with a text, such as "decoding a first picture", before each step that may take long, on
            the thread that opens the model.
    """

    def __init__(self, tell: Callable[[str], object] = lambda _text: None) -> None:
        self._tell = tell
        self._lock = threading.Lock()
        self._end: Callable[[], object] | None = None
        self._is_stopped = False
        self._told = ""

    def report(self, text: str) -> None:
        """Report a step that begins. Raises OpeningStoppedError if `stop` was called."""
        self.check()
        with self._lock:
            self._told, tell = text, self._tell
        tell(text)

    def check(self) -> None:
        """Raise OpeningStoppedError if `stop` was called."""
        if self._is_stopped:
            raise OpeningStoppedError("opening was stopped")

    def stop_with(self, end: Callable[[], object] | None) -> None:
        """Set the function by which `stop` ends a long step that is running; None after the step."""
        with self._lock:
            self._end = end

    def take_over(self, other: "Opening") -> None:
        """Report the steps of `other` from its last text on, and stop it when this opening is stopped.

        If `stop` was called already, stops `other` and raises OpeningStoppedError.
        """
        with other._lock:
            other._tell, told = self.report, other._told
        self.stop_with(other.stop)
        if self._is_stopped:
            other.stop()
        self.check()
        if told:
            self.report(told)

    def stop(self) -> None:
        """End the running step, and let no further step begin."""
        with self._lock:
            self._is_stopped = True
            if self._end is not None:
                self._end()
