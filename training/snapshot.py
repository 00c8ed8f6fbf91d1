"""The snapshot of a fit: its weights within the first epoch, so that people can watch before its end.

There is one file, which each snapshot replaces and the end of the epoch removes. No fit continues from it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError, safe_open
from torch import Tensor

from training.model import VAE
from training.runs import Run, RunError, check_weights, save_weights

SNAPSHOT_FILE = "weights/snapshot.safetensors"


@dataclass(frozen=True)
class Snapshot:
    """The weights after some steps of the first epoch.

    Attributes:
        step: how many steps were taken.
        share: the share of the epoch's steps that were taken, above 0 and below 1.
        weights: the state_dict, float32.
    """

    step: int
    share: float
    weights: Mapping[str, Tensor]


def save_snapshot(run: Run, model: VAE, step: int, steps_per_epoch: int) -> None:
    """Write a snapshot; it replaces the previous one."""
    facts = {"step": str(step), "steps_per_epoch": str(steps_per_epoch)}
    save_weights(_path(run), model, facts)


def remove_snapshot(run: Run) -> None:
    """Remove the snapshot, if there is one: the first epoch is finished."""
    _path(run).unlink(missing_ok=True)


def read_snapshot(run: Run, known_step: int = 0) -> Snapshot | None:
    """The snapshot of a run; None if it is the one of `known_step`, or once the first epoch is finished.

    Raises RunError if it is damaged or for another model.
    """
    if run.metrics:
        return None
    path = _path(run)
    try:
        with safe_open(path, framework="pt") as file:
            facts = file.metadata()
            step = int(facts["step"])
            share = step / int(facts["steps_per_epoch"])
            if step == known_step:
                return None
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (it is no mapping)
    except FileNotFoundError:
        return None
    except (OSError, SafetensorError, TypeError, KeyError, ValueError, ArithmeticError) as error:
        raise RunError(f"{path}: {error}; expected a snapshot of the first epoch; delete it") from error
    check_weights(run, path, weights)
    return Snapshot(step, share, weights)


def _path(run: Run) -> Path:
    return run.folder / SNAPSHOT_FILE
