"""The evidence lower bound of a model on held-out images."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from training.device import full_precision
from training.elbo import gaussian_rate_nats, reparameterize
from training.model import VAE
from training.summaries import as_float64, ignore, mean_and_standard_error

EVALUATION_SEED = 20_140_401
EVALUATION_BATCH = 500


@dataclass(frozen=True)
class HeldOutMetrics:
    """Means over the held-out images; elbo_nats = −(rate_nats + distortion_nats).

    The standard errors are over the images, sd / √N, and hold the noise of the draws, which are each image's
    own; for a single image they are nan.
    """

    elbo_nats: float
    rate_nats: float
    distortion_nats: float
    elbo_error_nats: float
    rate_error_nats: float
    distortion_error_nats: float


@full_precision()
@torch.inference_mode()
def evaluate(
    model: VAE, images: Tensor, draws: int = 1, on_images: Callable[[int], object] = ignore
) -> HeldOutMetrics:
    """Rate (exact) and distortion (`draws` posterior samples per image, fixed seed) of uint8 [N, C, H, W].

    The images may be on the CPU and the model elsewhere. The noise is drawn on the CPU, so that it is the
    same on every device and in every epoch.
    """
    model.eval()
    noise = torch.Generator().manual_seed(EVALUATION_SEED)
    rates, distortions = [], []
    for batch in torch.split(images, EVALUATION_BATCH):
        x = model.network_input(batch.to(model.device))
        mean, logvar = model.encoder(x)
        rates.append(as_float64(gaussian_rate_nats(mean, logvar)))
        distortion = torch.zeros_like(rates[-1])
        for _ in range(draws):
            z = reparameterize(mean, logvar, torch.randn(mean.shape, generator=noise).to(mean.device))
            distortion += as_float64(model.likelihood.distortion_nats(model.decoder(z), x))
        distortions.append(distortion / draws)
        on_images(len(batch))
    rate, distortion = torch.cat(rates), torch.cat(distortions)
    rate_nats, rate_error_nats = mean_and_standard_error(rate)
    distortion_mean_nats, distortion_error_nats = mean_and_standard_error(distortion)
    return HeldOutMetrics(
        elbo_nats=-(rate_nats + distortion_mean_nats),
        rate_nats=rate_nats,
        distortion_nats=distortion_mean_nats,
        elbo_error_nats=mean_and_standard_error(-(rate + distortion))[1],
        rate_error_nats=rate_error_nats,
        distortion_error_nats=distortion_error_nats,
    )


@full_precision()
@torch.inference_mode()
def posteriors(model: VAE, images: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and log-variance of q(z|x), [N, d] each, for images uint8 [N, C, H, W]."""
    model.eval()
    parts = [
        model.encoder(model.network_input(batch.to(model.device)))
        for batch in torch.split(images, EVALUATION_BATCH)
    ]
    mean, logvar = zip(*parts, strict=True)
    return torch.cat(mean), torch.cat(logvar)
