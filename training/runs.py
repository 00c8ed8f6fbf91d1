"""The run folder that training writes: its files, and how it is created, found and read.

    config.json                         the resolved FitConfig
    checkpoint.pt                       the state of the fit, to continue from (training/checkpoint.py)
    metrics.jsonl                       one object for each finished epoch
    weights/epoch-NNN.safetensors       the weights after epoch NNN; 000 is before the first
    weights/snapshot.safetensors        weights within the first epoch, if requested (training/snapshot.py)
    previews/epoch-NNN.png              up to sixteen held-out images, encoded, sampled, decoded
    previews.gif                        the previews over the epochs
    curves.png                          ELBO, rate and distortion over the epochs
    tensorboard/                        the same metrics for TensorBoard, if requested
    failure.txt                         the error that ended the fit, until it is resumed; usually missing
    .fit.lock                           while a fit is running here: keeps other fits out

An epoch is finished once it has its line in metrics.jsonl; its weights are on disk before that.
"""

import json
import os
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock, Timeout
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from training.config import FitConfig, from_json, to_json
from training.data.trees import SUFFIXES
from training.files import replaced_file
from training.model import VAE
from training.networks import network_of

RUNS_FOLDER = Path("artifacts/runs")
CONFIG_FILE = "config.json"
METRICS_FILE = "metrics.jsonl"
MOST_ENTRIES = 1_000  # at most so many files of a folder are looked at to say what it holds
FAILURE_FILE = "failure.txt"
LOCK_FILE = ".fit.lock"
LOCK_WAIT_S = 0.2  # `is_fitting` takes the lock for a moment, which is no other fit
REQUIRED_METRICS = ("epoch", "test_elbo_nats", "test_rate_nats", "test_distortion_nats", "train_seconds")


class RunError(Exception):
    """A run folder cannot be created, or is missing, half written or not a run."""


@dataclass(frozen=True)
class Run:
    """A run on disk: its folder, its config and the metrics of its finished epochs, in order."""

    folder: Path
    config: FitConfig
    metrics: tuple[dict[str, Any], ...]

    @property
    def epochs(self) -> tuple[int, ...]:
        """The epochs that have weights: 0, then every finished one."""
        return (0, *(line["epoch"] for line in self.metrics))


def create_run(out: Path | None, config: FitConfig) -> Run:
    """Create a run folder, `out` or a new one under artifacts/runs, with the config and no epoch yet.

    Raises RunError if `out` exists and is not an empty folder, OSError if it cannot be written.
    """
    folder = run_folder(out, config)
    # Written first, because a folder with a config is a run that can be resumed.
    _write_text(folder / CONFIG_FILE, to_json(config))
    _tidy(folder)
    return Run(folder, config, ())


def run_folder(out: Path | None, config: FitConfig) -> Path:
    """The empty folder of a new run, `out` or a new one under artifacts/runs; made if it does not exist.

    Raises RunError if `out` exists and is not an empty folder, OSError if it cannot be made.
    """
    if out is None:
        return _new_folder(config.recipe)
    if not is_free(out):
        raise _taken(out)
    # The system cannot make a folder through a link whose target does not exist, so the link is resolved.
    target = Path(os.path.realpath(out))
    try:
        target.mkdir(parents=True, exist_ok=out.is_dir())
    except FileExistsError as error:
        # Another process made it in the meantime.
        raise _taken(out) from error
    return out


@contextmanager
def only_fit(folder: Path) -> Iterator[None]:
    """Keep other fits out of a run folder. The system drops the lock when this process ends, however it ends.

    Raises RunError if another fit is running there. If the file system has no locks, other fits are not kept
    out.
    """
    path = folder / LOCK_FILE
    # filelock's fallback for file systems without locks is a file whose existence is the lock. If a process
    # is killed, that file remains, so the fallback is not used.
    lock = FileLock(path, timeout=LOCK_WAIT_S, fallback_to_soft=False)
    try:
        lock.acquire()
    except Timeout as error:
        raise RunError(
            f"{folder}: found another fit that is running there, expected none; wait for its end, or choose "
            "another folder"
        ) from error
    except OSError:
        pass  # a file system without locks, or a read-only folder, where writing the first file will fail
    try:
        yield
    finally:
        if lock.is_locked:
            # Removed while it is still locked: a process that has opened it in the meantime gets the lock of
            # a removed file, and notices that.
            with suppress(OSError):
                path.unlink()
            lock.release()


def is_fitting(folder: Path) -> bool | None:
    """Whether a fit is running in a run folder; None where nobody can know.

    False if no fit has locked the folder. Where files cannot be locked, a running fit has not either.
    """
    path = folder / LOCK_FILE
    if not path.exists():
        return False
    lock = FileLock(path, timeout=0, fallback_to_soft=False)
    try:
        lock.acquire()
    except Timeout:
        return True
    except OSError:
        return None
    lock.release()
    return False


def _taken(folder: Path) -> RunError:
    if is_started(folder):
        return RunError(
            f"--out {folder}: found a run that was started, expected a new or empty folder; continue it with "
            "--resume, or choose another name"
        )
    found = "a folder that is not empty" if folder.is_dir() else "something that is no folder"
    if folder.is_file():
        found = "a file"
    return RunError(f"--out {folder}: found {found}, expected a new or empty folder; choose another name")


def is_free(folder: Path) -> bool:
    """Whether a run can be created at `folder`: it does not exist, or is an empty folder."""
    # Files that a process left when it was killed at the very start do not count.
    leftovers = f".{CONFIG_FILE}.*.tmp"
    return not folder.exists() or (
        folder.is_dir() and all(path.match(leftovers) or path.name == LOCK_FILE for path in folder.iterdir())
    )


def is_started(folder: Path) -> bool:
    """Whether `folder` holds a run that was started: it has a config, which is the first file written."""
    return (folder / CONFIG_FILE).is_file()


def resume_run(folder: Path) -> Run:
    """Read a run that will be continued, and remove the files that its last process left half written.

    Raises RunError if it is missing or not a run.
    """
    run = read_started_run(folder)
    _tidy(folder)
    return run


def add_epoch(run: Run, metrics: dict[str, Any]) -> Run:
    """Add a finished epoch, whose weights must be on disk already, to the run; return the longer run."""
    longer = Run(run.folder, run.config, (*run.metrics, metrics))
    _write_text(run.folder / METRICS_FILE, "".join(json.dumps(line) + "\n" for line in longer.metrics))
    return longer


def note_failure(run: Run, error: Exception) -> None:
    """Write the error that ends a fit to the run folder, for programs that wait for its next epoch."""
    # That error may be a full disk, and then writing fails too.
    with suppress(OSError):
        _write_text(run.folder / FAILURE_FILE, f"{error}\n")


def read_failure(run: Run) -> str | None:
    """The error that ended the fit, as one line; None while it runs, or if it was interrupted."""
    try:
        return " ".join((run.folder / FAILURE_FILE).read_text(encoding="utf-8", errors="replace").split())
    except FileNotFoundError:
        return None


def weights_path(run: Run, epoch: int) -> Path:
    """The path of the weights after `epoch`."""
    return run.folder / "weights" / f"epoch-{epoch:03d}.safetensors"


def curves_path(run: Run) -> Path:
    """The path of the picture of the metrics over the epochs."""
    return run.folder / "curves.png"


def tensorboard_path(run: Run) -> Path:
    """The folder of TensorBoard's files."""
    return run.folder / "tensorboard"


def preview_path(run: Run, epoch: int) -> Path:
    """The path of the preview after `epoch`."""
    return run.folder / "previews" / f"epoch-{epoch:03d}.png"


def save_weights(path: Path, model: VAE, facts: dict[str, str] | None = None) -> None:
    """Write the model's weights as safetensors, with `facts` as the file's metadata."""
    state = {name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()}
    with replaced_file(path) as temporary:
        # When the disk is full, safetensors' own file writer does not raise OSError.
        temporary.write_bytes(save(state, facts))


def load_weights(run: Run, epoch: int) -> dict[str, Tensor]:
    """The state_dict after `epoch`, float32.

    Raises RunError if the file is missing, damaged or for another model.
    """
    path = weights_path(run, epoch)
    try:
        state = load_file(path)
    except (OSError, SafetensorError) as error:
        raise RunError(
            f"{path}: {error}; expected the weights after epoch {epoch}; the run is half written, fit again"
        ) from error
    check_weights(run, path, state)
    return state


def check_weights(run: Run, path: Path, state: Mapping[str, Tensor]) -> None:
    """Raise RunError if the weights that were read from `path` are not those of the run's model."""
    try:
        with torch.device("meta"):
            expected = network_of(run.config).state_dict()
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


def newest_run(root: Path = RUNS_FOLDER, started: bool = False) -> Path:
    """The newest run folder under `root` with a finished epoch, or with `started` even without one.

    Raises RunError if there is none.
    """
    folders = [
        path.parent
        for path in root.glob(f"*/{CONFIG_FILE}")
        if started or (path.parent / METRICS_FILE).is_file()
    ]
    if not folders:
        what = "run" if started else "run with a finished epoch"
        raise RunError(f"{root}: found no {what}; make one with python -m training.fit")
    return max(folders, key=lambda folder: (folder / CONFIG_FILE).stat().st_mtime_ns)


def read_run(folder: Path) -> Run:
    """Read a run. Raises RunError if it is missing, not a run, or has no finished epoch."""
    run = read_started_run(folder)
    if not run.metrics:
        raise RunError(
            f"{folder}: found no line in {METRICS_FILE}, expected one for each finished epoch; the run ended "
            f"during its first epoch; continue it with python -m training.fit --resume --out {folder}"
        )
    return run


def read_started_run(folder: Path) -> Run:
    """Read a run that may have no finished epoch yet. Raises RunError if it is missing or not a run."""
    if folder.is_file() and folder.suffix == ".latent":
        raise _no_run(folder)
    if not folder.is_dir():
        raise RunError(
            f"{folder}: found no folder there, expected a run; make one with python -m training.fit"
        )
    if not (folder / CONFIG_FILE).exists():
        raise _no_run(folder)
    try:
        config = from_json((folder / CONFIG_FILE).read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise RunError(
            f"{folder / CONFIG_FILE}: {error}; expected a run made by python -m training.fit"
        ) from error
    try:
        lines = (folder / METRICS_FILE).read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError:
        lines = []
    except (OSError, ValueError) as error:
        raise RunError(
            f"{folder / METRICS_FILE}: {error}; expected a line for each finished epoch"
        ) from error
    return Run(folder, config, tuple(_metrics(folder, n, line) for n, line in enumerate(lines, start=1)))


def _no_run(folder: Path) -> RunError:
    """The error for a folder without a config, or for a bundle: says what was found and what to do."""
    if folder.is_file() or (folder / "manifest.json").is_file():
        return RunError(f"{folder}: found a bundle, expected a run; name the run that it was exported from")
    none = RunError(f"{folder}: found no {CONFIG_FILE}, expected a run made by python -m training.fit")
    if (folder / "weights").is_dir():
        return none  # a run whose config is missing; its previews must not be taken for a folder of pictures
    with suppress(OSError):  # if the folder cannot be read, no more can be said
        within = [folder, *(path for path in islice(folder.iterdir(), MOST_ENTRIES) if path.is_dir())]
        files = (path for place in within for path in islice(place.iterdir(), MOST_ENTRIES))
        if any(path.suffix.lower() in SUFFIXES for path in files):
            return RunError(
                f"{folder}: found a folder of pictures, expected a run; make one with "
                f"python -m training.fit --data {shlex.quote(str(folder))}"
            )
    return none


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
    """Make a new folder under artifacts/runs, named by the time and the recipe."""
    stamp = datetime.now(UTC).strftime("%Y-%m-%d-%H%M%S")
    name = f"{stamp}-{recipe}"
    folder = RUNS_FOLDER / name
    number = 2
    while True:
        try:
            # If two fits start in the same second, one makes this folder and the other takes the next name.
            folder.mkdir(parents=True)
        except FileExistsError:
            folder = RUNS_FOLDER / f"{name}-{number}"
            number += 1
        else:
            return folder


def _tidy(folder: Path) -> None:
    """Create the folders of a run, and remove the files that a killed process was writing."""
    for part in ("weights", "previews"):
        (folder / part).mkdir(exist_ok=True)
    for leftover in folder.rglob(".*.tmp"):
        # Another process may have renamed it in the meantime.
        with suppress(OSError):
            leftover.unlink()
    (folder / FAILURE_FILE).unlink(missing_ok=True)


def _write_text(path: Path, text: str) -> None:
    with replaced_file(path) as temporary:
        # The text may contain the name of a file that is not UTF-8.
        temporary.write_text(text, encoding="utf-8", errors="backslashreplace")
