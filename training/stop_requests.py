"""Ctrl-C and SIGTERM as requests: what is under way is finished first."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def stop_requests() -> Iterator[list[int]]:
    """Within it, a list that the first Ctrl-C or SIGTERM adds to; a second one ends the process on the spot.

    Outside the main thread, which alone hears signals, the list stays empty.
    """
    requests: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield requests
        return

    def request(signal_number: int, _frame: FrameType | None) -> None:
        requests.append(signal_number)
        restore()

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    before = {number: signal.signal(number, request) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield requests
    finally:
        restore()
