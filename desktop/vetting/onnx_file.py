"""Inspect a stranger's model file before ONNX Runtime loads it. Needs onnx; no ONNX Runtime, no Qt.

Everything that inspection can find is refused here: files that are not models, graphs that are too large, too
deep or recursive, tensors with missing numbers, weights in unexpected files. What a graph does when it runs
is found by `desktop.vetting.trial`.
"""

import hashlib
import math
import stat
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import onnx
from google.protobuf.message import DecodeError
from onnx import TensorProto, external_data_helper, helper

from desktop.base.errors import ModelError
from desktop.vetting import graph_limits
from desktop.vetting.other_formats import format_by_ending, format_of
from desktop.vetting.unpacked_size import DAMAGED, check_wire

__all__ = ["ModelError", "ModelFile", "Tensor", "read_model_file"]


@dataclass(frozen=True)
class Tensor:
    """An input or output as the graph declares it.

    Attributes:
        name: of the tensor.
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
    """A graph in which inspection has found no harm.

    Attributes:
        path: where it came from, for messages.
        data: the whole model with its weights inside, for ONNX Runtime.
        sha256: hex digits, of the file's bytes and its external data, if it has any.
        inputs: those that must be fed, so no initializers.
        outputs: all outputs.
        metadata: the model's metadata_props.
        producer: name and version of the producer, or an empty string.
        opsets: the version of each domain ("" is ONNX's own).
        operators: how many nodes use each operator ("Conv", "com.microsoft.Gelu"), subgraphs included.
        parameter_count: the numbers in all initializers and Constant nodes.
        makers: the operator that computes each output's values, before any reshapes and the like; a Clip with
            its bounds ("Clip 0 1"); "" if it is unknown.
    """

    path: Path
    data: bytes
    sha256: str
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    metadata: Mapping[str, str]
    producer: str
    opsets: Mapping[str, int]
    operators: Mapping[str, int]
    parameter_count: int
    makers: Mapping[str, str]


MAX_FILE_BYTES = 512 << 20
# Operators that move numbers without changing them.
LOOKED_THROUGH = frozenset(
    ("Reshape", "Transpose", "Identity", "Cast", "Squeeze", "Unsqueeze", "Flatten", "Slice", "DepthToSpace")
)
MOST_LOOKED_THROUGH = 32  # of these operators in a row


def read_model_file(path: Path, data: bytes | None = None) -> ModelFile:
    """Inspect a model, from `data` if it is given, or else from the file.

    External data is put into the model if it lies in a regular file beside the model whose name begins with
    the model's. Raises ModelError if the file is not a harmless graph, OSError if it cannot be read.
    """
    data = _read_plain(path, MAX_FILE_BYTES) if data is None else data
    _refuse_other_kinds(path, data)
    try:
        check_wire(data)
        model = onnx.ModelProto.FromString(data)
        parts = graph_limits.check(model)
        taken_in = _take_in_external_data(path, parts.tensors)
        tensors = [
            [_tensor(value) for value in values] for values in (_real_inputs(model.graph), model.graph.output)
        ]
    except (DecodeError, ModelError) as error:
        other = format_by_ending(path)
        if other is not None:
            raise ModelError(f"{path}: found {other[0]}, expected an ONNX model; {other[1]}") from error
        text = f"found {len(data):,} {DAMAGED}" if isinstance(error, DecodeError) else str(error)
        raise ModelError(f"{path}: {text}") from error
    digest = hashlib.sha256(data)
    for part in taken_in:
        digest.update(part)
    opsets = {entry.domain or "": entry.version for entry in model.opset_import}
    return ModelFile(
        path=path,
        data=bytes(model.SerializeToString()) if taken_in else data,
        sha256=digest.hexdigest(),
        inputs=tuple(tensors[0]),
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
    )


def _read_plain(path: Path, most_bytes: int) -> bytes:
    """The bytes of a regular file, neither a pipe nor a device, that is not too large."""
    status = path.stat()  # before the file is opened: opening a pipe would wait for a writer
    if not stat.S_ISREG(status.st_mode):
        raise ModelError(
            f"{path}: found something other than a regular file, expected an ONNX model; choose another"
        )
    if status.st_size > most_bytes:
        raise ModelError(
            f"{path}: found {status.st_size:,} bytes, expected at most {most_bytes:,}; choose a smaller model"
        )
    with path.open("rb") as file:
        return file.read(most_bytes)


def _refuse_other_kinds(path: Path, data: bytes) -> None:
    if not data:
        raise ModelError(f"{path}: found an empty file, expected an ONNX model; fetch or export it again")
    other = format_of(path, data)
    if other is not None:
        raise ModelError(f"{path}: found {other[0]}, expected an ONNX model; {other[1]}")


def _real_inputs(graph: onnx.GraphProto) -> Iterator[onnx.ValueInfoProto]:
    """The inputs without the weights, which old exporters list among them."""
    weights = {tensor.name for tensor in graph.initializer}
    weights |= {tensor.values.name for tensor in graph.sparse_initializer}
    return (value for value in graph.input if value.name not in weights)


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
    """The numbers in initializers, and in the Constant nodes in which some exporters keep the weights."""
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


def _take_in_external_data(path: Path, tensors: Iterable[TensorProto]) -> list[bytes]:
    """Put external data inside the model. Returns the bytes of the files that it came from."""
    files: dict[str, bytes] = {}
    total = 0
    for tensor in tensors:
        if not external_data_helper.uses_external_data(tensor):
            continue
        facts = {entry.key: entry.value for entry in tensor.external_data}
        place = facts.get("location", "")
        if place not in files:
            files[place] = _read_beside(path, place, MAX_FILE_BYTES - total)
            total += len(files[place])
        size = graph_limits.size_bytes(tensor)
        offset = _whole_number(facts.get("offset", ""), 0)
        length = _whole_number(facts.get("length", ""), size)
        if length != size or offset + length > len(files[place]):
            raise ModelError(
                f"found weights {tensor.name} at bytes {offset:,} to {offset + length:,} of {place}, which "
                f"has {len(files[place]):,} bytes, expected {size:,} bytes within it; export the model again"
            )
        tensor.raw_data = files[place][offset : offset + length]
        tensor.data_location = onnx.TensorProto.DEFAULT
        tensor.ClearField("external_data")
    return list(files.values())


def _read_beside(path: Path, place: str, most_bytes: int) -> bytes:
    """The bytes of a file of weights, which must lie beside the model, begin with its name and be no link."""
    if Path(place).name != place or place in ("", ".", "..") or "\\" in place or ":" in place:
        raise ModelError(
            f"found weights in {place[:100]!r}, expected them in the model or in a file beside it; "
            "save the model with its weights inside"
        )
    file = path.parent / place
    try:
        mode = file.lstat().st_mode
    except OSError as error:
        stem = place.partition(".")[0][:100]
        name = "" if place.startswith(path.stem) else f" and name the model {f'{stem}.onnx'!r} as before"
        raise ModelError(
            f"found no file {place[:100]!r}, expected the weights there, beside the model; fetch it too"
            f"{name}, or export the model with its weights inside"
        ) from error
    if not place.startswith(path.stem):
        raise ModelError(
            f"found weights in {place[:100]!r}, expected a file whose name begins with {path.stem!r}; "
            "rename one of them, or save the model with its weights inside"
        )
    if not stat.S_ISREG(mode):
        raise ModelError(f"found a link or a folder at {place[:100]!r}, expected a regular file of weights")
    return _read_plain(file, most_bytes)


def _whole_number(text: str, default: int) -> int:
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise ModelError(f"found {text[:40]!r} as an offset or length of weights, expected a whole number")
    return int(text)
