"""The checkpoint of a fit: everything that is needed to continue it as if it had never stopped."""

import io
import pickle
import shlex
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from training.config import FitConfig, from_json, to_json
from training.files import replaced_file
from training.output import counted
from training.runs import METRICS_FILE, RunError

CHECKPOINT_FILE = "checkpoint.pt"
FORMAT = "latent-plane-checkpoint/1"


@dataclass(frozen=True)
class Checkpoint:
    """The state of a fit at one step.

    Attributes:
        trainer: the result of `Trainer.state`.
        train_seconds: seconds of training so far, without evaluation and writing.
        epoch_seconds: the part of `train_seconds` spent in the current, unfinished epoch.
    """

    trainer: dict[str, Any]
    train_seconds: float
    epoch_seconds: float


def save_checkpoint(folder: Path, config: FitConfig, checkpoint: Checkpoint) -> None:
    """Write the checkpoint of a run folder; the previous one stays intact until the new one is complete.

    Raises OSError if it cannot be written.
    """
    buffer = io.BytesIO()
    content = {"format": FORMAT, "config": to_json(config), **vars(checkpoint)}
    torch.save(content, buffer)
    with replaced_file(folder / CHECKPOINT_FILE) as temporary:
        # Not torch's own file writer: when the disk is full, it does not raise OSError.
        temporary.write_bytes(buffer.getbuffer())


def load_checkpoint(folder: Path, config: FitConfig) -> Checkpoint | None:
    """The checkpoint of a run folder, or None if the folder has no checkpoint and no finished epoch.

    Raises RunError if the checkpoint is damaged, belongs to another config, or is missing although epochs are
    finished (a fit from the beginning would overwrite them one by one); OSError if it cannot be read.
    """
    path = folder / CHECKPOINT_FILE
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        finished = _finished(folder)
        if not finished:
            return None
        raise RunError(
            f"{folder}: found {counted(finished, 'finished epoch')} but no {CHECKPOINT_FILE}, expected it to "
            f"continue from; {what_to_do(folder)}"
        ) from error
    try:
        content = _unpack(data)
        found_format, found_config = content["format"], from_json(content["config"])
        checkpoint = Checkpoint(**{name: content[name] for name in Checkpoint.__dataclass_fields__})
    except Exception as error:  # a damaged file can raise almost anything
        reason = " ".join(str(error).split())
        if isinstance(error, pickle.UnpicklingError):
            reason = "found objects other than tensors and plain values"
        raise RunError(
            f"{path}: {reason or type(error).__name__}; expected a checkpoint in format {FORMAT}; "
            f"{what_to_do(folder)}"
        ) from error
    if found_format != FORMAT:
        raise RunError(
            f"{path}: found a checkpoint in format {found_format}, expected {FORMAT}; {what_to_do(folder)}"
        )
    if found_config != config:
        raise RunError(
            f"{path}: found a checkpoint for another config, expected one for the config.json beside it; "
            f"{what_to_do(folder)}"
        )
    return checkpoint


def what_to_do(folder: Path) -> str:
    """What to do with a run whose checkpoint cannot be used."""
    if not _finished(folder):
        return f"delete {CHECKPOINT_FILE} to start this run again from the beginning"
    return (
        "what is finished can still be exported, with python -m export.onnx "
        f"{shlex.quote(str(folder))}; to fit again, choose another --out"
    )


def _finished(folder: Path) -> int:
    """How many finished epochs a run folder records."""
    try:
        return len((folder / METRICS_FILE).read_bytes().splitlines())
    except FileNotFoundError:
        return 0


def _unpack(data: bytes) -> dict[str, Any]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        # torch writes checksums but does not verify them.
        damaged = archive.testzip()
    if damaged is not None:
        raise ValueError(f"found a wrong checksum for {damaged}")
    # weights_only accepts only tensors and plain values: a checkpoint from somebody else cannot run code.
    content = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    if not isinstance(content, dict):
        raise ValueError(f"found a {type(content).__name__}")
    return content
