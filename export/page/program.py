"""The program that a page runs: a graph as a list of steps of a dozen simple kinds; all shapes are known.

`export.page.lowering` makes it from an ONNX graph, and `js/runner.js` runs it. Every array is float32.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


class NotLiveError(Exception):
    """A graph that the page cannot run itself. The message says why, for people."""


@dataclass(frozen=True)
class Program:
    """A graph that the page can run.

    Attributes:
        shapes: the shape of each value; values are numbered.
        constants: the arrays of constant values, by number.
        steps: in order; each has `op`, `in` (numbers of values), `out`, and the operation's parameters.
        source: the number of the input.
        results: the numbers of the outputs.
        multiply_adds: the number of multiply-adds in one run.
    """

    shapes: tuple[tuple[int, ...], ...]
    constants: Mapping[int, Floats]
    steps: tuple[Mapping[str, Any], ...]
    source: int
    results: tuple[int, ...]
    multiply_adds: int

    def as_json(self) -> dict[str, Any]:
        """The program without the constants' arrays."""
        return {
            "shapes": [list(shape) for shape in self.shapes],
            "constants": list(self.constants),
            "steps": [dict(step) for step in self.steps],
            "source": self.source,
            "results": list(self.results),
        }


class ProgramWriter:
    """Collects steps. Values are numbers; each constant and each step makes a new one."""

    def __init__(self) -> None:
        self.shapes: list[tuple[int, ...]] = []
        self.constants: dict[int, Floats] = {}
        self.steps: list[dict[str, Any]] = []
        self.multiply_adds = 0
        self._known: dict[tuple[tuple[int, ...], bytes], int] = {}

    def source(self, shape: tuple[int, ...]) -> int:
        """Add an input and return its number."""
        return self._value(shape)

    def constant(self, array: NDArray[Any]) -> int:
        """Add a constant and return its number; equal constants share one."""
        array = np.ascontiguousarray(array, np.float32)
        key = (array.shape, array.tobytes())
        if key not in self._known:
            self._known[key] = self._value(array.shape)
            self.constants[self._known[key]] = array
        return self._known[key]

    def step(self, op: str, inputs: list[int], shape: tuple[int, ...], work: int = 0, **more: Any) -> int:
        """Add a step and return the number of its result. `work` counts its multiply-adds."""
        out = self._value(tuple(int(side) for side in shape))
        self.steps.append({"op": op, "in": inputs, "out": out, **more})
        self.multiply_adds += work or int(np.prod(shape))
        return out

    def view(self, value: int, shape: tuple[int, ...]) -> int:
        """The same numbers in another shape."""
        return value if self.shapes[value] == tuple(shape) else self.step("view", [value], shape)

    def finish(self, source: int, results: tuple[int, ...]) -> Program:
        """The program without steps and constants that no result needs."""
        needed, steps = set(results), []
        for step in reversed(self.steps):
            if step["out"] in needed:
                needed.update(step["in"])
                steps.append(step)
        numbers = {old: new for new, old in enumerate(sorted(needed | {source}))}
        return Program(
            shapes=tuple(self.shapes[old] for old in numbers),
            constants={numbers[old]: array for old, array in self.constants.items() if old in numbers},
            steps=tuple(
                step | {"in": [numbers[value] for value in step["in"]], "out": numbers[step["out"]]}
                for step in reversed(steps)
            ),
            source=numbers[source],
            results=tuple(numbers[value] for value in results),
            multiply_adds=self.multiply_adds,
        )

    def _value(self, shape: tuple[int, ...]) -> int:
        self.shapes.append(tuple(shape))
        return len(self.shapes) - 1
