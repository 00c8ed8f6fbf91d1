"""The state of a fit on disk: enough to go on as if nothing had happened."""

import io
import pickle
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from training.config import FitConfig, from_json, to_json
from training.files import replaced_file
from training.runs import RunError

CHECKPOINT_FILE = "checkpoint.pt"
FORMAT = "latent-plane-checkpoint/1"


@dataclass(frozen=True)
class Checkpoint:
    """Where a fit is.

    Attributes:
        trainer: what `Trainer.state` gave.
        train_seconds: of training so far, evaluation and writing left out.
        epoch_seconds: the part of them that belongs to the epoch that is not finished.
    """

    trainer: dict[str, Any]
    train_seconds: float
    epoch_seconds: float


def save_checkpoint(folder: Path, config: FitConfig, checkpoint: Checkpoint) -> None:
    """Put the checkpoint of a run folder in the place of the one before, which stays whole until then.

    Raises OSError when it cannot be written.
    """
    buffer = io.BytesIO()
    content = {"format": FORMAT, "config": to_json(config), **vars(checkpoint)}
    torch.save(content, buffer)
    with replaced_file(folder / CHECKPOINT_FILE) as temporary:
        # torch's own writer raises no OSError when the disk is full.
        temporary.write_bytes(buffer.getbuffer())


def load_checkpoint(folder: Path, config: FitConfig) -> Checkpoint | None:
    """The checkpoint of a run folder, or None where none was written yet.

    Raises RunError when it is damaged, or of another config, OSError when it cannot be read.
    """
    path = folder / CHECKPOINT_FILE
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    try:
        content = _unpack(data)
        found_format, found_config = content["format"], from_json(content["config"])
        checkpoint = Checkpoint(**{name: content[name] for name in Checkpoint.__dataclass_fields__})
    except Exception as error:  # there is no end to what a damaged file can raise
        reason = " ".join(str(error).split())
        if isinstance(error, pickle.UnpicklingError):
            reason = "found something else than tensors and plain values"
        raise RunError(
            f"{path}: {reason or type(error).__name__}; expected a checkpoint of {FORMAT}; "
            "remove it to fit this run from its beginning"
        ) from error
    if found_format != FORMAT:
        raise RunError(
            f"{path}: found a checkpoint of {found_format}, expected {FORMAT}; "
            "remove it to fit this run from its beginning"
        )
    if found_config != config:
        raise RunError(
            f"{path}: found a checkpoint of another config, expected that of the config.json beside it; "
            "remove it to fit this run from its beginning"
        )
    return checkpoint


def _unpack(data: bytes) -> dict[str, Any]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        # torch writes checksums and does not look at them.
        damaged = archive.testzip()
    if damaged is not None:
        raise ValueError(f"found a wrong checksum of {damaged}")
    # Only tensors and plain values: a checkpoint from somebody else cannot run code.
    content = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    if not isinstance(content, dict):
        raise ValueError(f"found a {type(content).__name__}")
    return content
