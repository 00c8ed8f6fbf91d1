"""An open model: ready to run, with its bundle's posterior of the held-out images. No Qt."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from desktop.base.machine import DeviceName
from desktop.latent.principal import PrincipalView, principal_view
from desktop.models.early_source import early_or_open
from desktop.models.model import Model
from desktop.models.source import Source
from desktop.reading.input_values import InputValues, taken
from desktop.reading.overrides import Overrides
from desktop.vetting.opening import Opening
from export.bundle import Posterior


@dataclass(frozen=True)
class Opened:
    """A model that is ready to run.

    Attributes:
        model: the model.
        posterior: the approximate posteriors of the held-out images, if the bundle has them.
        principal: the view to start with, on the principal axes of these images; only in more than two
            dimensions, and if the images span a plane.
    """

    model: Model
    posterior: Posterior | None
    principal: PrincipalView | None = None

    def with_inputs(self, wanted: InputValues) -> "Opened":
        """Return the model with these values of its further inputs, where they fit; itself if it has them."""
        model = self.model.with_inputs(taken(self.model.source.further_inputs, wanted))
        return self if model is self.model else replace(self, model=model)

    def close(self) -> None:
        """Close the model, because nobody uses it any more."""
        self.model.close()


def principal_of(source: Source, posterior: Posterior | None) -> PrincipalView | None:
    """The view to start with, on the principal axes of the held-out images; None if there is no such view."""
    if posterior is None:
        return None
    epochs = () if source.bundle is None else source.bundle.epochs
    return principal_view(posterior.mean, f"of epoch {epochs[-1]}" if epochs else "")


def same_images(one: Posterior | None, other: Posterior | None) -> bool:
    """Whether two posteriors are of the same images, so that indices and labels mean the same in both."""
    if one is None or other is None:
        return one is other
    if len(one.mean) != len(other.mean):
        return False
    pairs = ((one.labels, other.labels), (one.images, other.images))
    return all(a is b or (a is not None and b is not None and np.array_equal(a, b)) for a, b in pairs)


def open_model(
    path: Path, overrides: Overrides | None, device: DeviceName, opening: Opening | None = None
) -> Iterator[Opened]:
    """Open and check a bundle or a bare model, apply the overrides, load its graphs and decode once."""
    source = early_or_open(path, overrides, opening or Opening())
    posterior = None if source.bundle is None else source.bundle.read_posterior()
    model = Model(source, device)
    # The time per picture must be known before pictures are requested. A short first run is no measure of it:
    # it spent most of its time on preparation.
    try:
        if model.first is None:
            model.decode(np.random.default_rng(0).standard_normal((1, model.latent_dim), np.float32))
    except BaseException:
        model.close()
        raise
    yield Opened(model, posterior, principal_of(source, posterior))
