"""The four likelihoods p(x|z): what the decoder's numbers mean, and what an image costs in nats.

x is float in [0, 1]. What the decoder gives, its *output*, has one or two maps a channel: [N, C, H, W] or
[N, 2·C, H, W], in any float type; flattened to [N, P] or [N, 2·P] it means the same.

    bernoulli              0 or 1          logits
    continuous-bernoulli   [0, 1]          logits; a density (Loaiza-Ganem and Cunningham 2019)
    gaussian               all numbers     mean and log-scale, one for all; a density (Rybkin et al. 2021)
    logistic               256 levels      mean and log-scale; a probability (Kingma et al. 2016, Salimans et
                                           al. 2017)

The last two have a mean within (0, 1), by the logistic function, and a log-scale above `LEAST_LOG_SCALE`.
"""

import math
from collections.abc import Callable
from typing import ClassVar, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import softplus

from training.config import LikelihoodName
from training.elbo import LOG_2PI, distortion_nats

Doubles = NDArray[np.float64]

# A smaller scale is of no use: this is 0.0009, a quarter of the distance between two of 256 levels.
LEAST_LOG_SCALE = -7.0
HALF_LEVEL = 1 / 510
# Below this |logit| a series replaces differences of nearly equal numbers; its error there is 1e-11.
SMALL_LOGIT = 0.5
# Numbers (images × z × pixels) in memory at a time, for a likelihood whose pairs are not a matrix product.
PAIRED_NUMBERS = 1 << 22


class Likelihood:
    """A likelihood. The methods are pure functions of tensors.

    Attributes:
        name: as in a config and in a bundle's manifest.
        maps: how many numbers the decoder gives for each number of an image, 1 or 2.
        has_one_scale: whether the second half of the output is one learned number, the decoder's `log_scale`.
        counted_levels: for images with so many levels p(x|z) is a probability, which can be counted in bits;
            None if it is a density.
        pairs_are_products: whether `log_px_of_pairs_nats` is a product of matrices, which is fast.
        part_names: the names of `parts`.
        levels: the numbers of levels of the images that it is for.
    """

    name: ClassVar[LikelihoodName]
    maps: ClassVar[int] = 1
    has_one_scale: ClassVar[bool] = False
    counted_levels: ClassVar[int | None] = None
    pairs_are_products: ClassVar[bool] = True
    part_names: ClassVar[tuple[str, ...]]
    levels: ClassVar[tuple[int, ...]] = (2, 256)

    def distortion_nats(self, output: Tensor, x: Tensor) -> Tensor:
        """−log p(x|z): output [N, maps·C, H, W], x [N, C, H, W] → [N]."""
        raise NotImplementedError

    def log_px_of_pairs_nats(self, output: Tensor, images: Tensor) -> Tensor:
        """log p(x|z) of every image at every z: [M, maps·P], [N, P] → [N, M]."""
        raise NotImplementedError

    def parts(self, output: Tensor) -> dict[str, Tensor]:
        """The exported decoder's outputs by name: first the picture in [0, 1], then what p(x|z) needs."""
        raise NotImplementedError

    def picture(self, output: Tensor) -> Tensor:
        """The mean of x, in [0, 1]: [N, maps·C, H, W] → [N, C, H, W]."""
        return next(iter(self.parts(output).values()))

    def start(self, mean: Doubles, deviation: Doubles) -> Doubles:
        """The output whose p(x|z) has this mean, strictly within (0, 1), and this deviation: [maps, …]."""
        raise NotImplementedError


class Bernoulli(Likelihood):
    """Each pixel is 1 with the probability σ(logit)."""

    name = "bernoulli"
    counted_levels = 2
    part_names = ("probabilities",)

    def distortion_nats(self, output: Tensor, x: Tensor) -> Tensor:
        """The binary cross-entropy."""
        return distortion_nats(output, x)

    def log_px_of_pairs_nats(self, output: Tensor, images: Tensor) -> Tensor:
        """x·logits − Σ log(1 + exp(logits))."""
        return images @ output.T - softplus(output, threshold=40).sum(1)

    def parts(self, output: Tensor) -> dict[str, Tensor]:
        """The probabilities."""
        return {"probabilities": output.sigmoid()}

    def start(self, mean: Doubles, deviation: Doubles) -> Doubles:  # noqa: ARG002
        """The log-odds."""
        return np.asarray(np.log(mean / (1 - mean)))[None]


class ContinuousBernoulli(Likelihood):
    """A density proportional to exp(logit · x) on [0, 1]."""

    name = "continuous-bernoulli"
    part_names = ("picture", "logits")

    def distortion_nats(self, output: Tensor, x: Tensor) -> Tensor:
        """log ∫ exp(logit · t) dt − logit · x."""
        return (log_normalizer_nats(output) - output * x).flatten(1).sum(1)

    def log_px_of_pairs_nats(self, output: Tensor, images: Tensor) -> Tensor:
        """x·logits − Σ log ∫ exp(logit · t) dt."""
        return images @ output.T - log_normalizer_nats(output).sum(1)

    def parts(self, output: Tensor) -> dict[str, Tensor]:
        """The mean, which is not σ(logit), and the logits."""
        return {"picture": continuous_bernoulli_mean(output), "logits": output}

    def start(self, mean: Doubles, deviation: Doubles) -> Doubles:  # noqa: ARG002
        """The logits, from a table of the mean."""
        logits = np.concatenate([-np.geomspace(1e4, 1e-3, 4000), np.geomspace(1e-3, 1e4, 4000)])
        means = continuous_bernoulli_mean(torch.from_numpy(logits)).numpy()
        return np.asarray(np.interp(mean, means, logits))[None]


class Gaussian(Likelihood):
    """A normal density around the mean; its standard deviation is one learned number."""

    name = "gaussian"
    maps = 2
    has_one_scale = True
    part_names: ClassVar[tuple[str, ...]] = ("picture", "log_scale")

    def distortion_nats(self, output: Tensor, x: Tensor) -> Tensor:
        """½ ((x − mean) / σ)² + log σ + ½ log 2π."""
        mean, log_scale = mean_and_log_scale(output)
        return (0.5 * ((x - mean) * (-log_scale).exp()).square() + log_scale + LOG_2PI / 2).flatten(1).sum(1)

    def log_px_of_pairs_nats(self, output: Tensor, images: Tensor) -> Tensor:
        """The same, as products of matrices."""
        mean, log_scale = mean_and_log_scale(output)
        weight = (-2 * log_scale).exp()
        # Centred on ½ the squares are smaller, and so is the rounding error of their difference.
        x, mean = images - 0.5, mean - 0.5
        squares = x.square() @ weight.T - 2 * (x @ (mean * weight).T) + (mean.square() * weight).sum(1)
        return -0.5 * squares - (log_scale + LOG_2PI / 2).sum(1)

    def parts(self, output: Tensor) -> dict[str, Tensor]:
        """The mean, and log σ as one number for each image: [N, 1, 1, 1]."""
        mean, log_scale = output.chunk(2, dim=1)
        return {"picture": mean.sigmoid(), "log_scale": bounded_log_scale(log_scale[:, :1, :1, :1])}

    def start(self, mean: Doubles, deviation: Doubles) -> Doubles:
        """The log-odds of the mean, and log σ."""
        return np.stack([np.log(mean / (1 - mean)), np.log(np.maximum(deviation, HALF_LEVEL))])


class Logistic(Likelihood):
    """A logistic density around the mean, integrated over each of 256 levels; the ends include the tails."""

    name = "logistic"
    maps = 2
    counted_levels = 256
    part_names: ClassVar[tuple[str, ...]] = ("picture", "log_scale")
    pairs_are_products = False
    levels = (256,)

    def distortion_nats(self, output: Tensor, x: Tensor) -> Tensor:
        """−log [σ((x + ½ level − mean) / s) − σ((x − ½ level − mean) / s)]."""
        return logistic_nats(*mean_and_log_scale(output), x).flatten(1).sum(1)

    def log_px_of_pairs_nats(self, output: Tensor, images: Tensor) -> Tensor:
        """The same, pair by pair."""
        mean, log_scale = mean_and_log_scale(output)
        together = max(1, PAIRED_NUMBERS // max(1, mean.numel()))
        parts = [
            -logistic_nats(mean, log_scale, x.unsqueeze(1)).sum(2) for x in torch.split(images, together)
        ]
        return torch.cat(parts) if parts else images.new_empty(0, len(output))

    def parts(self, output: Tensor) -> dict[str, Tensor]:
        """The mean, and the log-scale of every number."""
        mean, log_scale = mean_and_log_scale(output)
        return {"picture": mean, "log_scale": log_scale}

    def start(self, mean: Doubles, deviation: Doubles) -> Doubles:
        """The log-odds of the mean, and the log-scale of a logistic density with this deviation."""
        scale = np.maximum(deviation, HALF_LEVEL) * math.sqrt(3) / math.pi
        return np.stack([np.log(mean / (1 - mean)), np.log(scale)])


BERNOULLI = Bernoulli()
LIKELIHOODS: dict[str, Likelihood] = {
    each.name: each for each in (BERNOULLI, ContinuousBernoulli(), Gaussian(), Logistic())
}
assert tuple(LIKELIHOODS) == get_args(LikelihoodName)

Decode = Callable[[Tensor], Tensor]


def mean_and_log_scale(output: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and log-scale, in units of x, from an output with two maps: [N, 2·C, …] → two [N, C, …]."""
    mean, log_scale = output.chunk(2, dim=1)
    return mean.sigmoid(), bounded_log_scale(log_scale)


def bounded_log_scale(log_scale: Tensor) -> Tensor:
    """About the same number, but above `LEAST_LOG_SCALE`."""
    return softplus(log_scale - LEAST_LOG_SCALE) + LEAST_LOG_SCALE


def log_normalizer_nats(logits: Tensor) -> Tensor:
    """log ∫ exp(logit · t) dt over [0, 1] = log((exp(logit) − 1) / logit), for each logit."""
    small = logits.abs() < SMALL_LOGIT
    # Both branches of `where` get a gradient, so each gets only values that it can compute.
    near, far = torch.where(small, logits, 0), torch.where(small, 1, logits).abs()
    square = near.square()
    series = near / 2 + square * (1 / 24 - square * (1 / 2880 - square * (1 / 181_440 - square / 9_676_800)))
    return torch.where(small, series, logits.relu() + torch.log(-torch.expm1(-far)) - far.log())


def continuous_bernoulli_mean(logits: Tensor) -> Tensor:
    """The mean of the density proportional to exp(logit · x) on [0, 1]: 1 / (1 − exp(−logit)) − 1 / logit."""
    small = logits.abs() < SMALL_LOGIT
    near, far = torch.where(small, logits, 0), torch.where(small, 1, logits)
    square = near.square()
    series = 0.5 + near * (1 / 12 - square * (1 / 720 - square * (1 / 30_240 - square / 1_209_600)))
    return torch.where(small, series, 1 / (1 - (-far).exp()) - 1 / far)


def logistic_nats(mean: Tensor, log_scale: Tensor, x: Tensor) -> Tensor:
    """−log of the logistic distribution's mass on the level x; the arguments are broadcast.

    With a and b the upper and the lower edge in units of the scale, σ(a) − σ(b) = σ(a) σ(−b) (1 − e^(b − a)),
    which avoids a difference of nearly equal numbers. The lowest level has no lower edge, the highest no
    upper one.
    """
    inverse = (-log_scale).exp()
    a, b = (x + HALF_LEVEL - mean) * inverse, (x - HALF_LEVEL - mean) * inverse
    above, below = x > HALF_LEVEL, x < 1 - HALF_LEVEL
    width = torch.log(-torch.expm1(-2 * HALF_LEVEL * inverse))
    zero = torch.zeros((), dtype=mean.dtype, device=mean.device)
    upper = torch.where(below, softplus(-a), zero)
    lower = torch.where(above, softplus(b), zero)
    return upper + lower - torch.where(above & below, width, zero)
