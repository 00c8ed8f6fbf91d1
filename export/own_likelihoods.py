"""Likelihoods for other people's decoders, which give a picture where `training`'s networks give logits.

`training.likelihood` reads numbers of any size and applies a logistic function to them. Other people's
decoders give probabilities or a mean. So the likelihoods here read these directly, in the same maps:
[N, C, H, W], or [N, 2·C, H, W] with the log-scale. A mean need not be within [0, 1]; the picture is the
clipped mean, and the mean is exported too.
"""

from typing import ClassVar

import torch
from torch import Tensor

from training.elbo import LOG_2PI
from training.likelihood import (
    LIKELIHOODS,
    Bernoulli,
    Gaussian,
    Likelihood,
    Logistic,
    logistic_nats,
)

# Half of float32's spacing below 1: the rounding error that a probability of 1 may have.
LEAST_PROBABILITY = torch.finfo(torch.float32).eps / 4


class OfProbabilities(Bernoulli):
    """The output is the probabilities."""

    def distortion_nats(self, output: Tensor, x: Tensor) -> Tensor:
        """The binary cross-entropy."""
        p = output.double()
        on, off = p.clamp(min=LEAST_PROBABILITY).log(), (1 - p).clamp(min=LEAST_PROBABILITY).log()
        return -(x * on + (1 - x) * off).flatten(1).sum(1)

    def parts(self, output: Tensor) -> dict[str, Tensor]:
        """The probabilities."""
        return {"probabilities": output}


class OfMeanAndScales(Gaussian):
    """The output is the mean and the logarithm of each number's standard deviation."""

    has_one_scale: ClassVar[bool] = False
    part_names = ("picture", "log_scale", "mean")

    def distortion_nats(self, output: Tensor, x: Tensor) -> Tensor:
        """½ ((x − mean) / σ)² + log σ + ½ log 2π."""
        mean, log_scale = output.double().chunk(2, dim=1)
        return (0.5 * ((x - mean) * (-log_scale).exp()).square() + log_scale + LOG_2PI / 2).flatten(1).sum(1)

    def parts(self, output: Tensor) -> dict[str, Tensor]:
        """The mean clipped, the log-scale, and the mean."""
        mean, log_scale = output.chunk(2, dim=1)
        if self.has_one_scale:
            log_scale = log_scale[:, :1, :1, :1]
        return {"picture": mean.clamp(0, 1), "log_scale": log_scale, "mean": mean}


class OfMeanAndOneScale(OfMeanAndScales):
    """The same with one standard deviation for all numbers."""

    has_one_scale = True


class OfMeanAndLogisticScales(Logistic):
    """The output is the mean and the log-scale of each number's logistic distribution."""

    part_names = ("picture", "log_scale", "mean")

    def distortion_nats(self, output: Tensor, x: Tensor) -> Tensor:
        """The same as in `training.likelihood.Logistic`."""
        mean, log_scale = output.double().chunk(2, dim=1)
        return logistic_nats(mean, log_scale, x).flatten(1).sum(1)

    def parts(self, output: Tensor) -> dict[str, Tensor]:
        """The mean clipped, the log-scale, and the mean."""
        mean, log_scale = output.chunk(2, dim=1)
        return {"picture": mean.clamp(0, 1), "log_scale": log_scale, "mean": mean}


def own_likelihood(name: str, gives_logits: bool, has_one_scale: bool) -> Likelihood:
    """The likelihood that reads the output of another person's decoder.

    `gives_logits` says whether the output of a Bernoulli is logits, `has_one_scale` whether all numbers of a
    Gaussian share one scale. A continuous Bernoulli's output is always logits.
    """
    if name == "bernoulli" and not gives_logits:
        return OfProbabilities()
    if name == "gaussian":
        return OfMeanAndOneScale() if has_one_scale else OfMeanAndScales()
    return OfMeanAndLogisticScales() if name == "logistic" else LIKELIHOODS[name]
