"""The terms of the evidence lower bound, in nats, one value per image. ELBO = −(rate + distortion).

Higher is better; a loss is −ELBO. Equations: Kingma and Welling, "Auto-Encoding Variational Bayes",
2014, section 2 and appendix B; "rate" and "distortion" as in Alemi et al., "Fixing a Broken ELBO", 2018.
"""

import math

from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

LOG_2PI = math.log(2 * math.pi)


def reparameterize(mean: Tensor, logvar: Tensor, noise: Tensor) -> Tensor:
    """z = mean + exp(logvar / 2) · noise: a sample of q(z|x) for noise from N(0, I). All [N, d]."""
    return mean + (0.5 * logvar).exp() * noise


def distortion_nats(logits: Tensor, x: Tensor) -> Tensor:
    """−log p(x|z) = −Σ [x·log σ(logits) + (1−x)·log(1−σ(logits))]: two [N, C, H, W] → [N]."""
    return binary_cross_entropy_with_logits(logits, x, reduction="none").flatten(1).sum(1)


def gaussian_rate_nats(mean: Tensor, logvar: Tensor) -> Tensor:
    """KL(q(z|x) ‖ N(0, I)) = ½ Σ [mean² + exp(logvar) − 1 − logvar]: two [N, d] → [N]."""
    return 0.5 * (mean.square() + logvar.exp() - 1 - logvar).sum(1)


def log_normal_nats(z: Tensor, mean: Tensor, logvar: Tensor) -> Tensor:
    """log N(z; mean, exp(logvar)) = −½ Σ [(z−mean)²·exp(−logvar) + logvar + log 2π]: three [N, d] → [N]."""
    return -0.5 * ((z - mean).square() * (-logvar).exp() + logvar + LOG_2PI).sum(1)


def sampled_rate_nats(z: Tensor, mean: Tensor, logvar: Tensor) -> Tensor:
    """log q(z|x) − log p(z) at one sample z, as in the tutorial's bound: unbiased for the KL → [N]."""
    return log_normal_nats(z, mean, logvar) - log_normal_nats(z, z.new_zeros(()), z.new_zeros(()))
