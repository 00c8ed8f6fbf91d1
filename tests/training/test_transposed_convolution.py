"""training/transposed_convolution.py: the same result and gradients as the parent class."""

import pytest
import torch
from torch import nn

from training.transposed_convolution import TransposedConvolution

SHAPES = {
    "doubling": ((3, 2, 3), {"stride": 2, "padding": 1, "output_padding": 1}),
    "doubling, one channel": ((2, 1, 3), {"stride": 2, "padding": 1, "output_padding": 1}),
    "same size, one channel": ((5, 1, 3), {"padding": 1}),
    "same size, three channels": ((5, 3, 3), {"padding": 1}),
    "same size, many channels": ((5, 6, 3), {"padding": 1}),
    "no padding": ((2, 2, 3), {}),
    "kernel of 2 × 5": ((2, 2, (2, 5)), {"padding": (0, 2)}),
}


def pair(shape, dtype) -> tuple[TransposedConvolution, nn.ConvTranspose2d]:
    """Our layer and the parent class's, with the same weights."""
    sizes, settings = SHAPES[shape]
    ours = TransposedConvolution(*sizes, **settings).to(dtype)
    parent = nn.ConvTranspose2d(*sizes, **settings).to(dtype)
    parent.load_state_dict(ours.state_dict())
    return ours, parent


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_result_and_gradients_are_the_parents(shape, layout):
    """In float64, in either memory layout, the result and every gradient agree to 1e-12."""
    torch.manual_seed(0)
    ours, parent = pair(shape, torch.float64)
    x = torch.randn(3, ours.in_channels, 4, 6, dtype=torch.float64).to(memory_format=layout)
    x.requires_grad_(True)
    result, expected = ours(x), parent(x)
    torch.testing.assert_close(result, expected, rtol=0, atol=1e-12)
    weights = torch.randn_like(expected)
    found = torch.autograd.grad((result * weights).sum(), [x, *ours.parameters()])
    gradients = torch.autograd.grad((expected * weights).sum(), [x, *parent.parameters()])
    for ours_gradient, parents_gradient in zip(found, gradients, strict=True):
        torch.testing.assert_close(ours_gradient, parents_gradient, rtol=0, atol=1e-12)


@pytest.mark.parametrize("shape", SHAPES)
def test_gradients_agree_with_finite_differences(shape):
    """The gradients of x, weight and bias pass torch's gradcheck."""
    torch.manual_seed(0)
    ours, _ = pair(shape, torch.float64)
    x = torch.randn(2, ours.in_channels, 3, 4, dtype=torch.float64, requires_grad=True)
    sizes, settings = SHAPES[shape]

    def function(x, weight, bias):
        layer = TransposedConvolution(*sizes, **settings).double()
        return torch.func.functional_call(layer, {"weight": weight, "bias": bias}, (x,))

    assert torch.autograd.gradcheck(function, (x, ours.weight, ours.bias))


@pytest.mark.parametrize("shape", SHAPES)
def test_no_images_give_zero_gradients(shape):
    """A batch without images, which a rank may get as its share, gives gradients of zero."""
    ours, _ = pair(shape, torch.float32)
    ours(torch.empty(0, ours.in_channels, 4, 4)).sum().backward()
    for parameter in ours.parameters():
        assert parameter.grad is not None
        assert not parameter.grad.any()


def test_outside_training_it_is_the_parent():
    """In eval mode the result has the parent's bits, because then PyTorch's own layer computes."""
    ours, parent = pair("same size, one channel", torch.float32)
    x = torch.randn(4, 5, 8, 8)
    assert not torch.equal(ours(x), parent(x))
    assert torch.equal(ours.eval()(x), parent(x))


@pytest.mark.parametrize("shape", SHAPES)
def test_evaluation_takes_the_fast_path(shape):
    """In inference mode the result has the bits of training, and agrees with the parent's to 1e-12."""
    torch.manual_seed(0)
    ours, parent = pair(shape, torch.float64)
    x = torch.randn(3, ours.in_channels, 4, 6, dtype=torch.float64)
    torch.testing.assert_close(ours.eval()(x), parent(x), rtol=0, atol=0)
    single = x.float()
    expected = ours.float().train()(single)
    with torch.inference_mode():
        assert torch.equal(ours.eval()(single), expected)
        torch.testing.assert_close(ours.double()(x), parent(x), rtol=0, atol=1e-12)


@pytest.mark.parametrize("shape", SHAPES)
def test_under_autocast_it_is_the_parent(shape):
    """Under bfloat16 autocast the result has the parent's bits; float32 gradients agree up to rounding."""
    torch.manual_seed(0)
    ours, parent = pair(shape, torch.float32)
    x = torch.randn(3, ours.in_channels, 4, 6, requires_grad=True)
    with torch.autocast("cpu", torch.bfloat16):
        result, expected = ours(x), parent(x)
    assert result.dtype == torch.bfloat16
    assert torch.equal(result, expected)
    weights = torch.randn_like(expected)
    found = torch.autograd.grad((result * weights).float().sum(), [x, *ours.parameters()])
    gradients = torch.autograd.grad((expected * weights).float().sum(), [x, *parent.parameters()])
    for ours_gradient, parents_gradient in zip(found, gradients, strict=True):
        assert ours_gradient.dtype == torch.float32
        torch.testing.assert_close(ours_gradient, parents_gradient, rtol=2**-6, atol=2**-6)
