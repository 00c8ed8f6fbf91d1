"""Converts z to a graph's inputs, and its outputs to pictures, according to a reading. Pure numpy."""

import math
from collections.abc import Mapping

import numpy as np

from desktop.base.arrays import Array, Floats
from desktop.base.errors import ModelError
from desktop.reading.reading import EncoderReading, Layout, OtherInput, Reading, Spread, ValueRange

# Beyond this, a float32 sigmoid is 0 or 1, and exp would overflow with a warning.
MAX_LOGIT = 88.0
MIN_VARIANCE = 1e-12
LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601


def feeds(reading: Reading, z: Floats) -> dict[str, Array]:
    """The decoder's inputs for z float32 [N, d], with the graph's names, shapes and dtypes.

    Raises ValueError if N is not the decoder's fixed batch size.
    """
    if reading.batch is not None and len(z) != reading.batch:
        raise ValueError(f"found {len(z)} z, expected {reading.batch} at once")
    shape = [len(z) if size is None else size for size in reading.z_shape]
    taken = {reading.z_input: z.reshape(shape).astype(reading.z_dtype)}
    return taken | {other.name: _filled(other, len(z)) for other in reading.other_inputs}


def probabilities(reading: Reading, raw: Array, out: Floats | None = None) -> Floats:
    """Pictures float32 [N, C, H, W] in [0, 1] from the decoder's output; NaN stays NaN.

    If `out` [M, C, H, W] is given, the first M pictures are written there. Raises ModelError if the output
    does not have the reading's shape, or has fewer than M pictures.
    """
    pictures = _as_nchw(raw, reading)
    if out is None:
        out = np.empty(pictures.shape, np.float32)
    elif len(pictures) < len(out):
        raise ModelError(f"found {len(pictures)} pictures, expected {len(out)}")
    # All steps are in place, because a plane of pictures has many megabytes.
    pictures = pictures[: len(out)]
    if reading.value_range is ValueRange.UNIT:
        return np.clip(pictures, 0, 1, out=out, casting="same_kind")
    if reading.value_range is ValueRange.LOGITS:
        np.clip(pictures, -MAX_LOGIT, MAX_LOGIT, out=out, casting="same_kind")
        np.negative(out, out=out)
        np.exp(out, out=out)
        out += 1
        return np.reciprocal(out, out=out)
    out[:] = pictures
    if reading.value_range is ValueRange.SIGNED:
        out += 1
        out *= 0.5
    else:
        out *= 1 / 255
    return np.clip(out, 0, 1, out=out)


def logits(reading: Reading, raw: Array, out: Floats) -> Floats:
    """Write logits float32 [M, C, H, W] to `out` from the output of a graph without its last sigmoid.

    Raises ModelError if the output does not have the reading's shape.
    """
    out[:] = _as_nchw(raw, reading)[: len(out)]
    return out


def numbers(_reading: Reading, raw: Array, out: Floats) -> Floats:
    """Write an output [N, …] to `out` unchanged. Raises ModelError if the shapes differ."""
    if raw.shape != out.shape:
        raise ModelError(f"found an output of shape {list(raw.shape)}, expected {list(out.shape)}")
    out[:] = raw
    return out


def encoder_feeds(reading: EncoderReading, x: Floats) -> dict[str, Array]:
    """The encoder's inputs for images x float32 [N, C, H, W] in [0, 1], converted to the encoder's channels.

    Raises ValueError for images of another height or width, or of a number of channels other than 1, 3 or 4.
    """
    count = len(x)
    if x.ndim == 4 and x.shape[2:] == reading.image_shape[1:]:
        x = with_channels(x, reading.image_shape[0])
    if x.shape[1:] != reading.image_shape:
        raise ValueError(f"found images of shape {x.shape[1:]}, expected {reading.image_shape}")
    if reading.value_range is ValueRange.SIGNED:
        x = x * 2 - 1
    elif reading.value_range is ValueRange.BYTES:
        x = np.rint(x * 255)
    if reading.layout in (Layout.NHWC, Layout.FLAT):
        x = x.transpose(0, 2, 3, 1)
    picture = np.ascontiguousarray(
        x.reshape(count, *layout_shape(reading.layout, reading.image_shape)), reading.x_dtype
    )
    return {reading.x_input: picture} | {o.name: _filled(o, count) for o in reading.other_inputs}


def with_channels(x: Floats, channels: int) -> Floats:
    """Convert images float32 [N, C, H, W] in [0, 1] to 1, 3 or 4 channels: grey, colour, colour with alpha.

    Transparent pixels are put on black, and a new alpha channel is opaque. Images with another number of
    channels stay as they are.
    """
    if x.shape[1] == channels or {x.shape[1], channels} - {1, 3, 4}:
        return x
    if x.shape[1] == 4:
        x = x[:, :3] * x[:, 3:]
    if channels == 1:
        grey: Floats = (x.transpose(0, 2, 3, 1) @ LUMA).astype(np.float32)
        return grey[:, np.newaxis]
    colors = np.broadcast_to(x, (len(x), 3, *x.shape[2:]))
    if channels == 3:
        return np.ascontiguousarray(colors)
    return np.concatenate([colors, np.ones_like(colors[:, :1])], axis=1)


def posterior(reading: EncoderReading, outputs: Mapping[str, Array]) -> tuple[Floats, Floats]:
    """Mean and log-variance float32 [N, d] from the encoder's outputs.

    If the encoder gives no spread, every variance is MIN_VARIANCE. Raises ModelError if an output does not
    have the reading's shape.
    """
    joined = reading.spread_output == reading.mean_output
    width = reading.latent_dim * (2 if joined else 1)
    mean = _rows(outputs[reading.mean_output], width, reading.mean_output)
    if reading.spread_output is None or reading.spread is Spread.NONE:
        return mean, np.full_like(mean, np.log(MIN_VARIANCE))
    if joined:
        mean, spread = mean[:, : reading.latent_dim].copy(), mean[:, reading.latent_dim :]
    else:
        spread = _rows(outputs[reading.spread_output], width, reading.spread_output)
    if reading.spread is Spread.LOGVAR:
        return mean, spread.copy()
    if reading.spread is Spread.LOGSTD:
        return mean, 2 * spread
    power = 2 if reading.spread is Spread.STD else 1
    return mean, (np.log(np.maximum(np.abs(spread), MIN_VARIANCE ** (1 / power))) * power).astype(np.float32)


def _filled(other: OtherInput, count: int) -> Array:
    shape = [count if size is None else size for size in other.shape]
    if not other.one_hot:
        return np.full(shape, other.value, other.dtype)
    one = np.zeros(shape, other.dtype)
    for number, weight in other.mix or ((other.value, 1.0),):
        one[..., int(number)] = weight
    return one


def layout_shape(layout: Layout, image_shape: tuple[int, int, int]) -> tuple[int, ...]:
    """The sizes after the batch axis for images of channels, height, width."""
    channels, height, width = image_shape
    return {
        Layout.NCHW: (channels, height, width),
        Layout.NHWC: (height, width, channels),
        Layout.NHW: (height, width),
        Layout.FLAT: (height * width * channels,),
        Layout.FLAT_CHW: (channels * height * width,),
    }[layout]


def _as_nchw(raw: Array, reading: Reading) -> Array:
    """The output's numbers as [N, C, H, W], without the further channels after the picture's."""
    layout = reading.layout
    channels, height, width = reading.image_shape
    all_channels = channels + reading.more_channels
    expected = layout_shape(layout, (all_channels, height, width))
    # A single picture may come without its batch axis, and some tools write a flat vector with axes of 1.
    if raw.shape == expected:
        raw = raw[np.newaxis]
    elif layout in (Layout.FLAT, Layout.FLAT_CHW) and _is_flat(raw.shape, expected[0]):
        raw = raw.reshape(-1, expected[0])
    if raw.shape[1:] != expected:
        raise ModelError(
            f"found an output of shape {list(raw.shape)}, expected [N, {', '.join(map(str, expected))}] "
            f"because it is read as {layout}"
        )
    if layout in (Layout.NHWC, Layout.FLAT):
        raw = raw.reshape(-1, height, width, all_channels).transpose(0, 3, 1, 2)
    return raw.reshape(-1, all_channels, height, width)[:, :channels]


def _is_flat(shape: tuple[int, ...], count: int) -> bool:
    """Whether pictures are flat vectors of `count` numbers, possibly with axes of 1 or all in one column."""
    return math.prod(shape[1:]) == max(shape[1:], default=1) == count or (
        math.prod(shape[1:]) == 1 and bool(shape) and shape[0] % count == 0
    )


def _rows(output: Array, width: int, name: str) -> Floats:
    rows = output.reshape(len(output), -1) if output.ndim > 1 else output.reshape(1, -1)
    if rows.shape[1] != width:
        raise ModelError(
            f"found an output {name} of shape {list(output.shape)}, expected {width} numbers per image; "
            "set which outputs are the mean and the spread, and what the spread is"
        )
    return rows.astype(np.float32)
