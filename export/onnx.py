"""python -m export.onnx: export a run as a bundle."""

import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import click

try:
    from training.installed import needed, version_option
except ImportError:
    # Another project's `training` is found first, so this program's own check cannot be imported.
    if __name__ != "__main__" and not Path(sys.argv[0]).stem.startswith("latent-plane"):
        raise
    other = getattr(sys.modules.get("training"), "__file__", None) or "a folder"
    click.echo(
        f"python -m export.onnx: found another module named 'training': {other}, expected this program's; "
        "rename that one, or start in another folder",
        err=True,
    )
    sys.exit(2)

with needed("export", "python -m export.onnx", __name__):
    from tqdm import tqdm

from export.bundle import Bundle, check_target, write_bundle
from export.containers import ZIP_SUFFIX, BundleError, check_suffix
from export.exporter import MOST_EPOCHS, Exporter, usual_every
from export.follow import STOPPED, StoppedError, follow_run, wait_for_run
from export.graphs import ExportError
from export.manifest import DECODER_FILE
from export.parity import ParityError
from export.pythae_folder import export_pythae, pythae_folder
from training.command_line import run_command
from training.config import FitConfig
from training.data.dataset import Dataset, DatasetError
from training.data.open import Places, dataset_of, title_of
from training.data.options import found_again_options, pop_places
from training.output import say, warn
from training.runs import Run, RunError, newest_run, read_run
from training.stop_requests import stop_requests

BUNDLES_FOLDER = Path("artifacts/bundles")


def export_run(
    run: Run,
    out: Path,
    name: str,
    overwrite: bool = False,
    dataset: Dataset | None = None,
    phases: bool = True,
    every: int | None = None,
) -> Bundle:
    """Write a run as a bundle: both graphs and the held-out posterior, and all three for its epochs too.

    The held-out images are those of `dataset`, by default the fit's. `phases` and `every` are those of
    `Exporter`.

    Everything is compared with PyTorch before it is written. Raises ParityError if results differ,
    ExportError and RunError for a run that cannot be exported, BundleError if `out` is taken, OSError if it
    cannot be written.
    """
    check_target(out, overwrite)
    exporter = Exporter(run.config, name, dataset, phases, every)
    # A progress bar is shown on a terminal only.
    for epoch in tqdm(exporter.to_export(run), desc="exporting", unit=" epochs", leave=False, disable=None):
        exporter.add_epoch(run, epoch)
    content = exporter.content()
    return write_bundle(out, content.facts, content.files, overwrite)


def _is_bundle_name(context: click.Context, parameter: click.Parameter, out: Path | None) -> Path | None:
    try:
        if out is not None:
            check_suffix(out)
    except BundleError as error:
        raise click.BadParameter(f"{error}.", context, parameter) from error
    return out


@click.command(
    name="python -m export.onnx",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.argument("run", required=False, type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    callback=_is_bundle_name,
    help=f"The bundle: a new folder, or a file ending in {ZIP_SUFFIX}.  "
    f"[default: {BUNDLES_FOLDER}/<run's name>]",
)
@click.option("--name", help="The model's name.  [default: from dataset and latent dimensions]")
@click.option("--overwrite", is_flag=True, help="Replace an existing bundle.")
@click.option(
    "--follow",
    is_flag=True,
    help="Wait for the run and export each epoch when training finishes it, and snapshots of the first one. "
    "A viewer with the bundle open shows each new epoch.",
)
@click.option(
    "--phases/--no-phases",
    default=True,
    show_default=True,
    help="Write the decoder's transposed convolutions as convolutions of each phase: the same function to "
    "1e-5, but faster on a CPU. --no-phases keeps the layers that were trained.",
)
@click.option(
    "--every",
    type=click.IntRange(min=1),
    metavar="N",
    help="Export every Nth epoch, and always epoch 0, which is before training, and the last one.  "
    f"[default: 1, or in fits of over {MOST_EPOCHS} epochs the N that leaves about {MOST_EPOCHS}]",
)
@click.option(
    "--run-pickles",
    is_flag=True,
    help="Open the pickles in a folder of pythae. They can run any program: only if you trust its maker.",
)
@found_again_options
@version_option
def command(
    run: Path | None,
    out: Path | None,
    name: str | None,
    overwrite: bool,
    follow: bool,
    phases: bool,
    every: int | None,
    run_pickles: bool,
    data: str | None,
    **places: Any,
) -> int | None:
    """Export RUN as a bundle for the viewer, by default the newest run under artifacts/runs.

    The encoder and the decoder become ONNX graphs, which are compared with PyTorch before anything is
    written. The bundle also holds the posterior of the test images, and the same three files after every
    epoch.

    RUN may also be a folder in which pythae saved a model. Then --data names the images whose posterior the
    bundle holds.
    """
    pythae = None if run is None else pythae_folder(run)
    if run is not None and pythae is not None:
        _export_pythae(run, pythae, out, name, overwrite, data, pop_places(places), run_pickles)
        return None
    find = partial(dataset_of, places=pop_places(places), data=data)
    if follow:
        return _follow(run, out, name, overwrite, phases, every, find)
    source = read_run(run if run is not None else newest_run())
    target = _target(source, out)
    check_target(target, overwrite)
    steps = _in_steps(every or usual_every(source.config.epochs))
    say(f"exporting {source.folder}, epochs {source.epochs[0]} to {source.epochs[-1]}{steps}")
    bundle = export_run(
        source,
        target,
        _title(source.config, name),
        overwrite,
        find(source.config),
        phases,
        every,
    )
    _say_result(bundle)
    return None


def _export_pythae(
    run: Path,
    folder: Path,
    out: Path | None,
    name: str | None,
    overwrite: bool,
    data: str | None,
    places: Places,
    runs_pickles: bool,
) -> None:
    """Export a model of pythae."""
    say(f"exporting {folder}, a model of pythae")
    target = out if out is not None else BUNDLES_FOLDER / run.resolve().name
    bundle = export_pythae(folder, target, name, overwrite, data, places, runs_pickles)
    _say_result(bundle)
    if data is None:
        say("the bundle has no images; name the training data with --data to see its images on the plane")


def _follow(
    folder: Path | None,
    out: Path | None,
    name: str | None,
    overwrite: bool,
    phases: bool,
    every: int | None,
    find: Callable[[FitConfig], Dataset],
) -> int:
    """Export a run that is still running. Returns the exit status."""
    if out is not None:
        check_target(out, overwrite)
    kept = "nothing was written"
    with stop_requests() as requests:
        try:
            run = wait_for_run(folder, requests, say)
            target, last = _target(run, out), run.config.epochs
            check_target(target, overwrite)
            steps = _in_steps(every or usual_every(last))
            say(f"exporting {run.folder}, its {last} epochs{steps} as they are finished")

            told: Mapping[str, Any] = {}

            def say_growth(bundle: Bundle, epochs: tuple[int, ...]) -> None:
                nonlocal kept, told
                if lines := growth_lines(told, bundle, epochs, run.folder, last):
                    say("\n".join(lines))
                told = bundle.manifest
                if epochs:
                    kept = f"{target} is complete, with epochs 0 to {epochs[-1]}"
                elif "unfinished" in told:
                    kept = (
                        f"{target} is complete, with epoch 0 and {told['unfinished']['share']:.0%} of epoch 1"
                    )

            exporter = Exporter(run.config, _title(run.config, name), find(run.config), phases, every)
            bundle = follow_run(run, target, exporter, overwrite, requests, say_growth)
        except StoppedError:
            warn(f"interrupted: {kept}; the run was not finished")
            return 130
    _say_result(bundle)
    return 0


def _target(run: Run, out: Path | None) -> Path:
    return out if out is not None else BUNDLES_FOLDER / run.folder.resolve().name


def _title(config: FitConfig, name: str | None) -> str:
    return name or f"{title_of(config.dataset)}, {config.latent_dim} latent dimensions"


def _in_steps(every: int) -> str:
    return f" in steps of {every}" if every > 1 else ""


def growth_lines(
    before: Mapping[str, Any], bundle: Bundle, epochs: Sequence[int], run_folder: Path, last: int
) -> list[str]:
    """Lines about a bundle that has grown by these epochs, or else in other facts of its manifest.

    `before` is the manifest that was told of before, or empty; `last` is the run's last epoch.
    """
    manifest, lines = bundle.manifest, []
    if epochs and epochs[0] == 0:
        path = shlex.quote(str(bundle.path))
        lines.append(f"bundle {bundle.path} grows; view it with python -m desktop {path}")
    lines += [_epoch_line(bundle, epoch, last) for epoch in epochs]
    unfinished, stop = manifest.get("unfinished"), manifest.get(STOPPED)
    if unfinished is not None and unfinished != before.get("unfinished"):
        lines.append(f"epoch 1/{last}: {unfinished['share']:.0%} of it so far")
    if stop is not None and stop != before.get(STOPPED) and stop["by"] == "interruption":
        resume = f"python -m training.fit --resume --out {shlex.quote(str(run_folder))}"
        done = stop["after_epoch"]
        when = f"after epoch {done} of {last}" if done else f"before epoch 1 of {last} was finished"
        lines.append(f"the fit was interrupted {when}; continue it with {resume}, or press Ctrl-C")
    return lines


def _epoch_line(bundle: Bundle, epoch: int, last: int) -> str:
    metrics = next((line for line in bundle.manifest["epochs"] if line["epoch"] == epoch), None)
    what = "before training" if metrics is None else f"test ELBO {metrics['test_elbo_nats']:.2f} nats"
    return f"epoch {epoch}/{last}: {what}"


def _say_result(bundle: Bundle) -> None:
    """Print how well the bundle agrees with PyTorch, its size, and the next command."""
    parity = bundle.manifest["parity"]
    picture = bundle.manifest["tensors"][DECODER_FILE]["outputs"][0]["name"]
    size_bytes = sum(fact["size_bytes"] for fact in bundle.manifest["files"].values())
    elbo = parity["elbo_nats"]
    say(
        f"agrees with PyTorch: {picture} to {parity[picture]:.1e} "
        f"on {parity['decoded_inputs']:,} inputs, mean to {parity['mean']:.1e} and logvar to "
        f"{parity['logvar']:.1e} on {parity['encoded_inputs']:,}"
        + (f", test ELBO {elbo['onnx_runtime']:.4f} against {elbo['torch']:.4f} nats\n" if elbo else "\n")
        + f"bundle {bundle.path}: {len(bundle.files)} files, {size_bytes / 1e6:.2f} MB\n"
        f"next: python -m desktop {shlex.quote(str(bundle.path))}"
    )


def main() -> None:
    """Run the command line and exit."""
    run_command(command, (RunError, DatasetError, ExportError, ParityError, BundleError))


if __name__ == "__main__":
    main()
