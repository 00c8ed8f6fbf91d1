"""What a graph's inputs and outputs mean: which is z, how an output is a picture. No ONNX Runtime, no Qt."""

from dataclasses import dataclass
from enum import StrEnum


class Layout(StrEnum):
    """How a picture's numbers lie in memory, behind the batch axis."""

    NCHW = "NCHW"
    NHWC = "NHWC"
    NHW = "NHW"  # one channel without an axis of its own
    FLAT = "flat"  # H·W or H·W·C numbers, the channel last
    FLAT_CHW = "flat CHW"  # C·H·W numbers, the channel first


class ValueRange(StrEnum):
    """What the output's numbers are."""

    UNIT = "[0, 1]"
    SIGNED = "[-1, 1]"
    LOGITS = "logits"
    BYTES = "[0, 255]"


@dataclass(frozen=True)
class OtherInput:
    """An input that is not z (truncation, noise, a class): `value` fills all of it.

    `shape` holds the numbers behind or without a batch axis as the graph has them; None is the batch axis.
    With `one_hot`, `value` is the index that is 1 along the last axis and all else is 0.
    """

    name: str
    dtype: str
    shape: tuple[int | None, ...]
    value: float
    one_hot: bool = False


@dataclass(frozen=True)
class Reading:
    """How to feed a decoder and what to make of what it gives.

    Attributes:
        z_input: the input's name.
        z_dtype: numpy's name.
        z_shape: the input's shape with None for the batch axis: (None, d), (None, d, 1, 1), (d,), …
        latent_dim: d.
        batch: None where any number of z can be decoded at once, else the number that the graph is fixed at.
        other_inputs: all others.
        output: the output's name.
        output_dtype: numpy's name.
        layout: of the output.
        image_shape: channels (1, 3 or 4), height, width.
        value_range: of the output.
        guesses: the names of the fields above that are a guess; all else is certain.
    """

    z_input: str
    z_dtype: str
    z_shape: tuple[int | None, ...]
    latent_dim: int
    batch: int | None
    other_inputs: tuple[OtherInput, ...]
    output: str
    output_dtype: str
    layout: Layout
    image_shape: tuple[int, int, int]
    value_range: ValueRange
    guesses: frozenset[str] = frozenset()


class Spread(StrEnum):
    """What an encoder says of q(z|x) beside its mean."""

    LOGVAR = "log-variance"
    VARIANCE = "variance"
    STD = "standard deviation"
    LOGSTD = "log standard deviation"
    NONE = "none"


@dataclass(frozen=True)
class EncoderReading:
    """How to feed an encoder and what to make of what it gives.

    Attributes:
        x_input: the input's name.
        x_dtype: numpy's name.
        layout: of the input picture.
        image_shape: channels, height, width.
        value_range: what the encoder wants to see (never LOGITS).
        batch: as in `Reading`.
        mean_output: the output that holds the mean, or the mean and the spread joined along the last axis.
        spread_output: the output that holds the spread; the same as `mean_output` when joined; None without.
        spread: what the spread is.
        latent_dim: d.
        other_inputs: all but the picture, such as a class.
        guesses: the names of the fields above that are a guess.
    """

    x_input: str
    x_dtype: str
    layout: Layout
    image_shape: tuple[int, int, int]
    value_range: ValueRange
    batch: int | None
    mean_output: str
    spread_output: str | None
    spread: Spread
    latent_dim: int
    other_inputs: tuple[OtherInput, ...] = ()
    guesses: frozenset[str] = frozenset()
