"""python -m training.fit: fit a model as the options say, and write a run folder."""

import shlex
import time
from pathlib import Path
from typing import Any, get_args

import click
from click.core import ParameterSource

from training.installed import Choice, needed, version_option

with needed("training", "python -m training.fit", __name__):
    from training.fitting import CHECKPOINT_SECONDS, fit

from training.choices import ChoiceError, config_for, in_words
from training.command_line import CommandWithLists, Finite, NumberList, device_option, run_command
from training.config import RECIPES, FitConfig, LikelihoodName, NetworkName, Precision
from training.data.dataset import DatasetError, cautions
from training.data.form import Form
from training.data.open import MNIST, NAMES, dataset_of, open_dataset, with_absolute_path
from training.data.options import data_options, pop_places
from training.device import DeviceError, keep_freed_memory, pick_device
from training.logbook import FitError
from training.output import say, warn
from training.ranks import RanksError, joined, ranks_from
from training.runs import RunError, is_started, newest_run, read_started_run
from training.step_memory import require_memory

POSITIVE = click.IntRange(min=1)


def _defaults(recipe: str) -> dict[str, Any]:
    """The option defaults that a recipe sets."""
    values = vars(RECIPES[recipe]) | {"filters": ", ".join(map(str, RECIPES[recipe].filters))}
    return {name: value for name, value in values.items() if name != "precision"}


def _take_defaults(context: click.Context, _parameter: click.Parameter, recipe: str) -> str:
    context.default_map = _defaults(recipe)
    return recipe


@click.command(
    name="python -m training.fit",
    cls=CommandWithLists,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "max_content_width": 100,
        "default_map": _defaults("default"),
    },
    epilog="Example: python -m training.fit --epochs 10 --seed 1 --out artifacts/runs/ten",
)
@click.option(
    "--recipe",
    type=Choice(list(RECIPES)),
    default="default",
    is_eager=True,
    callback=_take_defaults,
    help="Sets the defaults of the other options; those of 'best' are shown by --recipe best --help. "
    "'tutorial' is exactly TensorFlow's CVAE tutorial: batch 32, Adam at 1e-4, 10 epochs, the one-sample "
    "bound.  [default: by the images: 'default' for binary ones, otherwise 'grey', 'colour32' or 'colour64']",
)
@click.option(
    "--data",
    default="mnist",
    show_default=True,
    help=f"{', '.join(NAMES)}; a folder, zip or tar of pictures (subfolders are labels); shards such as "
    "'data-{000..099}.tar'; .npz, .npy or IDX files.",
)
@data_options
@click.option("--epochs", type=POSITIVE, show_default=True, help="Passes over the training images.")
@click.option("--batch-size", type=click.IntRange(1, 60_000), show_default=True, help="Images per step.")
@click.option(
    "--learning-rate",
    type=Finite(min=0, min_open=True, max=1),
    show_default=True,
    help="Adam's peak step size.",
)
@click.option(
    "--latent-dim",
    type=click.IntRange(1, 512),
    show_default=True,
    help="Dimensions of z; the viewer shows a plane through them.",
)
@click.option(
    "--filters",
    type=NumberList(1, 4096),
    metavar="FIRST SECOND …",
    show_default=True,
    help="Channels of the encoder's convolutions, a number for each halving of the images; for 'mlp', units "
    "of the hidden layers. The decoder mirrors them.",
)
@click.option(
    "--likelihood",
    type=Choice(list(get_args(LikelihoodName))),
    help="What the decoder's numbers mean: 'bernoulli' for binary images, 'continuous-bernoulli' for grey "
    "levels, 'gaussian' for grey and colour, 'logistic' for exact probabilities of 256 levels.  "
    "[default: from recipe and data]",
)
@click.option(
    "--network",
    type=Choice(list(get_args(NetworkName))),
    show_default=True,
    help="'conv' is convolutional; 'mlp' is a perceptron, which is faster for small images.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**31 - 1),
    show_default=True,
    help="The same seed on the same machine gives the same result: bit by bit on the CPU, up to rounding on "
    "a GPU.",
)
@device_option
@click.option(
    "--precision",
    type=Choice(["auto", *get_args(Precision)]),
    help="Number format of the networks' arithmetic; weights and the bound are always float32. 'auto' is the "
    "recipe's, or bfloat16 on a CPU with AMX except for 'tutorial'.  [default: auto]",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="The run folder, new or empty.  [default: a new one under artifacts/runs]",
)
@click.option(
    "--resume",
    is_flag=True,
    help="Continue the run in --out, or the newest run; if --out is new or empty, start a run there.",
)
@click.option(
    "--checkpoint-seconds",
    type=Finite(min=0),
    default=CHECKPOINT_SECONDS,
    show_default=True,
    help="Seconds between checkpoints within an epoch; one is saved after every epoch too.",
)
@click.option(
    "--snapshot-seconds",
    type=Finite(min=0),
    default=0.0,
    show_default=True,
    help="Seconds between snapshots within the first epoch, which export.onnx --follow shows; 0 for none.",
)
@click.option(
    "--tensorboard", is_flag=True, help="Also write TensorBoard files, to tensorboard/ in the run folder."
)
@version_option
def command(
    recipe: str,
    device: str,
    out: Path | None,
    resume: bool,
    checkpoint_seconds: float,
    snapshot_seconds: float,
    tensorboard: bool,
    **changes: Any,
) -> int:
    """Fit a convolutional VAE and write a run folder for python -m export.onnx.

    Without options it uses the MNIST that comes with the package, the best device available and the default
    recipe. After every epoch it prints the test ELBO (higher is better), rate and distortion in nats per
    image. python -m training.data shows what a fit would see of other images. For several processes, use
    torchrun --nproc-per-node N -m training.fit.
    """
    source_of = click.get_current_context().get_parameter_source
    ranks = ranks_from()
    # On each machine one process decodes the pictures, and the others wait for it.
    places = pop_places(changes, builds=ranks.local_rank == 0)
    given = {"recipe": recipe, **changes}
    changes = {
        name: value
        for name, value in given.items()
        if source_of(name) is ParameterSource.COMMANDLINE and value != "auto"
    }
    chosen = pick_device(device, ranks.local_rank)
    if "data" in changes:
        changes["dataset"] = with_absolute_path(changes.pop("data"))
    size, channels = changes.pop("size", None), changes.pop("channels", None)
    if chosen.type == "cpu":
        keep_freed_memory()
    start = time.perf_counter()
    with joined(ranks, chosen):
        config = None
        if resume and ranks.is_first:
            out, config = _run_to_resume(out, changes)
            if config is not None:
                _check_form(out, config, size, channels)
        config = ranks.from_first(config)
        resume = config is not None
        if config is not None:
            dataset = dataset_of(config, places)
        else:
            form = Form(size, channels, given["crop"], given["threshold"], given["background"])
            dataset = open_dataset(changes.get("dataset", MNIST), form, places)
            config = config_for(dataset, recipe, chosen, changes)
        if ranks.is_first:
            for note in (*dataset.notes, *(() if resume else cautions(dataset))):
                warn(f"{dataset.name}: {note}")
            if not resume and (words := in_words(config, set(changes))):
                say(words)
        require_memory(config, dataset.train_images, chosen, ranks.size)
        run = fit(
            config,
            chosen,
            out,
            dataset,
            ranks=ranks,
            resume=resume,
            checkpoint_seconds=checkpoint_seconds,
            snapshot_seconds=snapshot_seconds,
            tensorboard=tensorboard,
        )
    if run is None:
        return 0
    if not run.metrics:
        return 130
    last = run.metrics[-1]
    # Metrics of an older version have no standard error.
    error = f" ± {last['test_elbo_error_nats']:.2f}" if "test_elbo_error_nats" in last else ""
    whole = "since the fit was resumed" if resume else "in all"
    say(
        f"test ELBO {last['test_elbo_nats']:.2f}{error} nats after {last['train_seconds']:.1f} s of training "
        f"({time.perf_counter() - start:.1f} s {whole})\n"
        f"next: python -m export.onnx {shlex.quote(str(run.folder))}"
    )
    return 0 if len(run.metrics) == config.epochs else 130


def _run_to_resume(out: Path | None, changes: dict[str, Any]) -> tuple[Path, FitConfig | None]:
    """The run folder to use, and the config of the fit that was started there, if one was.

    Raises RunError if there is no run, or if `changes` contradicts the config of the run.
    """
    folder = out if out is not None else newest_run(started=True)
    if not is_started(folder):
        return folder, None
    found = read_started_run(folder).config
    for name, value in changes.items():
        if getattr(found, name) != value:
            option = "--data" if name == "dataset" else "--" + name.replace("_", "-")
            raise RunError(
                f"--resume: found {option} {_option_text(value)}, expected "
                f"{_option_text(getattr(found, name))} as in the config of {folder}; "
                f"leave {option} out, or start another run"
            )
    return folder, found


def _check_form(folder: Path, config: FitConfig, size: tuple[int, int] | None, channels: int | None) -> None:
    """Raise RunError if the requested size or channels are not those of the run."""
    found, height, width = config.image_shape
    if size not in (None, (height, width)) or channels not in (None, found):
        raise RunError(
            f"--resume: found another --size or --channels than in the config of {folder}, expected "
            f"{width}x{height} and {found}; leave them out, or start another run"
        )


def _option_text(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def main() -> None:
    """Run the command line and exit."""
    run_command(command, (RunError, ChoiceError, DatasetError, DeviceError, FitError, RanksError))


if __name__ == "__main__":
    main()
