"""Converts a run's epochs to the content of a bundle, and compares it with PyTorch."""

import dataclasses
import math
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto
from torch import Tensor

from export.containers import MAX_FILES
from export.graphs import (
    BATCH_AXIS,
    OPSET,
    ExportError,
    export_decoder,
    export_encoder,
    with_facts,
    with_weights,
)
from export.manifest import DECODER_FILE, ENCODER_FILE, FORMAT_1_1, POSTERIOR_FILE, epoch_file, tensor_facts
from export.parity import Parity, check_decoder, check_elbo, check_encoder, session
from export.phased_decoder import phased_decoder
from export.posterior import Posterior, pack_posterior
from training.config import RECIPES, FitConfig
from training.data.dataset import Dataset
from training.data.open import MNIST, NAMES, dataset_of, title_of
from training.networks import network_of
from training.runs import Run, load_weights
from training.snapshot import Snapshot

# A bundle holds at most so many held-out images, and so many bytes of their pixels before they are packed.
MOST_IMAGES = 10_000
MOST_IMAGES_BYTES = 16_000_000
IMAGES_SEED = 20_140_401
# While the fit goes on, only so many images are compared with PyTorch, to leave the fit its time.
EARLY_IMAGES = 500
# By default, only about this many epochs of a longer run are exported. They are enough for a film, and the
# bundle is about 40 MB.
MOST_EPOCHS = 100
# Each epoch has three files, and the bundle has three of its own.
MOST_EXPORTED = MAX_FILES // 3 - 1
# The fields of a config that can be set by options of `training.fit`.
FIT_OPTIONS = (
    "epochs",
    "batch_size",
    "learning_rate",
    "likelihood",
    "network",
    "latent_dim",
    "filters",
    "seed",
    "threshold",
    "crop",
    "background",
)
# Fields whose values are taken from the data.
DATA_FIELDS = ("dataset", "data_key", "image_shape", "levels")


@dataclass(frozen=True)
class Content:
    """The content of a bundle, as `write_bundle` and `grow_bundle` take it: facts, and files by name."""

    facts: dict[str, Any]
    files: dict[str, bytes]


class Exporter:
    """Exports the epochs of one run, one after the other, as they are finished.

    The held-out images are those of `dataset`, by default the fit's; if they are very many or large, a part
    of them (`held_out_places`). With `phases` the decoder is rewritten to run faster on a CPU
    (`export.phased_decoder`); without it, the graph has the layers of training. Every `every`th epoch is
    exported, by default as `usual_every` says, and always epoch 0 and the last one.
    """

    def __init__(
        self,
        config: FitConfig,
        name: str,
        dataset: Dataset | None = None,
        phases: bool = True,
        every: int | None = None,
    ) -> None:
        self.config = config
        self._name = in_unicode(name)
        self._every = every or usual_every(config.epochs)
        self._command = "python -m export.onnx" + ("" if phases else " --no-phases")
        if self._every != usual_every(config.epochs):
            self._command += f" --every {self._every}"
        self._dataset = dataset or dataset_of(config)
        places = held_out_places(self._dataset.test_images.shape, config.levels)
        self._images = np.ascontiguousarray(self._dataset.test_images[places])
        self._labels = self._dataset.test_labels[places] if self._dataset.has_labels else None
        self._model = network_of(config).eval()
        # These graphs are exported once, and `with_weights` inserts the weights of an epoch. A phased decoder
        # is written anew for each epoch.
        self._encoder = export_encoder(self._model.encoder, config.image_shape)
        self._decoder = (
            None
            if phases and config.network == "conv"
            else export_decoder(self._model.decoder, config.latent_dim, self._model.likelihood)
        )
        self._parity = Parity()
        self._files: dict[str, bytes] = {}
        self._posterior: Posterior | None = None
        # The run's metrics of each epoch when it was exported; None for epoch 0.
        self._exported: dict[int, dict[str, Any] | None] = {}
        # The share of the first epoch that the exported snapshot was taken after; None without a snapshot.
        self._share: float | None = None

    def to_export(self, run: Run, goes_on: bool = False) -> tuple[int, ...]:
        """The run's epochs that still have to be exported, ascending.

        While the fit `goes_on`, its newest epoch is not treated as the last one.

        A fit that was killed and resumed may finish an epoch a second time. That epoch and all after it then
        count as new. Raises ExportError if a bundle cannot hold so many.
        """
        metrics = _metrics_of(run)
        last = self.config.epochs if goes_on else max(metrics)
        wanted = [epoch for epoch in metrics if epoch % self._every == 0 or epoch == last]
        if len(wanted) > MOST_EXPORTED:
            raise ExportError(
                f"{run.folder}: found {len(wanted):,} epochs to export, expected at most {MOST_EXPORTED:,}, "
                "which is what a bundle can hold; use a larger --every"
            )
        for count, epoch in enumerate(wanted):
            if epoch not in self._exported or self._exported[epoch] != metrics[epoch]:
                return tuple(wanted[count:])
        return ()

    def add_epoch(self, run: Run, epoch: int) -> None:
        """Export an epoch, which must be the earliest that still has to be exported.

        Raises RunError if its weights are missing or damaged, ExportError if they cannot be exported,
        ParityError if the graphs do not compute what PyTorch computes.
        """
        self._exported = {e: metrics for e, metrics in self._exported.items() if e < epoch}
        self._share = None
        self._add(load_weights(run, epoch), epoch, str(epoch))
        self._exported[epoch] = _metrics_of(run)[epoch]

    def add_snapshot(self, snapshot: Snapshot) -> None:
        """Export a snapshot of the first epoch in the place of that epoch, until an epoch is added.

        Only some of its images are compared, because it is soon replaced and comparing takes time from the
        fit. Raises the errors of `add_epoch`.
        """
        self._exported = {e: metrics for e, metrics in self._exported.items() if e < 1}
        self._add(snapshot.weights, 1, f"{snapshot.share:.3f}", EARLY_IMAGES)
        self._share = snapshot.share

    def _add(
        self, state: Mapping[str, Tensor], epoch: int, told: str, most_compared: int | None = None
    ) -> None:
        """Export weights as an epoch; the graphs' metadata says that they are from after `told` epochs."""
        self._model.load_state_dict(state)
        decoder = (
            phased_decoder(state, self.config.image_shape, OPSET, BATCH_AXIS, self._model.likelihood)
            if self._decoder is None
            else with_weights(self._decoder, state)
        )
        encoder = with_weights(self._encoder, state)
        check_decoder(self._parity, session(decoder.SerializeToString()), self._model, self.config.latent_dim)
        running = session(encoder.SerializeToString())
        posterior = Posterior(*check_encoder(self._parity, running, self._model, self._images, most_compared))
        facts = self._graph_facts(told)
        self._files[epoch_file(epoch, DECODER_FILE)] = serialize(decoder, facts)
        self._files[epoch_file(epoch, ENCODER_FILE)] = serialize(encoder, facts)
        self._files[epoch_file(epoch, POSTERIOR_FILE)] = pack_posterior(posterior)
        self._posterior = posterior

    def content(self, most_compared: int | None = None) -> Content:
        """The content of a bundle with the epochs so far; its main graphs are those of the last epoch.

        Raises ParityError if the ELBO of the last epoch differs from PyTorch's, on all images or on the first
        `most_compared`.
        """
        assert self._posterior is not None, "an epoch must be added first"
        epochs = sorted({*self._exported, *([] if self._share is None else [1])})
        epoch = epochs[-1]
        mean, logvar = self._posterior.mean, self._posterior.logvar
        decoder = self._files[epoch_file(epoch, DECODER_FILE)]
        part = slice(most_compared)
        check_elbo(self._parity, session(decoder), self._model, self._images[part], mean[part], logvar[part])
        posterior = Posterior(mean, logvar, self._images, self._labels, self.config.levels)
        files = {
            DECODER_FILE: decoder,
            ENCODER_FILE: self._files[epoch_file(epoch, ENCODER_FILE)],
            POSTERIOR_FILE: pack_posterior(posterior),
        }
        for exported in epochs:
            for file in (DECODER_FILE, ENCODER_FILE, POSTERIOR_FILE):
                files[epoch_file(exported, file)] = self._files[epoch_file(exported, file)]
        return Content(self._manifest_facts(files), files)

    @property
    def _is_version_1(self) -> bool:
        """Whether version 1 of the bundle's format can describe the model."""
        return self.config.likelihood == "bernoulli" and self.config.levels == 2

    def _graph_facts(self, epoch: str) -> dict[str, str]:
        """The metadata that describes a graph when it is used without its bundle."""
        channels, height, width = self.config.image_shape
        return {
            "latent_plane.name": self._name,
            "latent_plane.image": f"{channels} x {height} x {width}",
            "latent_plane.latent_dim": str(self.config.latent_dim),
            "latent_plane.likelihood": self.config.likelihood,
            **(
                {}
                if self._is_version_1
                else {"latent_plane.format": FORMAT_1_1, "latent_plane.levels": str(self.config.levels)}
            ),
            "latent_plane.epoch": epoch,
            "latent_plane.made_with": fit_command(self.config),
        }

    def _manifest_facts(self, files: dict[str, bytes]) -> dict[str, Any]:
        config, dataset = self.config, self._dataset
        channels, height, width = config.image_shape
        tensors = tensor_facts(
            config.image_shape,
            config.latent_dim,
            config.likelihood,
            shared_scale=self._model.likelihood.has_one_scale,
        )
        tensors |= {file: tensors[file.rpartition("/")[2]] for file in files if file.endswith(".onnx")}
        metrics = [line for line in self._exported.values() if line is not None]
        return {
            "name": self._name,
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "image": {"channels": channels, "height": height, "width": width},
            "latent_dim": config.latent_dim,
            "likelihood": config.likelihood,
            **({} if self._is_version_1 else {"levels": config.levels}),
            "opset": OPSET,
            "tensors": tensors,
            "dataset": {
                "name": dataset.name,
                "labels": list(dataset.label_names),
                **(
                    {"held_out": {"images": shown, "of": count, "seed": IMAGES_SEED}}
                    if (shown := len(self._images)) < (count := len(dataset.test_images))
                    else {}
                ),
            },
            # There are no metrics before the first epoch is finished.
            **({"metrics": metrics[-1]} if metrics else {}),
            "epochs": metrics,
            **({} if self._share is None else {"unfinished": {"epoch": 1, "share": _within(self._share)}}),
            "fit": dataclasses.asdict(public(config)),
            "made_with": [fit_command(config), self._command],
            "parity": self._parity.facts(),
            "tools": tools(),
        }


def _within(share: float) -> float:
    """A share rounded to three digits, above 0 and below 1, as a manifest's unfinished epoch needs it."""
    return min(max(round(share, 3), 0.001), 0.999)


def held_out_places(shape: tuple[int, ...], levels: int) -> NDArray[np.int64]:
    """The indices, ascending, of those of the images of `shape` [N, C, H, W] that a bundle holds.

    They are all images if a bundle can hold them, otherwise a sample drawn with a fixed seed.
    """
    count, *image_shape = shape
    bytes_each = math.prod(image_shape) / (8 if levels == 2 else 1)
    most = min(MOST_IMAGES, max(1, int(MOST_IMAGES_BYTES / bytes_each)))
    if count <= most:
        return np.arange(count)
    return np.sort(np.random.default_rng(IMAGES_SEED).choice(count, most, replace=False))


def usual_every(epochs: int) -> int:
    """The default N of "every Nth epoch": 1, or more in fits of over `MOST_EPOCHS` epochs."""
    return math.ceil(epochs / MOST_EPOCHS)


def public(config: FitConfig) -> FitConfig:
    """A config without the folders of the data: a bundle is given to other people."""
    dataset = config.dataset
    return dataclasses.replace(config, dataset=dataset if dataset in NAMES else title_of(dataset))


def fit_command(config: FitConfig) -> str:
    """The command line that makes a fit with this config, such as "python -m training.fit --epochs 10".

    If a recipe has changed since the fit, the line also names fields that have no option, as in
    ", with hold_fraction 0.0".
    """
    recipe = RECIPES.get(config.recipe, RECIPES["default"])
    words = [*shlex.split("python -m training.fit"), "--recipe", recipe.recipe]
    if config.dataset != MNIST:
        channels, height, width = config.image_shape
        words += [
            "--data",
            public(config).dataset,
            "--size",
            f"{width}x{height}",
            "--channels",
            str(channels),
        ]
    # For grey levels, another likelihood than Bernoulli would be chosen by default.
    if config.levels != 2 and config.likelihood == recipe.likelihood == "bernoulli":
        words += ["--likelihood", "bernoulli"]
    others = []
    for name, value in vars(config).items():
        if name in ("recipe", *DATA_FIELDS) or value == getattr(recipe, name):
            continue
        if name in FIT_OPTIONS:
            values = value if isinstance(value, tuple) else (value,)
            words += [f"--{name.replace('_', '-')}", *map(str, values)]
        else:
            others.append(f", with {name} {value}")
    return shlex.join(words) + "".join(others)


def _metrics_of(run: Run) -> dict[int, dict[str, Any] | None]:
    """The metrics of each epoch of a run that has weights; None for epoch 0."""
    return {0: None} | {line["epoch"]: line for line in run.metrics}


def serialize(graph: ModelProto, facts: dict[str, str]) -> bytes:
    """The bytes of a graph with these facts in its metadata."""
    data: bytes = with_facts(graph, facts).SerializeToString(deterministic=True)
    return data


def in_unicode(name: str) -> str:
    """The name with bytes that are not UTF-8 escaped, because neither JSON nor ONNX can hold them."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def tools() -> dict[str, str]:
    """The versions of the tools that make a bundle."""
    names = ("latent-plane", "torch", "onnx", "onnxscript", "numpy")
    return {tool: _version(tool) for tool in names} | {"onnxruntime": _onnxruntime_version()}


def _version(tool: str) -> str:
    try:
        return version(tool)
    except PackageNotFoundError:  # this project itself, in a checkout that is not installed
        return "unknown"


def _onnxruntime_version() -> str:
    import onnxruntime

    return str(onnxruntime.__version__)
