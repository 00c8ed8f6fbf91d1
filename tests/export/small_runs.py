"""Small runs that grow as a fit's do or are damaged, and checks of their bundles."""

import dataclasses
import shutil
from pathlib import Path

from safetensors.torch import load_file, save_file

from export.bundle import Bundle
from training.config import RECIPES
from training.runs import add_epoch, read_run, read_started_run

CONFIG = dataclasses.replace(RECIPES["default"], epochs=3, filters=(2, 2))
PATIENCE_S = 60


def finish_epoch(folder: Path, finished: Path, **changes: object) -> None:
    """Advance the run by an epoch, as training does: first the weights, then the line."""
    run = read_started_run(folder)
    epoch = len(run.metrics) + 1
    name = f"weights/epoch-{epoch:03d}.safetensors"
    shutil.copy(finished / name, folder / name)
    add_epoch(run, read_run(finished).metrics[epoch - 1] | changes)


def epoch_of(bundle: Bundle, finished: int | None = None) -> int:
    """The epoch of the bundle's main graphs, after checking that all facts in it agree.

    It has metrics of the epochs up to `finished`, by default all.
    """
    files = {name: bundle.read(name) for name in bundle.files}
    last = bundle.epochs[-1]
    assert bundle.epochs == tuple(range(last + 1))
    assert files["decoder.onnx"] == files[f"epochs/{last:03d}/decoder.onnx"]
    assert (bundle.read_posterior().mean == bundle.read_posterior(last).mean).all()
    assert [line["epoch"] for line in bundle.manifest["epochs"]] == list(bundle.epochs[1:][:finished])
    return last


def make_nan(run: Path, epoch: int, name: str) -> None:
    """Set one weight of a run to NaN."""
    path = run / f"weights/epoch-{epoch:03d}.safetensors"
    state = load_file(path)
    state[name].view(-1)[0] = float("nan")
    save_file(state, path)
