"""Ctrl-C, SIGTERM and SIGHUP as requests to stop, so that the current work can be finished first."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def stop_requests() -> Iterator[list[int]]:
    """Yield a list that the first Ctrl-C, SIGTERM or SIGHUP is added to; a second one ends the process.

    SIGHUP is sent when a terminal is closed; under nohup it stays ignored. Only the main thread receives
    signals, so in other threads the list stays empty.
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

    numbers = [signal.SIGINT, signal.SIGTERM]
    # Windows has no SIGHUP.
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        numbers.append(signal.SIGHUP)
    before = {number: signal.signal(number, request) for number in numbers}
    try:
        yield requests
    finally:
        restore()
