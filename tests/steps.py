"""Measures a cost in function calls or processor time, which other work on the machine does not change."""

import os
import sys
from collections.abc import Callable

LIMIT_S = 5.0


def processor_seconds() -> float:
    """Return the processor time that this process and its ended children have used so far."""
    return sum(os.times()[:4])


def calls_of(do: Callable[[], object]) -> int:
    """Return how many functions, of Python or of C, are called on this thread while `do()` runs."""
    count = 0

    def on_event(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(on_event)
    try:
        do()
    finally:
        sys.setprofile(before)
    return count
