"""The training loop, and the test ELBO after each epoch."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.config import FitConfig, learning_rate_at
from training.elbo import distortion_nats, gaussian_rate_nats, reparameterize, sampled_rate_nats
from training.model import ConvVAE

EVALUATION_SEED = 20_140_401
EVALUATION_BATCH = 500


@dataclass(frozen=True)
class HeldOutMetrics:
    """Means over the held-out images; elbo_nats = −(rate_nats + distortion_nats)."""

    elbo_nats: float
    rate_nats: float
    distortion_nats: float


class Trainer:
    """A model, its optimizer and its training images, all on one device.

    The images stay there as bytes; nothing inside an epoch waits for the device.

    Args:
        config: what to fit.
        train_images: uint8 [N, C, H, W], values 0 and 1.
        device: where to compute.
    """

    def __init__(self, config: FitConfig, train_images: NDArray[np.uint8], device: torch.device) -> None:
        self.config = config
        self.device = device
        self.model = ConvVAE(config.image_shape, config.filters, config.latent_dim)
        self.model.reset_parameters(torch.Generator().manual_seed(config.seed))
        if config.start_at_log_odds:
            _start_at_log_odds(self.model, train_images)
        self.model.to(device)
        # mypy: PyTorch does not declare this overload.
        self.model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.images = torch.from_numpy(train_images).to(device)
        self.optimizer = torch.optim.Adam(
            self.model.parameters(),
            lr=config.learning_rate,
            betas=(0.9, config.adam_beta2),
            eps=config.adam_epsilon,
            fused=device.type in ("cpu", "cuda"),
        )
        # The order comes from the CPU's generator, so that it is the same on every device.
        self.order = torch.Generator().manual_seed(config.seed + 1)
        self.noise = torch.Generator(device).manual_seed(config.seed + 2)
        self.steps_an_epoch = -(-len(train_images) // config.batch_size)
        self.step = 0

    def train_epoch(self, on_batch: Callable[[int], object]) -> float:
        """One pass over the training images in a new order; seconds. `on_batch` gets each batch's size."""
        step_count = self.config.epochs * self.steps_an_epoch
        start = time.perf_counter()
        order = torch.randperm(len(self.images), generator=self.order).to(self.device)
        self.model.train()
        for indices in torch.split(order, self.config.batch_size):
            for group in self.optimizer.param_groups:
                group["lr"] = learning_rate_at(self.config, self.step, step_count)
            x = self.images[indices].float().contiguous(memory_format=torch.channels_last)
            self.optimizer.zero_grad(set_to_none=True)
            self.loss_nats(x).backward()  # type: ignore[no-untyped-call]
            self.optimizer.step()
            self.step += 1
            on_batch(len(indices))
        if self.device.type == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter() - start

    def loss_nats(self, x: Tensor) -> Tensor:
        """−ELBO of a batch [N, C, H, W] with one posterior sample an image: a scalar, the mean."""
        mean, logvar = self.model.encoder(x)
        noise = torch.randn(mean.shape, generator=self.noise, device=mean.device)
        z = reparameterize(mean, logvar, noise)
        rate = (
            gaussian_rate_nats(mean, logvar)
            if self.config.rate == "analytic"
            else sampled_rate_nats(z, mean, logvar)
        )
        return (distortion_nats(self.model.decoder(z), x) + rate).mean()


@torch.inference_mode()
def evaluate(model: ConvVAE, images: Tensor) -> HeldOutMetrics:
    """Rate (exact) and distortion (one posterior sample an image, from a fixed seed) of uint8 [N, C, H, W].

    The noise is drawn on the CPU, so that every device and every epoch sees the same.
    """
    model.eval()
    noise = torch.Generator().manual_seed(EVALUATION_SEED)
    rate, distortion = 0.0, 0.0
    for batch in torch.split(images, EVALUATION_BATCH):
        x = batch.float().contiguous(memory_format=torch.channels_last)
        mean, logvar = model.encoder(x)
        z = reparameterize(mean, logvar, torch.randn(mean.shape, generator=noise).to(mean.device))
        rate += gaussian_rate_nats(mean, logvar).double().sum().item()
        distortion += distortion_nats(model.decoder(z), x).double().sum().item()
    rate, distortion = rate / len(images), distortion / len(images)
    return HeldOutMetrics(-(rate + distortion), rate, distortion)


def _start_at_log_odds(model: ConvVAE, images: NDArray[np.uint8]) -> None:
    on = images.mean(axis=(0, 2, 3), dtype=np.float64)
    assert model.decoder.conv3.bias is not None
    with torch.no_grad():
        model.decoder.conv3.bias.copy_(torch.from_numpy(np.log(on / (1 - on))))
