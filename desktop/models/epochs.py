"""The epochs of a bundle: its model as it was after each, for the time slider and for films. No Qt."""

import math
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

import numpy as np

from desktop.base.arrays import Floats
from desktop.base.machine import DeviceName
from desktop.models.model import Model
from desktop.models.opened import STEP_PICTURES, Opened
from desktop.models.source import Source, open_epoch
from export.bundle import DECODER_FILE, ENCODER_FILE, POSTERIOR_FILE, Bundle, Posterior, epoch_file

# What the models of epochs that are kept may have in graphs; so many are kept at least.
KEPT_BYTES = 64 << 20
KEPT_AT_LEAST = 3


@dataclass(frozen=True)
class Epoch:
    """An epoch of a bundle.

    Attributes:
        number: 0 is before training.
        hashes: of its files, by which it is the same epoch in a bundle that has grown.
        elbo_nats: the test ELBO, where the manifest says.
    """

    number: int
    hashes: tuple[str, ...]
    elbo_nats: float | None


@dataclass(frozen=True)
class Loaded:
    """An epoch's model, or the error that it could not be loaded with.

    `is_current`, of an error: whether the bundle is still in its place as it was opened.
    """

    epoch: Epoch
    opened: Opened | None
    error: Exception | None = None
    is_current: bool = True


def epochs_of(source: Source | None) -> tuple[Epoch, ...]:
    """The epochs that a source has a decoder of, ascending; none for a bare model."""
    if source is None or source.bundle is None:
        return ()
    files = source.bundle.manifest["files"]
    elbos = elbos_nats(source.bundle)
    return tuple(
        Epoch(
            number,
            tuple(
                files[name]["sha256"]
                for file in (DECODER_FILE, ENCODER_FILE, POSTERIOR_FILE)
                if (name := epoch_file(number, file)) in files
            ),
            elbos.get(number),
        )
        for number in source.bundle.epochs
    )


def elbos_nats(bundle: Bundle) -> dict[int, float]:
    """The test ELBO after each epoch, where the manifest says; what is no number is passed over."""
    lines = bundle.manifest.get("epochs")
    found: dict[int, float] = {}
    for line in lines if isinstance(lines, list) else []:
        epoch, elbo = (
            (line.get("epoch"), line.get("test_elbo_nats")) if isinstance(line, dict) else (None,) * 2
        )
        if type(epoch) is int and isinstance(elbo, int | float) and math.isfinite(elbo):
            found[epoch] = float(elbo)
    return found


def load_epoch(whole: Opened, epoch: Epoch, device: DeviceName) -> Opened:
    """The model of a bundle after an epoch, and the held-out posterior of that epoch.

    Raises BundleError when a file of it is missing, damaged, or does not run.
    """
    source = open_epoch(whole.model.source, epoch.number)
    return Opened(Model(source, device), _epoch_posterior(source.bundle, whole.posterior, epoch.number))


def _epoch_posterior(bundle: Bundle | None, whole: Posterior | None, epoch: int) -> Posterior | None:
    """An epoch's own means and log-variances, with the images and labels of the whole bundle."""
    own = None if bundle is None else bundle.read_posterior(epoch)
    if own is None or whole is None or len(own.mean) != len(whole.mean):
        return own
    return Posterior(own.mean, own.logvar, whole.images, whole.labels)


class Loader:
    """Loads the models of epochs, one in each step: first the one that is wanted, then those around it.

    The thread that takes the steps loads; the others may set `wanted` meanwhile.

    Attributes:
        wanted: index into `epochs` of the one to load first.
        held: indices of those that need not be loaded.
    """

    def __init__(self, whole: Opened, epochs: Sequence[Epoch], device: DeviceName) -> None:
        self.wanted = 0
        self.held: set[int] = set()
        self._whole = whole
        self._epochs = epochs
        self._device = device
        source = whole.model.source
        size_bytes = len(source.decoder) + len(source.encoder or b"")
        self.keeps = max(KEPT_AT_LEAST, KEPT_BYTES // size_bytes)

    def steps(self) -> Iterator[Loaded]:
        """Load until all epochs are held that are to be."""
        while (index := self._next()) is not None:
            self.held.add(index)
            epoch = self._epochs[index]
            try:
                yield Loaded(epoch, load_epoch(self._whole, epoch, self._device))
            except Exception as error:  # it is told when somebody looks at that epoch
                bundle = self._whole.model.source.bundle
                yield Loaded(epoch, None, error, bundle is not None and bundle.is_current())

    def to_keep(self) -> set[int]:
        """Indices of the epochs that are kept: those nearest to the wanted one."""
        return set(self._nearest()[: self.keeps])

    def _next(self) -> int | None:
        return next((index for index in self._nearest()[: self.keeps] if index not in self.held), None)

    def _nearest(self) -> list[int]:
        wanted = self.wanted
        # Of two that are equally near the later one comes first: it is what is played.
        return sorted(range(len(self._epochs)), key=lambda index: (abs(index - wanted), -index))


def pictures_over_epochs(
    whole: Opened, device: DeviceName, z: Floats, epochs: Sequence[Epoch] | None = None
) -> Iterator[tuple[Epoch, Floats | None]]:
    """Each epoch's pictures at the same z: a film of how the space forms.

    For z float32 [N, d] it yields, for each of `epochs` (by default all), None while it decodes and then
    the epoch with probabilities float32 [N, C, H, W]. Every step is short but an epoch's first, which loads
    its model. A plane's z come from `desktop.latent.plane`, whose sheet `desktop.images.pixels.tile` makes.
    Raises BundleError when an epoch cannot be loaded or decoded.
    """
    for epoch in epochs_of(whole.model.source) if epochs is None else epochs:
        with closing(load_epoch(whole, epoch, device).model) as model:
            parts = []
            for start in range(0, len(z), STEP_PICTURES):
                parts.append(model.decode(z[start : start + STEP_PICTURES]))
                yield epoch, None
            yield epoch, np.concatenate(parts)
