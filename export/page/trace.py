"""Runs a graph once by ONNX Runtime and keeps every value, to learn all shapes and constants."""

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnx
import onnxruntime as ort
from numpy.typing import NDArray
from onnx import helper, inliner, numpy_helper

from export.page.program import NotLiveError

# The results of these operators depend on the size of a value only, and sizes do not change.
SIZE_OPS = frozenset(("Shape", "Size"))
RANDOM_OPS = frozenset(
    ("RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Bernoulli", "Multinomial")
)
# Only the standard operators are lowered.
DOMAINS = ("", "ai.onnx")


Session = ort.InferenceSession


@dataclass(frozen=True)
class Trace:
    """A graph with all its values in one run.

    Attributes:
        model: the graph, with calls of local functions replaced by their bodies.
        values: each value of the run, by name.
        varying: the names of the values that depend on the inputs that change.
        opset: the version of the standard operators.
    """

    model: onnx.ModelProto
    values: Mapping[str, NDArray[Any]]
    varying: frozenset[str]
    opset: int

    @property
    def nodes(self) -> Sequence[onnx.NodeProto]:
        """The graph's nodes, in an order in which they can run."""
        return tuple(self.model.graph.node)


def session(model: bytes | Path) -> ort.InferenceSession:
    """A session of ONNX Runtime on the CPU that logs only fatal errors. A file may have external data."""
    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = max(1, min(4, os.cpu_count() or 1))
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    source = model if isinstance(model, bytes) else str(model)
    return ort.InferenceSession(source, options, providers=["CPUExecutionProvider"])


def trace(model: onnx.ModelProto, feeds: Mapping[str, NDArray[Any]], sources: Collection[str]) -> Trace:
    """Run `model` with `feeds`, and find which of its values depend on the inputs `sources`.

    Raises NotLiveError if the graph has control flow, random numbers, or operators of other domains.
    """
    if model.functions:
        model = inliner.inline_local_functions(model)
    for node in model.graph.node:
        if node.domain not in DOMAINS or node.op_type in RANDOM_OPS or _has_graph(node):
            raise NotLiveError(f"the operator {node.op_type}")
    initial = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    varying = varying_of(model, sources)
    names = [name for node in model.graph.node for name in node.output if name]
    whole = onnx.ModelProto()
    whole.CopyFrom(model)
    declared = {value.name for value in whole.graph.output}
    whole.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names if name not in declared)
    try:
        results = session(whole.SerializeToString()).run(names, dict(feeds))
    except Exception as error:  # ONNX Runtime has no class of errors of its own
        raise NotLiveError("a graph whose values cannot all be looked at") from error
    values = initial | dict(feeds) | dict(zip(names, results, strict=True))
    opset = next(entry.version for entry in model.opset_import if entry.domain in DOMAINS)
    return Trace(model, values, frozenset(varying), opset)


def varying_of(model: onnx.ModelProto, sources: Collection[str]) -> set[str]:
    """The names of the values that depend on the inputs `sources`. Sizes are known, so they do not count."""
    varying = set(sources)
    for node in model.graph.node:
        if node.op_type not in SIZE_OPS and varying.intersection(node.input):
            varying.update(filter(None, node.output))
    return varying


def run_node(node: onnx.NodeProto, inputs: list[NDArray[Any] | None], opset: int) -> NDArray[Any]:
    """The first output of one node alone, by ONNX Runtime. None stands for an input that is left out.

    Raises NotLiveError if it does not run alone.
    """
    alone = onnx.NodeProto()
    alone.CopyFrom(node)
    names = [f"i{index}" if array is not None else "" for index, array in enumerate(inputs)]
    del alone.input[:], alone.output[:]
    alone.input.extend(names)
    alone.output.extend(["out"] + [f"other{index}" for index in range(1, len(node.output))])
    given = {name: array for name, array in zip(names, inputs, strict=True) if array is not None}
    graph = helper.make_graph(
        [alone],
        "one node",
        [
            helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape)
            for name, array in given.items()
        ],
        [onnx.ValueInfoProto(name="out")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)
    try:
        result: NDArray[Any] = session(model.SerializeToString()).run(["out"], given)[0]
    except Exception as error:  # ONNX Runtime has no class of errors of its own
        raise NotLiveError(f"an unusual {node.op_type}") from error
    return result


def _has_graph(node: onnx.NodeProto) -> bool:
    kinds = (onnx.AttributeProto.GRAPH, onnx.AttributeProto.GRAPHS)
    return any(attribute.type in kinds for attribute in node.attribute)
