"""A model file from anyone, looked into before ONNX Runtime sees it. Needs onnx; no ONNX Runtime, no Qt."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


class ModelError(Exception):
    """A model file is refused, or does something else than it said: what was found, expected, to do."""


@dataclass(frozen=True)
class Tensor:
    """An input or output as the graph declares it.

    Attributes:
        name: of the tensor.
        dtype: numpy's name, such as "float32" or "int64".
        shape: a number, a name or None (unknown) for each axis; None where the graph gives no shape at all.
    """

    name: str
    dtype: str
    shape: tuple[int | str | None, ...] | None


@dataclass(frozen=True)
class ModelFile:
    """A graph that was looked into and found harmless as far as looking goes.

    Attributes:
        path: where it came from, for messages.
        data: the whole model with its weights inside, for ONNX Runtime.
        sha256: hex digits, of the file's bytes (and of its external data, where it has some).
        inputs: those that must be fed: initializers with the same name are none.
        outputs: all.
        metadata: the model's own metadata_props.
        producer: producer name and version in words, or an empty string.
        opsets: domain ("" is ONNX's own) to version.
        operators: operator ("Conv", or "com.microsoft.Gelu") to how many nodes use it, subgraphs counted.
        parameter_count: numbers in all initializers.
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
