"""export/exporter.py: which epochs are exported, and which command a bundle says made its fit."""

import dataclasses
import io
import json
import shlex

import numpy as np
import onnx
import pytest

from export.exporter import Exporter, fit_command, public, usual_every
from export.graphs import ExportError
from export.manifest import make_manifest
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
    """The command in a bundle is the shortest possible, and `training.fit` gets the same config from it."""
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


def test_a_bundle_does_not_tell_in_which_folders_the_images_lie():
    """The command and the config have only the last folder's name, and the form of the images."""
    config = dataclasses.replace(
        DEFAULT, dataset="/home/me/holiday", data_key="12", image_shape=(3, 48, 64), levels=2, threshold=0.5
    )
    assert fit_command(config) == (
        "python -m training.fit --recipe default --data holiday --size 64x48 --channels 3 --threshold 0.5"
    )
    assert public(config).dataset == "holiday"
    assert public(DEFAULT) == DEFAULT


@pytest.fixture(scope="module")
def exporter(run_folder, small_mnist):
    """An exporter of the small run, with a name that a terminal gave as bytes that are no UTF-8."""
    few = dataclasses.replace(
        small_mnist, test_images=small_mnist.test_images[:70], test_labels=small_mnist.test_labels[:70]
    )
    return Exporter(read_run(run_folder).config, "caf\udce9 日", few, every=1)


def test_a_name_is_unicode_whatever_the_terminal_gave(exporter, run_folder, tmp_path):
    """Bytes of a name that are no UTF-8 are escapes in the manifest and in the graphs."""
    exporter.add_epoch(read_run(run_folder), 0)
    content = exporter.content()
    text = make_manifest(tmp_path / "bundle", content.facts, content.files)
    assert json.loads(text.decode())["name"] == r"caf\udce9 日"
    graph = onnx.load_from_string(content.files["decoder.onnx"])
    assert r"caf\udce9 日" in {entry.value for entry in graph.metadata_props}


def test_images_without_labels_get_none(run_folder, small_mnist):
    """If a dataset has no labels, so that all numbers are 0, the bundle has no labels."""
    zeros = {part: np.zeros_like(getattr(small_mnist, part)) for part in ("train_labels", "test_labels")}
    run = read_run(run_folder)
    exporter = Exporter(run.config, "none", dataclasses.replace(small_mnist, label_names=(), **zeros))
    exporter.add_epoch(run, 0)
    arrays = np.load(io.BytesIO(exporter.content(50).files["posterior.npz"]))
    assert set(arrays) == {"mean", "logvar", "images_packed"}


def test_more_epochs_than_a_bundle_can_hold_are_refused_before_the_work(exporter, run_folder):
    """With epoch 0, a bundle can hold 3,332 epochs; if there are more, one line says so at once."""
    run = read_run(run_folder)
    lines = tuple(run.metrics[0] | {"epoch": epoch} for epoch in range(1, 3333))
    with pytest.raises(ExportError, match=r"found 3,333 epochs to export, expected at most 3,332"):
        exporter.to_export(dataclasses.replace(run, metrics=lines))
    assert exporter.to_export(dataclasses.replace(run, metrics=lines[:-1]))[-1] == 3331
