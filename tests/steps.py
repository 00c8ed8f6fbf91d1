"""What something costs, in calls or in a processor's time, which other work does not lengthen."""

import os
import sys
from collections.abc import Callable

LIMIT_S = 5.0


def processor_seconds() -> float:
    """What this process and its children that have ended have used so far."""
    return sum(os.times()[:4])


def calls_of(do: Callable[[], object]) -> int:
    """How many functions, of Python or of C, are called on this thread while `do()` runs."""
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
