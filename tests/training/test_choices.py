"""training/choices.py: what data and device choose, what a person's options keep, and what is refused."""

import dataclasses

import pytest
import torch

from training.choices import (
    ChoiceError,
    fitted_to_data,
    in_words,
    likelihood_for,
    recipe_for,
    recipe_on,
    widths,
)
from training.config import CUDA_STEPS, RECIPES

CPU, CUDA = torch.device("cpu"), torch.device("cuda")

DEFAULT = RECIPES["default"]
MNIST, FASHION, CIFAR, EMOJI = ((1, 28, 28), 2), ((1, 28, 28), 256), ((3, 32, 32), 256), ((3, 64, 64), 256)


@pytest.mark.parametrize(
    ("data", "recipe", "likelihood", "filters"),
    [
        (MNIST, "default", "bernoulli", 2),
        (FASHION, "grey", "gaussian", 2),
        (CIFAR, "colour32", "gaussian", 3),
        (EMOJI, "colour64", "gaussian", 4),
    ],
)
def test_the_data_choose_a_recipe_that_fits_them(data, recipe, likelihood, filters):
    """Each kind of images gets a recipe in which nothing has to be changed for them."""
    assert recipe_for(*data) == recipe
    assert likelihood_for(data[1]) == likelihood
    config = fitted_to_data(RECIPES[recipe], *data, set())
    assert config == RECIPES[recipe]
    assert len(config.filters) == filters


@pytest.mark.parametrize(
    ("side", "depth"), [(8, 1), (14, 1), (16, 2), (28, 2), (31, 2), (32, 3), (96, 4), (256, 6)]
)
def test_the_depth_follows_from_the_size(side, depth):
    """A convolutional network halves until 4 to 7 pixels are left, and its widths double up to 128."""
    config = fitted_to_data(DEFAULT, (1, side, side), 2, set())
    assert config.filters == (32, 64, 128, 128, 128, 128)[:depth]
    assert 4 <= side // 2**depth <= 7


def test_what_a_person_gave_stays():
    """Filters and a likelihood that were given are not replaced, and a perceptron keeps its widths."""
    given = dataclasses.replace(DEFAULT, filters=(5,), likelihood="bernoulli")
    config = fitted_to_data(given, *EMOJI, {"filters", "likelihood"})
    assert (config.filters, config.likelihood) == ((5,), "bernoulli")
    assert fitted_to_data(RECIPES["mlp"], *EMOJI, set()).filters == RECIPES["mlp"].filters


def test_a_recipe_for_other_images_gets_the_likelihood_of_the_data():
    """Bernoulli is replaced for images of 256 levels, and the others for binary images."""
    assert fitted_to_data(RECIPES["best"], *FASHION, set()).likelihood == "gaussian"
    assert fitted_to_data(RECIPES["colour32"], *MNIST, set()).likelihood == "bernoulli"


def test_a_likelihood_that_cannot_be_is_refused():
    """The logistic likelihood counts 256 levels; for binary images the message names one that fits."""
    logistic = dataclasses.replace(DEFAULT, likelihood="logistic")
    with pytest.raises(ChoiceError) as error:
        fitted_to_data(logistic, *MNIST, {"likelihood"})
    assert str(error.value) == (
        "--likelihood logistic: found images of 2 levels, expected 256; use --likelihood bernoulli"
    )


def test_the_choice_is_told_in_one_line():
    """The line names the images, what was chosen, and the options; for MNIST there is no line."""
    assert in_words(RECIPES["colour64"], set()) == (
        "colour images of 64 × 64: recipe colour64 and likelihood gaussian; "
        "choose others with --recipe and --likelihood"
    )
    assert in_words(RECIPES["grey"], {"recipe"}) == (
        "grey images of 28 × 28: likelihood gaussian; choose others with --likelihood"
    )
    assert in_words(RECIPES["grey"], {"recipe", "likelihood"}) is None
    assert in_words(DEFAULT, set()) is None
    assert in_words(RECIPES["tutorial"], {"recipe"}) is None


def test_widths_begin_as_the_recipes_do():
    """More convolutions go on doubling, fewer leave the last widths out."""
    assert widths((512, 512), 3) == (512, 512, 512)
    assert widths((16, 32), 5) == (16, 32, 64, 128, 128)
    assert widths((32, 64, 128), 1) == (32,)


def test_a_recipe_takes_bfloat16_where_that_is_faster():
    """On a CPU with AMX all recipes except the tutorial's use bfloat16; elsewhere all are unchanged."""
    has_amx = torch.cpu.get_capabilities().get("amx_bf16", False)
    for name, written in RECIPES.items():
        found = recipe_on(name, CPU)
        assert dataclasses.replace(found, precision=written.precision) == written
        faster = has_amx and name != "tutorial"
        assert found.precision == ("bfloat16" if faster else written.precision)
        assert recipe_on(name, CUDA) == dataclasses.replace(written, **CUDA_STEPS.get(name, {}))


def test_on_a_gpu_the_default_takes_larger_batches_unless_steps_are_given():
    """Batches are 64 with a fitting step size; if a person sets one of them, the recipe's other one stays."""
    assert (recipe_on("default", CUDA).batch_size, recipe_on("default", CUDA).learning_rate) == (64, 1.1e-2)
    assert recipe_on("default", CUDA, {"epochs"}) == recipe_on("default", CUDA)
    for given in ("batch_size", "learning_rate"):
        assert recipe_on("default", CUDA, {given, "epochs"}) == RECIPES["default"]
