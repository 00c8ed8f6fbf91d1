"""What something costs, counted in calls: the same on every machine, however busy it is."""

import sys
from collections.abc import Callable


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
