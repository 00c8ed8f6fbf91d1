"""Guesses the layout and the value range of an array of trial pictures. Pure numpy."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from desktop.base.arrays import Array
from desktop.reading.reading import Layout, ValueRange

CHANNELS = (1, 3, 4)
MIN_SIDE_PX = 2
# Six channels are a mean and a scale for each of three, as for a discretised logistic or a logit-Laplace.
MEAN_AND_SCALE, PICTURE_CHANNELS = 6, 3
# A last operator that determines the range: a sigmoid, for example, always gives probabilities.
SURE = {
    "Sigmoid": ValueRange.UNIT,
    "HardSigmoid": ValueRange.UNIT,
    "Softmax": ValueRange.UNIT,
    "Tanh": ValueRange.SIGNED,
    "Clip 0 1": ValueRange.UNIT,
    "Clip -1 1": ValueRange.SIGNED,
    "Clip 0 255": ValueRange.BYTES,
}
TOLERANCE = 1e-3
FAR_SIGNED = 1.6  # a model trained on [-1, 1] may overshoot up to this, mostly at edges
LEAST_BYTES = 8.0  # pictures in bytes have at least one value above this


@dataclass(frozen=True)
class LayoutGuess:
    """A layout with an image shape, and which of the two are guesses.

    `more_channels` is the number of further channels after the picture's.
    """

    layout: Layout
    image_shape: tuple[int, int, int]
    guesses: frozenset[str] = frozenset()
    more_channels: int = 0


def guess_layout(
    array: Array, count: int, image_shape: tuple[int, int, int] | None = None, layout: Layout | None = None
) -> LayoutGuess | None:
    """The layout of `count` pictures in an array; None if the array cannot be that many pictures.

    `image_shape` and `layout` are overrides. If several layouts are possible, the one with the smoothest
    pictures is chosen, because neighbouring pixels are similar in the right layout.
    """
    possible = [
        guess
        for guess in _possible(array, count)
        if image_shape in (None, guess.image_shape) and layout in (None, guess.layout)
    ]
    if image_shape is not None and not possible:
        possible = [g for g in _with_shape(array, count, image_shape) if layout in (None, g.layout)]
    if not possible:
        return None
    best = min(possible, key=lambda guess: roughness(array, guess))
    guesses = set(best.guesses)
    if len({guess.layout for guess in possible}) > 1:
        guesses.add("layout")
    if len({guess.image_shape for guess in possible}) > 1:
        guesses.add("image_shape")
    return LayoutGuess(best.layout, best.image_shape, frozenset(guesses), best.more_channels)


def picture_channels(array: Array, guess: LayoutGuess) -> Array:
    """The array without the further channels after the picture's."""
    if not guess.more_channels:
        return array
    channels = guess.image_shape[0]
    return array[..., :channels] if guess.layout is Layout.NHWC else array[..., :channels, :, :]


def is_sure(maker: str) -> bool:
    """Whether the operator that computes the numbers determines their range."""
    return maker in SURE


def guess_range(maker: str, arrays: Sequence[Array]) -> tuple[ValueRange, bool]:
    """The pictures' value range from their operator, type and values, and whether the range is certain."""
    if all(array.dtype == np.uint8 for array in arrays):
        return ValueRange.BYTES, True
    if maker in SURE:
        return SURE[maker], True
    low = min(float(np.nanmin(array)) for array in arrays)
    high = max(float(np.nanmax(array)) for array in arrays)
    if low >= -TOLERANCE and high <= 1 + TOLERANCE:
        return ValueRange.UNIT, False
    if low >= -1 - TOLERANCE and high <= 1 + TOLERANCE:
        return ValueRange.SIGNED, False
    # Pictures in bytes are hardly ever negative; logits of pictures always have negative values.
    if high > LEAST_BYTES and low > -high / 8:
        return ValueRange.BYTES, False
    # A regression on [0, 1] overshoots slightly; logits go far beyond.
    if low > -0.5 and high < 1.5:
        return ValueRange.UNIT, False
    if max(-low, high) <= FAR_SIGNED:
        return ValueRange.SIGNED, False
    return ValueRange.LOGITS, False


def _possible(array: Array, count: int) -> list[LayoutGuess]:
    shape = after_batch(array, count)
    if shape is None:
        return []
    found = []
    if len(shape) == 3:
        if shape[0] in CHANNELS and min(shape[1:]) >= MIN_SIDE_PX:
            found.append(LayoutGuess(Layout.NCHW, (shape[0], shape[1], shape[2])))
        if shape[2] in CHANNELS and min(shape[:2]) >= MIN_SIDE_PX:
            found.append(LayoutGuess(Layout.NHWC, (shape[2], shape[0], shape[1])))
        if not found:
            found += _means_and_scales(shape)
    elif len(shape) == 2 and min(shape) >= MIN_SIDE_PX:
        found.append(LayoutGuess(Layout.NHW, (1, shape[0], shape[1])))
    if not found and max(shape, default=0) == math.prod(shape) and len(shape):
        found += _flat(math.prod(shape))
    return found


def _means_and_scales(shape: tuple[int, ...]) -> list[LayoutGuess]:
    """Layouts of six channels, the first three of which are the picture."""
    layouts = ((Layout.NCHW, shape[0], shape[1:]), (Layout.NHWC, shape[2], shape[:2]))
    more, marked = MEAN_AND_SCALE - PICTURE_CHANNELS, frozenset({"image_shape"})
    return [
        LayoutGuess(layout, (PICTURE_CHANNELS, sides[0], sides[1]), marked, more)
        for layout, channels, sides in layouts
        if channels == MEAN_AND_SCALE and min(sides) >= MIN_SIDE_PX
    ]


def _flat(count: int) -> list[LayoutGuess]:
    """Square pictures of `count` numbers. A grey picture is preferred to one with an alpha channel."""
    found = []
    for channels in CHANNELS:
        side = math.isqrt(count // channels)
        if side >= MIN_SIDE_PX and side * side * channels == count:
            layouts = (Layout.FLAT,) if channels == 1 else (Layout.FLAT_CHW, Layout.FLAT)
            shape = (channels, side, side)
            found += [LayoutGuess(layout, shape, frozenset({"image_shape"})) for layout in layouts]
            break
    return found


def _with_shape(array: Array, count: int, image_shape: tuple[int, int, int]) -> list[LayoutGuess]:
    """Layouts of a flat vector for an image shape that a person set, which need not be square."""
    shape = after_batch(array, count)
    if shape is None or not max(shape, default=0) == math.prod(shape) == math.prod(image_shape):
        return []
    layouts = (Layout.FLAT,) if image_shape[0] == 1 else (Layout.FLAT_CHW, Layout.FLAT)
    return [LayoutGuess(layout, image_shape) for layout in layouts]


def after_batch(array: Array, count: int) -> tuple[int, ...] | None:
    """The sizes of each of `count` pictures in an array; None if the array cannot be that many pictures."""
    if array.ndim >= 2 and array.shape[0] == count:
        return array.shape[1:]
    if array.ndim == 2 and array.shape[1] == 1 and array.shape[0] % count == 0:
        return (array.shape[0] // count,)  # all pictures in one column, as skl2onnx writes them
    # A single picture may come without a batch axis.
    return array.shape if count == 1 and array.ndim else None


def roughness(array: Array, guess: LayoutGuess) -> float:
    """The mean difference of neighbouring pixels, relative to the standard deviation of all pixels.

    It is about 2.3 for independent numbers, and mostly less than 1 for pictures.
    """
    channels, height, width = guess.image_shape
    numbers = np.nan_to_num(picture_channels(array, guess).astype(np.float64), posinf=0.0, neginf=0.0)
    if guess.layout in (Layout.NHWC, Layout.FLAT):
        pictures = numbers.reshape(-1, height, width, channels).transpose(0, 3, 1, 2)
    else:
        pictures = numbers.reshape(-1, channels, height, width)
    steps = np.abs(np.diff(pictures, axis=2)).mean() + np.abs(np.diff(pictures, axis=3)).mean()
    return float(steps / max(float(pictures.std()), 1e-12))
