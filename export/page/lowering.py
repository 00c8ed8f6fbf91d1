"""Translates an ONNX graph to the program that a page runs.

Every shape is known, because the graph was run once (`export.page.trace`). Values that do not depend on the
input become constants. The rules for each operator are in `export.page.rules` and the two modules below it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper

from export.page.program import NotLiveError, Program, ProgramWriter
from export.page.trace import Trace, trace, varying_of

Shape = tuple[int, ...]


@dataclass
class Lowering:
    """A program under construction, and the graph that it is made from.

    Attributes:
        found: a run of the graph.
        writer: collects the steps.
        numbers: for each of the graph's values, by name, its number in the program.
        chosen: the names of values that do not depend on z but are not constant either: rows of tables.
    """

    found: Trace
    writer: ProgramWriter = field(default_factory=ProgramWriter)
    numbers: dict[str, int] = field(default_factory=dict)
    chosen: set[str] = field(default_factory=set)

    def is_constant(self, name: str) -> bool:
        """Whether a value is the same for every input."""
        return name not in self.found.varying and name not in self.chosen

    def array(self, name: str, what: str) -> NDArray[Any]:
        """A constant's value. Raises NotLiveError if it depends on the input; `what` names it."""
        if not self.is_constant(name):
            source = "z" if name in self.found.varying else "an input"
            raise NotLiveError(f"{what} that is computed from {source}")
        return self.found.values[name]

    def number(self, name: str) -> int:
        """A value's number in the program."""
        if name not in self.numbers:
            self.numbers[name] = self.writer.constant(self.found.values[name])
        return self.numbers[name]

    def shape(self, name: str) -> Shape:
        """A value's shape."""
        return tuple(self.found.values[name].shape)


Rule = Callable[["Lowering", "Node"], "int | Sequence[int]"]


class Input(Protocol):
    """An input beside z that the page passes to the program (`export.page.settings`)."""

    @property
    def name(self) -> str:
        """In the graph."""

    @property
    def width(self) -> int:
        """The number of its values in the program's input."""

    @property
    def is_whole(self) -> bool:
        """Whether it takes whole numbers, so that its values are computed beforehand and put into tables."""

    def place(self, low: Lowering, part: int) -> None:
        """Use its part of the program's input as the graph's input."""


class Node:
    """One node of a graph: gives attributes by name, and inputs even if they are left out."""

    def __init__(self, proto: onnx.NodeProto) -> None:
        self.proto = proto
        self.op = proto.op_type
        self.inputs = list(proto.input)
        self.outputs = list(proto.output)
        self._attributes = {a.name: helper.get_attribute_value(a) for a in proto.attribute}

    def get(self, name: str, default: Any = None) -> Any:
        """An attribute; bytes become text."""
        value = self._attributes.get(name, default)
        return value.decode() if isinstance(value, bytes) else value

    def input(self, index: int) -> str:
        """The name of an input; empty if it is left out."""
        return self.inputs[index] if index < len(self.inputs) else ""


def lower(
    model: onnx.ModelProto,
    rules: Mapping[str, Rule],
    feeds: Mapping[str, NDArray[Any]],
    source: str,
    outputs: Sequence[str],
    finish: Callable[[ProgramWriter, tuple[int, ...]], tuple[int, ...]] = lambda _writer, results: results,
    also: Sequence[Input] = (),
) -> Program:
    """The program that computes `outputs` from `source`, which it takes flat; other inputs are constants.

    The inputs of `also` follow after `source`. `finish` may add steps to the results. Raises NotLiveError if
    the page cannot run the graph.
    """
    # Values that do not depend on z are computed here, so their operators need no rules.
    sources = [source, *(other.name for other in also if not other.is_whole)]
    varying = varying_of(model, sources)
    used = {node.op_type for node in model.graph.node if varying.intersection(node.output)}
    unknown = sorted(used - set(rules))
    if unknown and not model.functions:
        raise NotLiveError(_listed(unknown))
    lowering = Lowering(trace(model, feeds, sources))
    found = lowering.found
    flat = _place_inputs(lowering, source, tuple(feeds[source].shape), also)
    for proto in found.nodes:
        if not any(name in found.varying for name in proto.output):
            continue
        rule = rules.get(proto.op_type)
        if rule is None:
            raise NotLiveError(_listed([proto.op_type]))
        try:
            result = rule(lowering, Node(proto))
        except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
            # The rules cover the forms that export tools write; others are left to ONNX Runtime, as an atlas.
            raise NotLiveError(f"an unusual {proto.op_type}") from error
        numbers = [result] if isinstance(result, int) else result
        for name, number in zip((name for name in proto.output), numbers, strict=False):
            if name and lowering.writer.shapes[number] != lowering.shape(name):
                raise NotLiveError(f"{proto.op_type} with the shape {list(lowering.shape(name))}")
            lowering.numbers[name] = number
    results = tuple(lowering.number(name) for name in outputs)
    return lowering.writer.finish(flat, finish(lowering.writer, results))


def _place_inputs(low: Lowering, source: str, shape: Shape, also: Sequence[Input]) -> int:
    """Split the program's one flat input among the inputs; returns the flat input's number."""
    count = int(np.prod(shape))
    flat = low.writer.source((count + sum(other.width for other in also),))

    def part(start: int, length: int) -> int:
        places = [list(range(start, start + length))]
        return low.writer.step("pick", [flat], (length,), places=places, fill=0)

    low.numbers[source] = low.writer.view(part(0, count) if also else flat, shape)
    for other in also:
        other.place(low, part(count, other.width))
        count += other.width
    return flat


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"the operator{'s' if len(names) > 1 else ''} {', '.join(names[:3])}{more}"
