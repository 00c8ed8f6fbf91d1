"""Summaries of figures in nats, and functions that importance weighting and quadrature share.

Pure functions: tensors in, tensors out. Images are numbers in [0, 1], flattened to [N, P]; a `Decode` takes z
float32 [M, d] to what the decoder gives, float32 [M, …], which a `training.likelihood.Likelihood` reads.
log p(x|z) is computed in float64 from the decoder's float32 numbers, and probabilities are summed in log
space, so that nothing overflows.

Active units: Burda, Grosse and Salakhutdinov, "Importance Weighted Autoencoders", 2016, section 5.2.
"""

import math
from collections.abc import Callable

from torch import Tensor

from training.elbo import log_normal_nats

Progress = Callable[[int], object]

ACTIVE_VARIANCE = 0.01


def ignore(_: int) -> None:
    """Ignore the progress."""


def mean_and_standard_error(values: Tensor) -> tuple[float, float]:
    """The mean of values [N] and its standard error, sd / √N, which is nan for a single value."""
    values = as_float64(values)
    spread = values.std().item() if len(values) > 1 else math.nan
    return values.mean().item(), spread / math.sqrt(len(values))


def bits_per_dimension(log_px_nats: float, dimensions: int) -> float:
    """−log2 p(x) / dimensions: nats per image as bits per pixel and channel; lower is better."""
    return -log_px_nats / (dimensions * math.log(2))


def unit_variances(mean: Tensor) -> Tensor:
    """The variance of the posterior mean over the images, per latent dimension: [N, d] → float64 [d].

    Burda et al. call a unit active if this is above 0.01 (`ACTIVE_VARIANCE`).
    """
    return as_float64(mean).var(0, correction=0)


def as_float64(tensor: Tensor) -> Tensor:
    """The tensor as float64; moved to the CPU if its device has no float64 (MPS)."""
    return (tensor.cpu() if tensor.device.type == "mps" else tensor).double()


def log_prior_nats(z: Tensor) -> Tensor:
    """log N(z; 0, I): [N, d] → [N]."""
    return log_normal_nats(z, z.new_zeros(()), z.new_zeros(()))
