"""A model that is open: ready to run, with what its bundle has of the held-out images. No Qt."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from desktop.base.machine import DeviceName
from desktop.models.model import Model
from desktop.models.source import open_source
from desktop.reading.overrides import Wanted
from export.bundle import Posterior

# Some 3 ms on two CPU cores: the picture under the pointer waits no longer.
STEP_PICTURES = 20


@dataclass(frozen=True)
class Opened:
    """A model that is ready to run, and its held-out posterior if its bundle has one."""

    model: Model
    posterior: Posterior | None


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
