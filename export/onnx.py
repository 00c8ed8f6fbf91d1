"""python -m export.onnx: a run → a bundle."""

import dataclasses
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click
from onnx import ModelProto

from export.bundle import (
    DECODER_FILE,
    ENCODER_FILE,
    POSTERIOR_FILE,
    Bundle,
    BundleError,
    Posterior,
    check_target,
    epoch_file,
    pack_posterior,
    tensor_facts,
    write_bundle,
)
from export.containers import ZIP_SUFFIX
from export.graphs import OPSET, ExportError, export_graphs, with_facts, with_weights
from export.parity import Parity, ParityError, check_decoder, check_elbo, check_encoder, session
from training.command_line import run_command
from training.config import RECIPES, FitConfig
from training.datasets import Dataset, DatasetError, mnist
from training.model import ConvVAE
from training.runs import Run, RunError, load_weights, newest_run, read_run

BUNDLES_FOLDER = Path("artifacts/bundles")
LIKELIHOOD = "bernoulli"
# The fields of a config that options of `training.fit` set.
FIT_OPTIONS = ("epochs", "batch_size", "learning_rate", "latent_dim", "filters", "seed")


@dataclass(frozen=True)
class _Snapshot:
    """The model after one epoch, exported and checked."""

    decoder: ModelProto
    encoder: ModelProto
    posterior: Posterior


def export_run(
    run: Run,
    out: Path,
    name: str,
    overwrite: bool = False,
    on_epoch: Callable[[int], object] | None = None,
    dataset: Dataset | None = None,
) -> Bundle:
    """Write a run as a bundle: both graphs, the held-out posterior, and the decoder after every epoch.

    The held-out images are those of `dataset`, by default the embedded MNIST.

    Everything is compared with PyTorch before it is written. Raises ParityError on a miss, ExportError
    and RunError for a run that cannot be exported, BundleError when `out` is taken, OSError when it
    cannot be written.
    """
    check_target(out, overwrite)
    config, dataset = run.config, dataset or mnist()
    model = ConvVAE(config.image_shape, config.filters, config.latent_dim).eval()
    graphs = export_graphs(model, config.image_shape, config.latent_dim)
    parity = Parity()

    files: dict[str, bytes] = {}
    for epoch in run.epochs:
        snapshot = _snapshot(run, epoch, model, graphs, parity, dataset)
        facts = _graph_facts(run, name, epoch)
        files[epoch_file(epoch, DECODER_FILE)] = _serialize(snapshot.decoder, facts)
        files[epoch_file(epoch, POSTERIOR_FILE)] = pack_posterior(snapshot.posterior)
        if on_epoch is not None:
            on_epoch(epoch)
    # The model and the snapshot are now those of the last epoch, the ones that the bundle stands for.
    mean, logvar = snapshot.posterior.mean, snapshot.posterior.logvar
    check_elbo(
        parity, session(files[epoch_file(epoch, DECODER_FILE)]), model, dataset.test_images, mean, logvar
    )
    posterior = Posterior(mean, logvar, dataset.test_images, dataset.test_labels)
    files = {
        DECODER_FILE: _serialize(snapshot.decoder, facts),
        ENCODER_FILE: _serialize(snapshot.encoder, facts),
        POSTERIOR_FILE: pack_posterior(posterior),
        **files,
    }
    return write_bundle(out, _manifest_facts(run, name, dataset, parity, files), files, overwrite)


def fit_command(config: FitConfig) -> str:
    """The command line that makes a fit with this config, such as "python -m training.fit --epochs 10".

    Of a recipe that has changed since, it also names what no option sets: ", with hold_fraction 0.0".
    """
    recipe = RECIPES.get(config.recipe, RECIPES["default"])
    words = ["python", "-m", "training.fit", "--recipe", recipe.recipe]
    others = []
    for name, value in vars(config).items():
        if name == "recipe" or value == getattr(recipe, name):
            continue
        if name in FIT_OPTIONS:
            values = value if isinstance(value, tuple) else (value,)
            words += [f"--{name.replace('_', '-')}", *map(str, values)]
        else:
            others.append(f", with {name} {value}")
    return shlex.join(words) + "".join(others)


def _snapshot(
    run: Run, epoch: int, model: ConvVAE, graphs: dict[str, ModelProto], parity: Parity, dataset: Dataset
) -> _Snapshot:
    state = load_weights(run, epoch)
    model.load_state_dict(state)
    decoder = with_weights(graphs[DECODER_FILE], state)
    encoder = with_weights(graphs[ENCODER_FILE], state)
    check_decoder(parity, session(decoder.SerializeToString()), model, run.config.latent_dim)
    mean, logvar = check_encoder(parity, session(encoder.SerializeToString()), model, dataset.test_images)
    return _Snapshot(decoder, encoder, Posterior(mean, logvar))


def _serialize(graph: ModelProto, facts: dict[str, str]) -> bytes:
    data: bytes = with_facts(graph, facts).SerializeToString(deterministic=True)
    return data


def _graph_facts(run: Run, name: str, epoch: int) -> dict[str, str]:
    """What a graph says of itself when it is found alone."""
    channels, height, width = run.config.image_shape
    return {
        "latent_plane.name": name,
        "latent_plane.image": f"{channels} x {height} x {width}",
        "latent_plane.latent_dim": str(run.config.latent_dim),
        "latent_plane.likelihood": LIKELIHOOD,
        "latent_plane.epoch": str(epoch),
        "latent_plane.made_with": fit_command(run.config),
    }


def _manifest_facts(
    run: Run, name: str, dataset: Dataset, parity: Parity, files: dict[str, bytes]
) -> dict[str, Any]:
    config = run.config
    channels, height, width = config.image_shape
    tensors = tensor_facts(config.image_shape, config.latent_dim)
    tensors |= {file: tensors[DECODER_FILE] for file in files if file.endswith("/" + DECODER_FILE)}
    return {
        "name": name,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "image": {"channels": channels, "height": height, "width": width},
        "latent_dim": config.latent_dim,
        "likelihood": LIKELIHOOD,
        "opset": OPSET,
        "tensors": tensors,
        "dataset": {"name": dataset.name, "labels": list(dataset.label_names)},
        "metrics": run.metrics[-1],
        "epochs": list(run.metrics),
        "fit": dataclasses.asdict(config),
        "made_with": [fit_command(config), "python -m export.onnx"],
        "parity": dataclasses.asdict(parity),
        "tools": {tool: version(tool) for tool in ("latent-plane", "torch", "onnx", "onnxscript", "numpy")}
        | {"onnxruntime": _onnxruntime_version()},
    }


def _onnxruntime_version() -> str:
    import onnxruntime

    return str(onnxruntime.__version__)


@click.command(
    name="python -m export.onnx",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.argument("run", required=False, type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help=f"The bundle: a new folder, or a file ending in {ZIP_SUFFIX}.  "
    f"[default: {BUNDLES_FOLDER}/<run's name>]",
)
@click.option("--name", help="What to call the model.  [default: from dataset and latent dimensions]")
@click.option("--overwrite", is_flag=True, help="Replace a bundle that is there already.")
def command(run: Path | None, out: Path | None, name: str | None, overwrite: bool) -> None:
    """Export RUN, by default the newest one under artifacts/runs, as a bundle for the viewer.

    Encoder and decoder become ONNX graphs, checked against PyTorch before anything is written; beside
    them go the held-out images' posterior, and the decoder and posterior after every epoch.
    """
    source = read_run(run if run is not None else newest_run())
    target = out if out is not None else BUNDLES_FOLDER / source.folder.resolve().name
    title = name or f"MNIST, {source.config.latent_dim} latent dimensions"
    click.echo(f"exporting {source.folder}, epochs {source.epochs[0]} to {source.epochs[-1]}")
    bundle = export_run(source, target, title, overwrite)
    parity = bundle.manifest["parity"]
    elbo = parity["elbo_nats"]
    size_bytes = sum(fact["size_bytes"] for fact in bundle.manifest["files"].values())
    click.echo(
        f"agrees with PyTorch: probabilities to {parity['probabilities']:.1e} "
        f"on {parity['decoded_inputs']:,} inputs, mean to {parity['mean']:.1e} and logvar to "
        f"{parity['logvar']:.1e} on {parity['encoded_inputs']:,}, "
        f"test ELBO {elbo['onnx_runtime']:.4f} against {elbo['torch']:.4f} nats\n"
        f"bundle {target}: {len(bundle.files)} files, {size_bytes / 1e6:.2f} MB\n"
        f"next: python -m desktop {target}"
    )


def main() -> None:
    """Run the command line and exit."""
    run_command(command, (RunError, DatasetError, ExportError, ParityError, BundleError))


if __name__ == "__main__":
    main()
