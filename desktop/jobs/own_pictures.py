"""The job that reads and encodes many own pictures, one picture per step. No Qt."""

import hashlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from desktop.base.arrays import Floats
from desktop.images.data_look import DataLook
from desktop.images.fitting import fit
from desktop.images.picture_files import PictureSet
from desktop.images.picture_kinds import ImageError
from desktop.images.picture_set import picture_set_steps
from desktop.jobs import picture_cache
from desktop.latent.likelihood import as_data
from desktop.models.model import Model
from desktop.models.own_posterior import OwnPosterior, pictures_of

MOST_PICTURES = 20_000
MOST_BYTES = 512 << 20  # of all pictures in the model's size, with their means and log-variances
CHUNK_PICTURES = 32
CHUNK_BYTES = 16 << 20  # of pictures as float32
TOLD_S = 0.1  # the time between two reports of progress


@dataclass(frozen=True)
class Progress:
    """How many pictures are done, of how many, and what is being done, in words."""

    done: int
    total: int
    doing: str


def encode_pictures(
    model: Model,
    path: Path,
    look: DataLook,
    known_labels: tuple[str, ...],
    only: Sequence[Path] = (),
) -> Iterator[Progress | OwnPosterior | None]:
    """Read, fit and encode the pictures at `path` like a single dropped picture; yields the result last.

    Yields None between steps. `known_labels` are the names of the model's own labels. If `only` is not
    empty, only these files and folders of the folder are read. Raises ImageError if no picture can be read,
    OSError, and what `Model.encode` raises.
    """
    yield Progress(0, 0, "looking for pictures")
    found = yield from picture_set_steps(path, most_pictures(model), known_labels, only)
    digest = _key(model, look, known_labels)
    digest.update(f"{found.found} {len(found.names)}".encode())
    for part in found.content():
        digest.update(part)
        yield None
    key = digest.hexdigest()
    saved = picture_cache.read(key, model.image_shape, model.latent_dim)
    if saved is not None:
        yield replace(saved, title=path.name)
        return
    for step in _encode(model, found, look):
        yield step
        if isinstance(step, OwnPosterior):
            picture_cache.save(key, step)


def encode_again(model: Model, own: OwnPosterior) -> Iterator[Progress | OwnPosterior | None]:
    """Encode the same pictures with another model of the same shape, such as the one of another epoch."""
    means, logvars = [], []
    size = _chunk(model)
    for start in range(0, len(own.names), size):
        mean, logvar = model.encode(pictures_of(own, slice(start, start + size)))
        means.append(mean)
        logvars.append(logvar)
        yield None
    yield replace(own, mean=np.nan_to_num(np.concatenate(means)), logvar=_finite(np.concatenate(logvars)))


def most_pictures(model: Model) -> int:
    """The largest number of pictures of the model's size that are shown."""
    return max(1, min(MOST_PICTURES, MOST_BYTES // (int(np.prod(model.image_shape)) + 8 * model.latent_dim)))


def _encode(model: Model, found: PictureSet, look: DataLook) -> Iterator[Progress | OwnPosterior | None]:
    total = len(found.names)
    images = np.empty((total, *model.image_shape), np.uint8)
    mean, logvar = (np.empty((total, model.latent_dim), np.float32) for _ in range(2))
    kept: list[int] = []
    errors: list[ImageError] = []
    empty: list[str] = []
    waiting: list[Floats] = []
    size, told = _chunk(model), 0.0
    for row, picture in enumerate(found.pictures()):
        if isinstance(picture, ImageError):
            errors.append(picture)
            fitted = None
        else:
            fitted = fit(picture, model.image_shape, look)
        if fitted is not None and fitted.problem:
            empty.append(f"{found.names[row]}: {fitted.problem}")
        elif fitted is not None:
            x = as_data(fitted.pixels, look.levels)
            images[len(kept)] = np.rint(x * (look.levels - 1))
            kept.append(row)
            waiting.append(x)
        if len(waiting) == size or (waiting and row == total - 1):
            part = slice(len(kept) - len(waiting), len(kept))
            mean[part], logvar[part] = model.encode(np.stack(waiting))
            waiting = []
        now = time.monotonic()
        yield Progress(row + 1, total, "encoding pictures") if now - told > TOLD_S else None
        told = now if now - told > TOLD_S else told
    if not kept:
        first = (
            f"could be read; the first: {errors[0]}" if errors else f"shows anything; the first is {empty[0]}"
        )
        raise ImageError(f"{found.path}: none of {total:,} pictures {first}")
    rows = np.isfinite(mean[: len(kept)]).all(1)
    if not rows.any():
        raise ImageError(f"{found.path}: the encoder gives no finite mean for any of {len(kept):,} pictures")
    keep = np.array(kept)[rows]
    yield OwnPosterior(
        mean=mean[: len(kept)][rows],
        logvar=_finite(logvar[: len(kept)][rows]),
        images=images[: len(kept)][rows] if not rows.all() else images[: len(kept)],
        labels=None if found.labels is None else found.labels[keep],
        levels=look.levels,
        title=found.path.name,
        names=tuple(found.names[row] for row in keep.tolist()),
        label_names=found.label_names,
        note=_note(found, errors, empty, int((~rows).sum())),
    )


def _note(found: PictureSet, errors: list[ImageError], empty: list[str], without_mean: int) -> str:
    """What people should know: pictures left out, and why."""
    notes = []
    total = len(found.names)
    if found.found > total:
        notes.append(f"{total:,} of {found.found:,} pictures are shown, evenly spread, to bound memory")
    if errors:
        notes.append(f"{len(errors):,} of {total:,} could not be read, the first is {errors[0]}")
    if empty:
        notes.append(f"{len(empty):,} are left out because they show nothing, the first is {empty[0]}")
    if without_mean:
        notes.append(f"{without_mean:,} are left out because the encoder gives no finite mean for them")
    return "; ".join(notes)


def _key(model: Model, look: DataLook, known_labels: tuple[str, ...]) -> "hashlib._Hash":
    """A hash of everything that the result depends on, except the pictures."""
    source = model.source
    facts = (picture_cache.FORMAT, source.encoder_reading, look, known_labels)
    return hashlib.sha256(f"{source.encoder_sha256} {facts!r}".encode())


def _chunk(model: Model) -> int:
    return max(1, min(CHUNK_PICTURES, CHUNK_BYTES // (4 * int(np.prod(model.image_shape)))))


def _finite(logvar: Floats) -> Floats:
    return np.nan_to_num(logvar, nan=0.0, posinf=30.0, neginf=-30.0)
