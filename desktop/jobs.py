"""What the worker does, step by step: each is a generator whose every step is short. No Qt."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from desktop import pictures
from desktop.latent_plane import Floats
from desktop.pictures import Bytes
from desktop.runtime import DeviceName, Model
from desktop.source import open_source
from desktop.wanted import Wanted
from export.bundle import Posterior

# Some 3 ms on two CPU cores: the picture under the pointer waits no longer.
STEP_PICTURES = 20


@dataclass(frozen=True)
class Opened:
    """A model that is ready to run, and its held-out posterior if its bundle has one."""

    model: Model
    posterior: Posterior | None


@dataclass(frozen=True)
class Decoded:
    """One picture: its z, probabilities float32 [C, H, W], how long it took, what was wrong with it."""

    z: tuple[float, ...]
    probabilities: NDArray[np.float32]
    decode_ms: float
    warning: str = ""


def open_model(path: Path, wishes: Wanted | None, device: DeviceName) -> Iterator[Opened]:
    """Open and check a bundle or a bare model, read it as wished, load its graphs, decode once."""
    source = open_source(path, wishes)
    posterior = None if source.bundle is None else source.bundle.read_posterior()
    model = Model(source, device)
    try:  # so that it is known what a picture takes when the first of them are asked for
        model.decode(np.zeros((1, model.latent_dim), np.float32))
    except BaseException:
        model.close()
        raise
    yield Opened(model, posterior)


def decode_picture(model: Model, z: tuple[float, ...]) -> Iterator[Decoded]:
    """Decode one z."""
    model.warning = ""
    (probabilities,) = model.decode(np.array([z], np.float32))
    yield Decoded(z, probabilities, model.last_decode_ms, model.warning)


def save_png(path: Path, picture: Bytes, scale: int, note: str = "") -> Iterator[Path]:
    """Write a picture, enlarged, as PNG, with a note of where it came from."""
    pictures.write_png(path, pictures.enlarge(picture[None], scale)[0], note)
    yield path


def decode_sheet(model: Model, z: Floats, columns: int) -> Iterator[Bytes | None]:
    """Decode z [N, d] to one sheet of pictures; None in between."""
    parts: list[Bytes] = []
    for start in range(0, len(z), STEP_PICTURES):
        parts.append(pictures.to_bytes(model.decode(z[start : start + STEP_PICTURES])))
        yield None
    yield pictures.tile(np.concatenate(parts), columns)
