"""The inputs beside z that people can set in a page: a class, a switch, or a number.

The program's input is z, then a one-hot vector or a number for each of them. Values that depend only on a
whole number, such as a row of an embedding table, are computed here for each of its values: the page chooses
a row.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from export.page.lowering import Lowering
from export.page.moving import broadcast
from export.page.program import NotLiveError
from export.page.trace import SIZE_OPS, Trace, session
from export.page.words import plain

# The longest list of classes to choose from, and the largest tables that a page can hold.
MOST_VALUES = 2000
MOST_TABLE_NUMBERS = 1_000_000
SHARES = re.compile(r"trunc|(?<![a-z])psi", re.IGNORECASE)  # no "epsilon"
LOOKED_THROUGH = ("Cast", "Identity", "Reshape", "Squeeze", "Unsqueeze", "Flatten", "Expand", "Clip")

# A number or a class, or several classes with their weights.
Value = float | tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Setting:
    """An input that can be set in the page.

    Attributes:
        name: the input's name in the graph.
        value: the first value; for a class, its number.
        count: the number of classes; None for a number.
        is_whole: whether the graph takes the class as a whole number, not as a one-hot vector.
        is_switch: whether it is true or false; then it is a class of two, 0 and 1.
    """

    name: str
    value: float
    count: int | None = None
    is_whole: bool = False
    is_switch: bool = False

    @property
    def width(self) -> int:
        """The number of its values in the program's input."""
        return self.count or 1

    def fits(self, value: Value) -> bool:
        """Whether a value is allowed; for a one-hot class also a mix of classes with weights."""
        if isinstance(value, tuple):
            is_mix = self.count is not None and not self.is_whole and len(value) > 0
            return is_mix and all(self.fits(number) and weight > 0 for number, weight in value)
        return self.count is None or (value == int(value) and 0 <= value < self.count)

    def as_json(self) -> dict[str, Any]:
        """The setting as JSON for the page's script: a class has a count, a number the ends of a slider."""
        facts: dict[str, Any] = {"name": plain(self.name, 40), "value": float(f"{self.value:.7g}")}
        if self.is_switch:
            facts["switch"] = True
        elif self.is_whole:
            facts["whole"] = True
        if self.count is not None:
            return facts | {"count": self.count}
        low, high = (0, 1) if SHARES.search(self.name) else (0, 2) if self.value > 0 else (-4, 4)
        return facts | {"low": low, "high": high}

    def in_words(self) -> str:
        """The name and the allowed values, for people."""
        values = "any number" if self.count is None else f"0 to {self.count - 1}"
        if self.is_switch:
            values = "true or false"
        return f"{plain(self.name, 40)}, {values}"

    def place(self, low: Lowering, part: int) -> None:
        """Use the setting's part of the program's input as the graph's input. Raises NotLiveError."""
        if self.is_whole:
            _choose_rows(low, self, part)
            return
        shape = low.shape(self.name)
        low.numbers[self.name] = broadcast(low, part, shape)


def settings_of(
    model: onnx.ModelProto, others: Mapping[str, NDArray[Any]], classes: frozenset[str]
) -> tuple[Setting, ...]:
    """The inputs of a bare model that can be set in a page, in the graph's order.

    `classes` names the one-hot inputs.
    """
    rows = _table_rows(model.graph)
    found = []
    for name, array in others.items():
        if not array.size:
            continue
        if name in classes:
            if 1 < array.shape[-1] <= MOST_VALUES:
                found.append(Setting(name, float(array.argmax()), array.shape[-1]))
        elif array.dtype.kind == "f":
            found.append(Setting(name, float(array.flat[0])))
        elif array.dtype.kind == "b":
            found.append(Setting(name, float(array.flat[0]), 2, is_whole=True, is_switch=True))
        elif array.dtype.kind in "iu" and 1 < rows.get(name, 0) <= MOST_VALUES:
            found.append(Setting(name, float(array.flat[0]), rows[name], is_whole=True))
    return tuple(setting for setting in found if setting.count is None or setting.value < setting.count)


def _table_rows(graph: onnx.GraphProto) -> dict[str, int]:
    """For each input that chooses a row of a table, as a class does: the table's number of rows."""
    tables = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
    chosen_by = {value.name: value.name for value in graph.input if value.name not in tables}
    found: dict[str, int] = {}
    for node in graph.node:
        if node.op_type in LOOKED_THROUGH and node.input[0] in chosen_by:
            chosen_by[node.output[0]] = chosen_by[node.input[0]]
        if node.op_type == "Gather" and node.input[1] in chosen_by:
            axis = next((attribute.i for attribute in node.attribute if attribute.name == "axis"), 0)
            dims, name = tables.get(node.input[0], ()), chosen_by[node.input[1]]
            if -len(dims) <= axis < len(dims):
                found[name] = min(dims[axis], found.get(name, dims[axis]))
    return found


def _choose_rows(low: Lowering, setting: Setting, part: int) -> None:
    """Replace each value that depends only on this setting by a row of a table, with a row for each class."""
    assert setting.count is not None
    names = _edge(low.found, setting.name)
    if not names or low.chosen.intersection(names):
        raise NotLiveError(f"the input {plain(setting.name, 40)!r}")
    tables = _tables(low.found, setting, names)
    one = low.writer.view(part, (1, setting.count))
    for name, table in zip(names, tables, strict=True):
        numbers = table.shape[1]
        row = low.writer.step(
            "matmul", [one, low.writer.constant(table)], (1, numbers),
            work=setting.count * numbers, size=[1, 1, setting.count, numbers],
        )  # fmt: skip
        low.numbers[name] = low.writer.view(row, low.shape(name))
        low.chosen.add(name)


def _edge(found: Trace, name: str) -> list[str]:
    """The values that depend on an input but not on z, and that are inputs of nodes that depend on z."""
    following = {name}
    for node in found.nodes:
        if node.op_type not in SIZE_OPS and following.intersection(node.input):
            following.update(filter(None, node.output))
    following -= found.varying
    needed = [
        value for node in found.nodes if found.varying.intersection(node.output) for value in node.input
    ]
    return list(dict.fromkeys(value for value in needed if value in following))


def _tables(found: Trace, setting: Setting, names: Sequence[str]) -> list[NDArray[np.float32]]:
    """A table for each of these values: a row of its numbers for each class of the input."""
    numbers = sum(found.values[name].size for name in names)
    if numbers * setting.width > MOST_TABLE_NUMBERS:
        raise NotLiveError(f"{numbers * setting.width:,} numbers of tables")
    part = _without_the_rest(found.model, names)
    runtime = session(part.SerializeToString())
    feeds = {value.name: found.values[value.name] for value in part.graph.input}
    shapes = [found.values[name].shape for name in names]
    rows: list[list[NDArray[np.float32]]] = [[] for _ in names]
    like = found.values[setting.name]
    for number in range(setting.width):
        given = np.full_like(like, number)
        # ONNX Runtime cannot return an input as an output, so the input's own value is used.
        feeds[setting.name] = given
        inner = [name for name in names if name != setting.name]
        results = dict(zip(inner, runtime.run(inner, feeds), strict=True)) if inner else {}
        for index, name in enumerate(names):
            value = np.asarray(results.get(name, given))
            if value.shape != shapes[index]:
                raise NotLiveError("a size that follows from an input")
            rows[index].append(value.astype(np.float32).reshape(-1))
    return [np.stack(row) for row in rows]


def _without_the_rest(model: onnx.ModelProto, names: Sequence[str]) -> onnx.ModelProto:
    """The part of a graph that computes these values, with them as outputs."""
    part = onnx.ModelProto()
    part.CopyFrom(model)
    needed, nodes = set(names), []
    for node in reversed(model.graph.node):
        if needed.intersection(node.output):
            nodes.append(node)
            needed.update(node.input)
    produced = {value for node in nodes for value in node.output}
    graph = part.graph
    del graph.node[:], graph.output[:], graph.value_info[:]
    graph.node.extend(reversed(nodes))
    graph.output.extend(onnx.ValueInfoProto(name=name) for name in names if name in produced)
    for kept in (graph.initializer, graph.input):
        wanted = [value for value in kept if value.name in needed]
        del kept[:]
        kept.extend(wanted)
    return part
