"""How long a test waits for what comes: so long that a busy machine fails no test. Nothing is waited out."""

import time
from collections.abc import Callable

SOON_S = 60.0
SOON_MS = round(1000 * SOON_S)


def wait_until(is_so: Callable[[], object]) -> None:
    """Return once `is_so()` is true; fail where it does not become so."""
    deadline = time.monotonic() + SOON_S
    while not is_so():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)
