"""Transposed convolution, trained on the CPU without two detours that PyTorch 2.13 takes there."""

from typing import Any

import torch
from torch import Tensor, nn

FEW_CHANNELS = 4


class TransposedConvolution(nn.ConvTranspose2d):
    """`nn.ConvTranspose2d` with the same result and gradients, to rounding.

    On the CPU PyTorch sums the gradient of the bias by a path that takes longer than the two convolutions of
    the backward pass together; here it is one `sum`. And it computes sixteen output channels where one is
    asked for; here few channels at stride 1 are one matrix product and a sum of shifted maps
    (`tests/benchmarks/training_step.py` measures what either gives). Under autocast only the first detour is
    left out: one channel of bfloat16 is no slower than the maps. On other devices, and when it is not
    training (`eval`), it is the parent.
    """

    def forward(self, x: Tensor, output_size: list[int] | None = None) -> Tensor:
        """x [N, C, H, W] → [N, C', H', W'], as the parent's."""
        if not self.training or x.device.type != "cpu":
            return super().forward(x, output_size)
        assert output_size is None
        assert self.bias is not None
        weight, bias = self.weight, self.bias
        # A function of our own is not autocast by PyTorch.
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
        of_x, of_weight, _ = torch.ops.aten.convolution_backward(
            gradient, x, weight, None, stride, padding, [1, 1], True, output_padding, 1, mask
        )
        return of_x, of_weight, gradient.sum((0, 2, 3)), None, None, None


def _sum_of_shifted_maps(x: Tensor, weight: Tensor, padding: tuple[int, int]) -> Tensor:
    """The transposed convolution with stride 1: x [N, C, H, W], weight [C, C', K, L] → [N, C', H', W'].

    Every tap of the kernel turns x into one map of C' channels, and adds it where the tap points to.
    """
    count, channels, height, width = x.shape
    _, outputs, rows, columns = weight.shape
    taps = weight.permute(2, 3, 1, 0).reshape(rows * columns * outputs, channels)
    pixels = x.permute(0, 2, 3, 1).reshape(-1, channels)  # no copy where x is channels-last
    maps = (taps @ pixels.T).view(rows, columns, outputs, count, height, width)
    whole = x.new_zeros(outputs, count, height + rows - 1, width + columns - 1)
    for i in range(rows):
        for j in range(columns):
            whole[:, :, i : i + height, j : j + width] += maps[i, j]
    top, left = padding
    return whole[:, :, top : whole.shape[2] - top, left : whole.shape[3] - left].transpose(0, 1)
