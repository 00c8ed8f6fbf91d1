"""How much work one run of a graph is, and how much memory it takes, without running it. No ONNX Runtime.

Shapes come from ONNX's own shape inference, which is C++ and may crash on a damaged graph: this runs in the
trial's process, which loads this file by its path, so it imports nothing of this project.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import onnx
from onnx import helper, inliner, shape_inference

# What they cost depends on values: how often a loop goes round, which branch is taken.
UNTOLD = frozenset(("Loop", "Scan", "If", "SequenceMap"))


@dataclass(frozen=True)
class Work:
    """What one run costs.

    Attributes:
        multiply_adds: of all convolutions and matrix products; other operators count one for each number.
        activation_bytes: the most that is in memory at once beside the weights.
    """

    multiply_adds: int
    activation_bytes: int


def work_of(model: onnx.ModelProto, shapes: Mapping[str, Sequence[int]]) -> Work | None:
    """The work of one run with inputs of these shapes; None where it cannot be told.

    The weights' values are not needed, only their shapes and those of small constants. `model` is changed.
    """
    if model.functions:
        model = inliner.inline_local_functions(model)
    for value in model.graph.input:
        if value.name in shapes:
            kind = value.type.tensor_type
            kind.ClearField("shape")
            kind.shape.SetInParent()  # a scalar's shape has no axes, but is known
            for size in shapes[value.name]:
                kind.shape.dim.add().dim_value = size
    # Declared results may say less than can be inferred now that the inputs are known, or something else.
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
        if node.op_type in UNTOLD or any(name and name not in known for name in node.output[:1]):
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
    """Of one node: products for each number of its output, or of its input where it scatters that."""
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
    """The most bytes alive at once when every value is freed after its last use."""
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
    """The values that nobody needs after this node: its inputs' last use, and outputs that have none."""
    for name in dict.fromkeys((*node.input, *node.output)):
        if name and name not in kept and last_use.get(name, index) == index:
            yield name
