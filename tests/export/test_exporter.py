"""export/exporter.py: which epochs are exported, and which command a bundle says made its fit."""

import dataclasses
import shlex

import pytest

from export.exporter import fit_command, usual_every
from training import fit as training_fit
from training.config import RECIPES

DEFAULT, TUTORIAL = RECIPES["default"], RECIPES["tutorial"]


@pytest.mark.parametrize(("epochs", "every"), [(1, 1), (100, 1), (101, 2), (200, 2), (320, 4)])
def test_of_a_long_fit_about_a_hundred_epochs_are_exported(epochs, every):
    """The default step is the least that leaves at most a hundred epochs."""
    assert usual_every(epochs) == every


@pytest.mark.parametrize(
    ("config", "line"),
    [
        (DEFAULT, "python -m training.fit --recipe default"),
        (TUTORIAL, "python -m training.fit --recipe tutorial"),
        (
            dataclasses.replace(DEFAULT, epochs=10, seed=5),
            "python -m training.fit --recipe default --epochs 10 --seed 5",
        ),
        (
            dataclasses.replace(TUTORIAL, filters=(8, 16), latent_dim=3, learning_rate=3e-5, batch_size=1),
            (
                "python -m training.fit --recipe tutorial --batch-size 1 --learning-rate 3e-05 "
                "--latent-dim 3 --filters 8 16"
            ),
        ),
    ],
)
def test_the_fits_command_makes_the_same_config(config, line):
    """The command in a bundle is the shortest one, and parsed by `training.fit` it gives the config."""
    assert fit_command(config) == line
    arguments = shlex.split(line)[3:]
    context = training_fit.command.make_context("fit", arguments)
    given = {name: value for name, value in context.params.items() if value is not None}
    recipe = RECIPES[given.pop("recipe")]
    # The other options say where to compute and what to record.
    settings = {name: given[name] for name in given.keys() & vars(recipe).keys()}
    assert dataclasses.replace(recipe, **settings) == config


def test_what_no_option_sets_is_told_beside_the_command():
    """The config of a recipe that has changed since is not presented as today's recipe."""
    once = dataclasses.replace(DEFAULT, batch_size=64, hold_fraction=0.0, adam_beta1=0.9)
    assert fit_command(once) == (
        "python -m training.fit --recipe default --batch-size 64, with hold_fraction 0.0, with adam_beta1 0.9"
    )
