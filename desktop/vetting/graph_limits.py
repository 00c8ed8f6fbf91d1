"""Limits for untrusted graphs: the number of nodes, their depth, their domains, the size of tensors."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import onnx
from onnx import TensorProto, external_data_helper, helper

from desktop.base.errors import ModelError
from desktop.vetting.skeleton import cut_bytes

# These limits are far above the needs of decoders, and far below sizes that take long to inspect or overflow
# a stack.
MAX_NODES = 100_000
MAX_FUNCTIONS = 2_000
MAX_CALL_DEPTH = 24
MAX_SUBGRAPH_DEPTH = 8
MAX_TENSOR_BYTES = 512 << 20
MAX_AXES = 16
MAX_ENDS = 1_000  # inputs of a model; also the limit for outputs
MAX_NODE_ENDS = 10_000  # inputs and outputs of one node together
# Only domains built into ONNX Runtime; none that loads a library or a file.
DOMAINS = ("", "ai.onnx", "ai.onnx.ml", "com.microsoft", "com.microsoft.nchwc")
REFUSED_OPERATORS = {"EPContext": "loads a file of compiled code"}
# These operators have an input or an attribute that is a shape: a few bytes can request any amount of memory.
SHAPED_BY_INPUT = {"ConstantOfShape": 0, "Expand": 1, "Reshape": 1}
NUMBERS = (TensorProto.INT64, TensorProto.INT32, TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.DOUBLE)
SHAPED_BY_ATTRIBUTE = ("RandomNormal", "RandomUniform")

Name = tuple[str, str]  # domain, name


@dataclass
class Parts:
    """The parts of a model, collected in one pass that includes subgraphs and the model's own functions."""

    nodes: list[onnx.NodeProto] = field(default_factory=list)
    graphs: list[onnx.GraphProto] = field(default_factory=list)
    tensors: list[TensorProto] = field(default_factory=list)


def check(model: onnx.ModelProto) -> Parts:
    """Check a model and return its parts. Raises ModelError if the model should not be loaded."""
    if not model.HasField("graph") or not model.graph.output:
        raise ModelError("found a model without outputs, expected a graph; export it again")
    for what, values in (("inputs", model.graph.input), ("outputs", model.graph.output)):
        real = len(values) - (len(model.graph.initializer) if what == "inputs" else 0)
        if real > MAX_ENDS:  # without the weights, which old exporters list among the inputs
            raise ModelError(
                f"found {real:,} {what}, expected at most {MAX_ENDS:,}; export the model with fewer"
            )
    parts = Parts()
    _gather_graph(model.graph, parts, 0)
    calls = _gather_functions(model, parts)
    _check_calls(calls)
    if not parts.nodes:
        raise ModelError("found a graph without nodes, expected a decoder; export it again")
    for node in parts.nodes:
        if (node.domain, node.op_type) not in calls:
            _check_operator(node)
    for tensor in parts.tensors:
        _check_tensor(tensor)
    for graph in parts.graphs:
        constants = small_constants(graph)
        for node in graph.node:
            _check_requested_shape(node, constants)
        for sparse in graph.sparse_initializer:
            _check_size(f"the sparse weights {sparse.values.name}", sparse.dims, sparse.values.data_type)
    return parts


def element_count(dims: Sequence[int]) -> int:
    """The number of elements of a tensor of these sizes."""
    return math.prod(dims)


def size_bytes(tensor: TensorProto) -> int:
    """The bytes of the tensor's numbers. Raises ModelError for a type without a size."""
    return _bytes(tensor.dims, tensor.data_type)


def _gather_graph(graph: onnx.GraphProto, parts: Parts, depth: int) -> None:
    parts.graphs.append(graph)
    parts.tensors.extend(graph.initializer)
    for sparse in graph.sparse_initializer:
        parts.tensors.extend((sparse.values, sparse.indices))
    _gather_nodes(graph.node, parts, depth)


def _gather_nodes(nodes: Sequence[onnx.NodeProto], parts: Parts, depth: int) -> None:
    if depth > MAX_SUBGRAPH_DEPTH:
        raise ModelError(
            f"found graphs nested more than {MAX_SUBGRAPH_DEPTH} deep, expected fewer; simplify the model"
        )
    if len(parts.nodes) + len(nodes) > MAX_NODES:
        raise ModelError(f"found more than {MAX_NODES:,} nodes, expected fewer; choose a smaller model")
    parts.nodes.extend(nodes)
    for node in nodes:
        ends = len(node.input) + len(node.output)
        if ends > MAX_NODE_ENDS:  # ONNX Runtime would take longer to read them than a trial's time limit
            raise ModelError(
                f"found a node with {ends:,} inputs and outputs, expected at most {MAX_NODE_ENDS:,}; "
                "export the model with fewer"
            )
        for attribute in node.attribute:
            if attribute.HasField("t"):
                parts.tensors.append(attribute.t)
            parts.tensors.extend(attribute.tensors)
            for sparse in (attribute.sparse_tensor, *attribute.sparse_tensors):
                if sparse.HasField("values"):
                    parts.tensors.extend((sparse.values, sparse.indices))
            for graph in (*([attribute.g] if attribute.HasField("g") else []), *attribute.graphs):
                _gather_graph(graph, parts, depth + 1)


def _gather_functions(model: onnx.ModelProto, parts: Parts) -> dict[Name, set[Name]]:
    """The names that each local function calls, by the function's domain and name."""
    if len(model.functions) > MAX_FUNCTIONS:
        raise ModelError(
            f"found {len(model.functions):,} local functions, expected at most {MAX_FUNCTIONS:,}; inline them"
        )
    calls: dict[Name, set[Name]] = {}
    for function in model.functions:
        before = len(parts.nodes)
        _gather_nodes(function.node, parts, 0)
        called = {(node.domain, node.op_type) for node in parts.nodes[before:]}
        calls.setdefault((function.domain, function.name), set()).update(called)
    return calls


def _check_calls(calls: Mapping[Name, set[Name]]) -> None:
    """Raise ModelError if functions call themselves or are nested too deep: ONNX Runtime would crash."""
    # Rounds instead of recursion: a function that calls no local function has depth 0, and one that never
    # becomes ready calls itself.
    depth: dict[Name, int] = {}
    left = {name: called & calls.keys() for name, called in calls.items()}
    for round_depth in range(MAX_CALL_DEPTH + 1):
        ready = [name for name, called in left.items() if called <= depth.keys()]
        for name in ready:
            depth[name] = round_depth
            del left[name]
        if not left:
            return
        if not ready:
            raise ModelError("found local functions that call themselves, expected none; inline them")
    raise ModelError(
        f"found local functions nested more than {MAX_CALL_DEPTH} deep, expected fewer; "
        "inline them (onnx.inliner)"
    )


def _check_operator(node: onnx.NodeProto) -> None:
    if node.domain not in DOMAINS:
        raise ModelError(
            f"found the operator {node.op_type[:60]} of the domain {node.domain[:60]!r}, expected one of "
            "ONNX's own; export the model without it"
        )
    if node.op_type in REFUSED_OPERATORS:
        raise ModelError(
            f"found the operator {node.op_type}, which {REFUSED_OPERATORS[node.op_type]}, expected none; "
            "export the model without it"
        )


def _check_tensor(tensor: TensorProto) -> None:
    """Raise ModelError if a tensor does not have as many numbers as its shape says."""
    what = f"the tensor {tensor.name[:60]!r}"
    cut = cut_bytes(tensor)
    # Numbers that are stored in a file take no more memory than the file takes on disk.
    is_backed = cut is not None or external_data_helper.uses_external_data(tensor)
    expected_bytes = _check_size(what, tensor.dims, tensor.data_type, is_backed)
    if tensor.data_type == TensorProto.STRING or external_data_helper.uses_external_data(tensor):
        return
    if tensor.HasField("segment"):
        raise ModelError(f"found {what} in segments, expected it in one piece; export the model again")
    if cut is not None or tensor.HasField("raw_data"):
        found = len(tensor.raw_data) if cut is None else cut
        expected = expected_bytes
    else:
        found, expected = _stored_count(tensor)
    if found != expected:
        units = "bytes" if cut is not None or tensor.HasField("raw_data") else "numbers"
        raise ModelError(
            f"found {found:,} of the {expected:,} {units} of {what} of shape {list(tensor.dims)[:MAX_AXES]}, "
            "expected all of them; fetch or export the model again"
        )


def _stored_count(tensor: TensorProto) -> tuple[int, int]:
    """The number of values in the typed field, and the expected number."""
    field = getattr(tensor, helper.tensor_dtype_to_field(tensor.data_type))
    count = element_count(tensor.dims)
    if tensor.data_type in (TensorProto.COMPLEX64, TensorProto.COMPLEX128):
        count *= 2
    elif _bits(tensor.data_type) < 8:
        return len(field), -(-count * _bits(tensor.data_type) // 8)
    return len(field), count


def _check_size(what: str, dims: Sequence[int], data_type: int, is_backed: bool = False) -> int:
    if len(dims) > MAX_AXES or any(size < 0 for size in dims):
        raise ModelError(
            f"found {what} of shape {list(dims)[:MAX_AXES]}, expected at most {MAX_AXES} sizes, none "
            "negative; export the model again"
        )
    size = _bytes(dims, data_type)
    if size > MAX_TENSOR_BYTES and not is_backed:
        raise ModelError(
            f"found {what} of shape {list(dims)}, {size:,} bytes, expected at most {MAX_TENSOR_BYTES:,}; "
            "choose a smaller model"
        )
    return size


def _bits(data_type: int) -> int:
    if data_type in (TensorProto.UINT4, TensorProto.INT4, TensorProto.FLOAT4E2M1):
        return 4
    if data_type in (getattr(TensorProto, "UINT2", -1), getattr(TensorProto, "INT2", -1)):
        return 2
    if data_type == TensorProto.STRING:
        return 8
    try:
        return 8 * helper.tensor_dtype_to_np_dtype(data_type).itemsize
    except (KeyError, TypeError) as error:
        raise ModelError(
            f"found numbers of the unknown type {data_type}, expected one of ONNX's; export the model again"
        ) from error


def _bytes(dims: Sequence[int], data_type: int) -> int:
    return -(-element_count(dims) * _bits(data_type) // 8)


def small_constants(graph: onnx.GraphProto) -> dict[str, list[float]]:
    """The graph's constants with at most one axis and at most MAX_AXES numbers, such as shapes."""
    tensors = [(tensor.name, tensor) for tensor in graph.initializer]
    for node in graph.node:
        if node.op_type == "Constant" and node.output:
            for attribute in node.attribute:
                if attribute.HasField("t"):
                    tensors.append((node.output[0], attribute.t))
    constants = {}
    for name, tensor in tensors:
        small = len(tensor.dims) <= 1 and element_count(tensor.dims) <= MAX_AXES
        if small and tensor.data_type in NUMBERS and tensor.data_location != TensorProto.EXTERNAL:
            constants[name] = onnx.numpy_helper.to_array(tensor).reshape(-1).tolist()
    return constants


def _check_requested_shape(node: onnx.NodeProto, constants: dict[str, list[float]]) -> None:
    """Raise ModelError if a constant gives a node a shape that is too large."""
    shape: Sequence[float] = ()
    place = SHAPED_BY_INPUT.get(node.op_type)
    if place is not None and len(node.input) > place:
        shape = constants.get(node.input[place], ())
    elif node.op_type in SHAPED_BY_ATTRIBUTE:
        shape = next((a.ints for a in node.attribute if a.name == "shape"), ())
    if all(isinstance(size, int) for size in shape):
        _check_size(f"a {node.op_type}", [max(1, int(size)) for size in shape], TensorProto.FLOAT)
