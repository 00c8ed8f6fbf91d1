"""The likelihood p(x|z): log p(x|z) of pixels, samples of x, and the picture. Pure numpy.

x is in [0, 1]: the data's levels divided by the highest level. `Parameters` are the decoder's outputs at z.
All log probabilities are in nats. Sources: Loaiza-Ganem and Cunningham, "The continuous Bernoulli", 2019;
Rybkin, Daniilidis and Levine, "Simple and effective VAE training with calibrated decoders", 2021; Salimans,
Karpathy, Chen and Kingma, "PixelCNN++", 2017, for the discretised logistic.
"""

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from desktop.base.arrays import Doubles, Floats

Number = TypeVar("Number", float, Doubles)

HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)
MAX_LEVEL = 255
HALF_BIN = 0.5 / MAX_LEVEL
# For smaller logits, a quotient of small numbers is replaced by its series, which is then exact in float64.
SMALL_LOGIT = 1e-3
SAMPLE_SEED = 0
THRESHOLD = 0.5


class Family(StrEnum):
    """A family of distributions of a pixel. The values are those of a bundle's manifest."""

    BERNOULLI = "bernoulli"
    CONTINUOUS_BERNOULLI = "continuous-bernoulli"
    GAUSSIAN = "gaussian"
    LOGISTIC = "logistic"

    @property
    def words(self) -> str:
        """The family's name in texts."""
        return WORDS[self]

    @property
    def has_logits(self) -> bool:
        """Whether log p(x|z) is linear in x: x·l minus a function of the logits l alone."""
        return self in (Family.BERNOULLI, Family.CONTINUOUS_BERNOULLI)


WORDS = {
    Family.BERNOULLI: "Bernoulli",
    Family.CONTINUOUS_BERNOULLI: "continuous Bernoulli",
    Family.GAUSSIAN: "Gaussian",
    Family.LOGISTIC: "logistic",
}


@dataclass(frozen=True)
class Parameters:
    """A decoder's outputs for N pictures.

    Attributes:
        location: logits or means, float32 [N, C, H, W].
        log_scale: float32 [N, C, H, W] or [N, 1, 1, 1]; None for logits.
    """

    location: Floats
    log_scale: Floats | None = None

    def __len__(self) -> int:
        return len(self.location)

    def __getitem__(self, rows: "slice | NDArray[np.intp]") -> "Parameters":
        scale = None if self.log_scale is None else self.log_scale[rows]
        return Parameters(self.location[rows], scale)


@dataclass(frozen=True)
class Likelihood:
    """The distribution of an image given its parameters.

    Attributes:
        family: the family of the pixels' distributions.
        levels: the number of values that a pixel of the data can have, 2 or 256.
    """

    family: Family
    levels: int = 2

    @property
    def is_its_picture(self) -> bool:
        """Whether the picture determines the likelihood, because it is the Bernoulli probabilities."""
        return self.family is Family.BERNOULLI

    @property
    def is_density(self) -> bool:
        """Whether p(x|z) is a density, so that log p(x|z) may be positive."""
        return self.family in (Family.CONTINUOUS_BERNOULLI, Family.GAUSSIAN)

    @property
    def counts_bits(self) -> bool:
        """Whether models can be compared by bits per dimension, because pixel levels have probabilities."""
        return self.family is Family.LOGISTIC

    def bits_per_dimension(self, log_px_nats: Number, image_shape: tuple[int, int, int]) -> Number | None:
        """−log2 p(x) per number of an image, from log p(x) or a bound [...]; None for other families."""
        if not self.counts_bits:
            return None
        bits: Number = -log_px_nats / (math.prod(image_shape) * math.log(2))
        return bits

    def pixel_nats(
        self, x: NDArray[np.generic], location: Floats, log_scale: Floats | Doubles | None
    ) -> Doubles:
        """log p of each number x given its parameters, broadcast against each other, in float64."""
        numbers, center = x.astype(np.float64), location.astype(np.float64)
        if self.family.has_logits:
            linear: Doubles = numbers * center - log_normalizer(self.family, center)
            return linear
        assert log_scale is not None
        scale = log_scale.astype(np.float64)
        if self.family is Family.GAUSSIAN:
            density: Doubles = -0.5 * np.square((numbers - center) * np.exp(-scale)) - scale - HALF_LOG_2PI
            return density
        return _interval_nats(numbers, center, scale)

    def nats(self, x: NDArray[np.generic], parameters: Parameters) -> Doubles:
        """log p(x|z) of images x [N, C, H, W], or of one image [1, C, H, W], at N z: [N]."""
        found = self.pixel_nats(x, parameters.location, parameters.log_scale)
        nats: Doubles = found.reshape(len(found), -1).sum(1)
        return nats

    def pictures(self, parameters: Parameters) -> Floats:
        """The mean of x in [0, 1], float32 [N, C, H, W]."""
        return self.means(parameters.location)

    def means(self, location: Floats) -> Floats:
        """The mean of x for locations of any shape, within [0, 1]."""
        if self.family is Family.BERNOULLI:
            return np.asarray(0.5 * (1 + np.tanh(0.5 * location)), np.float32)
        if self.family is Family.CONTINUOUS_BERNOULLI:
            return _continuous_mean(location.astype(np.float64)).astype(np.float32)
        return np.clip(location, 0, 1).astype(np.float32)

    def samples(self, parameters: Parameters) -> Floats:
        """Sample x for each picture, within [0, 1], always with the same noise, so that nothing flickers."""
        location = parameters.location.astype(np.float64)
        draw = np.random.default_rng(SAMPLE_SEED)
        shape = location.shape[1:]
        if self.family is Family.BERNOULLI:
            noise = draw.random(shape, np.float32)
            return (noise < self.means(parameters.location)).astype(np.float32)
        if self.family is Family.CONTINUOUS_BERNOULLI:
            x = _continuous_quantile(draw.random(shape), location)
        else:
            assert parameters.log_scale is not None
            is_gaussian = self.family is Family.GAUSSIAN
            noise_of = draw.standard_normal if is_gaussian else draw.logistic
            noise64 = noise_of(size=shape)
            x = location + np.exp(parameters.log_scale.astype(np.float64)) * noise64
        clipped = np.clip(x, 0, 1).astype(np.float32)
        return as_data(clipped, self.levels) if self.family is Family.LOGISTIC else clipped


def as_data(x: Floats, levels: int) -> Floats:
    """Round x of any shape to the levels of the data: with two, 1 above one half and otherwise 0."""
    if levels == 2:
        return (x > THRESHOLD).astype(np.float32)
    white = np.float32(levels - 1)
    rounded: Floats = np.rint(np.clip(x, 0, 1).astype(np.float32) * white) / white
    return rounded


def log_normalizer(family: Family, logits: Doubles) -> Doubles:
    """The log normalizer: the log of the sum or integral of e^(x·l) over all x."""
    soft: Doubles = np.maximum(logits, 0) + np.log1p(np.exp(-np.abs(logits)))
    if family is Family.BERNOULLI:
        return soft
    # log (eˡ − 1) / l = max(l, 0) + log (1 − e^−|l|) − log |l|, and near 0 its series.
    size = np.maximum(np.abs(logits), SMALL_LOGIT)
    whole: Doubles = np.maximum(logits, 0) + np.log(-np.expm1(-size)) - np.log(size)
    return np.where(np.abs(logits) < SMALL_LOGIT, logits / 2 + logits**2 / 24, whole)


def _continuous_mean(logits: Doubles) -> Doubles:
    """1 / (1 − e^−l) − 1 / l, the mean of a continuous Bernoulli distribution."""
    size = np.maximum(np.abs(logits), SMALL_LOGIT)
    mean = -1 / np.expm1(-size) - 1 / size
    mean = np.where(logits < 0, 1 - mean, mean)
    return np.where(np.abs(logits) < SMALL_LOGIT, 0.5 + logits / 12, mean)


def _continuous_quantile(shares: Doubles, logits: Doubles) -> Doubles:
    """The quantiles x of shares u: log(1 + u (eˡ − 1)) / l."""
    size = np.maximum(np.abs(logits), SMALL_LOGIT)
    # The distribution for −l is the mirror image of that for l.
    upper = np.where(logits < 0, 1 - shares, shares)
    x = 1 + np.log(upper + (1 - upper) * np.exp(-size)) / size
    found: Doubles = np.where(logits < 0, 1 - x, x)
    return found


def _interval_nats(x: Doubles, mean: Doubles, log_scale: Doubles) -> Doubles:
    """The log of the logistic distribution's mass within x ± ½/255; the outermost intervals are unbounded."""
    inverse = np.exp(-log_scale)
    low, high = (x - HALF_BIN - mean) * inverse, (x + HALF_BIN - mean) * inverse
    # σ(b) − σ(a) = σ(b) σ(−a) (1 − e^(a−b)), which avoids a difference of nearly equal numbers.
    inner = _log_sigmoid(high) + _log_sigmoid(-low) + np.log(-np.expm1(-2 * HALF_BIN * inverse))
    darkest, brightest = x < HALF_BIN, x > 1 - HALF_BIN
    found: Doubles = np.where(darkest, _log_sigmoid(high), np.where(brightest, _log_sigmoid(-low), inner))
    return found


def _log_sigmoid(values: Doubles) -> Doubles:
    found: Doubles = np.minimum(values, 0) - np.log1p(np.exp(-np.abs(values)))
    return found
