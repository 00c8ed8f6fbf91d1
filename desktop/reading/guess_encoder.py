"""Guesses an encoder's reading from its inputs, outputs, names, types and a trial. No ONNX Runtime."""

import re
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from desktop.base.arrays import Array
from desktop.base.errors import ModelError
from desktop.reading import guess_layout
from desktop.reading.guess_decoder import OWN_FORMATS
from desktop.reading.other_inputs import OTHER_NAMES, other_input
from desktop.reading.overrides import LAYOUTS, RANGES, SET, SPREADS, Overrides, one_of
from desktop.reading.reading import EncoderReading, Layout, Reading, Spread, ValueRange
from desktop.reading.tensors import encoder_feeds, layout_shape
from desktop.reading.trial_z import FREE_BATCH, Run
from desktop.reading.what_it_is import MEAN_NAMES
from desktop.vetting.onnx_file import ModelFile, Tensor
from desktop.vetting.trial import DTYPES

LOG_NAMES = re.compile(r"log", re.IGNORECASE)
STD_NAMES = re.compile(r"std|sigma|scale|dev", re.IGNORECASE)
VARIANCE_NAMES = re.compile(r"var", re.IGNORECASE)
ImageShape = tuple[int, int, int]
FIELDS = {
    "x-input": "x_input",
    "encoder-layout": "layout",
    "encoder-range": "value_range",
    "mean-output": "mean_output",
    "spread-output": "spread_output",
    "spread": "spread",
}


def propose_encoder(file: ModelFile, run: Run, decoder: Reading, overrides: Overrides) -> EncoderReading:
    """Propose a reading of the encoder that belongs to a decoder.

    Raises ModelError if no reading is found or an override does not fit.
    """
    guesses: set[str] = set()
    tensor, layout, image_shape = _picture_input(file, decoder, overrides, guesses)
    first = (tensor.shape or (None,))[0]
    batch = first if isinstance(first, int) else None
    name = one_of(overrides, "encoder-range", {n: k for n, k in RANGES.items() if n != "logits"})
    if name is not None:
        value_range = RANGES[name]
    elif tensor.dtype == "uint8":
        value_range = ValueRange.BYTES
    else:
        value_range = ValueRange.SIGNED if decoder.value_range is ValueRange.SIGNED else ValueRange.UNIT
        guesses.add("value_range")
    others = tuple(
        other_input(other, batch, overrides, table_rows=file.table_rows.get(other.name))
        for other in file.inputs
        if other is not tensor
    )
    optional = tuple(
        other_input(other, batch, overrides, own_value=value)
        for other, value in file.optional
        if other.dtype in DTYPES
    )
    if not all(SET + other.name in overrides for other in others):
        guesses.add("other_inputs")
    draft = EncoderReading(
        x_input=tensor.name,
        x_dtype=tensor.dtype,
        layout=layout,
        image_shape=image_shape,
        value_range=value_range,
        batch=batch,
        mean_output="",
        spread_output=None,
        spread=Spread.NONE,
        latent_dim=decoder.latent_dim,
        other_inputs=others + optional,
    )
    x = np.random.default_rng(0).random((batch or FREE_BATCH, *image_shape), np.float32)
    names = [output.name for output in file.outputs if output.dtype in DTYPES]
    outputs = run(encoder_feeds(draft, x), names)
    mean, spread_output, spread = _outputs(file, outputs, len(x), decoder.latent_dim, overrides, guesses)
    if file.metadata.get("latent_plane.format") in OWN_FORMATS:
        guesses.clear()
    settled = {field for option, field in FIELDS.items() if option in overrides}
    return replace(
        draft,
        mean_output=mean,
        spread_output=spread_output,
        spread=spread,
        guesses=frozenset(guesses - settled),
    )


def _picture_input(
    file: ModelFile, decoder: Reading, overrides: Overrides, guesses: set[str]
) -> tuple[Tensor, Layout, ImageShape]:
    """The input that takes the decoder's pictures, its layout and its image shape.

    The number of channels may differ from the decoder's, because pictures are converted.
    """
    by_name = {tensor.name: tensor for tensor in file.inputs}
    name = one_of(overrides, "x-input", by_name)
    tensors = [by_name[name]] if name is not None else list(file.inputs)
    chosen = one_of(overrides, "encoder-layout", LAYOUTS)
    own, *sides = decoder.image_shape
    for channels in sorted(guess_layout.CHANNELS, key=lambda count: count != own):
        image_shape = (channels, sides[0], sides[1])
        fits = [
            (tensor, layout)
            for tensor in tensors
            for layout in _layouts(tensor, decoder.layout, image_shape)
            if chosen in (None, layout.value)
        ]
        if fits:
            break
    else:
        found = ", ".join(tensor.in_words() for tensor in file.inputs) or "none"
        shape = " × ".join(map(str, decoder.image_shape))
        raise ModelError(
            f"{file.path}: found no input of this encoder that takes the decoder's pictures of {shape}; its "
            f"inputs are {found[:200]}; choose the encoder that belongs to this decoder, or say which input "
            "takes the picture and in which layout",
            hints=("x-input NAME", "encoder-layout NAME"),
        )
    # The name of an input that does not take the picture usually says what it takes.
    tensor, layout = min(fits, key=lambda fit: bool(OTHER_NAMES.search(fit[0].name)))
    if sum(fit[0] is tensor for fit in fits) > 1:
        guesses.add("layout")
    if any(fit[0] is not tensor for fit in fits):
        guesses.add("x_input")
    return tensor, layout, image_shape


def _layouts(tensor: Tensor, usual: Layout, image_shape: ImageShape) -> list[Layout]:
    """The layouts in which an input can take pictures; `usual`, the decoder's layout, comes first."""
    if tensor.dtype not in DTYPES or not tensor.shape:
        return []
    flat = Layout.FLAT if usual is Layout.FLAT else Layout.FLAT_CHW
    layouts = [Layout.NCHW, Layout.NHWC, flat]
    if image_shape[0] == 1:
        layouts.append(Layout.NHW)
    layouts.sort(key=lambda layout: layout is not usual)  # encoder and decoder mostly have the same layout
    found = []
    for layout in layouts:
        expected = layout_shape(layout, image_shape)
        if len(expected) == len(tensor.shape) - 1 and all(
            not isinstance(size, int) or size == there
            for size, there in zip(tensor.shape[1:], expected, strict=True)
        ):
            found.append(layout)
    return found


def _outputs(
    file: ModelFile,
    outputs: Mapping[str, Array],
    count: int,
    latent_dim: int,
    overrides: Overrides,
    guesses: set[str],
) -> tuple[str, str | None, Spread]:
    """The names of the outputs for mean and spread, and what the spread is."""
    widths = {name: array.size // count for name, array in outputs.items() if array.size % count == 0}
    single = [name for name, width in widths.items() if width == latent_dim]
    joined = [name for name, width in widths.items() if width == 2 * latent_dim]
    choices = dict.fromkeys([*single, *joined])
    if not choices:
        found = ", ".join(f"{name} {list(array.shape)}" for name, array in outputs.items())
        raise ModelError(
            f"{file.path}: found the outputs {found[:200]} for {count} images, expected {latent_dim} numbers "
            f"per image, or {2 * latent_dim}; choose the encoder that belongs to this decoder"
        )
    mean = one_of(overrides, "mean-output", choices)
    if mean is None:
        named = [name for name in single if MEAN_NAMES.search(name)]
        mean = (named or single or joined)[0]
        if not named and len(choices) > 1:
            guesses.add("mean_output")
    spread_name = one_of(overrides, "spread", SPREADS)
    if spread_name == "none":
        return mean, None, Spread.NONE
    spread_output = one_of(overrides, "spread-output", choices)
    if spread_output is None and mean in joined:
        spread_output = mean
    elif spread_output is None:
        others = [name for name in single if name != mean]
        named = [name for name in others if LOG_NAMES.search(name) or VARIANCE_NAMES.search(name)]
        named = named or [name for name in others if STD_NAMES.search(name)]
        if not others:
            return mean, None, Spread.NONE
        spread_output = (named or others)[0]
        if not named and len(others) > 1:
            guesses.add("spread_output")
    if spread_name is not None:
        return mean, spread_output, SPREADS[spread_name]
    numbers = outputs[spread_output].reshape(count, -1)
    spread = _spread(spread_output, numbers[:, -latent_dim:], spread_output == mean, guesses)
    return mean, spread_output, spread


def _spread(name: str, numbers: Array, is_joined: bool, guesses: set[str]) -> Spread:
    """The kind of spread, by its name, or else by its sign, because a deviation is never negative."""
    negative = bool((numbers < 0).any())
    if not is_joined and LOG_NAMES.search(name) and VARIANCE_NAMES.search(name):
        return Spread.LOGVAR
    guesses.add("spread")
    if not is_joined and LOG_NAMES.search(name) and STD_NAMES.search(name):
        return Spread.LOGSTD
    if negative or (not is_joined and LOG_NAMES.search(name)):
        return Spread.LOGVAR
    if not is_joined and VARIANCE_NAMES.search(name):
        return Spread.VARIANCE
    return Spread.STD
