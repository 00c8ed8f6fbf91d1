"""log p(x|z) and what is said of log p(x): what importance weighting and quadrature have in common.

Pure functions: tensors in, tensors out. Images are Bernoulli pixels, 0 or 1, flattened to [N, P]; a `Decode`
takes z float32 [M, d] to logits, float32 [M, …] with P numbers each. log p(x|z) is taken in float64 from the
decoder's float32 logits, and every sum of probabilities is a sum of their logarithms: nothing overflows.

Active units: Burda, Grosse and Salakhutdinov, "Importance Weighted Autoencoders", 2016, section 5.2.
"""

import math
from collections.abc import Callable

from torch import Tensor
from torch.nn.functional import softplus

from training.elbo import log_normal_nats

Decode = Callable[[Tensor], Tensor]
Progress = Callable[[int], object]

ACTIVE_VARIANCE = 0.01


def ignore(_: int) -> None:
    """No progress to show."""


def mean_and_standard_error(values: Tensor) -> tuple[float, float]:
    """Mean of [N] and its standard error over them, sd / √N; the error of a single value is nan."""
    values = widened(values)
    spread = values.std().item() if len(values) > 1 else math.nan
    return values.mean().item(), spread / math.sqrt(len(values))


def bits_per_dimension(log_px_nats: float, dimensions: int) -> float:
    """−log2 p(x) / dimensions: nats of a whole image to bits a pixel and channel; lower is better."""
    return -log_px_nats / (dimensions * math.log(2))


def unit_variances(mean: Tensor) -> Tensor:
    """Var over images of the posterior mean, a latent dimension each: [N, d] → float64 [d].

    Burda et al. call a unit active where this is over 0.01 (`ACTIVE_VARIANCE`).
    """
    return widened(mean).var(0, correction=0)


def log_likelihoods_nats(logits: Tensor, images: Tensor) -> Tensor:
    """log p(x|z) = x·logits − Σ log(1 + exp(logits)), every image with every z: [M, P], [N, P] → [N, M]."""
    return images @ logits.T - softplus(logits, threshold=40).sum(1)


def widened(tensor: Tensor) -> Tensor:
    """The tensor as float64, on the CPU where its device has no float64 (MPS)."""
    return (tensor.cpu() if tensor.device.type == "mps" else tensor).double()


def log_prior_nats(z: Tensor) -> Tensor:
    """log N(z; 0, I): [N, d] → [N]."""
    return log_normal_nats(z, z.new_zeros(()), z.new_zeros(()))
