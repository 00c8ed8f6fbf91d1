"""The epochs of a bundle: its model after each of them, for the time slider and for films. No Qt."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from desktop.base.machine import DeviceName
from desktop.base.words import in_nats
from desktop.models.model import Model
from desktop.models.open_source import open_epoch
from desktop.models.opened import Opened
from desktop.models.source import Source
from export.bundle import DECODER_FILE, ENCODER_FILE, POSTERIOR_FILE, Bundle, Posterior, epoch_file

# The bytes that the graphs of the loaded epochs may take together, and how many epochs always stay loaded.
KEPT_BYTES = 64 << 20
KEPT_AT_LEAST = 3
# On CUDA each epoch has its own sessions, and the workspaces of CUDA's libraries are larger than the graphs.
KEPT_ON_CUDA = 12
MOST_PLANNED = 1_000_000  # a larger number of epochs is not plausible
MOST_NATS = sys.float_info.max  # a larger integer cannot be converted to a float
ELBO, ELBO_ERROR = "test_elbo_nats", "test_elbo_error_nats"  # in a manifest's metrics
STOP_WORDS = {"interruption": "was interrupted", "error": "ended in an error"}


@dataclass(frozen=True)
class Epoch:
    """An epoch of a bundle.

    Attributes:
        number: its number; 0 is before training.
        hashes: the SHA-256 of its files, which identify the epoch in a bundle that has grown.
        elbo_nats, elbo_error_nats: the test ELBO and its standard error, if the manifest gives them.
        share: the share of its steps that were done when its files were written; below 1 for an epoch that
            the fit had not finished.
        planned: how many epochs were planned for the fit, or 0 if the manifest does not say it. It is more
            than the bundle's last epoch while the fit goes on, or if it was stopped.
    """

    number: int
    hashes: tuple[str, ...]
    elbo_nats: float | None
    share: float = 1.0
    planned: int = 0
    elbo_error_nats: float | None = None


@dataclass(frozen=True)
class Loaded:
    """An epoch's model, or the error that loading it raised.

    If there was an error, `is_current` says whether the bundle on disk is still the one that was opened.
    """

    epoch: Epoch
    opened: Opened | None
    error: Exception | None = None
    is_current: bool = True

    def close(self) -> None:
        """Close the model if it was loaded, because nobody uses it."""
        if self.opened is not None:
            self.opened.close()


def epochs_of(source: Source | None) -> tuple[Epoch, ...]:
    """The epochs for which a source has a decoder, ascending; none for a bare model."""
    if source is None or source.bundle is None:
        return ()
    files = source.bundle.manifest["files"]
    elbos, errors = elbos_nats(source.bundle), elbo_errors_nats(source.bundle)
    shares, planned = unfinished(source.bundle), _planned(source.bundle)
    return tuple(
        Epoch(
            number,
            tuple(
                files[name]["sha256"]
                for file in (DECODER_FILE, ENCODER_FILE, POSTERIOR_FILE)
                if (name := epoch_file(number, file)) in files
            ),
            elbos.get(number),
            shares.get(number, 1.0),
            planned,
            errors.get(number),
        )
        for number in source.bundle.epochs
    )


def elbos_nats(bundle: Bundle) -> dict[int, float]:
    """The test ELBO after each epoch for which the manifest gives a number."""
    return _by_epoch(bundle, ELBO)


def elbo_errors_nats(bundle: Bundle) -> dict[int, float]:
    """The standard error of the test ELBO after each epoch for which the manifest gives one."""
    return {epoch: error for epoch, error in _by_epoch(bundle, ELBO_ERROR).items() if error >= 0}


def whole_elbo_nats(bundle: Bundle) -> tuple[float | None, float | None]:
    """The test ELBO after the whole fit and its standard error, each None if the manifest lacks it."""
    metrics = bundle.manifest.get("metrics")
    elbo, error = _number(metrics, ELBO), _number(metrics, ELBO_ERROR)
    return elbo, None if elbo is None or error is None or error < 0 else error


def _by_epoch(bundle: Bundle, name: str) -> dict[int, float]:
    lines = bundle.manifest.get("epochs")
    found: dict[int, float] = {}
    for line in lines if isinstance(lines, list) else []:
        epoch, number = line.get("epoch") if isinstance(line, dict) else None, _number(line, name)
        if type(epoch) is int and number is not None:
            found[epoch] = number
    return found


def _number(facts: object, name: str) -> float | None:
    """A finite number by its name in a part of the manifest that is not checked, or None."""
    found = facts.get(name) if isinstance(facts, dict) else None
    return float(found) if isinstance(found, int | float) and abs(found) <= MOST_NATS else None


def unfinished(bundle: Bundle) -> dict[int, float]:
    """The epoch that was unfinished at the export → the share of its steps that were done; or empty."""
    facts = bundle.manifest.get("unfinished")
    epoch, share = (facts.get("epoch"), facts.get("share")) if isinstance(facts, dict) else (None,) * 2
    return {epoch: share} if type(epoch) is int and type(share) is float and 0 < share < 1 else {}


def last_number(epochs: Sequence[Epoch]) -> int:
    """The number of the last planned epoch, or of the last one in the bundle if that is larger."""
    return max(epochs[-1].number, epochs[-1].planned)


def _planned(bundle: Bundle) -> int:
    """How many epochs were planned for the fit; 0 if the manifest gives no plausible number."""
    fit = bundle.manifest.get("fit")
    planned = fit.get("epochs") if isinstance(fit, dict) else None
    return planned if type(planned) is int and 0 < planned < MOST_PLANNED else 0


def stop_in_words(source: Source | None) -> str:
    """Say that a bundle's fit stopped early; an empty string if the manifest does not say so."""
    bundle = None if source is None else source.bundle
    facts = None if bundle is None else bundle.manifest.get("stopped")
    epoch, by = (facts.get("after_epoch"), facts.get("by")) if isinstance(facts, dict) else (None,) * 2
    is_plausible = type(epoch) is int and 0 <= epoch < MOST_PLANNED and isinstance(by, str)
    if bundle is None or not is_plausible or by not in STOP_WORDS:
        return ""
    planned = _planned(bundle)
    of = f" of {planned}" if planned else ""
    when = f"after epoch {epoch}{of}" if epoch else f"before epoch 1{of} was finished"
    return f"The fit {STOP_WORDS[by]} {when}."


def in_percent(share: float) -> str:
    """A share below 1 in percent; at most "99 %", because it is not all done."""
    return f"{min(99, round(100 * share))} %"


def epoch_in_words(epochs: Sequence[Epoch], index: int) -> str:
    """Describe an epoch.

    For example "epoch 3 of 10: test ELBO −150.21 ± 0.43 nats" or "epoch 1 of 1: 40 % of it".
    """
    return " ".join(filter(None, epoch_and_elbo(epochs, index)))


def epoch_and_elbo(epochs: Sequence[Epoch], index: int) -> tuple[str, str]:
    """The two parts of `epoch_in_words`: the text, and the number of the ELBO or an empty string."""
    epoch = epochs[index]
    text = f"epoch {epoch.number} of {last_number(epochs)}"
    if epoch.share < 1:
        return f"{text}: {in_percent(epoch.share)} of it", ""
    if epoch.elbo_nats is not None:
        return f"{text}: test ELBO", in_nats(epoch.elbo_nats, epoch.elbo_error_nats)
    return f"{text}: before training" if epoch.number == 0 else text, ""


def load_epoch(whole: Opened, epoch: Epoch, device: DeviceName) -> Opened:
    """Load a bundle's model after an epoch, with the held-out posterior of that epoch.

    Raises BundleError if one of the epoch's files is missing, damaged or does not run.
    """
    source = open_epoch(whole.model.source, epoch.number)
    return Opened(Model(source, device), _epoch_posterior(source.bundle, whole.posterior, epoch.number))


def _epoch_posterior(bundle: Bundle | None, whole: Posterior | None, epoch: int) -> Posterior | None:
    """The means and log-variances of an epoch, with the images and labels of the whole bundle."""
    own = None if bundle is None else bundle.read_posterior(epoch)
    if own is None or whole is None or len(own.mean) != len(whole.mean):
        return own
    return replace(whole, mean=own.mean, logvar=own.logvar)


class Loader:
    """Loads the models of epochs, one per step: first the wanted epoch, then its neighbours.

    The thread that takes the steps does the loading; other threads may set `wanted` meanwhile.

    Attributes:
        wanted: index into `epochs` of the epoch to load first.
        held: indices of the epochs that are loaded already.
    """

    def __init__(self, whole: Opened, epochs: Sequence[Epoch], device: DeviceName) -> None:
        self.wanted = 0
        self.held: set[int] = set()
        self._whole = whole
        self._epochs = epochs
        self._device = device
        source = whole.model.source
        graphs = (source.decoder, source.encoder)
        size_bytes = sum(len(graph) for graph in graphs if isinstance(graph, bytes))
        self.keeps = max(KEPT_AT_LEAST, KEPT_BYTES // size_bytes)
        if whole.model.device.kind == "cuda":
            self.keeps = min(self.keeps, KEPT_ON_CUDA)

    def steps(self) -> Iterator[Loaded]:
        """Load epochs until all epochs that should stay loaded are."""
        while (index := self._next()) is not None:
            self.held.add(index)
            epoch = self._epochs[index]
            try:
                yield Loaded(epoch, load_epoch(self._whole, epoch, self._device))
            except Exception as error:  # shown when a person goes to that epoch
                bundle = self._whole.model.source.bundle
                yield Loaded(epoch, None, error, bundle is not None and bundle.is_current())

    def to_keep(self) -> set[int]:
        """Indices of the epochs to keep: those nearest to the wanted one."""
        return set(self._nearest()[: self.keeps])

    def _next(self) -> int | None:
        return next((index for index in self._nearest()[: self.keeps] if index not in self.held), None)

    def _nearest(self) -> list[int]:
        wanted = self.wanted
        # Of two equally near epochs the later one comes first, because playing goes forward.
        return sorted(range(len(self._epochs)), key=lambda index: (abs(index - wanted), -index))
