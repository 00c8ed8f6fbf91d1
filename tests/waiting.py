"""The longest time that tests wait for an event, enough for a busy machine. Usually it comes much sooner."""

import time
from collections.abc import Callable

SOON_S = 60.0
SOON_MS = round(1000 * SOON_S)


def wait_until(is_so: Callable[[], object]) -> None:
    """Return once `is_so()` is true; fail if that takes too long."""
    deadline = time.monotonic() + SOON_S
    while not is_so():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)
