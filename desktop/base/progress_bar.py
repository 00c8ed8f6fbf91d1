"""A progress bar for long tasks, shown if standard error is a terminal."""

import sys
import time
from types import TracebackType
from typing import Any

import click

LONG_S = 2.0
STEPS = 1000


class ProgressBar:
    """A context manager that shows a bar after LONG_S seconds and clears it at the end."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._began_s = time.monotonic()
        self._bar: Any = None

    def __enter__(self) -> "ProgressBar":
        return self

    def show(self, share: float, text: str = "") -> None:
        """Show a share from 0 to 1, and a text such as "37 of 100 pictures, 2 min left"."""
        if not sys.stderr.isatty() or time.monotonic() - self._began_s < LONG_S:
            return
        if self._bar is None:
            self._bar = click.progressbar(
                length=STEPS,
                label=self._label,
                show_eta=False,
                item_show_func=lambda item: item,
                bar_template="%(label)s [%(bar)s] %(info)s",
                file=sys.stderr,
            )
        self._bar.update(max(0, round(share * STEPS) - self._bar.pos), text)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            click.echo("\r\x1b[K", file=sys.stderr, nl=False)
            self._bar.render_finish()
