"""Opens the model that a command names while the rest of the program is still being imported. No Qt.

That is as safe as opening it later: `open_source` only inspects the file here, and what the graph does when
it is loaded and run, it does in the trial's process. This process loads nothing before the trial has passed.
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
    """What is opened, and what `open_source` gives or raises."""

    path: Path
    overrides: Overrides | None
    opening: Opening
    source: Future[Source]


_early: list[_Early] = []


def open_early(path: Path, overrides: Overrides | None) -> None:
    """Begin to open a model, on a thread of its own. `early_or_open` gives it to whoever asks for it."""
    early = _Early(path, overrides, Opening(), Future())

    def work() -> None:
        try:
            early.source.set_result(open_source(path, overrides, early.opening))
        except BaseException as error:  # raised to whoever asks for the source
            early.source.set_exception(error)

    _early.append(early)
    threading.Thread(target=work, name="early", daemon=True).start()


def early_or_open(path: Path, overrides: Overrides | None, opening: Opening) -> Source:
    """Return what `open_early` began with these arguments, or else open it now, as `open_source` does.

    What was begun early is given once. `opening` is told what it does, and can stop it.
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
    """Stop what was begun early and not asked for."""
    while _early:
        _early.pop().opening.stop()
