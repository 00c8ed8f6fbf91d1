"""What a decoder's numbers mean: which input is z, how its output becomes a picture.

A bundle says it all; `export.page.bare_decoder` guesses it for any other decoder.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from export.bundle import Bundle
from export.page.prior import NORMAL, Prior
from export.page.program import ProgramWriter
from export.page.settings import Setting, settings_of
from export.page.trace import Session
from export.page.words import plain

LAYOUTS = ("NCHW", "NHWC", "NHW", "flat", "flat CHW")
RANGES = ("unit", "signed", "logits", "bytes")
RANGE_WORDS = {"unit": "[0, 1]", "signed": "[−1, 1]", "logits": "logits", "bytes": "[0, 255]"}
MOST_PLAIN = 1e15  # from here on whole numbers have an exponent, too


class ReadingError(Exception):
    """A model that is not read. The message says what was found, what was expected and what to do."""


@dataclass(frozen=True)
class Reading:
    """A decoder and what its numbers mean.

    Attributes:
        where: the file, for messages.
        name: of the model, for people.
        model: the graph, with its weights.
        source: the same graph for ONNX Runtime to load, as bytes or a file.
        z_input: the input that takes z.
        z_shape: the sizes of z, with the batch axis first.
        others: the values of the other inputs.
        output: the output that is the picture.
        layout: the order of the picture's numbers.
        image_shape: channels, height, width.
        range: the range of the picture's numbers.
        guesses: the guesses that were made, a sentence each.
        classes: the other inputs that are one-hot.
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
        """Whether another input has this value, or its 1 at this place; true of one that is not there."""
        array = self.others.get(name)
        if array is None or not array.size:
            return True
        if name in self.classes:
            return bool(array.argmax() == value)
        return bool(array.flat[0] == (array.dtype.type(value) if array.dtype.kind == "f" else value))

    def facts(self, settings: Sequence[Setting] = ()) -> list[list[str]]:
        """Names and values about a bare model, for people; `settings` can be set in the page."""
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
        """The other inputs that have numbers: their names and values, for a one-hot input the class.

        Those of `settings`, which have no fixed value, are left out.
        """
        free = {setting.name for setting in settings}
        return [
            [plain(name, 40), _number(array.argmax() if name in self.classes else array.flat[0])]
            for name, array in self.others.items()
            if array.size and name not in free
        ]

    def input_notes(self, settings: Sequence[Setting] = ()) -> list[str]:
        """A sentence for each other input that can be set in the page, or whose value nobody set."""
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
    """A number as text for people; a whole number has all its digits."""
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


def is_finite(runtime: Session, reading: Reading, z: NDArray[np.float32]) -> bool:
    """Whether the decoder gives numbers at z: some give NaN at 0."""
    (output,) = runtime.run([reading.output], reading.feeds(z))
    return bool(np.isfinite(output).all())
