"""Lines in place of a progress bar where there is no terminal, such as in a pipe or a log file."""

import time

from tqdm import tqdm

from training.output import warn

LINE_SECONDS = 30.0
WHOLE_FROM = 10  # a rate from here on is a whole number


class Lines:
    """About every `LINE_SECONDS`, a line on standard error: how much is done, how fast, and the time left.

    Args:
        what: is done, such as "epoch 1/10".
        unit: that is counted, such as "steps".
        total: number of units; None if it is unknown.
        done: units that were done before.
    """

    def __init__(self, what: str, unit: str, total: int | None, done: int = 0) -> None:
        self._what = what
        self._unit = unit
        self._total = total
        self._done = self._said = done
        self._said_at = time.perf_counter()

    def update(self, count: int) -> None:
        """Count more units, and print a line if it is time. After the last unit there is no line."""
        self._done += count
        seconds = time.perf_counter() - self._said_at
        if seconds < LINE_SECONDS or self._done == self._total:
            return
        rate = (self._done - self._said) / seconds
        of = "" if self._total is None else f" of {self._total:,}"
        speed = f"{rate:,.0f}" if rate >= WHOLE_FROM else f"{rate:.2g}"
        left = "" if not self._total else f", {tqdm.format_interval((self._total - self._done) / rate)} left"
        warn(f"{self._what}: {self._done:,}{of} {self._unit}, {speed} {self._unit}/s{left}")
        self._said = self._done
        self._said_at += seconds
