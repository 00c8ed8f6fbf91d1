"""A reading: which input of a graph is z, and how an output becomes a picture. No ONNX Runtime, no Qt."""

from dataclasses import dataclass
from enum import StrEnum

from desktop.latent.prior import NORMAL, Prior

MAX_INPUT, MAX_WHOLE = 1e30, 2**31 - 1
MAX_LOST = 1e-3  # the sum of a mix's weights may differ from 1 by this

# Classes: pairs of a class's number and its weight.
Mix = tuple[tuple[float, float], ...]


class Layout(StrEnum):
    """The order of a picture's numbers in memory, after the batch axis."""

    NCHW = "NCHW"
    NHWC = "NHWC"
    NHW = "NHW"  # one channel, without a channel axis
    FLAT = "flat"  # H·W or H·W·C numbers, the channel last
    FLAT_CHW = "flat CHW"  # C·H·W numbers, the channel first


class ValueRange(StrEnum):
    """The range of the numbers in an output or input."""

    UNIT = "[0, 1]"
    SIGNED = "[-1, 1]"
    LOGITS = "logits"
    BYTES = "[0, 255]"


@dataclass(frozen=True)
class OtherInput:
    """An input that is not z (truncation, noise, a class); all its elements are `value`.

    `shape` is the graph's shape, with None for a batch axis if there is one. With `one_hot`, `value` is the
    index along the last axis at which the input is 1; all other elements are 0. `most` is the highest value,
    if the graph determines it. With a `mix`, a one-hot input has each class's weight at the class's index,
    and `value` is the class with the largest weight.
    """

    name: str
    dtype: str
    shape: tuple[int | None, ...]
    value: float
    one_hot: bool = False
    most: int | None = None
    mix: Mix = ()

    @property
    def is_real(self) -> bool:
        """Whether the input takes real numbers, so that there are values between any two values."""
        return self.dtype.startswith("float")

    @property
    def can_be_mixed(self) -> bool:
        """Whether it can be a mix of classes."""
        return self.one_hot and self.is_real

    @property
    def is_whole(self) -> bool:
        """Whether the value is a whole number from 0 on, such as a class."""
        return self.one_hot or not self.dtype.startswith("float")

    def fits(self, value: float) -> bool:
        """Whether the input can have this value."""
        if not self.is_whole:
            return abs(value) < MAX_INPUT
        most = MAX_WHOLE if self.most is None else self.most
        return 0 <= value <= most and value == int(value)

    def fits_mix(self, mix: Mix) -> bool:
        """Whether the input can be this mix of classes with a total weight of 1; an empty mix always fits."""
        if not mix:
            return True
        weights = [weight for _, weight in mix]
        return (
            self.can_be_mixed
            and all(map(self.fits, (number for number, _ in mix)))
            and len(dict(mix)) == len(mix)
            and min(weights) > 0
            and abs(sum(weights) - 1) < MAX_LOST
        )


@dataclass(frozen=True)
class Reading:
    """How to feed a decoder, and what its output means.

    Attributes:
        z_input: the input's name.
        z_dtype: numpy's name.
        z_shape: the input's shape with None for the batch axis: (None, d), (None, d, 1, 1), (d,), …
        latent_dim: d.
        batch: the fixed batch size of the graph, or None if it decodes any number of z at once.
        other_inputs: all other inputs.
        output: the output's name.
        output_dtype: numpy's name.
        layout: the layout of the output.
        image_shape: channels (1, 3 or 4), height, width.
        value_range: the range of the output.
        prior: the distribution of z that the decoder was trained for.
        more_channels: the number of further channels after the picture's, such as a log-scale for each.
        guesses: the names of the fields above that are guesses; the others are certain.
        notes: notes for people about the model, such as why it may not be a decoder.
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
    prior: Prior = NORMAL
    more_channels: int = 0
    guesses: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()


class Spread(StrEnum):
    """The kind of an encoder's output for the width of q(z|x)."""

    LOGVAR = "log-variance"
    VARIANCE = "variance"
    STD = "standard deviation"
    LOGSTD = "log standard deviation"
    NONE = "none"


@dataclass(frozen=True)
class EncoderReading:
    """How to feed an encoder, and what its outputs mean.

    Attributes:
        x_input: the input's name.
        x_dtype: numpy's name.
        layout: the layout of the input picture.
        image_shape: channels, height, width; the number of channels may differ from the decoder's.
        value_range: the range of the input picture (never LOGITS).
        batch: as in `Reading`.
        mean_output: the output with the mean, or with mean and spread joined along the last axis.
        spread_output: the output with the spread: `mean_output` if they are joined, None if there is none.
        spread: the kind of the spread.
        latent_dim: d.
        other_inputs: all inputs except the picture, such as a class.
        guesses: the names of the fields above that are guesses.
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
