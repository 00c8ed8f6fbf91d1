"""The network: the convolutional VAE of TensorFlow's CVAE tutorial, complete in one file.

    encoder   Conv(C → f0, 3×3, stride 2) ReLU   Conv(f0 → f1, 3×3, stride 2) ReLU   Linear → mean, logvar
    decoder   Linear(d → f0·H/4·W/4) ReLU   ConvT(f0 → f1, 3×3, stride 2) ReLU
              ConvT(f1 → f0, 3×3, stride 2) ReLU   ConvT(f0 → C, 3×3, stride 1) → logits

With f = (32, 64), d = 2 and images of 1 × 28 × 28 it has the tutorial's 69,989 parameters. Weights start
Glorot-uniform and biases at zero, as in Keras, unless a recipe says otherwise.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from training.transposed_convolution import TransposedConvolution

KERNEL_PX = 3
# Initial log-variance of narrow posteriors: a standard deviation of 0.37.
NARROW_LOGVAR = -2.0


class Encoder(nn.Module):
    """x float32 [N, C, H, W] in [0, 1] → mean and log-variance of q(z|x), float32 [N, d] each."""

    def __init__(self, image_shape: Sequence[int], filters: Sequence[int], latent_dim: int) -> None:
        super().__init__()
        channels, height, width = image_shape
        first, second = filters
        self.conv1 = nn.Conv2d(channels, first, KERNEL_PX, stride=2)
        self.conv2 = nn.Conv2d(first, second, KERNEL_PX, stride=2)
        features = second * _after_two_convolutions(height) * _after_two_convolutions(width)
        self.dense = nn.Linear(features, 2 * latent_dim)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """x [N, C, H, W] → mean [N, d], logvar [N, d]."""
        h = self.conv1(x).relu_()  # [N, f0, 13, 13] for 28 × 28
        h = self.conv2(h).relu_()  # [N, f1, 6, 6]
        mean, logvar = self.dense(h.flatten(1)).chunk(2, dim=1)
        return mean, logvar


class Decoder(nn.Module):
    """z float32 [N, d] → logits of p(x|z), float32 [N, C, H, W].

    Keras's "same" transposed convolution with stride 2 drops the last row and column of the full result;
    PyTorch's `padding=1, output_padding=1` drops the first. On mirrored images the two are the same
    function, so the decoder works on mirrored images and flips its output at the end. (Computing the full
    result and cropping it copies every activation: 24.1 ms a step instead of 14.7; training/README.md says
    how that was measured.)
    """

    def __init__(self, image_shape: Sequence[int], filters: Sequence[int], latent_dim: int) -> None:
        super().__init__()
        channels, height, width = image_shape
        first, second = filters
        self.start_shape = (first, height // 4, width // 4)
        self.dense = nn.Linear(latent_dim, first * (height // 4) * (width // 4))
        self.conv1 = _doubling_convolution(first, second)
        self.conv2 = _doubling_convolution(second, first)
        self.conv3 = TransposedConvolution(first, channels, KERNEL_PX, padding=1)

    def forward(self, z: Tensor) -> Tensor:
        """z [N, d] → logits [N, C, H, W]."""
        h = self.dense(z).relu_().unflatten(1, self.start_shape)  # [N, f0, 7, 7] for 28 × 28
        h = self.conv1(h).relu_()  # [N, f1, 14, 14]
        h = self.conv2(h).relu_()  # [N, f0, 28, 28]
        logits: Tensor = self.conv3(h).flip(2, 3)  # [N, C, 28, 28]
        return logits


class ConvVAE(nn.Module):
    """The encoder and the decoder together.

    Args:
        image_shape: channels, height and width; height and width are multiples of 4, at least 8.
        filters: channels after the first and after the second convolution of the encoder.
        latent_dim: d, the dimensions of z.
    """

    def __init__(
        self,
        image_shape: Sequence[int] = (1, 28, 28),
        filters: Sequence[int] = (32, 64),
        latent_dim: int = 2,
    ) -> None:
        super().__init__()
        _, height, width = image_shape
        if any(size < 8 or size % 4 for size in (height, width)):
            raise ValueError(f"found images of {height} × {width}, expected multiples of 4, at least 8")
        self.encoder = Encoder(image_shape, filters, latent_dim)
        self.decoder = Decoder(image_shape, filters, latent_dim)

    def reset_parameters(self, generator: torch.Generator) -> None:
        """Draw new weights, Glorot-uniform, and set the biases to zero."""
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
                nn.init.xavier_uniform_(layer.weight, generator=generator)
                assert layer.bias is not None
                nn.init.zeros_(layer.bias)

    @torch.no_grad()
    def spread_over_prior(self, generator: torch.Generator) -> None:
        """Draw the decoder's first layer so that it varies all over the prior, and start with narrow q(z|x).

        With Glorot's weights every unit's hinge, the line on which its ReLU turns on, passes through z = 0,
        and the picture hardly depends on z. Here a unit's weights have length 1 and its hinge passes through
        a point drawn from N(0, I). Posteriors start at `NARROW_LOGVAR`, so that z carries information.
        """
        weight, bias = self.decoder.dense.weight, self.decoder.dense.bias
        weight.copy_(normalize(torch.randn(weight.shape, generator=generator)))
        point = torch.randn(weight.shape, generator=generator)
        bias.copy_(-(weight * point).sum(1))
        _, logvar_bias = self.encoder.dense.bias.chunk(2)
        logvar_bias.fill_(NARROW_LOGVAR)


def _doubling_convolution(inputs: int, outputs: int) -> TransposedConvolution:
    return TransposedConvolution(inputs, outputs, KERNEL_PX, stride=2, padding=1, output_padding=1)


def _after_two_convolutions(size: int) -> int:
    for _ in range(2):
        size = (size - KERNEL_PX) // 2 + 1
    return size
