"""Opens the model that a command names while the rest of the program is still being imported. No Qt.

That is as safe as opening it later: in this process `open_source` only inspects the file, and the graph is
loaded and run in the trial's process. This process does not load the graph before the trial has passed.
"""

import threading
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from desktop.models.open_source import open_source
from desktop.models.source import Source
from desktop.reading.overrides import Overrides
from desktop.vetting.opening import Opening


@dataclass(frozen=True)
class _Early:
    """A model that is being opened, with the result or the error of `open_source`."""

    path: Path
    overrides: Overrides | None
    opening: Opening
    source: Future[Source]


_early: list[_Early] = []


def open_early(path: Path, overrides: Overrides | None) -> None:
    """Start to open a model on a separate thread. `early_or_open` returns the result."""
    early = _Early(path, overrides, Opening(), Future())

    def work() -> None:
        try:
            early.source.set_result(open_source(path, overrides, early.opening))
        except BaseException as error:  # `early_or_open` raises it
            early.source.set_exception(error)

    _early.append(early)
    threading.Thread(target=work, name="early", daemon=True).start()


def early_or_open(path: Path, overrides: Overrides | None, opening: Opening) -> Source:
    """Return the source that `open_early` is opening for these arguments, or else open it now.

    The result of `open_early` is returned once. `opening` is told the progress, and can stop it.
    """
    while _early:
        early = _early.pop()
        if (early.path, early.overrides) == (path, overrides):
            opening.take_over(early.opening)
            try:
                return early.source.result()
            finally:
                opening.stop_with(None)
        early.opening.stop()
    return open_source(path, overrides, opening)


def stop_early() -> None:
    """Stop the early opening of a model that nobody asked for."""
    while _early:
        _early.pop().opening.stop()
