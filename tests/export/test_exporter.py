"""export/exporter.py: which epochs are exported, and which command a bundle says made its fit."""

import dataclasses
import json
import shlex

import pytest

from export.bundle import open_bundle
from export.exporter import Exporter, fit_command, usual_every
from export.graphs import ExportError
from export.onnx import export_run
from training import fit as training_fit
from training.config import RECIPES
from training.runs import read_run

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


def test_a_name_is_unicode_whatever_the_terminal_gave(tmp_path, run_folder, small_mnist):
    """Bytes of a name that are no UTF-8 are escapes in the manifest and in the graphs."""
    run = read_run(run_folder)
    few = dataclasses.replace(
        small_mnist, test_images=small_mnist.test_images[:70], test_labels=small_mnist.test_labels[:70]
    )
    export_run(run, tmp_path / "bundle", "caf\udce9 日", dataset=few, every=2)
    assert json.loads((tmp_path / "bundle/manifest.json").read_bytes().decode())["name"] == r"caf\udce9 日"
    assert open_bundle(tmp_path / "bundle").name == r"caf\udce9 日"


def test_more_epochs_than_a_bundle_can_hold_are_refused_before_the_work(run_folder):
    """A run of 4,000 epochs with --every 1 is refused in one line; with every second one it is not."""
    run = read_run(run_folder)
    config = dataclasses.replace(run.config, filters=(2, 2), epochs=4000)
    lines = tuple(run.metrics[0] | {"epoch": epoch} for epoch in range(1, 4001))
    long = dataclasses.replace(run, config=config, metrics=lines)
    with pytest.raises(ExportError, match=r"found 4,001 epochs to export, expected at most 3,332"):
        Exporter(config, "long", every=1).to_export(long)
    assert len(Exporter(config, "long", every=2).to_export(long)) == 2001
