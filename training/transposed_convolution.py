"""A transposed convolution that avoids two slow paths of PyTorch 2.13 on the CPU."""

from typing import Any

import torch
from torch import Tensor, nn

FEW_CHANNELS = 4


class TransposedConvolution(nn.ConvTranspose2d):
    """`nn.ConvTranspose2d` with the same result and gradients, up to rounding.

    On the CPU, PyTorch's gradient of the bias takes longer than the two convolutions of the backward pass
    together; here it is one `sum`. PyTorch also computes sixteen output channels when it needs one; here, a
    few channels at stride 1 are one matrix product and a sum of shifted maps
    (`tests/benchmarks/training_step.py` measures the effect of each). Under autocast only the first path is
    replaced, because PyTorch is no slower than the maps for one channel in bfloat16. On other devices, and in
    `eval` mode outside `torch.inference_mode`, the parent class computes: exports trace that one.
    """

    def forward(self, x: Tensor, output_size: list[int] | None = None) -> Tensor:
        """x [N, C, H, W] → [N, C', H', W'], as in the parent class."""
        may_be_traced = not self.training and not torch.is_inference_mode_enabled()
        if may_be_traced or x.device.type != "cpu":
            return super().forward(x, output_size)
        assert output_size is None
        assert self.bias is not None
        weight, bias = self.weight, self.bias
        # PyTorch does not autocast a custom autograd function.
        if torch.is_autocast_enabled("cpu"):
            dtype = torch.get_autocast_dtype("cpu")
            x, weight, bias = x.to(dtype), weight.to(dtype), bias.to(dtype)
        result: Tensor = _TransposedConvolution.apply(
            x, weight, bias, self.stride, self.padding, self.output_padding
        )  # type: ignore[no-untyped-call]
        return result


class _TransposedConvolution(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        weight: Tensor,
        bias: Tensor,
        stride: tuple[int, int],
        padding: tuple[int, int],
        output_padding: tuple[int, int],
    ) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.settings = stride, padding, output_padding
        if (
            x.dtype == torch.float32
            and stride == (1, 1)
            and output_padding == (0, 0)
            and weight.shape[1] <= FEW_CHANNELS
        ):
            return _sum_of_shifted_maps(x, weight, padding) + bias[:, None, None]
        return nn.functional.conv_transpose2d(x, weight, bias, stride, padding, output_padding)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        stride, padding, output_padding = ctx.settings
        mask = [ctx.needs_input_grad[0], ctx.needs_input_grad[1], False]
        x_gradient, weight_gradient, _ = torch.ops.aten.convolution_backward(
            gradient, x, weight, None, stride, padding, [1, 1], True, output_padding, 1, mask
        )
        return x_gradient, weight_gradient, gradient.sum((0, 2, 3)), None, None, None


def _sum_of_shifted_maps(x: Tensor, weight: Tensor, padding: tuple[int, int]) -> Tensor:
    """The transposed convolution with stride 1: x [N, C, H, W], weight [C, C', K, L] → [N, C', H', W'].

    Every tap of the kernel turns x into one map of C' channels, which is added at the tap's offset.
    """
    count, channels, height, width = x.shape
    _, outputs, rows, columns = weight.shape
    taps = weight.permute(2, 3, 1, 0).reshape(rows * columns * outputs, channels)
    pixels = x.permute(0, 2, 3, 1).reshape(-1, channels)  # no copy if x is channels-last
    maps = (taps @ pixels.T).view(rows, columns, outputs, count, height, width)
    full = x.new_zeros(outputs, count, height + rows - 1, width + columns - 1)
    for i in range(rows):
        for j in range(columns):
            full[:, :, i : i + height, j : j + width] += maps[i, j]
    top, left = padding
    return full[:, :, top : full.shape[2] - top, left : full.shape[3] - left].transpose(0, 1)
