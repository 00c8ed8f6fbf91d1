"""training/networks.py, training/perceptron.py and the start of each network at the images' mean."""

import dataclasses

import numpy as np
import pytest
import torch

from training.config import RECIPES
from training.model import ConvVAE
from training.networks import network_of
from training.perceptron import PerceptronVAE

IMAGES = np.random.default_rng(0).integers(30, 200, (50, 3, 9, 10)).astype(np.uint8)
CONFIG = dataclasses.replace(
    RECIPES["default"], image_shape=(3, 9, 10), levels=256, latent_dim=3, filters=(5, 4)
)


def network(**changes: object):
    """The network of a changed config, with weights drawn."""
    model = network_of(dataclasses.replace(CONFIG, **changes)).eval()
    model.reset_parameters(torch.Generator().manual_seed(0))
    return model


@pytest.mark.parametrize("kind", ["conv", "mlp"])
@pytest.mark.parametrize("likelihood", ["bernoulli", "continuous-bernoulli", "gaussian", "logistic"])
@torch.no_grad()
def test_every_picture_starts_as_the_mean(kind, likelihood):
    """At z = 0 a conv network gives each channel's mean, a perceptron each pixel's."""
    model = network(network=kind, likelihood=likelihood)
    model.start_at(IMAGES)
    picture = model.likelihood.picture(model.decoder(torch.zeros(2, 3))).numpy()
    axes = (0, 2, 3) if kind == "conv" else (0,)
    expected = np.broadcast_to(IMAGES.mean(axis=axes, keepdims=True) / 255, picture.shape)
    np.testing.assert_allclose(picture, expected, atol=1e-3)


@pytest.mark.parametrize("kind", ["conv", "mlp"])
def test_the_one_scale_starts_at_the_images_deviation(kind):
    """A Gaussian starts with σ near the deviation of the images, and has one parameter more."""
    model, plain = network(network=kind, likelihood="gaussian"), network(network=kind)
    model.start_at(IMAGES)
    assert model.decoder.log_scale.exp().item() == pytest.approx(IMAGES.std() / 255, rel=0.1)
    names = model.state_dict().keys() - plain.state_dict().keys()
    assert names == {"decoder.log_scale"}


@pytest.mark.parametrize("image_shape", [(1, 8, 8), (3, 37, 50), (1, 28, 28), (3, 256, 200)])
@torch.no_grad()
def test_a_convolutional_network_gives_pictures_of_any_size(image_shape):
    """A picture has its image's size, also if that is no multiple of a power of two."""
    depth = {8: 1, 37: 3, 28: 2, 256: 5}[image_shape[1]]
    model = ConvVAE(image_shape, (4,) * depth, 2)
    mean, logvar = model.encoder(torch.zeros(2, *image_shape))
    assert mean.shape == logvar.shape == (2, 2)
    assert model.decoder(mean).shape == (2, *image_shape)


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_every_row_and_column_is_seen(depth):
    """Every pixel has a gradient, but for the last row and column of one or two unpadded convolutions."""
    model = ConvVAE((1, 32, 32), (8,) * depth, 2).eval()
    model.reset_parameters(torch.Generator().manual_seed(0))
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("bias"):
                parameter += 0.1
    x = torch.rand(1, 1, 32, 32, generator=torch.Generator().manual_seed(0)).requires_grad_()
    model.encoder(x)[0].sum().backward()
    edge = 32 if depth > 2 else 31
    assert (x.grad[0, 0, :edge, :edge] != 0).all()


@torch.no_grad()
def test_the_perceptron_mirrors_its_widths():
    """Hidden layers have the widths in order in the encoder and in reverse in the decoder."""
    model = PerceptronVAE((1, 28, 28), (20, 10), 2)
    assert [layer.out_features for layer in model.encoder.hidden] == [20, 10]
    assert model.decoder.dense.out_features == 10
    assert [layer.out_features for layer in model.decoder.hidden] == [20]
    mean, logvar = model.encoder(torch.zeros(3, 1, 28, 28))
    assert mean.shape == logvar.shape == (3, 2)
    assert model.decoder(mean).shape == (3, 1, 28, 28)


def test_the_perceptron_multiplies_a_seventh():
    """With the recipe's widths an image costs about a seventh of the default network's multiplications."""
    perceptron = network_of(RECIPES["mlp"])
    products = sum(p.numel() for name, p in perceptron.named_parameters() if name.endswith("weight"))
    # Of the tutorial's network: what each layer multiplies for one image.
    convolutions = 13 * 13 * 9 * 32 + 6 * 6 * 9 * 32 * 64 + 2304 * 4
    transposed = 2 * 1568 + 7 * 7 * 9 * 32 * 64 + 14 * 14 * 9 * 64 * 32 + 28 * 28 * 9 * 32
    assert 5 < (convolutions + transposed) / products < 9


def test_256_levels_become_numbers_from_0_to_1():
    """0, 51 and 255 become 0, 0.2 and 1; binary images stay 0 and 1."""
    images = torch.tensor([0, 51, 255], dtype=torch.uint8).reshape(1, 1, 1, 3)
    assert network().network_input(images).flatten().tolist() == pytest.approx([0, 0.2, 1])
    assert network(levels=2).network_input(images.clamp(max=1)).flatten().tolist() == [0, 1, 1]
