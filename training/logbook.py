"""The record of a running fit: the files of its run folder, and a printed line for each epoch.

Weights, metrics and checkpoint must be kept, so they are written first. Curves, previews, TensorBoard's
files, the progress bar and the printed line come after them. Their failure does not end a fit: a line on
standard error reports it, once.
"""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from torch import Tensor
from tqdm import tqdm

from training import preview
from training.checkpoint import Checkpoint, save_checkpoint
from training.curves import write_curves
from training.held_out import HeldOutMetrics, evaluate
from training.loop import Trainer
from training.output import OutputClosedError, say, warn
from training.progress import Lines
from training.runs import (
    Run,
    add_epoch,
    curves_path,
    preview_path,
    save_weights,
    tensorboard_path,
    weights_path,
)
from training.snapshot import remove_snapshot, save_snapshot
from training.summaries import ignore

if TYPE_CHECKING:
    from torch.utils.tensorboard.writer import SummaryWriter

# TensorBoard gets the mean of this many steps as one point.
STEPS_PER_POINT = 50
SECONDS_BETWEEN_CURVES = 30


class FitError(Exception):
    """The fit cannot go on."""


class Logbook:
    """The first rank's record of a fit.

    Args:
        run: the run on disk.
        trainer: the fit, already restored from `checkpoint`.
        test_images: uint8 [N, C, H, W], on the trainer's device or the CPU.
        checkpoint: where the fit continues; None at its start.
        checkpoint_seconds: seconds between checkpoints within an epoch.
        tensorboard: whether to write TensorBoard files too.
        snapshot_seconds: seconds between snapshots within the first epoch; 0 for none.
        on_tested: called with each number of test images that were evaluated.
    """

    def __init__(
        self,
        run: Run,
        trainer: Trainer,
        test_images: Tensor,
        checkpoint: Checkpoint | None,
        checkpoint_seconds: float,
        tensorboard: bool,
        snapshot_seconds: float = 0.0,
        on_tested: Callable[[int], object] = ignore,
    ) -> None:
        self.run = run
        self._on_tested = on_tested
        self.train_seconds = checkpoint.train_seconds if checkpoint else 0.0
        self._trainer = trainer
        self._test_images = test_images
        self._checkpoint_seconds = checkpoint_seconds
        self._snapshot_seconds = snapshot_seconds
        self._epoch_seconds = checkpoint.epoch_seconds if checkpoint else 0.0
        self._clock_start: float | None = None
        self._curves_drawn_at = -math.inf
        self._bar: tqdm[None] | None = None
        self._lines: Lines | None = None
        self._told: set[str] = set()
        self._writer: SummaryWriter | None = None
        self.saved_step = trainer.step
        self._saved_at = self._snapshot_at = time.perf_counter()
        epoch, place = divmod(trainer.step, trainer.steps_per_epoch)
        if trainer.step == 0:
            save_weights(weights_path(run, 0), trainer.fitted)
            self.save_checkpoint()
        if tensorboard:
            # Drop the points that a killed fit wrote after its last checkpoint, and those of the epoch that
            # is shown below.
            first_step = trainer.step - (place or trainer.steps_per_epoch) + 1 if trainer.step else 0
            with self._decoration("TensorBoard's file was not written"):
                self._writer = tensorboard_writer_class()(str(tensorboard_path(run)), purge_step=first_step)
        # A fit that was killed right after its checkpoint may not have shown the epoch.
        if place == 0 and (tensorboard or not preview_path(run, epoch).exists()):
            self._show_epoch(epoch, evaluate(trainer.fitted, test_images) if epoch and tensorboard else None)

    def start_epoch(self) -> None:
        """Show a progress bar, or lines where there is no terminal, and start the clock."""
        config, trainer = self._trainer.config, self._trainer
        epoch, place = divmod(trainer.step, trainer.steps_per_epoch)
        what = f"epoch {epoch + 1}/{config.epochs}"
        with self._decoration("the progress bar was not drawn"):
            self._bar = tqdm(
                total=len(trainer.images),
                initial=place * config.batch_size,
                desc=what,
                unit=" images",
                leave=False,
                disable=None,
                bar_format="{desc} {percentage:3.0f}%|{bar}| {rate_fmt}, {remaining} left{postfix}",
            )
            self._lines = Lines(what, "steps", trainer.steps_per_epoch, place) if self._bar.disable else None
        self._start_clock()

    def count_step(self, image_count: int) -> None:
        """Advance the bar or the lines, and save a checkpoint or a snapshot if it is due."""
        if self._bar is not None:
            with self._decoration("the progress bar was not drawn"):
                if self._bar.update(image_count):
                    self._bar.set_postfix_str(f"ELBO {self._trainer.recent_elbo_nats():.1f}", refresh=False)
        if self._lines is not None:
            # Counted on the CPU alone: nothing here waits for the device.
            self._lines.update(1)
        # After an epoch's last step the checkpoint is saved only after the evaluation: a fit resumed from an
        # earlier one would skip the evaluation.
        is_within = self._trainer.step % self._trainer.steps_per_epoch > 0
        if is_within and time.perf_counter() - self._saved_at >= self._checkpoint_seconds:
            self.save_checkpoint()
        is_in_first = is_within and self._trainer.step < self._trainer.steps_per_epoch
        if self._snapshot_seconds and is_in_first:
            self._take_snapshot()

    def finish_epoch(self) -> None:
        """Evaluate the epoch, write its files, and print its line.

        Raises FitError if the test ELBO is not finite; then nothing of the epoch is kept.
        """
        trainer, config = self._trainer, self._trainer.config
        self._stop_clock()
        self.close_bar()
        epoch = trainer.step // trainer.steps_per_epoch
        metrics = evaluate(trainer.fitted, self._test_images, on_images=self._on_tested)
        if not math.isfinite(metrics.elbo_nats):
            raise FitError(
                f"epoch {epoch}: found a test ELBO of {metrics.elbo_nats}, expected a finite number; "
                f"the epochs before it are kept in {self.run.folder}; fit again with a lower --learning-rate"
            )
        # A single test image has no standard error.
        error = {"test_elbo_error_nats": metrics.elbo_error_nats} if len(self._test_images) > 1 else {}
        save_weights(weights_path(self.run, epoch), trainer.fitted)
        losses = trainer.losses_nats.double()
        sizes = losses.new_full(losses.shape, config.batch_size)
        sizes[-1] = len(trainer.images) - config.batch_size * (len(losses) - 1)
        self.run = add_epoch(
            self.run,
            {
                "epoch": epoch,
                "step": trainer.step,
                "test_elbo_nats": metrics.elbo_nats,
                **error,
                "test_rate_nats": metrics.rate_nats,
                "test_distortion_nats": metrics.distortion_nats,
                "train_elbo_nats": -float((losses * sizes).sum() / len(trainer.images)),
                "learning_rate": float(trainer.learning_rate),
                "train_seconds": self.train_seconds,
                "epoch_seconds": self._epoch_seconds,
                "images_a_second": len(trainer.images) / self._epoch_seconds,
            },
        )
        # Before the checkpoint: a fit that is killed before this line repeats the end of the epoch when it is
        # resumed, and removes the snapshot then.
        with self._decoration("the snapshot was not removed"):
            remove_snapshot(self.run)
        seconds, self._epoch_seconds = self._epoch_seconds, 0.0
        # After weights and metrics: a fit that is killed before this line repeats the work since the previous
        # checkpoint when it is resumed.
        self.save_checkpoint()
        self._show_epoch(epoch, metrics)
        # After the last epoch, `finish` draws the curves.
        is_last = trainer.step == trainer.step_count
        if not is_last and time.perf_counter() - self._curves_drawn_at >= SECONDS_BETWEEN_CURVES:
            self.draw_curves()
        with self._decoration("an epoch's line was not printed"):
            say(
                f"epoch {epoch:3d}/{config.epochs}   test ELBO {metrics.elbo_nats:8.2f} nats   "
                f"rate {metrics.rate_nats:5.2f}   distortion {metrics.distortion_nats:6.2f}   "
                f"{seconds:6.1f} s"
            )

    def save_checkpoint(self) -> None:
        """Write the state of the fit. The training clock stops while it is written.

        Keeps the previous checkpoint if a weight is not finite. Raises NotFiniteError if a loss of this epoch
        is not finite.
        """
        state = self._trainer.state()
        if not all(weights.isfinite().all() for weights in state["model"].values()):
            # The loss of the next step will not be finite either, and that ends the fit.
            return
        was_running = self._stop_clock()
        checkpoint = Checkpoint(state, self.train_seconds, self._epoch_seconds)
        save_checkpoint(self.run.folder, self._trainer.config, checkpoint)
        self.saved_step = self._trainer.step
        self._saved_at = time.perf_counter()
        if was_running:
            self._start_clock()

    def finish(self) -> None:
        """Write the files that show all epochs: the curves and the GIF of the previews."""
        self.draw_curves()
        pictures = [path for epoch in self.run.epochs if (path := preview_path(self.run, epoch)).exists()]
        if pictures:  # if there are none, the reason was already reported
            with self._decoration("previews.gif was not written"):
                preview.write_preview_gif(self.run.folder / "previews.gif", pictures)
        if self._writer is not None:
            with self._decoration("TensorBoard's file was not written"):
                self._writer.close()

    def draw_curves(self) -> None:
        """Draw the metrics over the epochs, if there are any yet."""
        if self.run.metrics:
            config = self._trainer.config
            with self._decoration("curves.png was not drawn"):
                title = f"{self.run.folder.resolve().name}: {config.dataset}, {config.recipe} recipe"
                write_curves(curves_path(self.run), title, self.run.metrics)
            self._curves_drawn_at = time.perf_counter()

    def close_bar(self) -> None:
        """Remove the progress bar."""
        if self._bar is not None:
            bar, self._bar = self._bar, None
            with self._decoration("the progress bar was not drawn"):
                bar.close()

    @contextmanager
    def _decoration(self, failure: str) -> Iterator[None]:
        """Within the block, report an error in one line that begins with `failure`, once in a fit.

        Only OutputClosedError is raised, which means that nobody reads standard output any more.
        """
        try:
            yield
        except OutputClosedError:
            raise
        except Exception as error:  # drawing can raise almost anything
            if failure not in self._told:
                self._told.add(failure)
                told = error.strerror if isinstance(error, OSError) else None
                reason = " ".join((told or str(error)).split()) or type(error).__name__
                warn(f"{failure}: {reason}")

    def _take_snapshot(self) -> None:
        """Write a snapshot if it is due and its weights are finite; the training clock stops meanwhile."""
        if time.perf_counter() - self._snapshot_at < self._snapshot_seconds:
            return
        trainer = self._trainer
        # Reading the weights waits for the GPU's unfinished steps, which are part of the training time.
        is_finite = all(weights.isfinite().all() for weights in trainer.fitted.state_dict().values())
        was_running = self._stop_clock()
        if is_finite:
            with self._decoration("a snapshot was not written"):
                save_snapshot(self.run, trainer.fitted, trainer.step, trainer.steps_per_epoch)
        self._snapshot_at = time.perf_counter()
        if was_running:
            self._start_clock()

    def _show_epoch(self, epoch: int, metrics: HeldOutMetrics | None) -> None:
        """Write the preview of an epoch that was just finished, and its points for TensorBoard."""
        picture = None
        with self._decoration("a preview was not written"):
            model, seed = self._trainer.fitted, self._trainer.config.seed
            picture = preview.preview(model, self._test_images[: preview.COUNT], seed=seed)
            preview.write_preview(preview_path(self.run, epoch), picture)
        if self._writer is not None:
            with self._decoration("TensorBoard's file was not written"):
                if picture is not None:
                    axes = "HW" if picture.ndim == 2 else "HWC"
                    self._writer.add_image("previews", picture, self._trainer.step, dataformats=axes)
                if metrics is not None:
                    self._write_tensorboard(self._writer, metrics)

    def _write_tensorboard(self, writer: "SummaryWriter", metrics: HeldOutMetrics) -> None:
        trainer = self._trainer
        first_step = trainer.step - trainer.steps_per_epoch
        rates = trainer.learning_rates_of(first_step // trainer.steps_per_epoch).tolist()
        for start in range(0, trainer.steps_per_epoch, STEPS_PER_POINT):
            losses = trainer.losses_nats[start : start + STEPS_PER_POINT]
            step = first_step + start + len(losses)
            writer.add_scalar("train/elbo_nats", -losses.mean().item(), step)
            writer.add_scalar("train/learning_rate", rates[step - first_step - 1], step)
        for name, value in vars(metrics).items():
            writer.add_scalar(f"test/{name}", value, trainer.step)
        writer.add_scalar("train/images_a_second", self.run.metrics[-1]["images_a_second"], trainer.step)
        writer.flush()

    def _start_clock(self) -> None:
        self._clock_start = time.perf_counter()

    def _stop_clock(self) -> bool:
        if self._clock_start is None:
            return False
        seconds = time.perf_counter() - self._clock_start
        self._clock_start = None
        self.train_seconds += seconds
        self._epoch_seconds += seconds
        return True


def tensorboard_writer_class() -> "type[SummaryWriter]":
    """TensorBoard's writer class. Raises FitError if the package is missing."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise FitError(
            f"--tensorboard: {error}; expected the tensorboard package; "
            "install it with pip install tensorboard"
        ) from error
    return SummaryWriter
