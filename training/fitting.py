"""Fits a model and writes its run folder; stops early on request, with a checkpoint."""

import dataclasses
import shlex
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

import torch

from training.checkpoint import CHECKPOINT_FILE, load_checkpoint, what_to_do
from training.config import FitConfig
from training.data.dataset import Dataset
from training.data.mapped import forget_pages
from training.data.open import dataset_of
from training.device import describe_device
from training.image_access import on_device
from training.logbook import FitError, Logbook, tensorboard_writer_class
from training.loop import NotFiniteError, Trainer
from training.networks import network_of
from training.output import OutputClosedError, counted, say, warn
from training.ranks import ALONE, Ranks
from training.runs import (
    CONFIG_FILE,
    METRICS_FILE,
    Run,
    RunError,
    create_run,
    note_failure,
    only_fit,
    resume_run,
    run_folder,
)
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
    snapshot_seconds: float = 0.0,
    tensorboard: bool = False,
) -> Run | None:
    """Fit the VAE to `dataset`, by default that of the config; print a line per epoch, write a run folder.

    Ctrl-C, SIGTERM or SIGHUP ends the fit after the current step, with a checkpoint; the run so far is
    returned. Only the first rank prints, writes and returns the run; the others return None. With `resume`
    the fit continues the run in `out`, which must have the same config.

    Raises RunError if `out` is not empty, or cannot be resumed, or another fit is running there; OSError if
    it cannot be written; DatasetError if the data is missing, damaged or changed; FitError if a loss or the
    test ELBO is not finite or the tensorboard package is missing.
    """
    dataset = dataset or dataset_of(config)
    if not ranks.is_first:
        return _fit(config, device, dataset, ranks, None, checkpoint_seconds, snapshot_seconds, tensorboard)
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
        # Another fit may have started and ended in this folder before it was locked.
        run = resume_run(folder) if resume and out is not None else create_run(folder, config)
        return _fit(config, device, dataset, ranks, run, checkpoint_seconds, snapshot_seconds, tensorboard)


def _fit(
    config: FitConfig,
    device: torch.device,
    dataset: Dataset,
    ranks: Ranks,
    run: Run | None,
    checkpoint_seconds: float,
    snapshot_seconds: float,
    tensorboard: bool,
) -> Run | None:
    """Fit as `fit` does, in a run folder that is locked for this fit; None on all ranks but the first."""
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
            f"{run.folder / METRICS_FILE}: found {counted(len(run.metrics), 'line')}, expected "
            f"{finished_epochs}, one for each epoch finished before {CHECKPOINT_FILE} was written; "
            f"{what_to_do(run.folder)}"
        )
    run = dataclasses.replace(run, metrics=run.metrics[:finished_epochs])
    say(
        f"{config.recipe}: {counted(config.epochs, 'epoch')} of "
        f"{counted(len(dataset.train_images), 'image')}, "
        f"batch {config.batch_size}, {sum(p.numel() for p in trainer.model.parameters()):,} parameters, "
        f"on {f'{ranks.size} × ' if ranks.size > 1 else ''}{describe_device(device)}, {config.precision}; "
        f"run folder {run.folder}{_progress(trainer)}"
    )
    test_images = on_device(dataset.test_images, device)
    logbook = Logbook(
        run,
        trainer,
        test_images,
        checkpoint,
        checkpoint_seconds,
        tensorboard,
        snapshot_seconds,
        # Test images in a file are in memory only while they are evaluated.
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
            f"interrupted: {counted(len(logbook.run.metrics), 'finished epoch')} and the state after step "
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
    """If an error ends the fit, write it to the run folder too."""
    try:
        yield
    except (StopRequestedError, OutputClosedError):
        raise
    except Exception as error:
        note_failure(run, error)
        raise
