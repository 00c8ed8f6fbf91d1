"""The named recipes of training/config.py: their networks, schedules and first steps."""

import dataclasses

import numpy as np
import pytest
import torch

from training.config import RECIPES, learning_rate_at
from training.loop import Trainer

CPU = torch.device("cpu")


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_is_called_by_its_name(name):
    """A recipe's config holds the recipe's name, so a run folder holds it too."""
    assert RECIPES[name].recipe == name


@pytest.mark.parametrize("name", ["default", "best", "tutorial"])
def test_the_tutorials_network_is_in_all_but_wide(name):
    """The recipes default, best and tutorial fit the same network, with 69,989 parameters."""
    trainer = Trainer(RECIPES[name], np.zeros((64, 1, 28, 28), np.uint8) | (np.arange(28) > 20), CPU)
    assert sum(parameter.numel() for parameter in trainer.model.parameters()) == 69_989


@pytest.mark.parametrize("name", ["default", "wide"])
def test_the_step_size_rises_holds_and_falls(name):
    """The step size rises for a tenth of the steps, holds for four tenths, and falls to nearly zero."""
    config = dataclasses.replace(RECIPES[name], epochs=1)
    rates = [learning_rate_at(config, step, 1000) / config.learning_rate for step in range(1000)]
    assert rates[0] == pytest.approx(0.01)
    assert rates[49] == pytest.approx(0.5)
    assert rates[99:501] == pytest.approx([1.0] * 402)
    assert rates[750] == pytest.approx(0.5)
    assert 0 < rates[-1] < 0.01


@pytest.mark.slow
def test_wide_has_512_filters_and_takes_a_step_in_bfloat16(small_mnist):
    """The recipe wide has 512 filters per layer, and takes a step on four images with float32 weights."""
    config = dataclasses.replace(RECIPES["wide"], epochs=1, batch_size=4)
    trainer = Trainer(config, small_mnist.train_images[:4], CPU)
    model = trainer.model
    assert tuple(model.encoder.conv1.weight.shape) == (512, 1, 3, 3)
    assert tuple(model.encoder.conv2.weight.shape) == (512, 512, 3, 3)
    assert tuple(model.decoder.conv1.weight.shape) == (512, 512, 3, 3)
    assert tuple(model.decoder.conv2.weight.shape) == (512, 512, 3, 3)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    trainer.train_epoch(lambda _: None)
    assert trainer.losses_nats.isfinite().all()
    for name, value in model.state_dict().items():
        assert value.dtype == torch.float32
        assert value.isfinite().all()
        assert not torch.equal(value, before[name]), name
    with torch.inference_mode():
        mean, logvar = model.encoder(torch.zeros(3, 1, 28, 28))
        assert mean.shape == logvar.shape == (3, 2)
        assert model.decoder(mean).shape == (3, 1, 28, 28)
