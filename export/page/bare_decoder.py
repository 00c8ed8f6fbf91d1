"""Read a bare decoder: which input is z, and how its output becomes a picture.

The guesses are few and simple, each is told, and each can be set. The viewer guesses better: it hands its own
reading over as options.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

from export.page.prior import Prior, parse_prior, prior_of
from export.page.reading import RANGE_WORDS, Reading, ReadingError
from export.page.trace import session
from export.page.words import plain

# So many z are decoded to see the range of the output.
TRIED_Z = 4
Z_NAMES = ("z", "latent", "latents", "latent_vector")
# As in the viewer.
CLASS_NAMES = re.compile(r"label|class|cond|one.?hot|(^|[^a-z])[cy]([^a-z]|$)", re.IGNORECASE)
ONE_NAMES = re.compile(r"trunc|psi|temper|scale|strength|guid", re.IGNORECASE)
FLOATS = (TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.DOUBLE)
MOST_FILE_BYTES = 2 << 30


@dataclass(frozen=True)
class Wanted:
    """Parts of a reading that a person set; None where it is guessed."""

    z_input: str | None = None
    z_shape: tuple[int, ...] | None = None
    output: str | None = None
    layout: str | None = None
    image_shape: tuple[int, int, int] | None = None
    range: str | None = None
    prior: str | None = None
    inputs: Mapping[str, float] = field(default_factory=dict)
    classes: Mapping[str, int] = field(default_factory=dict)  # one-hot inputs, and the index of the 1


def read_model(path: Path, wanted: Wanted) -> Reading:
    """The reading of a bare decoder. Raises ReadingError if it is none, or if more must be set."""
    model = _loaded(path)
    guesses: list[str] = []
    inputs = {value.name: value for value in model.graph.input}
    for tensor in model.graph.initializer:
        inputs.pop(tensor.name, None)
    z_input = _z_input(path, inputs, wanted, guesses)
    z_shape = _z_shape(path, inputs.pop(z_input), wanted)
    prior, prior_guess = _prior(path, model, z_input, wanted)
    classes = {name: 0 for name, value in inputs.items() if _is_class(value) and name not in wanted.inputs}
    classes |= {name: place for name, place in wanted.classes.items() if name in inputs}
    unset = inputs.keys() - wanted.inputs.keys() - wanted.classes.keys()
    others = {name: _other(path, value, wanted, classes) for name, value in inputs.items()}
    outputs = [value.name for value in model.graph.output]
    if wanted.output is not None and wanted.output not in outputs:
        raise ReadingError(f"{path}: found no output {wanted.output!r}, expected one of {', '.join(outputs)}")
    try:
        runtime = session(path)
        tried = prior.sample(np.random.default_rng(0), TRIED_Z, math.prod(z_shape[1:]))
        flat = tried.reshape(TRIED_Z, *z_shape[1:])
        rows = [np.ascontiguousarray(np.broadcast_to(z, z_shape), np.float32) for z in flat]
        results = [runtime.run(None, {z_input: row, **others}) for row in rows]
    except Exception as error:  # ONNX Runtime has no class of errors of its own
        raise ReadingError(
            f"{path}: {_first_line(error)}; expected a model that ONNX Runtime can run"
        ) from error
    index = outputs.index(wanted.output) if wanted.output is not None else _picture_output(path, results[0])
    if len(outputs) > 1 and wanted.output is None:
        guesses.append(f"The output {outputs[index]!r} is taken as the picture.")
    samples = np.concatenate([_first(result[index], z_shape[0]) for result in results])
    layout, image_shape = _layout(path, samples.shape[1:], wanted, guesses)
    kind = wanted.range
    if kind is None:
        kind = _range(samples)
        guesses.append(f"The output's numbers are taken as {RANGE_WORDS[kind]}, from {TRIED_Z} samples.")
    return Reading(
        str(path), path.stem, model, path, z_input, z_shape, others, outputs[index], layout, image_shape,
        kind, (*guesses, *prior_guess), frozenset(classes), frozenset(unset), prior,
    )  # fmt: skip


def _loaded(path: Path) -> onnx.ModelProto:
    size = path.stat().st_size
    if size > MOST_FILE_BYTES:
        raise ReadingError(f"{path}: found {size:,} bytes, expected at most {MOST_FILE_BYTES:,}")
    try:
        return onnx.load(path)
    except Exception as error:  # protobuf's and onnx's errors share no class
        raise ReadingError(f"{path}: {_first_line(error)}; expected an ONNX model") from error


def _z_input(path: Path, inputs: Mapping[str, Any], wanted: Wanted, guesses: list[str]) -> str:
    if wanted.z_input is not None:
        if wanted.z_input not in inputs:
            raise ReadingError(
                f"{path}: found no input {wanted.z_input!r}, expected one of {', '.join(inputs)}"
            )
        return wanted.z_input
    floats = [name for name, value in inputs.items() if value.type.tensor_type.elem_type == TensorProto.FLOAT]
    if not floats:
        raise ReadingError(f"{path}: found no input of float32, expected a decoder that takes z")
    likely = [name for name in floats if not CLASS_NAMES.search(name) and not ONE_NAMES.search(name)]
    chosen = next((name for name in floats if name.lower() in Z_NAMES), (likely or floats)[0])
    if len(inputs) > 1:
        guesses.append(f"The input {chosen!r} is taken as z.")
    return chosen


def _z_shape(path: Path, value: onnx.ValueInfoProto, wanted: Wanted) -> tuple[int, ...]:
    """The sizes of z with the batch axis; a dynamic batch becomes 1."""
    axes = value.type.tensor_type.shape.dim
    if value.type.tensor_type.elem_type != TensorProto.FLOAT:
        raise ReadingError(f"{path}: found that {value.name!r} is not float32, expected z as float32")
    if len(axes) < 2:
        raise ReadingError(f"{path}: found {len(axes)} axes of {value.name!r}, expected a batch axis and z")
    batch = axes[0].dim_value or 1
    sizes = tuple(axis.dim_value for axis in axes[1:])
    if wanted.z_shape is not None:
        sizes = wanted.z_shape
    if not all(sizes):
        raise ReadingError(
            f"{path}: found that z's sizes after the batch axis are open, expected numbers; set --z-shape"
        )
    return (batch, *sizes)


def _prior(path: Path, model: onnx.ModelProto, z_input: str, wanted: Wanted) -> tuple[Prior, tuple[str, ...]]:
    """The prior that was set, or that metadata or a name tell, or N(0, I); and a sentence if guessed."""
    if wanted.prior is not None:
        try:
            return parse_prior(wanted.prior), ()
        except ValueError as error:
            raise ReadingError(
                f"{path}: found {wanted.prior[:60]!r} for the prior, expected normal, uniform or sphere, "
                "such as normal:2, uniform:-1,1 or sphere; set --prior"
            ) from error
    prior, source = prior_of({entry.key: entry.value for entry in model.metadata_props}, z_input)
    if source == "metadata":
        return prior, ()
    by = f", from the name {plain(z_input, 40)!r}" if source else ""
    return prior, (f"The prior is taken as {prior}{by}.",)


def _is_class(value: onnx.ValueInfoProto) -> bool:
    """Whether an input looks like a one-hot class by its name and shape, as in the viewer."""
    kind = value.type.tensor_type
    axes = kind.shape.dim
    is_row = len(axes) > 1 and axes[-1].dim_value > 1 and kind.elem_type in FLOATS
    return is_row and bool(CLASS_NAMES.search(value.name))


def _other(
    path: Path, value: onnx.ValueInfoProto, wanted: Wanted, classes: Mapping[str, int]
) -> NDArray[Any]:
    """The value of another input: the number that was set, or 0; a truncation is 1, as in the viewer."""
    kind = value.type.tensor_type
    shape = tuple(axis.dim_value or 1 for axis in kind.shape.dim)
    usual = 1 if kind.elem_type in FLOATS and ONE_NAMES.search(value.name) else 0
    try:
        dtype = helper.tensor_dtype_to_np_dtype(kind.elem_type)
        if value.name not in classes:
            return np.full(shape, wanted.inputs.get(value.name, usual), dtype)
    except (KeyError, TypeError, ValueError) as error:
        raise ReadingError(f"{path}: found an input {value.name!r} that takes no numbers") from error
    place, one = classes[value.name], np.zeros(shape, dtype)
    if not shape or not 0 <= place < shape[-1]:
        raise ReadingError(
            f"{path}: found the class {place} for the input {value.name!r}, expected 0 to "
            f"{(shape or (1,))[-1] - 1}"
        )
    one[..., place] = 1
    return one


def _picture_output(path: Path, results: list[Any]) -> int:
    """The first output that has as many numbers as a picture, the one with the most."""
    counts = [
        result.size if isinstance(result, np.ndarray) and result.dtype.kind in "fu" else 0
        for result in results
    ]
    if not any(counts):
        raise ReadingError(f"{path}: found no output of numbers, expected a picture")
    return counts.index(max(counts))


def _first(result: NDArray[Any], batch: int) -> NDArray[np.float32]:
    """The first of a run's outputs [1, …]; a graph of one z may leave out the batch axis."""
    output = np.asarray(result, np.float32)
    return output[:1] if output.ndim and output.shape[0] == batch else output[None]


def _layout(
    path: Path, shape: tuple[int, ...], wanted: Wanted, guesses: list[str]
) -> tuple[str, tuple[int, int, int]]:
    """The layout and [C, H, W], from the shape of one output."""
    count = math.prod(shape)
    long = tuple(side for side in shape if side != 1) if len(shape) > 3 else shape
    layout, image = wanted.layout, wanted.image_shape
    if layout is None:
        if len(long) == 3:
            layout = "NHWC" if long[2] in (1, 3, 4) and long[0] not in (1, 3, 4) else "NCHW"
        else:
            layout = "NHW" if len(long) == 2 else "flat"
        guesses.append(f"The layout is taken as {layout}.")
    if image is None:
        if layout == "NCHW" and len(long) == 3:
            image = (long[0], long[1], long[2])
        elif layout == "NHWC" and len(long) == 3:
            image = (long[2], long[0], long[1])
        elif layout == "NHW" and len(long) == 2:
            image = (1, long[0], long[1])
        else:
            image = next(
                ((c, side, side) for c in (1, 3, 4) if (side := math.isqrt(count // c)) ** 2 * c == count),
                None,
            )
    if image is None or math.prod(image) != count or image[0] not in (1, 3, 4):
        raise ReadingError(
            f"{path}: found an output of the shape {list(shape)}, expected a picture of 1, 3 or 4 channels; "
            "set --layout and --image-shape"
        )
    return layout, image


def _range(samples: NDArray[np.float32]) -> str:
    """The range that holds every number that was seen."""
    finite = samples[np.isfinite(samples)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    if low >= 0:
        return "unit" if high <= 1.001 else "bytes"
    return "signed" if low >= -1.001 and high <= 1.001 else "logits"


def _first_line(error: Exception) -> str:
    return plain(str(error).strip().split("\n")[0], 300)
