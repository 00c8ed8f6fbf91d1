"""python -m training.fit: options → FitConfig → a run folder."""

import dataclasses
import shlex
import time
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, get_args

import click
from click.core import ParameterSource

from training.installed import Choice, needed, version_option

with needed("training", "python -m training.fit", __name__):
    import torch

from training.checkpoint import CHECKPOINT_FILE, load_checkpoint
from training.choices import ChoiceError, fitted_to_data, in_words, recipe_for
from training.command_line import CommandWithLists, Finite, NumberList, device_option, run_command
from training.config import CUDA_STEPS, RECIPES, FitConfig, LikelihoodName, NetworkName, Precision
from training.data.dataset import Dataset, DatasetError
from training.data.form import Form
from training.data.mapped import forget_pages
from training.data.open import MNIST, NAMES, dataset_of, named_for_good, open_dataset
from training.data.options import data_options, taken_places
from training.device import (
    DeviceError,
    describe_device,
    fast_precision,
    keep_freed_memory,
    pick_device,
)
from training.logbook import FitError, Logbook, tensorboard_writer_class
from training.loop import NotFiniteError, Trainer
from training.networks import network_of
from training.output import OutputClosedError, say, warn
from training.ranks import ALONE, Ranks, RanksError, joined, ranks_from
from training.runs import (
    CONFIG_FILE,
    METRICS_FILE,
    Run,
    RunError,
    create_run,
    is_started,
    newest_run,
    note_failure,
    only_fit,
    read_started_run,
    resume_run,
    run_folder,
)
from training.step_memory import require_memory
from training.stop_requests import stop_requests

CHECKPOINT_SECONDS = 300.0


class StopRequestedError(Exception):
    """Ctrl-C was pressed, or the system asked the process to end; the current step is finished."""


def fit(
    config: FitConfig,
    device: torch.device,
    out: Path | None,
    dataset: Dataset | None = None,
    *,
    ranks: Ranks = ALONE,
    resume: bool = False,
    checkpoint_seconds: float = CHECKPOINT_SECONDS,
    tensorboard: bool = False,
) -> Run | None:
    """Fit the VAE to `dataset`, by default that of the config; print a line per epoch, write a run folder.

    Ctrl-C, SIGTERM or SIGHUP ends the fit after the current step, with a checkpoint; the run so far is
    returned.
    Only the first rank prints, writes and returns the run; the others return None. With `resume` the fit
    continues the run in `out`, which must have the same config.

    Raises RunError if `out` is not empty, or cannot be resumed, or another fit is running there, OSError if
    it cannot be written, DatasetError if the data is not what it should be, FitError if a loss or the test
    ELBO is not finite or the tensorboard package is missing.
    """
    dataset = dataset or dataset_of(config)
    if not ranks.is_first:
        return _fit(config, device, dataset, ranks, None, checkpoint_seconds, tensorboard)
    where = out / CONFIG_FILE if resume and out is not None else "the config"
    if config.image_shape != dataset.train_images.shape[1:]:
        raise RunError(
            f"{where}: found image_shape = {config.image_shape}, expected "
            f"{dataset.train_images.shape[1:]}, the shape of the images; start another run"
        )
    if config.levels != dataset.levels:
        raise RunError(
            f"{where}: found levels = {config.levels}, expected {dataset.levels}, as the images have; "
            "start another run"
        )
    try:
        network_of(config)
    except ValueError as error:
        raise RunError(f"filters {' '.join(map(str, config.filters))}: {error}") from error
    if tensorboard:
        tensorboard_writer_class()
    folder = out if resume and out is not None else run_folder(out, config)
    with only_fit(folder):
        # Another fit may have started, and ended, here before the folder was this one's alone.
        run = resume_run(folder) if resume and out is not None else create_run(folder, config)
        return _fit(config, device, dataset, ranks, run, checkpoint_seconds, tensorboard)


def _fit(
    config: FitConfig,
    device: torch.device,
    dataset: Dataset,
    ranks: Ranks,
    run: Run | None,
    checkpoint_seconds: float,
    tensorboard: bool,
) -> Run | None:
    """Fit as `fit` does, in a run folder that no other fit uses; None for a rank that is not the first."""
    checkpoint = ranks.from_first(None if run is None else load_checkpoint(run.folder, config))
    trainer = Trainer(config, dataset.train_images, device, ranks)
    if checkpoint is not None:
        trainer.restore(checkpoint.trainer)
    prepare_seconds = trainer.prepare()
    if run is None:
        try:
            _train(trainer, None)
        except NotFiniteError as error:
            raise FitError(f"rank {ranks.rank}: {error}; fit again with a lower --learning-rate") from error
        return None
    finished_epochs = trainer.step // trainer.steps_per_epoch
    if len(run.metrics) < finished_epochs:
        raise RunError(
            f"{run.folder / METRICS_FILE}: found {len(run.metrics)} lines, expected {finished_epochs}, one "
            f"for each epoch finished before {CHECKPOINT_FILE} was written; delete {CHECKPOINT_FILE} to "
            "start this run again from the beginning"
        )
    run = dataclasses.replace(run, metrics=run.metrics[:finished_epochs])
    say(
        f"{config.recipe}: {config.epochs} epochs of {len(dataset.train_images):,} images, "
        f"batch {config.batch_size}, {sum(p.numel() for p in trainer.model.parameters()):,} parameters, "
        f"on {f'{ranks.size} × ' if ranks.size > 1 else ''}{describe_device(device)}, {config.precision}; "
        f"run folder {run.folder}{_progress(trainer)}"
    )
    test_images = torch.from_numpy(dataset.test_images).to(device)
    logbook = Logbook(
        run,
        trainer,
        test_images,
        checkpoint,
        checkpoint_seconds,
        tensorboard,
        # Test images in a file are in memory for no longer than they are looked at.
        lambda _: forget_pages(dataset.test_images),
    )
    try:
        with _noted_failure(run):
            _train(trainer, logbook)
    except NotFiniteError as error:
        raise FitError(
            f"step {error.step} (epoch {(error.step - 1) // trainer.steps_per_epoch + 1}): found a loss of "
            f"{error.loss_nats}, expected a finite number; the checkpoint of step {logbook.saved_step} and "
            f"all finished epochs are kept in {run.folder}; fit again with a lower --learning-rate"
        ) from error
    except (StopRequestedError, KeyboardInterrupt):
        warn(
            f"interrupted: {len(logbook.run.metrics)} finished epochs and the state after step "
            f"{logbook.saved_step} are kept; "
            f"continue with python -m training.fit --resume --out {shlex.quote(str(run.folder))}"
        )
        if ranks.size > 1:
            # The other ranks were interrupted too: do not wait for them.
            raise
    finally:
        logbook.close_bar()
    logbook.finish()
    if prepare_seconds:
        say(f"recording a step as a CUDA graph took {prepare_seconds:.2f} s before the training time")
    return logbook.run


def _progress(trainer: Trainer) -> str:
    if trainer.step == trainer.step_count:
        return "; already finished"
    return f"; continuing after step {trainer.step:,} of {trainer.step_count:,}" if trainer.step else ""


def _train(trainer: Trainer, logbook: Logbook | None) -> None:
    """Train the remaining epochs. Every rank runs this; only the first one has a logbook."""
    # Several ranks cannot agree on a last step, so torchrun ends them.
    no_requests: AbstractContextManager[list[int]] = nullcontext([])
    with stop_requests() if trainer.ranks.size == 1 else no_requests as requests:

        def on_step(image_count: int) -> None:
            if logbook is not None:
                logbook.count_step(image_count)
                # After the last step of an epoch, the epoch is finished before the fit stops.
                if requests and trainer.step % trainer.steps_per_epoch:
                    logbook.save_checkpoint()
                    raise StopRequestedError

        while trainer.step < trainer.step_count:
            if logbook is not None:
                logbook.start_epoch()
            trainer.train_epoch(on_step)
            if logbook is not None:
                logbook.finish_epoch()
                if requests and trainer.step < trainer.step_count:
                    raise StopRequestedError


@contextmanager
def _noted_failure(run: Run) -> Iterator[None]:
    """Write an error that ends the fit to the run folder too."""
    try:
        yield
    except (StopRequestedError, OutputClosedError):
        raise
    except Exception as error:
        note_failure(run, error)
        raise


POSITIVE = click.IntRange(min=1)


def _defaults(recipe: str) -> dict[str, Any]:
    """The defaults of the options that a recipe sets."""
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
    show_default=True,
    is_eager=True,
    callback=_take_defaults,
    help="Sets the defaults of the other options, which --help shows if it follows. 'tutorial' is exactly "
    "TensorFlow's CVAE tutorial: batch 32, Adam at 1e-4, 10 epochs, the one-sample bound.",
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
    help="Channels of the encoder's convolutions, one for each time that they halve the images, or units of "
    "the perceptron's hidden layers; the decoder mirrors them.",
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
    help="The same seed on the same machine gives the same result: to the bit on the CPU, up to rounding on "
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
    help="Continue the run in --out, or the newest run; if --out does not exist yet, start a new run there.",
)
@click.option(
    "--checkpoint-seconds",
    type=Finite(min=0),
    default=CHECKPOINT_SECONDS,
    show_default=True,
    help="Seconds between checkpoints within an epoch; one is saved after every epoch too.",
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
    # One process of each machine decodes pictures, and the others wait for it.
    places = taken_places(changes, builds=ranks.local_rank == 0)
    given = {"recipe": recipe, **changes}
    changes = {
        name: value
        for name, value in given.items()
        if source_of(name) is ParameterSource.COMMANDLINE and value != "auto"
    }
    chosen = pick_device(device, ranks.local_rank)
    if "data" in changes:
        changes["dataset"] = named_for_good(changes.pop("data"))
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
            config = _config_for(dataset, recipe, chosen, changes)
        if ranks.is_first:
            for note in dataset.notes:
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
            tensorboard=tensorboard,
        )
    if run is None:
        return 0
    if not run.metrics:
        return 130
    last = run.metrics[-1]
    say(
        f"test ELBO {last['test_elbo_nats']:.2f} nats after {last['train_seconds']:.1f} s of training "
        f"({time.perf_counter() - start:.1f} s in all)\n"
        f"next: python -m export.onnx {shlex.quote(str(run.folder))}"
    )
    return 0 if len(run.metrics) == config.epochs else 130


def recipe_on(recipe: str, device: torch.device, changes: Iterable[str] = ()) -> FitConfig:
    """The recipe of that name with the precision and the steps that are best on `device`.

    That is bfloat16 where it is faster, and on CUDA larger batches, unless batch or step size are among the
    `changes`. The tutorial's stays float32, because it reproduces the tutorial exactly.
    """
    config = RECIPES[recipe]
    steps = CUDA_STEPS.get(recipe, {}) if device.type == "cuda" else {}
    if not steps.keys() & set(changes):
        config = dataclasses.replace(config, **steps)
    if recipe == "tutorial" or fast_precision(device) == "float32":
        return config
    return dataclasses.replace(config, precision="bfloat16")


def _config_for(dataset: Dataset, recipe: str, device: torch.device, changes: dict[str, Any]) -> FitConfig:
    """The config of a new fit: the recipe, or the one that the data choose, with `changes`."""
    if "recipe" not in changes:
        recipe = recipe_for(dataset.image_shape, dataset.levels)
    config = dataclasses.replace(recipe_on(recipe, device, changes), **changes, data_key=dataset.key)
    return fitted_to_data(config, dataset.image_shape, dataset.levels, set(changes))


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
    """Raise RunError if the size or channels that were asked for are not those of a run."""
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
