"""Runs the parts of the GPU check in turn, within a budget of time, and puts their figures into one table."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from tests.gpu import training_parts, viewer_parts
from tests.gpu.place import Place, Row, SkippedError

BUDGET_S = 470.0


@dataclass(frozen=True)
class Part:
    """A part of the check, and the seconds that it may need."""

    run: Callable[[Place], Row]
    needs_s: float

    @property
    def name(self) -> str:
        """The part's name in the table."""
        return self.run.__name__.replace("_", " ")


@dataclass(frozen=True)
class Outcome:
    """The result of a part: its row, or in words why there is none."""

    name: str
    seconds: float
    row: Row
    why: str = ""
    is_failure: bool = False


# The parts whose results are least certain come first, in case the time runs out.
PARTS = (
    Part(training_parts.machine, 5),
    # Before all other parts that train: its first fit shows how long preparing takes in a fresh process.
    Part(training_parts.time_to_elbo, 60),
    Part(viewer_parts.agreement, 20),
    Part(training_parts.steps, 40),
    Part(training_parts.kinds, 30),
    Part(viewer_parts.other_models, 30),
    Part(training_parts.kernels, 30),
    Part(training_parts.ten_epochs, 60),
    Part(training_parts.evaluation, 50),
    Part(viewer_parts.decoding, 20),
    Part(training_parts.ranks, 20),
    Part(training_parts.kill_and_resume, 50),
    Part(viewer_parts.drag, 30),
    Part(training_parts.colours, 30),
    Part(training_parts.wide, 60),
)


def outcomes(place: Place, parts: Sequence[Part] = PARTS, budget_s: float = BUDGET_S) -> Iterator[Outcome]:
    """Run each part for which enough of the budget is left. A part that fails does not stop the others."""
    started = time.perf_counter()
    for part in parts:
        left = budget_s - (time.perf_counter() - started)
        if left < part.needs_s:
            yield Outcome(part.name, 0.0, {}, f"skipped: {left:.0f} s are left, expected {part.needs_s:.0f}")
            continue
        begin = time.perf_counter()
        row: Row = {}
        why, is_failure = "", False
        try:
            row = part.run(place)
        except SkippedError as error:
            why = f"skipped: {error}"
        except Exception as error:
            first = (str(error).splitlines() or [""])[0]
            why, is_failure = f"failed: {type(error).__name__}: {first[:200]}", True
        yield Outcome(part.name, time.perf_counter() - begin, row, why, is_failure)


def table(found: Sequence[Outcome]) -> str:
    """One line for each figure: the part, its seconds, the figure's name, and its value."""
    lines = []
    for outcome in found:
        name = f"{outcome.name:<18}{outcome.seconds:>7.1f} s  "
        rows = [f"{what:<36}{_in_words(figure)}" for what, figure in outcome.row.items()] or [outcome.why]
        lines += [(name if number == 0 else " " * len(name)) + row for number, row in enumerate(rows)]
    return "\n".join(lines)


def _in_words(figure: object) -> str:
    if isinstance(figure, dict):
        return "  ".join(f"{name} {value}" for name, value in figure.items())
    return str(figure)
