"""training/fitting.py: the files that a fit writes, and what it prints."""

import dataclasses
import json
import re

import imageio.v3 as imageio
import numpy as np
import pytest
import torch

from tests.training.short_fits import EPOCH_LINE
from training.checkpoint import load_checkpoint
from training.config import RECIPES, from_json
from training.device import describe_device
from training.fitting import fit
from training.held_out import evaluate
from training.logbook import FitError
from training.model import ConvVAE
from training.runs import load_weights, read_run, weights_path

CPU = torch.device("cpu")


def test_a_run_folder_has_everything(run_folder):
    """A fit of two epochs writes config, checkpoint, metrics, curves, weights, previews and their GIF."""
    files = sorted(
        path.relative_to(run_folder).as_posix() for path in run_folder.rglob("*") if path.is_file()
    )
    assert files == [
        "checkpoint.pt",
        "config.json",
        "curves.png",
        "metrics.jsonl",
        "previews.gif",
        *(f"previews/epoch-00{epoch}.png" for epoch in range(3)),
        *(f"weights/epoch-00{epoch}.safetensors" for epoch in range(3)),
    ]


def test_the_config_is_the_fits(run_folder, run_config):
    """config.json holds the config that the fit was called with."""
    assert from_json((run_folder / "config.json").read_text()) == run_config


def test_every_finished_epoch_has_its_metrics(run_folder):
    """metrics.jsonl has one object per epoch; ELBO is −(rate + distortion) and times only grow."""
    lines = [json.loads(line) for line in (run_folder / "metrics.jsonl").read_text().splitlines()]
    assert [line["epoch"] for line in lines] == [1, 2]
    for line in lines:
        assert set(line) == {
            "epoch",
            "step",
            "test_elbo_nats",
            "test_elbo_error_nats",
            "test_rate_nats",
            "test_distortion_nats",
            "train_elbo_nats",
            "learning_rate",
            "train_seconds",
            "epoch_seconds",
            "images_a_second",
        }
        assert line["test_elbo_nats"] == -(line["test_rate_nats"] + line["test_distortion_nats"])
        assert line["test_elbo_nats"] < 0 < line["epoch_seconds"] <= line["train_seconds"]
    assert lines[1]["train_seconds"] == pytest.approx(sum(line["epoch_seconds"] for line in lines))


def test_the_weights_give_the_metrics(run_folder, small_mnist):
    """The weights saved after an epoch are those that were evaluated: the same test ELBO and error."""
    run = read_run(run_folder)
    images = torch.from_numpy(small_mnist.test_images)
    for line in run.metrics:
        model = ConvVAE(filters=run.config.filters)
        model.load_state_dict(load_weights(run, line["epoch"]))
        found = evaluate(model, images)
        assert found.elbo_nats == pytest.approx(line["test_elbo_nats"], abs=1e-3)
        assert found.elbo_error_nats == pytest.approx(line["test_elbo_error_nats"], rel=1e-4)


def test_the_previews_change_from_epoch_to_epoch(run_folder):
    """The PNGs of epochs 0 to 2 all differ, and the GIF shows them in order."""
    pictures = [imageio.imread(run_folder / f"previews/epoch-00{epoch}.png") for epoch in range(3)]
    assert (pictures[0] != pictures[1]).any()
    assert (pictures[1] != pictures[2]).any()
    np.testing.assert_array_equal(imageio.imread(run_folder / "previews.gif", index=...), pictures)


def test_the_same_seed_gives_the_same_run(short_mnist, tmp_path):
    """Two fits with the same seed give the same weights, byte for byte; another seed gives others."""
    config = dataclasses.replace(RECIPES["default"], epochs=1, filters=(2, 2))
    runs = [
        fit(dataclasses.replace(config, seed=seed), CPU, tmp_path / name, short_mnist)
        for name, seed in (("a", 3), ("b", 3), ("c", 4))
    ]
    weights = [weights_path(run, 1).read_bytes() for run in runs]
    assert weights[0] == weights[1]
    assert weights[0] != weights[2]


def test_a_fit_whose_last_step_runs_away_keeps_nothing_of_the_epoch(small_mnist, tmp_path):
    """If all losses are finite but the test ELBO is not, the error says which epochs are kept."""
    config = dataclasses.replace(
        RECIPES["default"], epochs=1, filters=(2, 2), learning_rate=1e30, batch_size=512
    )
    with pytest.raises(FitError) as error:
        fit(config, CPU, tmp_path / "run", small_mnist)
    assert re.fullmatch(
        r"epoch 1: found a test ELBO of -?(nan|inf), expected a finite number; "
        "the epochs before it are kept in "
        + re.escape(f"{tmp_path / 'run'}; fit again with a lower --learning-rate"),
        str(error.value),
    )
    assert not (tmp_path / "run/metrics.jsonl").exists()
    assert load_checkpoint(tmp_path / "run", config).trainer["step"] == 0


def test_a_fit_prints_a_line_per_epoch(small_mnist, tmp_path, capsys):
    """A fit prints its recipe, device and run folder, and then one line of metrics per epoch."""
    config = dataclasses.replace(RECIPES["tutorial"], epochs=2)
    run = fit(config, CPU, tmp_path / "run", small_mnist)
    out, err = capsys.readouterr()
    assert err == ""
    first, *lines = out.splitlines()
    assert first == (
        "tutorial: 2 epochs of 512 images, batch 32, 69,989 parameters, "
        f"on {describe_device(CPU)}, float32; run folder {tmp_path / 'run'}"
    )
    for line, metrics in zip(lines, run.metrics, strict=True):
        match = EPOCH_LINE.fullmatch(line)
        assert match, line
        assert match.groups() == (
            str(metrics["epoch"]),
            "2",
            *(f"{metrics[f'test_{name}_nats']:.2f}" for name in ("elbo", "rate", "distortion")),
        )
