"""Saves encoded pictures in the user's cache folder, so that opening the same ones again is immediate. No Qt.

A file holds the result for one model and one set of pictures. A file that is damaged or of another version
counts as missing. The least recently used files are removed when all files take more than MAX_TOTAL_BYTES.
"""

import contextlib
import json
import os
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from desktop.base.arrays import Array
from desktop.base.atomic_file import replaced_file
from desktop.base.user_folders import cache_folder
from desktop.models.own_posterior import OwnPosterior

FORMAT = 3
MAX_TOTAL_BYTES = 1 << 30
MAX_FILE_BYTES = 640 << 20
DAMAGED = (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, zlib.error, RecursionError)


def folder() -> Path:
    """Return the folder of the cache. Raises OSError if the user has none."""
    return cache_folder() / "pictures"


def read(key: str, image_shape: tuple[int, int, int], latent_dim: int) -> OwnPosterior | None:
    """Return the result that was saved under a key (hex digits); None if no usable one is there."""
    try:
        path = folder() / f"{key}.npz"
        with zipfile.ZipFile(path) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > MAX_FILE_BYTES:
                return None
        with np.load(path, allow_pickle=False) as arrays:
            facts = json.loads(bytes(arrays["facts"]))
            found = OwnPosterior(
                mean=arrays["mean"],
                logvar=arrays["logvar"],
                images=arrays["images"],
                labels=arrays["labels"] if facts["has_labels"] else None,
                levels=int(facts["levels"]),
                title=str(facts["title"]),
                names=tuple(map(str, facts["names"])),
                label_names=tuple(map(str, facts["label_names"])),
                note=str(facts["note"]),
            )
        if facts["format"] != FORMAT or not _is_sound(found, image_shape, latent_dim):
            return None
        with contextlib.suppress(OSError):
            os.utime(path)  # files used recently are removed last
    except DAMAGED:
        return None
    return found


def save(key: str, own: OwnPosterior) -> None:
    """Save a result; nothing happens if it is too large or the folder cannot be written to."""
    assert own.images is not None
    size = own.images.nbytes + own.mean.nbytes + own.logvar.nbytes
    if size > MAX_FILE_BYTES - (16 << 20):
        return
    facts = {
        "format": FORMAT,
        "has_labels": own.labels is not None,
        "levels": own.levels,
        "title": own.title,
        "names": own.names,
        "label_names": own.label_names,
        "note": own.note,
    }
    labels = np.zeros(0, np.uint8) if own.labels is None else own.labels
    text = np.frombuffer(json.dumps(facts).encode(), np.uint8)
    with contextlib.suppress(OSError):
        path = folder() / f"{key}.npz"
        path.parent.mkdir(parents=True, exist_ok=True)
        _make_room(size)
        with replaced_file(path) as temporary, temporary.open("wb") as file:
            np.savez(file, mean=own.mean, logvar=own.logvar, images=own.images, labels=labels, facts=text)


def _is_sound(own: OwnPosterior, image_shape: tuple[int, int, int], latent_dim: int) -> bool:
    count = len(own.names)
    arrays: list[tuple[Array | None, Any, tuple[int, ...]]] = [
        (own.mean, np.float32, (count, latent_dim)),
        (own.logvar, np.float32, (count, latent_dim)),
        (own.images, np.uint8, (count, *image_shape)),
    ]
    if own.labels is not None:
        arrays.append((own.labels, np.uint8, (count,)))
    return (
        count > 0
        and own.levels in (2, 256)
        and all(a is not None and a.dtype == dtype and a.shape == shape for a, dtype, shape in arrays)
        and bool(np.isfinite(own.mean).all() and np.isfinite(own.logvar).all())
        and (own.labels is None or int(own.labels.max()) < len(own.label_names))
    )


def _make_room(size_bytes: int) -> None:
    """Remove the least recently used files until another one of `size_bytes` fits."""
    files = []
    for path in folder().iterdir():
        with contextlib.suppress(OSError):
            status = path.stat()
            files.append((status.st_mtime_ns, status.st_size, path))
    total = sum(size for _, size, _ in files) + size_bytes
    for _, size, path in sorted(files):
        if total <= MAX_TOTAL_BYTES:
            break
        with contextlib.suppress(OSError):
            path.unlink()
            total -= size
