"""A run of the smallest network, for tests that need a run but no fit."""

import dataclasses
import math
from pathlib import Path

import torch

from training.config import RECIPES, FitConfig
from training.model import ConvVAE
from training.runs import REQUIRED_METRICS, Run, add_epoch, create_run, save_weights, weights_path

CONFIG = dataclasses.replace(RECIPES["default"], filters=(2, 2), epochs=2)


def metrics(epoch: int) -> dict[str, float]:
    """The metrics line of a finished epoch."""
    return dict.fromkeys(REQUIRED_METRICS, 1.5) | {"epoch": epoch}


def untrained_model(config: FitConfig = CONFIG, seed: int = 0) -> ConvVAE:
    """A model of the config's size with random weights."""
    model = ConvVAE(config.image_shape, config.filters, config.latent_dim)
    model.reset_parameters(torch.Generator().manual_seed(seed))
    return model


def untrained_run(folder: Path, latent_dim: int = 3, dead: bool = False, broken: bool = False) -> Run:
    """A run with one finished epoch and different random weights in epochs 0 and 1."""
    config = dataclasses.replace(CONFIG, latent_dim=latent_dim)
    run = create_run(folder, config)
    for epoch in (0, 1):
        model = untrained_model(config, epoch)
        with torch.no_grad():
            if dead:
                model.encoder.dense.weight[0] = 0
            if broken:
                model.decoder.conv3.bias.fill_(math.nan)
        save_weights(weights_path(run, epoch), model)
    return add_epoch(run, metrics(1))
