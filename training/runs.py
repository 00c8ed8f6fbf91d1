"""The run folder: what training leaves behind, how it is written, found and read again.

    config.json                         the resolved FitConfig
    checkpoint.pt                       the state of the fit, to go on from (training/checkpoint.py)
    metrics.jsonl                       one object for each finished epoch
    weights/epoch-NNN.safetensors       the weights after epoch NNN; 000 is before the first
    previews/epoch-NNN.png              sixteen held-out images, encoded, sampled, decoded
    previews.gif                        the same over the epochs
    curves.png                          ELBO, rate and distortion over the epochs
    tensorboard/                        the same for TensorBoard, where it was asked for
    failure.txt                         the error that ended the fit, until it goes on; mostly there is none

An epoch is finished once it has its line in metrics.jsonl; its weights are on disk before that.
"""

import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from training.config import FitConfig, from_json, to_json
from training.files import replaced_file
from training.model import ConvVAE

RUNS_FOLDER = Path("artifacts/runs")
CONFIG_FILE = "config.json"
METRICS_FILE = "metrics.jsonl"
FAILURE_FILE = "failure.txt"
REQUIRED_METRICS = ("epoch", "test_elbo_nats", "test_rate_nats", "test_distortion_nats", "train_seconds")


class RunError(Exception):
    """A run folder cannot be made, or is missing, half written or not a run."""


@dataclass(frozen=True)
class Run:
    """A run as it is on disk: its folder, its config and the metrics of its finished epochs, in order."""

    folder: Path
    config: FitConfig
    metrics: tuple[dict[str, Any], ...]

    @property
    def epochs(self) -> tuple[int, ...]:
        """The epochs that have weights: 0, then every finished one."""
        return (0, *(line["epoch"] for line in self.metrics))


def create_run(out: Path | None, config: FitConfig) -> Run:
    """Make a run folder, `out` or a new one under artifacts/runs, holding the config and no epoch yet.

    Raises RunError when `out` exists and is not an empty folder, OSError when it cannot be written.
    """
    folder = out if out is not None else _new_folder(config.recipe)
    if not is_free(folder):
        found = "a folder that is not empty" if folder.is_dir() else "a file"
        raise RunError(f"--out {folder}: found {found}, expected a new or empty folder; choose another name")
    folder.mkdir(parents=True, exist_ok=True)
    # First: a folder with a config is a run that can be resumed.
    _write_text(folder / CONFIG_FILE, to_json(config))
    _tidy(folder)
    return Run(folder, config, ())


def is_free(folder: Path) -> bool:
    """Whether a run can be made there: there is nothing, or a folder with nothing in it."""
    # What a process that was killed at the very start left is not in the way.
    leftovers = f".{CONFIG_FILE}.*.tmp"
    return not folder.exists() or (
        folder.is_dir() and all(path.match(leftovers) for path in folder.iterdir())
    )


def is_started(folder: Path) -> bool:
    """Whether a run was begun there: its config, the first thing that is written, is on disk."""
    return (folder / CONFIG_FILE).is_file()


def resume_run(folder: Path) -> Run:
    """Read a run that is to go on, and remove what the process that ended left half written.

    Raises RunError when it is missing or not a run.
    """
    run = read_started_run(folder)
    _tidy(folder)
    return run


def add_epoch(run: Run, metrics: dict[str, Any]) -> Run:
    """The run with one more finished epoch; its weights must have been written."""
    longer = Run(run.folder, run.config, (*run.metrics, metrics))
    _write_text(run.folder / METRICS_FILE, "".join(json.dumps(line) + "\n" for line in longer.metrics))
    return longer


def note_failure(run: Run, error: Exception) -> None:
    """Write down the error that ends a fit, for those who wait for its next epoch."""
    # A disk that is full may be that very error.
    with suppress(OSError):
        _write_text(run.folder / FAILURE_FILE, f"{error}\n")


def read_failure(run: Run) -> str | None:
    """The error that ended the fit, in one line; None while it goes on, or when it was interrupted."""
    try:
        return " ".join((run.folder / FAILURE_FILE).read_text(errors="replace").split())
    except FileNotFoundError:
        return None


def weights_path(run: Run, epoch: int) -> Path:
    """Where the weights after `epoch` are."""
    return run.folder / "weights" / f"epoch-{epoch:03d}.safetensors"


def curves_path(run: Run) -> Path:
    """Where the picture of the metrics over the epochs is."""
    return run.folder / "curves.png"


def tensorboard_path(run: Run) -> Path:
    """Where TensorBoard's files are."""
    return run.folder / "tensorboard"


def preview_path(run: Run, epoch: int) -> Path:
    """Where the preview after `epoch` is."""
    return run.folder / "previews" / f"epoch-{epoch:03d}.png"


def save_weights(path: Path, model: ConvVAE) -> None:
    """Write the model's weights as safetensors."""
    state = {name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()}
    with replaced_file(path) as temporary:
        # safetensors' own writer raises no OSError when the disk is full.
        temporary.write_bytes(save(state))


def load_weights(run: Run, epoch: int) -> dict[str, Tensor]:
    """The state_dict after `epoch`, float32.

    Raises RunError when the file is missing, damaged or another model's.
    """
    path = weights_path(run, epoch)
    try:
        state = load_file(path)
    except (OSError, SafetensorError) as error:
        raise RunError(
            f"{path}: {error}; expected the weights after epoch {epoch}; the run is half written, fit again"
        ) from error
    try:
        with torch.device("meta"):
            expected = ConvVAE(run.config.image_shape, run.config.filters, run.config.latent_dim).state_dict()
    except ValueError as error:
        raise RunError(f"{run.folder / CONFIG_FILE}: {error}; fit again") from error
    found_shapes = {name: tuple(tensor.shape) for name, tensor in state.items()}
    expected_shapes = {name: tuple(tensor.shape) for name, tensor in expected.items()}
    if found_shapes != expected_shapes:
        name = next(
            name
            for name in sorted({*found_shapes, *expected_shapes})
            if found_shapes.get(name) != expected_shapes.get(name)
        )
        raise RunError(
            f"{path}: found {name} shaped {found_shapes.get(name)}, "
            f"expected {expected_shapes.get(name)} from {CONFIG_FILE}; fit again"
        )
    return state


def newest_run(root: Path = RUNS_FOLDER, started: bool = False) -> Path:
    """The run folder under `root` that was made last and has a finished epoch, or that was only `started`.

    Raises RunError if there is none.
    """
    there = [
        path.parent
        for path in root.glob(f"*/{CONFIG_FILE}")
        if started or (path.parent / METRICS_FILE).is_file()
    ]
    if not there:
        what = "run" if started else "run with a finished epoch"
        raise RunError(f"{root}: found no {what}; make one with python -m training.fit")
    return max(there, key=lambda folder: (folder / CONFIG_FILE).stat().st_mtime_ns)


def read_run(folder: Path) -> Run:
    """Read a run. Raises RunError when it is missing, not a run, or has no finished epoch."""
    run = read_started_run(folder)
    if not run.metrics:
        raise RunError(
            f"{folder}: found no line in {METRICS_FILE}, expected one for each finished epoch; the run ended "
            f"before its first epoch did; go on with python -m training.fit --resume --out {folder}"
        )
    return run


def read_started_run(folder: Path) -> Run:
    """Read a run that may have no finished epoch yet. Raises RunError when it is missing or not a run."""
    if not folder.is_dir():
        raise RunError(
            f"{folder}: found no folder there, expected a run; make one with python -m training.fit"
        )
    try:
        config = from_json((folder / CONFIG_FILE).read_text())
    except (OSError, ValueError) as error:
        raise RunError(
            f"{folder / CONFIG_FILE}: {error}; expected a run made by python -m training.fit"
        ) from error
    try:
        lines = (folder / METRICS_FILE).read_text().splitlines()
    except FileNotFoundError:
        lines = []
    except (OSError, ValueError) as error:
        raise RunError(
            f"{folder / METRICS_FILE}: {error}; expected a line for each finished epoch"
        ) from error
    return Run(folder, config, tuple(_metrics(folder, n, line) for n, line in enumerate(lines, start=1)))


def _metrics(folder: Path, number: int, line: str) -> dict[str, Any]:
    where = f"{folder / METRICS_FILE}, line {number}"
    try:
        values = json.loads(line)
    except ValueError as error:
        raise RunError(
            f"{where}: {error}; expected one JSON object; the run is half written, fit again"
        ) from error
    missing = [name for name in REQUIRED_METRICS if not isinstance(values, dict) or name not in values]
    if missing:
        raise RunError(f"{where}: found no {missing[0]}, expected {', '.join(REQUIRED_METRICS)}; fit again")
    if values["epoch"] != number:
        raise RunError(f"{where}: found epoch {values['epoch']!r}, expected {number}; fit again")
    return dict(values)


def _new_folder(recipe: str) -> Path:
    stamp = datetime.now(UTC).strftime("%Y-%m-%d-%H%M%S")
    name = f"{stamp}-{recipe}"
    folder = RUNS_FOLDER / name
    number = 2
    while folder.exists():
        folder = RUNS_FOLDER / f"{name}-{number}"
        number += 1
    return folder


def _tidy(folder: Path) -> None:
    """Make the folders of a run, and remove what a killed process was writing."""
    for part in ("weights", "previews"):
        (folder / part).mkdir(exist_ok=True)
    for leftover in folder.rglob(".*.tmp"):
        leftover.unlink()
    (folder / FAILURE_FILE).unlink(missing_ok=True)


def _write_text(path: Path, text: str) -> None:
    with replaced_file(path) as temporary:
        temporary.write_text(text)
