"""Computes the work and the memory of one run of a graph, without running it. No ONNX Runtime.

Shapes come from ONNX's own shape inference, which is C++ and may crash on a damaged graph. So this module
runs in the trial's process, which loads this file by its path. Therefore it imports nothing of this project.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import onnx
from onnx import helper, inliner, shape_inference

# The cost of these operators depends on values: the number of iterations, or the branch that is taken.
UNCOUNTED = frozenset(("Loop", "Scan", "If", "SequenceMap"))


@dataclass(frozen=True)
class Work:
    """The cost of one run.

    Attributes:
        multiply_adds: those of all convolutions and matrix products, and one per output number of other
            operators.
        activation_bytes: the peak memory in addition to the weights.
    """

    multiply_adds: int
    activation_bytes: int


def work_of(model: onnx.ModelProto, shapes: Mapping[str, Sequence[int]]) -> Work | None:
    """The work of one run with inputs of these shapes; None if it is unknown.

    Large weights may be missing: only their shapes and the values of small constants are used. `model` is
    changed.
    """
    if model.functions:
        model = inliner.inline_local_functions(model)
    for value in model.graph.input:
        if value.name in shapes:
            kind = value.type.tensor_type
            kind.ClearField("shape")
            kind.shape.SetInParent()  # for a scalar, this sets a known shape without axes
            for size in shapes[value.name]:
                kind.shape.dim.add().dim_value = size
    # The declared shapes of results may be wrong, or less complete than those inferred from the known inputs.
    for value in model.graph.output:
        value.type.tensor_type.ClearField("shape")
    del model.graph.value_info[:]
    graph = shape_inference.infer_shapes(model, strict_mode=False, data_prop=True).graph
    known = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
    sizes: dict[str, int] = {}  # bytes
    for value in (*graph.input, *graph.value_info, *graph.output):
        shape = _shape(value)
        if shape is not None:
            known[value.name] = shape
            sizes[value.name] = math.prod(shape) * _item_bytes(value.type.tensor_type.elem_type)
    multiply_adds = 0
    for node in graph.node:
        if node.op_type in UNCOUNTED or any(name and name not in known for name in node.output[:1]):
            return None
        multiply_adds += _multiply_adds(node, known)
    return Work(multiply_adds, _peak_bytes(graph, sizes))


def _shape(value: onnx.ValueInfoProto) -> tuple[int, ...] | None:
    kind = value.type.tensor_type
    if value.type.WhichOneof("value") != "tensor_type" or not kind.HasField("shape"):
        return None
    if not all(axis.HasField("dim_value") and axis.dim_value >= 0 for axis in kind.shape.dim):
        return None
    return tuple(axis.dim_value for axis in kind.shape.dim)


def _item_bytes(element_type: int) -> int:
    try:
        return int(helper.tensor_dtype_to_np_dtype(element_type).itemsize)
    except (KeyError, TypeError):
        return 8


def _multiply_adds(node: onnx.NodeProto, known: Mapping[str, tuple[int, ...]]) -> int:
    """The multiply-adds of one node, from the count of output numbers, or of input ones for ConvTranspose."""
    given = [known.get(name, ()) for name in node.input]
    result = math.prod(known.get(node.output[0], ())) if node.output else 0
    if node.op_type == "Conv" and len(given) > 1:
        return result * math.prod(given[1][1:])
    if node.op_type == "ConvTranspose" and len(given) > 1:
        return math.prod(given[0]) * math.prod(given[1][1:])
    if node.op_type == "Gemm" and given:
        turned = next((a.i for a in node.attribute if a.name == "transA"), 0)
        return result * (given[0][0 if turned else -1] if given[0] else 1)
    if node.op_type in ("MatMul", "MatMulInteger", "QLinearMatMul") and given and given[0]:
        return result * given[0][-1]
    return result


def _peak_bytes(graph: onnx.GraphProto, sizes: Mapping[str, int]) -> int:
    """The peak memory in bytes if each value is freed after its last use."""
    kept = {value.name for value in graph.output}
    last_use = {name: index for index, node in enumerate(graph.node) for name in node.input}
    alive = sum(sizes.get(value.name, 0) for value in graph.input)
    peak = alive
    for index, node in enumerate(graph.node):
        alive += sum(sizes.get(name, 0) for name in node.output)
        peak = max(peak, alive)
        alive -= sum(sizes.get(name, 0) for name in _ended(node, last_use, index, kept))
    return peak


def _ended(node: onnx.NodeProto, last_use: Mapping[str, int], index: int, kept: set[str]) -> Iterator[str]:
    """The values that are not needed after this node: inputs used for the last time, and unused outputs."""
    for name in dict.fromkeys((*node.input, *node.output)):
        if name and name not in kept and last_use.get(name, index) == index:
            yield name
