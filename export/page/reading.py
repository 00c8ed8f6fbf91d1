"""What a decoder's numbers mean: which input is z, how its output becomes a picture. Bundles say it all.

For a bare model the guesses are few and simple, each is told, and each can be set. The viewer guesses better;
it hands its own reading over as these options.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

from export.bundle import Bundle
from export.page.prior import NORMAL, Prior, parse_prior, prior_of
from export.page.program import ProgramWriter
from export.page.settings import Setting, settings_of
from export.page.trace import Session, session
from export.page.words import plain

LAYOUTS = ("NCHW", "NHWC", "NHW", "flat", "flat CHW")
RANGES = ("unit", "signed", "logits", "bytes")
RANGE_WORDS = {"unit": "[0, 1]", "signed": "[−1, 1]", "logits": "logits", "bytes": "[0, 255]"}
# z that is tried to see the range of the output.
TRIED_Z = 4
MOST_PLAIN = 1e15  # from here on whole numbers have an exponent, too
Z_NAMES = ("z", "latent", "latents", "latent_vector")
# The viewer's, too.
CLASS_NAMES = re.compile(r"label|class|cond|one.?hot|(^|[^a-z])[cy]([^a-z]|$)", re.IGNORECASE)
ONE_NAMES = re.compile(r"trunc|psi|temper|scale|strength|guid", re.IGNORECASE)
FLOATS = (TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.DOUBLE)
MOST_FILE_BYTES = 2 << 30


class ReadingError(Exception):
    """A model that is not read. The message says what was found, what was expected and what to do."""


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
    classes: Mapping[str, int] = field(default_factory=dict)  # inputs with a 1 at this place, and 0 elsewhere


@dataclass(frozen=True)
class Reading:
    """A decoder and what its numbers mean.

    Attributes:
        where: the file, for messages.
        name: of the model, for people.
        model: the graph, with its weights.
        source: what ONNX Runtime loads: the same graph as bytes or file.
        z_input: the input that takes z.
        z_shape: its sizes, with the batch axis first.
        others: what the other inputs get.
        output: the output that is the picture.
        layout: the order of its numbers.
        image_shape: channels, height, width.
        range: of its numbers.
        guesses: what was guessed, a sentence each.
        classes: the other inputs that are 1 at one place and 0 elsewhere.
        unset: the other inputs whose values nobody set.
        prior: the distribution of z; a bundle's is N(0, I).
    """

    where: str
    name: str
    model: onnx.ModelProto
    source: bytes | Path
    z_input: str
    z_shape: tuple[int, ...]
    others: Mapping[str, NDArray[Any]]
    output: str
    layout: str
    image_shape: tuple[int, int, int]
    range: str
    guesses: tuple[str, ...] = ()
    classes: frozenset[str] = frozenset()
    unset: frozenset[str] = frozenset()
    prior: Prior = NORMAL

    @property
    def latent_dim(self) -> int:
        """Numbers of one z."""
        return math.prod(self.z_shape[1:])

    def feeds(self, z: NDArray[np.float32] | None = None) -> dict[str, NDArray[Any]]:
        """The inputs of one run, for a flat z or for one from the prior."""
        if z is None:
            z = self.prior.sample(np.random.default_rng(0), 1, self.latent_dim)
        rows = np.broadcast_to(z.reshape(1, *self.z_shape[1:]), self.z_shape)
        return {self.z_input: np.ascontiguousarray(rows, np.float32), **self.others}

    def add_picture_steps(self, writer: ProgramWriter, results: tuple[int, ...]) -> tuple[int, ...]:
        """Add the steps from the decoder's output to a picture [C, H, W] in [0, 1]."""
        (value,) = results
        channels, height, width = self.image_shape
        count = channels * height * width
        numbers = math.prod(writer.shapes[value])
        if numbers != count:  # a fixed batch: the first picture
            rows = writer.view(value, (numbers // count, count))
            value = writer.step("pick", [rows], (1, count), places=[[0], None], fill=0)
        if self.layout in ("NHWC", "flat") and channels > 1:
            value = writer.view(value, (height, width, channels))
            value = writer.step("transpose", [value], self.image_shape, order=[2, 0, 1])
        value = writer.view(value, self.image_shape)
        if self.range == "logits":
            value = writer.step("map", [value], self.image_shape, f="Sigmoid", p=[])
        elif self.range != "unit":
            factor, summand = (0.5, 0.5) if self.range == "signed" else (1 / 255, 0.0)
            for f, number in (("Mul", factor), ("Add", summand)):
                if number:
                    constant = writer.constant(np.array(number))
                    value = writer.step("zip", [value, constant], self.image_shape, f=f)
        return (writer.step("map", [value], self.image_shape, f="Clip", p=[0, 1]),)

    def picture(self, output: NDArray[Any]) -> NDArray[np.float32]:
        """The first picture [C, H, W] in [0, 1] of a run's output."""
        channels, height, width = self.image_shape
        # A graph of one z may leave out the batch axis.
        numbers: NDArray[Any] = output.reshape(-1)[: channels * height * width].astype(np.float32)
        if self.layout in ("NHWC", "flat"):
            numbers = numbers.reshape(height, width, channels).transpose(2, 0, 1)
        numbers = numbers.reshape(self.image_shape)
        if self.range == "logits":
            numbers = 1 / (1 + np.exp(-np.clip(numbers, -80, 80)))
        elif self.range == "signed":
            numbers = numbers / 2 + 0.5
        elif self.range == "bytes":
            numbers = numbers / 255
        clipped: NDArray[np.float32] = np.clip(np.nan_to_num(numbers), 0, 1)
        return clipped

    def has_input(self, name: str, value: float) -> bool:
        """Whether another input has this value, or its 1 at this place; one that is not there has any."""
        array = self.others.get(name)
        if array is None or not array.size:
            return True
        if name in self.classes:
            return bool(array.argmax() == value)
        return bool(array.flat[0] == (array.dtype.type(value) if array.dtype.kind == "f" else value))

    def facts(self, settings: Sequence[Setting] = ()) -> list[list[str]]:
        """What is known of a bare model, in lines for people; `settings` can be set in the page."""
        channels, height, width = self.image_shape
        facts = [
            ["File", plain(Path(self.where).name)],
            ["Picture", f"{width} × {height} pixels, {channels} channel{'s' if channels != 1 else ''}"],
            ["z", plain(f"input {self.z_input}, {' × '.join(map(str, self.z_shape[1:]))}")],
            ["Prior", str(self.prior)],
            ["Output", plain(f"{self.output}, {self.layout}, {RANGE_WORDS[self.range]}")],
        ]
        facts += [["Input", setting.in_words()] for setting in settings]
        facts += [["Input", f"{name} = {value}"] for name, value in self.input_facts(settings)]
        made = " ".join(part for part in (self.model.producer_name, self.model.producer_version) if part)
        if made:
            facts.append(["Made with", plain(made)])
        return facts

    def input_facts(self, settings: Sequence[Setting] = ()) -> list[list[str]]:
        """The other inputs that have numbers: their names, and the value of each or the place of its 1.

        Those of `settings`, which have no fixed value, are left out.
        """
        free = {setting.name for setting in settings}
        return [
            [plain(name, 40), _number(array.argmax() if name in self.classes else array.flat[0])]
            for name, array in self.others.items()
            if array.size and name not in free
        ]

    def input_notes(self, settings: Sequence[Setting] = ()) -> list[str]:
        """What happens to the other inputs, a sentence each, where nobody said so."""
        free = {plain(setting.name, 40) for setting in settings}
        unset = {plain(name, 40) for name in self.unset}
        return [
            f"The input {name!r} can be set in the page, and begins at {value}."
            if name in free
            else f"The input {name!r} is {value}."
            for name, value in self.input_facts()
            if name in free or name in unset
        ]

    @property
    def settings(self) -> tuple[Setting, ...]:
        """The other inputs that a page may let people set."""
        return settings_of(self.model, self.others, self.classes)


def _number(value: Any) -> str:
    """A number for people: a whole one with all its digits."""
    number = float(value)
    return str(int(number)) if abs(number) < MOST_PLAIN and number == int(number) else f"{number:g}"


def bundle_reading(bundle: Bundle, data: bytes) -> Reading:
    """The reading of one of a bundle's decoders: its first output is the picture, whatever its likelihood."""
    model = onnx.load_model_from_string(data)
    output = bundle.manifest["tensors"]["decoder.onnx"]["outputs"][0]["name"]
    return Reading(
        str(bundle.path), bundle.name, model, data, "z", (1, bundle.latent_dim), {}, output, "NCHW",
        bundle.image_shape, "unit",
    )  # fmt: skip


def read_model(path: Path, wanted: Wanted) -> Reading:
    """The reading of a bare decoder. Raises ReadingError if it is none, or if it has to be told more."""
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
    """z's sizes with the batch axis; a batch of any size is 1."""
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
    """The prior that was set, or that the file's texts name, or a normal one; and the guess, if it is one."""
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
    """Whether an input looks like a class as a 1 among zeros, as in the viewer: by its name and its shape."""
    kind = value.type.tensor_type
    axes = kind.shape.dim
    is_row = len(axes) > 1 and axes[-1].dim_value > 1 and kind.elem_type in FLOATS
    return is_row and bool(CLASS_NAMES.search(value.name))


def _other(
    path: Path, value: onnx.ValueInfoProto, wanted: Wanted, classes: Mapping[str, int]
) -> NDArray[Any]:
    """What another input gets: the number that was set, or 0; a truncation is 1, as in the viewer."""
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


def is_finite(runtime: Session, reading: Reading, z: NDArray[np.float32]) -> bool:
    """Whether the decoder gives numbers at z: some give NaN at 0."""
    (output,) = runtime.run([reading.output], reading.feeds(z))
    return bool(np.isfinite(output).all())
