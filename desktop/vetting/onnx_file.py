"""Inspects an untrusted model file before ONNX Runtime loads it. Needs onnx; no ONNX Runtime, no Qt.

This module refuses whatever inspection can detect: files that are not models, graphs that are too large, too
deep or recursive, tensors with missing numbers, weights in unexpected files. `desktop.vetting.trial` tests
what a graph does when it runs.
"""

import hashlib
import math
import mmap
import stat
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import onnx
from google.protobuf.message import DecodeError
from onnx import helper

from desktop.base.errors import ModelError
from desktop.vetting import graph_limits
from desktop.vetting.external_data import external_files
from desktop.vetting.skeleton import skeleton
from desktop.vetting.unpacked_size import DAMAGED, check_wire
from export.bundle import format_by_ending, format_of

# A model for ONNX Runtime: serialized, or the path of its file.
Graph = bytes | Path
# A file's size, modification time in ns, and inode.
Stamp = tuple[int, int, int]


@dataclass(frozen=True)
class Tensor:
    """An input or output as the graph declares it.

    Attributes:
        name: the name of the tensor.
        dtype: numpy's name, such as "float32" or "int64".
        shape: a number, a name or None (unknown) for each axis; None if the graph gives no shape.
    """

    name: str
    dtype: str
    shape: tuple[int | str | None, ...] | None

    def in_words(self) -> str:
        """A text such as "z float32 [N, 2]", with a long name cut off."""
        if self.shape is None:
            return f"{self.name[:60]} {self.dtype} of any shape"
        return f"{self.name[:60]} {self.dtype} [{', '.join(str(size or '?') for size in self.shape)}]"


@dataclass(frozen=True)
class ModelFile:
    """A graph that passed the inspection.

    Attributes:
        path: the model's path, for messages.
        graph: the model for ONNX Runtime: its bytes, or the path of a large model, whose weights are then
            read only once.
        skeleton: the model without its large weights, serialized.
        size_bytes: the size of the model and its external data.
        weights_bytes: the size of all weights.
        stamps: the size, modification time and inode of each file, to detect changes.
        sha256: hex digits of a hash of the file's bytes and its external data; of a large external file, only
            the size and samples are hashed.
        inputs: the inputs that must be fed, without initializers.
        optional: inputs that have a single number as default in the graph, with this number.
        outputs: all outputs.
        metadata: the model's metadata_props.
        producer: name and version of the producer, or an empty string.
        opsets: the version of each domain ("" is ONNX's own).
        operators: the number of nodes per operator ("Conv", "com.microsoft.Gelu"), subgraphs included.
        parameter_count: the count of numbers in all initializers and Constant nodes.
        makers: the operator that computes each output's values, ignoring later reshapes and the like; a Clip
            with its bounds ("Clip 0 1"); "" if it is unknown.
        table_rows: the number of table rows for each input that is an index into a table, such as a class.
    """

    path: Path
    graph: Graph
    skeleton: bytes
    size_bytes: int
    weights_bytes: int
    stamps: Mapping[Path, Stamp]
    sha256: str
    inputs: tuple[Tensor, ...]
    optional: tuple[tuple[Tensor, float], ...]
    outputs: tuple[Tensor, ...]
    metadata: Mapping[str, str]
    producer: str
    opsets: Mapping[str, int]
    operators: Mapping[str, int]
    parameter_count: int
    makers: Mapping[str, str]
    table_rows: Mapping[str, int]

    def check_unchanged(self) -> None:
        """Raise ModelError if a file of the model was replaced or changed since the inspection."""
        for path, stamp in self.stamps.items():
            if _stamp(path) != stamp:
                raise ModelError(f"{path}: found that it was changed while it was opened; open it again")


# The limit of protobuf for a message. Weights in other files may be as large as memory allows.
MAX_FILE_BYTES = (2 << 30) - 1
# Smaller models are kept in memory, so that they no longer depend on the file.
LARGE_BYTES = 32 << 20
# An external file up to this size is hashed as a whole; of a larger one, this many blocks of this size.
HASHED_WHOLE_BYTES, HASHED_BLOCKS, HASHED_BLOCK_BYTES = 256 << 20, 64, 1 << 20
# Operators that move numbers without changing them.
LOOKED_THROUGH = frozenset(
    ("Reshape", "Transpose", "Identity", "Cast", "Squeeze", "Unsqueeze", "Flatten", "Slice", "DepthToSpace")
)
# Before this IR version, ONNX required all weights to be among the inputs.
LEAST_OPTIONAL_VERSION = 4
MOST_OPTIONAL = 1e9
MOST_LOOKED_THROUGH = 32  # at most this many operators in a row are looked through


def read_model_file(path: Path, data: bytes | None = None) -> ModelFile:
    """Inspect a model, from `data` if it is given, or else from the file.

    External data must be in regular files beside the model, with names that begin like the model's. Weights
    are hashed, but not kept. Raises ModelError if the file does not pass, and OSError if it cannot be read.
    """
    if data is not None:
        return _inspect(path, data, {})
    _check_regular(path, MAX_FILE_BYTES)
    stamp = _stamp(path)
    with path.open("rb") as file:
        if stamp[0] <= LARGE_BYTES:
            return _inspect(path, file.read(LARGE_BYTES), {path: stamp})
        # The map is closed with the last reference to it; an error may still refer to a part of the map.
        return _inspect(path, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), {path: stamp})


def _inspect(path: Path, data: bytes | mmap.mmap, stamps: Mapping[Path, Stamp]) -> ModelFile:
    _refuse_other_kinds(path, data)
    try:
        check_wire(memoryview(data))
        outline = skeleton(data)
        model = onnx.ModelProto.FromString(outline)
        parts = graph_limits.check(model)
        beside = external_files(path, parts.tensors)
        tensors = [
            [_tensor(value) for value in values] for values in (_real_inputs(model.graph), model.graph.output)
        ]
    except (DecodeError, ModelError) as error:
        other = format_by_ending(path)
        if other is not None:
            raise ModelError(f"{path}: found {other[0]}, expected an ONNX model; {other[1]}") from error
        text = f"found {len(data):,} {DAMAGED}" if isinstance(error, DecodeError) else str(error)
        raise ModelError(f"{path}: {text}") from error
    is_in_memory = isinstance(data, bytes) and not beside
    opsets = {entry.domain or "": entry.version for entry in model.opset_import}
    return ModelFile(
        path=path,
        graph=data if isinstance(data, bytes) and is_in_memory else path,
        skeleton=outline,
        size_bytes=len(data) + sum(file.stat().st_size for file in beside),
        weights_bytes=sum(graph_limits.size_bytes(tensor) for tensor in parts.tensors),
        stamps={} if is_in_memory else {**stamps, **{file: _stamp(file) for file in beside}},
        sha256=_sha256(data, beside),
        inputs=tuple(tensors[0]),
        optional=tuple(_optional_inputs(model)),
        outputs=tuple(tensors[1]),
        metadata={entry.key: entry.value for entry in model.metadata_props},
        producer=" ".join(filter(None, (model.producer_name, model.producer_version)))[:100],
        opsets=opsets,
        operators=Counter(
            f"{node.domain}.{node.op_type}" if node.domain not in ("", "ai.onnx") else node.op_type
            for node in parts.nodes
        ),
        parameter_count=_parameter_count(parts),
        makers=_makers(model.graph),
        table_rows=_table_rows(model.graph),
    )


def _sha256(data: bytes | mmap.mmap, beside: Iterable[Path]) -> str:
    digest = hashlib.sha256(data)
    for path in beside:
        size = path.stat().st_size
        with path.open("rb") as file:
            if size <= HASHED_WHOLE_BYTES:
                digest.update(file.read())
                continue
            digest.update(str(size).encode())
            for block in range(HASHED_BLOCKS):
                file.seek((size - HASHED_BLOCK_BYTES) * block // (HASHED_BLOCKS - 1))
                digest.update(file.read(HASHED_BLOCK_BYTES))
    return digest.hexdigest()


def _stamp(path: Path) -> Stamp:
    status = path.stat()
    return status.st_size, status.st_mtime_ns, status.st_ino


def _check_regular(path: Path, most_bytes: int) -> None:
    """Raise ModelError for a pipe, a device or a folder, and for a file that is too large."""
    status = path.stat()  # before the file is opened: opening a pipe would wait for a writer
    if not stat.S_ISREG(status.st_mode):
        raise ModelError(
            f"{path}: found something other than a regular file, expected an ONNX model; choose another"
        )
    if status.st_size > most_bytes:
        raise ModelError(
            f"{path}: found {status.st_size:,} bytes, expected at most {most_bytes:,}; save the model with "
            "its weights in a file beside it"
        )


def _refuse_other_kinds(path: Path, data: bytes | mmap.mmap) -> None:
    if not len(data):
        raise ModelError(f"{path}: found an empty file, expected an ONNX model; fetch or export it again")
    other = format_of(path, data)
    if other is not None:
        raise ModelError(f"{path}: found {other[0]}, expected an ONNX model; {other[1]}")


def _real_inputs(graph: onnx.GraphProto) -> Iterator[onnx.ValueInfoProto]:
    """The inputs without the weights, which old exporters list among them."""
    weights = {tensor.name for tensor in graph.initializer}
    weights |= {tensor.values.name for tensor in graph.sparse_initializer}
    return (value for value in graph.input if value.name not in weights)


def _optional_inputs(model: onnx.ModelProto) -> Iterator[tuple[Tensor, float]]:
    """The value of `ModelFile.optional`; empty if the inputs also include weights with several numbers."""
    weights = {tensor.name: tensor for tensor in model.graph.initializer}
    listed = [value for value in model.graph.input if value.name in weights]
    if model.ir_version < LEAST_OPTIONAL_VERSION or any(
        graph_limits.element_count(weights[value.name].dims) != 1 for value in listed
    ):
        return
    constants = graph_limits.small_constants(model.graph)
    for value in listed:
        tensor, numbers = _tensor(value), constants.get(value.name, [])
        if len(numbers) == 1 and abs(numbers[0]) <= MOST_OPTIONAL:
            shape = tuple(weights[value.name].dims) if tensor.shape is None else tensor.shape
            yield replace(tensor, shape=shape), float(numbers[0])


def _tensor(value: onnx.ValueInfoProto) -> Tensor:
    kind = value.type.WhichOneof("value")
    if kind != "tensor_type":
        return Tensor(value.name, (kind or "nothing").removesuffix("_type"), None)
    tensor = value.type.tensor_type
    try:
        dtype = str(helper.tensor_dtype_to_np_dtype(tensor.elem_type))
    except KeyError:
        dtype = f"type {tensor.elem_type}"
    if tensor.elem_type == onnx.TensorProto.STRING:
        dtype = "string"
    if not tensor.HasField("shape"):
        return Tensor(value.name, dtype, None)
    shape = []
    for axis in tensor.shape.dim:
        if axis.HasField("dim_value"):
            shape.append(axis.dim_value if axis.dim_value > 0 else None)
        else:
            shape.append(axis.dim_param or None)
    return Tensor(value.name, dtype, tuple(shape))


def _parameter_count(parts: graph_limits.Parts) -> int:
    """The count of numbers in initializers and in Constant nodes, where some exporters store weights."""
    constants = [
        attribute.t.dims
        for node in parts.nodes
        if node.op_type == "Constant"
        for attribute in node.attribute
        if attribute.HasField("t")
    ]
    weights = [tensor.dims for graph in parts.graphs for tensor in graph.initializer]
    return sum(map(graph_limits.element_count, (*weights, *constants)))


def _makers(graph: onnx.GraphProto) -> dict[str, str]:
    """The value of `ModelFile.makers`."""
    made_by = {output: node for node in graph.node for output in node.output}
    constants = graph_limits.small_constants(graph)
    return {output.name: _maker(output.name, made_by, constants) for output in graph.output}


def _maker(name: str, made_by: Mapping[str, onnx.NodeProto], constants: Mapping[str, list[float]]) -> str:
    for _ in range(MOST_LOOKED_THROUGH):
        node = made_by.get(name)
        if node is None:
            return ""
        if node.op_type not in LOOKED_THROUGH or not node.input:
            if node.op_type != "Clip":
                return str(node.op_type)
            low, high = (constants.get(bound, [math.nan])[0] for bound in [*node.input[1:3], "", ""][:2])
            return f"Clip {low:g} {high:g}"
        name = node.input[0]
    return ""


def _table_rows(graph: onnx.GraphProto) -> dict[str, int]:
    """The value of `ModelFile.table_rows`."""
    tables = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
    chosen_by = {value.name: value.name for value in graph.input if value.name not in tables}
    found: dict[str, int] = {}
    for node in graph.node:  # a graph's nodes are in order of execution
        if node.op_type in LOOKED_THROUGH and node.input and node.input[0] in chosen_by and node.output:
            chosen_by[node.output[0]] = chosen_by[node.input[0]]
        if node.op_type == "Gather" and len(node.input) == 2 and node.input[1] in chosen_by:
            axis = next((attribute.i for attribute in node.attribute if attribute.name == "axis"), 0)
            dims, name = tables.get(node.input[0], ()), chosen_by[node.input[1]]
            if -len(dims) <= axis < len(dims):
                found[name] = min(dims[axis], found.get(name, dims[axis]))
    return found
