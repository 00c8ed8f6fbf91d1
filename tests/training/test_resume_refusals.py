"""training/fit.py: which run --resume continues, and which runs it refuses in one line, unchanged."""

import dataclasses
import json
import os
import shutil
from pathlib import Path

import pytest
import torch

from tests.training.short_fits import (
    OPTIONS,
    metrics_without_seconds,
)
from training.choices import recipe_on
from training.config import RECIPES
from training.fit import main
from training.fitting import fit


@pytest.fixture(scope="module")
def whole(tmp_path_factory, short_mnist) -> Path:
    """The folder of a fit of the default recipe's smallest network with three epochs. Do not write to it."""
    config = dataclasses.replace(recipe_on("default", torch.device("cpu")), epochs=3, filters=(2, 2))
    return fit(config, torch.device("cpu"), tmp_path_factory.mktemp("whole") / "run", short_mnist).folder


@pytest.fixture
def finished(whole, tmp_path) -> Path:
    """A copy of the run `whole`."""
    return Path(shutil.copytree(whole, tmp_path / "run"))


def exportable(folder: Path) -> str:
    """The command's advice if only the finished epochs can be used."""
    return (
        f"what is finished can still be exported, with python -m export.onnx {folder}; to fit again, choose "
        "another --out"
    )


def test_without_a_run_there_is_nothing_to_resume(run_main, tmp_path, monkeypatch):
    """If artifacts/runs has no run, --resume gives one line that says how to make one."""
    monkeypatch.chdir(tmp_path)
    assert run_main(main, "--device", "cpu", "--resume").error_line == (
        "python -m training.fit: artifacts/runs: found no run; make one with python -m training.fit"
    )


@pytest.mark.usefixtures("cut_mnist")
def test_the_newest_run_is_resumed_even_without_a_finished_epoch(run_main, tmp_path, monkeypatch):
    """--resume without --out continues the run in artifacts/runs that was started last."""
    monkeypatch.chdir(tmp_path)
    assert run_main(main, *OPTIONS, "--epochs", 1).status == 0
    (older,) = (tmp_path / "artifacts/runs").iterdir()
    newer = older.with_name("0-the-newer")
    newer.mkdir()
    (newer / "config.json").write_text((older / "config.json").read_text())
    os.utime(older / "config.json", (1e9, 1e9))
    ended = run_main(main, *OPTIONS, "--epochs", 1, "--resume")
    assert ended.out.splitlines()[0].endswith("run folder artifacts/runs/0-the-newer")
    assert metrics_without_seconds(newer) == metrics_without_seconds(older)


PRECISION = recipe_on("default", torch.device("cpu")).precision
OTHER_PRECISION = "float32" if PRECISION == "bfloat16" else "bfloat16"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--precision", OTHER_PRECISION], f"found --precision {OTHER_PRECISION}, expected {PRECISION}"),
        (["--epochs", 4], "found --epochs 4, expected 3"),
        (["--seed", 1], "found --seed 1, expected 0"),
        (["--filters", 2, 3], "found --filters 2 3, expected 2 2"),
        (["--recipe", "tutorial"], "found --recipe tutorial, expected default"),
        (
            ["--learning-rate", 0.5],
            f"found --learning-rate 0.5, expected {RECIPES['default'].learning_rate}",
        ),
    ],
    ids=lambda value: " ".join(map(str, value)) if isinstance(value, list) else "",
)
def test_an_option_that_differs_from_the_runs_is_refused(run_main, finished, options, said):
    """An option that contradicts the run gives one line with both values; nothing is changed."""
    before = {path: path.stat().st_mtime_ns for path in finished.rglob("*")}
    option = options[0]
    assert run_main(main, "--device", "cpu", "--resume", "--out", finished, *options).error_line == (
        f"python -m training.fit: --resume: {said} as in the config of {finished}; "
        f"leave {option} out, or start another run"
    )
    assert {path: path.stat().st_mtime_ns for path in finished.rglob("*")} == before


def test_a_folder_that_is_no_run_is_refused(run_main, tmp_path):
    """--resume on a folder with other files is refused, and the files stay."""
    (tmp_path / "mine.txt").write_text("mine")
    assert run_main(main, *OPTIONS, "--resume", "--out", tmp_path).error_line == (
        f"python -m training.fit: --out {tmp_path}: found a folder that is not empty, "
        "expected a new or empty folder; choose another name"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"latent_dim": 0}, "latent_dim: found 0, expected a whole number from 1"),
        ({"learning_rate": -1.0}, "learning_rate: found -1.0, expected a number over 0"),
        ({"filters": []}, "filters: found [], expected a list of numbers"),
    ],
)
def test_a_config_with_nonsense_is_one_line(run_main, finished, changes, said):
    """An impossible value in a run's config gives one line with the file, the field and the value."""
    path = finished / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    assert run_main(main, "--device", "cpu", "--resume", "--out", finished).error_line == (
        f"python -m training.fit: {path}: {said}; expected a run made by python -m training.fit"
    )


@pytest.mark.parametrize("shape", [[1, 30, 30], [1, 32, 32], [3, 28, 28]], ids=str)
def test_a_config_for_other_images_is_one_line(run_main, finished, shape):
    """A run for images of a shape other than the dataset's is refused with both shapes."""
    path = finished / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"image_shape": shape}))
    assert run_main(main, "--device", "cpu", "--resume", "--out", finished).error_line == (
        f"python -m training.fit: {path}: found image_shape = {tuple(shape)}, expected (1, 28, 28), "
        "the shape of the images; start another run"
    )


@pytest.mark.usefixtures("cut_mnist")
def test_missing_metrics_are_one_line(run_main, finished):
    """If metrics.jsonl has fewer lines than epochs finished before the checkpoint, the run is refused."""
    path = finished / "metrics.jsonl"
    path.write_text(path.read_text().splitlines()[0] + "\n")
    assert run_main(main, "--device", "cpu", "--resume", "--out", finished).error_line == (
        f"python -m training.fit: {path}: found 1 line, expected 3, one for each epoch finished before "
        f"checkpoint.pt was written; {exportable(finished)}"
    )


@pytest.mark.usefixtures("cut_mnist")
def test_finished_epochs_without_a_checkpoint_are_one_line(run_main, finished):
    """A run that has lost its checkpoint is not fitted anew into the same folder; nothing is changed."""
    (finished / "checkpoint.pt").unlink()
    before = {path: path.stat().st_mtime_ns for path in finished.rglob("*") if path.is_file()}
    assert run_main(main, "--device", "cpu", "--resume", "--out", finished).error_line == (
        f"python -m training.fit: {finished}: found 3 finished epochs but no checkpoint.pt, expected it to "
        f"continue from; {exportable(finished)}"
    )
    assert {path: path.stat().st_mtime_ns for path in finished.rglob("*") if path.is_file()} == before


def test_a_damaged_checkpoint_is_one_line(run_main, finished):
    """For a checkpoint cut in half the command prints one line and changes nothing."""
    path = finished / "checkpoint.pt"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    before = path.read_bytes()
    assert run_main(main, "--device", "cpu", "--resume", "--out", finished).error_line == (
        f"python -m training.fit: {path}: File is not a zip file; expected a checkpoint in format "
        f"latent-plane-checkpoint/1; {exportable(finished)}"
    )
    assert path.read_bytes() == before
