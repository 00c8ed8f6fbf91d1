"""Writes points as a CSV table for spreadsheets and pandas, one row per point. No Qt."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from desktop.base.atomic_file import replaced_file
from desktop.latent.selection import within
from desktop.models.own_posterior import OwnPosterior
from export.bundle import Posterior

STEP_NUMBERS = 4_000  # about 2 ms as text


def save_csv(
    path: Path, posterior: Posterior, indices: Sequence[int], label_names: Sequence[str]
) -> Iterator[Path | None]:
    """Write the points with these indices, yielding None after some rows and the path last. Raises OSError.

    The columns are index, name (of own pictures), label, mean_0, …, logvar_0, …; numbers have all digits of
    a float32. Own z have no logvar.
    """
    rows = within(indices, len(posterior.mean))
    own = posterior if isinstance(posterior, OwnPosterior) else None
    with_logvar = own is None or not own.is_z
    dims = posterior.mean.shape[1]
    head = ["index", *(["name"] if own is not None else []), *(["label"] if _has_labels(posterior) else [])]
    head += [f"mean_{k}" for k in range(dims)]
    head += [f"logvar_{k}" for k in range(dims)] if with_logvar else []
    at_once = max(1, STEP_NUMBERS // (dims * (1 + with_logvar)))
    with replaced_file(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(head)
        for start in range(0, len(rows), at_once):
            part = rows[start : start + at_once]
            numbers = [posterior.mean[part], *([posterior.logvar[part]] if with_logvar else [])]
            texts = np.concatenate(numbers, axis=1).astype(np.float32).astype(str).tolist()
            for index, text in zip(part.tolist(), texts, strict=True):
                table.writerow([*_names(posterior, own, index, label_names), *text])
            yield None
    yield path


def _has_labels(posterior: Posterior) -> bool:
    return posterior.labels is not None


def _names(
    posterior: Posterior, own: OwnPosterior | None, index: int, label_names: Sequence[str]
) -> list[str | int]:
    """The first columns of a point."""
    found: list[str | int] = [index]
    if own is not None:
        found.append(own.names[index] if index < len(own.names) else "")
    if posterior.labels is not None:
        label = int(posterior.labels[index])
        found.append(label_names[label] if label < len(label_names) else label)
    return found
