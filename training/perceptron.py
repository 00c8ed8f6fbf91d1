"""A perceptron as VAE, for small images, complete in one file.

    encoder   Linear(C·H·W → f0) ReLU   Linear(f0 → f1) ReLU   Linear → mean, logvar
    decoder   Linear(d → f1) ReLU   Linear(f1 → f0) ReLU   Linear(f0 → C·H·W) → logits

It does not know that pixels have neighbours. With f = (512, 256) an image of 28 × 28 takes a seventh of the
multiplications of the convolutional network.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from training.likelihood import BERNOULLI, Likelihood
from training.model import VAE, with_log_scale


class Encoder(nn.Module):
    """x float32 [N, C, H, W] in [0, 1] → mean and log-variance of q(z|x), float32 [N, d] each."""

    def __init__(self, image_shape: Sequence[int], widths: Sequence[int], latent_dim: int) -> None:
        super().__init__()
        self.hidden = nn.ModuleList(_layers([math.prod(image_shape), *widths]))
        self.dense = nn.Linear(widths[-1], 2 * latent_dim)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """x [N, C, H, W] → mean [N, d], logvar [N, d]."""
        h = x.flatten(1)
        for layer in self.hidden:
            h = layer(h).relu_()
        mean, logvar = self.dense(h).chunk(2, dim=1)
        return mean, logvar


class Decoder(nn.Module):
    """z float32 [N, d] → what the likelihood reads, float32 [N, maps·C, H, W]."""

    def __init__(
        self,
        image_shape: Sequence[int],
        widths: Sequence[int],
        latent_dim: int,
        likelihood: Likelihood = BERNOULLI,
    ) -> None:
        super().__init__()
        channels, height, width = image_shape
        # If the likelihood has one log-scale for all, it replaces the maps of log-scales.
        maps = 1 if likelihood.has_one_scale else likelihood.maps
        self.output_shape = (maps * channels, height, width)
        self.dense = nn.Linear(latent_dim, widths[-1])
        self.hidden = nn.ModuleList(_layers([*reversed(widths)]))
        self.output = nn.Linear(widths[0], math.prod(self.output_shape))
        self.log_scale = nn.Parameter(torch.zeros(())) if likelihood.has_one_scale else None

    @property
    def output_bias(self) -> Tensor:
        """The bias of the last layer: a number for each pixel of each map."""
        return self.output.bias

    def forward(self, z: Tensor) -> Tensor:
        """z [N, d] → output [N, maps·C, H, W]."""
        h = self.dense(z).relu_()
        for layer in self.hidden:
            h = layer(h).relu_()
        output: Tensor = self.output(h).unflatten(1, self.output_shape)
        return output if self.log_scale is None else with_log_scale(output, self.log_scale)


class PerceptronVAE(VAE):
    """The encoder and the decoder together.

    Args:
        image_shape: channels, height and width.
        widths: units of the encoder's hidden layers; the decoder mirrors them.
        latent_dim: d, the dimensions of z.
        likelihood: reads the decoder's output.
        levels: see `VAE`.
    """

    def __init__(
        self,
        image_shape: Sequence[int] = (1, 28, 28),
        widths: Sequence[int] = (512, 256),
        latent_dim: int = 2,
        likelihood: Likelihood = BERNOULLI,
        levels: int = 2,
    ) -> None:
        super().__init__(
            Encoder(image_shape, widths, latent_dim),
            Decoder(image_shape, widths, latent_dim, likelihood),
            likelihood,
            levels,
        )


def _layers(sizes: Sequence[int]) -> list[nn.Linear]:
    return [nn.Linear(inputs, outputs) for inputs, outputs in pairwise(sizes)]
