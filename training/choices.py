"""Chooses by data and device what no option sets: recipe, likelihood, depth of the network, precision."""

import dataclasses
from collections.abc import Iterable
from typing import Any

import torch

from training.config import CUDA_STEPS, RECIPES, FitConfig, LikelihoodName
from training.data.dataset import Dataset
from training.device import fast_precision
from training.likelihood import LIKELIHOODS
from training.model import halvings

# Colour images with a longer side than this get the recipe for larger pictures.
SMALL_SIDE_PX = 48
# Widths double from one convolution to the next, up to this or to the recipe's largest width.
WIDEST = 128


class ChoiceError(Exception):
    """The options do not fit the data or the memory."""


def recipe_on(recipe: str, device: torch.device, changes: Iterable[str] = ()) -> FitConfig:
    """The recipe of that name with the precision and the steps that are best on `device`.

    The precision is bfloat16 where that is faster. On CUDA the batches are larger, unless batch or step size
    are among the `changes`. The recipe 'tutorial' stays float32, because it reproduces the tutorial exactly.
    """
    config = RECIPES[recipe]
    steps = CUDA_STEPS.get(recipe, {}) if device.type == "cuda" else {}
    if not steps.keys() & set(changes):
        config = dataclasses.replace(config, **steps)
    if recipe == "tutorial" or fast_precision(device) == "float32":
        return config
    return dataclasses.replace(config, precision="bfloat16")


def config_for(dataset: Dataset, recipe: str, device: torch.device, changes: dict[str, Any]) -> FitConfig:
    """The config of a new fit: the named recipe, or the one that fits the data, with `changes`."""
    if "recipe" not in changes:
        recipe = recipe_for(dataset.image_shape, dataset.levels)
    config = dataclasses.replace(recipe_on(recipe, device, changes), **changes, data_key=dataset.key)
    return fitted_to_data(config, dataset.image_shape, dataset.levels, set(changes))


def recipe_for(image_shape: tuple[int, int, int], levels: int) -> str:
    """The name of the recipe for images of this kind."""
    channels, height, width = image_shape
    if levels == 2:
        return "default"
    if channels == 1 and min(height, width) <= SMALL_SIDE_PX:
        return "grey"
    return "colour32" if min(height, width) <= SMALL_SIDE_PX else "colour64"


def likelihood_for(levels: int) -> LikelihoodName:
    """The likelihood for images with `levels` levels.

    For images that are not binary it is the Gaussian: its mean gives the best pictures and the most even
    latent space.
    """
    if levels == 2:
        return "bernoulli"
    return "gaussian"


def fitted_to_data(
    config: FitConfig, image_shape: tuple[int, int, int], levels: int, given: set[str]
) -> FitConfig:
    """The config for images of this kind; fields in `given`, which a person set, keep their values.

    If the recipe's likelihood does not fit the images, one that does is chosen. A convolutional network gets
    the number of convolutions that suits the size. Raises ChoiceError if a given likelihood does not fit.
    """
    config = dataclasses.replace(config, image_shape=image_shape, levels=levels)
    likelihood = LIKELIHOODS[config.likelihood]
    if "likelihood" in given:
        if levels not in likelihood.levels:
            raise ChoiceError(
                f"--likelihood {config.likelihood}: found images of {levels} levels, expected "
                f"{likelihood.levels[0]}; use --likelihood {likelihood_for(levels)}"
            )
    elif levels not in likelihood.levels or (config.likelihood == "bernoulli") != (levels == 2):
        config = dataclasses.replace(config, likelihood=likelihood_for(levels))
    depth = halvings(image_shape)
    if config.network == "conv" and "filters" not in given and len(config.filters) != depth:
        config = dataclasses.replace(config, filters=widths(config.filters, depth))
    return config


def widths(filters: tuple[int, ...], depth: int) -> tuple[int, ...]:
    """The widths of `depth` convolutions; the first are those of `filters`."""
    widest = max(WIDEST, *filters)
    result = list(filters[:depth])
    while len(result) < depth:
        result.append(min(2 * result[-1], widest))
    return tuple(result)


def in_words(config: FitConfig, given: set[str]) -> str | None:
    """One line that says what was chosen by the data and why; None if the defaults were kept."""
    chosen = [f"{name} {getattr(config, name)}" for name in ("recipe", "likelihood") if name not in given]
    is_usual = config.likelihood == "bernoulli" and ("recipe" in given or config.recipe == "default")
    if not chosen or (is_usual and config.levels == 2):
        return None
    channels, height, width = config.image_shape
    kind = "binary" if config.levels == 2 else "grey" if channels == 1 else "colour"
    options = " and ".join(f"--{name}" for name in ("recipe", "likelihood") if name not in given)
    return f"{kind} images of {height} × {width}: {' and '.join(chosen)}; choose others with {options}"
