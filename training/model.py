"""The network: the convolutional VAE of TensorFlow's CVAE tutorial, complete in one file.

    encoder   Conv(C → f0, 3×3, stride 2) ReLU   Conv(f0 → f1, 3×3, stride 2) ReLU   Linear → mean, logvar
    decoder   Linear(d → f0·H/4·W/4) ReLU   ConvT(f0 → f1, 3×3, stride 2) ReLU
              ConvT(f1 → f0, 3×3, stride 2) ReLU   ConvT(f0 → C, 3×3, stride 1) → logits

With f = (32, 64), d = 2 and images of 1 × 28 × 28 it has the tutorial's 69,989 parameters. Weights start
Glorot-uniform and biases at zero, as in Keras, unless a recipe says otherwise.

For images of another size, the number of convolutions is such that they halve the shorter side to 4 to 7
pixels; each has a width: f = (f0, …, fk). The decoder's first map has the width before the last. A likelihood
(`training.likelihood`) reads the decoder's output and may ask for more than C maps.
"""

import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import normalize

from training.likelihood import BERNOULLI, Likelihood
from training.transposed_convolution import TransposedConvolution

KERNEL_PX = 3
# The tutorial pads neither of its two convolutions. Deeper networks pad theirs: an unpadded convolution
# leaves out a row and a column of an even size, and these losses add up.
UNPADDED_CONVOLUTIONS = 2
MOST_AT_END_PX = 7
# Initial log-variance of narrow posteriors: a standard deviation of 0.37.
NARROW_LOGVAR = -2.0
# A network starts at the mean of at most so many images.
MOST_IN_MEAN, MOST_IN_DEVIATION = 100_000, 2_000


class Encoder(nn.Module):
    """x float32 [N, C, H, W] in [0, 1] → mean and log-variance of q(z|x), float32 [N, d] each."""

    def __init__(self, image_shape: Sequence[int], filters: Sequence[int], latent_dim: int) -> None:
        super().__init__()
        inputs, height, width = image_shape
        self.depth = len(filters)
        padding = 0 if self.depth <= UNPADDED_CONVOLUTIONS else 1
        for number, outputs in enumerate(filters, start=1):
            convolution = nn.Conv2d(inputs, outputs, KERNEL_PX, stride=2, padding=padding)
            self.add_module(f"conv{number}", convolution)
            inputs = outputs
            height, width = ((size + 2 * padding - KERNEL_PX) // 2 + 1 for size in (height, width))
        self.dense = nn.Linear(inputs * height * width, 2 * latent_dim)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """x [N, C, H, W] → mean [N, d], logvar [N, d]."""
        h = x
        for number in range(1, self.depth + 1):
            h = self.get_submodule(f"conv{number}")(h).relu_()  # [N, f0, 13, 13], [N, f1, 6, 6] for 28 × 28
        mean, logvar = self.dense(h.flatten(1)).chunk(2, dim=1)
        return mean, logvar


class Decoder(nn.Module):
    """z float32 [N, d] → what the likelihood reads, float32 [N, maps·C, H, W]; logits for Bernoulli pixels.

    Keras's "same" transposed convolution with stride 2 drops the last row and column of the full result;
    PyTorch's `padding=1, output_padding=1` drops the first. On mirrored images the two are the same
    function, so the decoder works on mirrored images and flips its output at the end. (Computing the full
    result and cropping it copies every activation: 24.1 ms a step instead of 14.7; training/README.md says
    how that was measured.)
    """

    def __init__(
        self,
        image_shape: Sequence[int],
        filters: Sequence[int],
        latent_dim: int,
        likelihood: Likelihood = BERNOULLI,
    ) -> None:
        super().__init__()
        channels, height, width = image_shape
        self.size = (height, width)
        self.depth = len(filters)
        start = filters[-2:][0]
        # Rounded up; the surplus is cut off at the end.
        self.start_shape = (start, *(-(-size // 2**self.depth) for size in self.size))
        self.dense = nn.Linear(latent_dim, math.prod(self.start_shape))
        inputs = start
        for number, outputs in enumerate(reversed(filters), start=1):
            self.add_module(f"conv{number}", _doubling_convolution(inputs, outputs))
            inputs = outputs
        # If the likelihood has one log-scale for all, it replaces the maps of log-scales.
        maps = 1 if likelihood.has_one_scale else likelihood.maps
        last = TransposedConvolution(inputs, maps * channels, KERNEL_PX, padding=1)
        self.add_module(f"conv{self.depth + 1}", last)
        self.log_scale = nn.Parameter(torch.zeros(())) if likelihood.has_one_scale else None

    @property
    def output_bias(self) -> Tensor:
        """The bias of the last layer: a number for each map."""
        bias: Tensor = self.get_parameter(f"conv{self.depth + 1}.bias")
        return bias

    def forward(self, z: Tensor) -> Tensor:
        """z [N, d] → output [N, maps·C, H, W]."""
        h = self.dense(z).relu_().unflatten(1, self.start_shape)  # [N, f0, 7, 7] for 28 × 28
        for number in range(1, self.depth + 1):
            h = self.get_submodule(f"conv{number}")(h).relu_()  # [N, f1, 14, 14], [N, f0, 28, 28]
        output: Tensor = self.get_submodule(f"conv{self.depth + 1}")(h).flip(2, 3)  # [N, maps·C, 28, 28]
        if output.shape[2:] != self.size:
            output = output[:, :, : self.size[0], : self.size[1]]
        return output if self.log_scale is None else with_log_scale(output, self.log_scale)


class VAE(nn.Module):
    """An encoder and a decoder, with the likelihood and the levels of their images.

    The encoder takes x [N, C, H, W] to mean and logvar [N, d], and its last layer is `dense`. The decoder
    takes z [N, d] to what `likelihood` reads, its first layer is `dense`, and it has `output_bias`, and a
    `log_scale` if the likelihood has one scale.

    Args:
        encoder: q(z|x).
        decoder: p(x|z).
        likelihood: reads the decoder's output.
        levels: how many values the numbers of an image can have; images are uint8 from 0 to levels − 1.
    """

    def __init__(
        self, encoder: nn.Module, decoder: nn.Module, likelihood: Likelihood = BERNOULLI, levels: int = 2
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder
        self.likelihood = likelihood
        self.levels = levels

    @property
    def device(self) -> torch.device:
        """Where its weights are."""
        return next(self.parameters()).device

    @property
    def gives_probabilities(self) -> bool:
        """Whether p(x|z) is a probability and not a density."""
        return self.levels == self.likelihood.counted_levels

    def network_input(self, images: Tensor) -> Tensor:
        """x float32 in [0, 1] of images uint8 [N, C, H, W]."""
        return network_input(images, self.levels)

    def reset_parameters(self, generator: torch.Generator) -> None:
        """Draw new weights, Glorot-uniform, and set the biases to zero."""
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
                nn.init.xavier_uniform_(layer.weight, generator=generator)
                assert layer.bias is not None
                nn.init.zeros_(layer.bias)

    @torch.no_grad()
    def spread_over_prior(self, generator: torch.Generator) -> None:
        """Draw the decoder's first layer so that pictures vary all over the prior; start with narrow q(z|x).

        With Glorot's weights every unit's hinge, the line on which its ReLU turns on, passes through z = 0,
        and the picture hardly depends on z. Here a unit's weights have length 1 and its hinge passes through
        a point drawn from N(0, I). Posteriors start at `NARROW_LOGVAR`, so that z carries information.
        """
        first, last = self.decoder.get_submodule("dense"), self.encoder.get_submodule("dense")
        assert isinstance(first, nn.Linear)
        assert isinstance(last, nn.Linear)
        weight, bias = first.weight, first.bias
        weight.copy_(normalize(torch.randn(weight.shape, generator=generator)))
        point = torch.randn(weight.shape, generator=generator)
        bias.copy_(-(weight * point).sum(1))
        _, logvar_bias = last.bias.chunk(2)
        logvar_bias.fill_(NARROW_LOGVAR)

    @torch.no_grad()
    def start_at(self, images: NDArray[np.uint8]) -> None:
        """Set the output's bias so that every picture begins as the mean of `images`, uint8 [N, C, H, W].

        If the bias has a number for each map, the mean is taken for each channel, otherwise for each pixel.
        """
        bias = self.decoder.output_bias
        assert isinstance(bias, Tensor)
        channels = images.shape[1]
        axes = (0, 2, 3) if bias.numel() <= channels * self.likelihood.maps else (0,)
        top = self.levels - 1
        many, some = (images[:: 1 + len(images) // most] for most in (MOST_IN_MEAN, MOST_IN_DEVIATION))
        mean = many.mean(axis=axes, dtype=np.float64) / top
        deviation = some.std(axis=axes, dtype=np.float64) / top
        # From few images it cannot be concluded that a pixel is never on.
        margin = 0.5 / (len(images) + 1)
        start = self.likelihood.start(mean.clip(margin, 1 - margin), deviation)
        if self.likelihood.has_one_scale:
            start, log_scale = start
            self.decoder.get_parameter("log_scale").fill_(float(log_scale.mean()))
        bias.copy_(torch.from_numpy(start.reshape(-1)))


class ConvVAE(VAE):
    """The encoder and the decoder together.

    Args:
        image_shape: channels, height and width.
        filters: channels after each convolution of the encoder, one for each time that the size is halved.
        latent_dim: d, the dimensions of z.
        likelihood: reads the decoder's output.
        levels: see `VAE`.

    Raises ValueError if the images are too small for so many convolutions.
    """

    def __init__(
        self,
        image_shape: Sequence[int] = (1, 28, 28),
        filters: Sequence[int] = (32, 64),
        latent_dim: int = 2,
        likelihood: Likelihood = BERNOULLI,
        levels: int = 2,
    ) -> None:
        _, height, width = image_shape
        least = 2 ** (len(filters) + 1)
        if min(height, width) < least:
            raise ValueError(
                f"found images of {height} × {width}, expected at least {least} × {least} for {len(filters)} "
                "filters; choose a larger --size or fewer --filters"
            )
        super().__init__(
            Encoder(image_shape, filters, latent_dim),
            Decoder(image_shape, filters, latent_dim, likelihood),
            likelihood,
            levels,
        )


def network_input(images: Tensor, levels: int) -> Tensor:
    """x float32 in [0, 1], channels last, of images uint8 [N, C, H, W] with values 0 to levels − 1."""
    x = images.float()
    if levels > 2:
        x = x / (levels - 1)
    return x.contiguous(memory_format=torch.channels_last)


def with_log_scale(mean: Tensor, log_scale: Tensor) -> Tensor:
    """An output with two maps a channel, where the second map is constant: → [N, 2·C, H, W]."""
    return torch.cat([mean, log_scale.to(mean.dtype).expand(mean.shape)], dim=1)


def halvings(image_shape: Sequence[int]) -> int:
    """How often an image is halved until its shorter side is at most 7 pixels; at least once."""
    side, count = min(image_shape[1:]), 0
    while side > MOST_AT_END_PX or count == 0:
        side, count = side // 2, count + 1
    return count


def _doubling_convolution(inputs: int, outputs: int) -> TransposedConvolution:
    return TransposedConvolution(inputs, outputs, KERNEL_PX, stride=2, padding=1, output_padding=1)
