"""python -m training.fit: options → FitConfig → a run folder."""

import dataclasses
import math
import time
from pathlib import Path
from typing import Any

import click
import torch
from tqdm import tqdm

from training import preview
from training.command_line import run_command
from training.config import RECIPES, FitConfig
from training.datasets import Dataset, DatasetError, mnist
from training.device import DeviceError, keep_freed_memory, pick_device
from training.loop import Trainer, evaluate
from training.runs import Run, RunError, add_epoch, create_run, preview_path, save_weights, weights_path


class FitError(Exception):
    """The fit cannot go on."""


def fit(config: FitConfig, device: torch.device, out: Path | None, dataset: Dataset | None = None) -> Run:
    """Fit the VAE to `dataset`, by default the embedded MNIST; print one line an epoch, leave a run folder.

    Ctrl-C ends the fit early: every finished epoch is kept and the run so far is returned.

    Raises RunError when `out` is not empty, OSError when it cannot be written, DatasetError when the
    embedded MNIST is damaged, FitError when the test ELBO is no longer a number.
    """
    dataset = dataset or mnist()
    run = create_run(out, config)
    trainer = Trainer(config, dataset.train_images, device)
    test_images = torch.from_numpy(dataset.test_images).to(device)
    click.echo(
        f"{config.recipe}: {config.epochs} epochs of {len(dataset.train_images):,} images, "
        f"batch {config.batch_size}, {sum(p.numel() for p in trainer.model.parameters()):,} parameters, "
        f"on {describe_device(device)}; run folder {run.folder}"
    )
    _keep(run, 0, trainer, test_images)
    train_seconds = 0.0
    try:
        for epoch in range(1, config.epochs + 1):
            with tqdm(
                total=len(dataset.train_images),
                desc=f"epoch {epoch}/{config.epochs}",
                unit=" images",
                leave=False,
                disable=None,
                bar_format="{desc} {percentage:3.0f}%|{bar}| {rate_fmt}, {remaining} left",
            ) as bar:
                epoch_seconds = trainer.train_epoch(bar.update)
            train_seconds += epoch_seconds
            metrics = evaluate(trainer.model, test_images)
            if not math.isfinite(metrics.elbo_nats):
                raise FitError(
                    f"epoch {epoch}: found a test ELBO of {metrics.elbo_nats}, expected a number; "
                    f"the epochs before are kept in {run.folder}; try a lower --learning-rate"
                )
            _keep(run, epoch, trainer, test_images)
            run = add_epoch(
                run,
                {
                    "epoch": epoch,
                    "test_elbo_nats": metrics.elbo_nats,
                    "test_rate_nats": metrics.rate_nats,
                    "test_distortion_nats": metrics.distortion_nats,
                    "train_seconds": train_seconds,
                    "epoch_seconds": epoch_seconds,
                },
            )
            click.echo(
                f"epoch {epoch:3d}/{config.epochs}   test ELBO {metrics.elbo_nats:8.2f} nats   "
                f"rate {metrics.rate_nats:5.2f}   distortion {metrics.distortion_nats:6.2f}   "
                f"{epoch_seconds:6.1f} s"
            )
    except KeyboardInterrupt:
        click.echo(f"interrupted: {len(run.metrics)} finished epochs are kept in {run.folder}", err=True)
    preview.write_preview_gif(run.folder / "previews.gif", [preview_path(run, epoch) for epoch in run.epochs])
    return run


def describe_device(device: torch.device) -> str:
    """The device in words: the GPU's name, or the CPU with its number of threads."""
    if device.type == "cuda":
        return f"{torch.cuda.get_device_name(device)} (CUDA)"
    return f"the CPU, {torch.get_num_threads()} threads" if device.type == "cpu" else device.type.upper()


def _keep(run: Run, epoch: int, trainer: Trainer, test_images: torch.Tensor) -> None:
    save_weights(weights_path(run, epoch), trainer.model)
    picture = preview.preview(trainer.model, test_images[: preview.COUNT], seed=run.config.seed)
    preview.write_preview(preview_path(run, epoch), picture)


DEFAULT = RECIPES["default"]
POSITIVE = click.IntRange(min=1)


class Finite(click.FloatRange):
    """A float range that nan is outside of."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """As click's, which lets nan through."""
        number = super().convert(value, param, ctx)
        return (
            number if math.isfinite(number) else self.fail(f"found {value}, expected a number.", param, ctx)
        )


@click.command(
    name="python -m training.fit",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Example: python -m training.fit --epochs 10 --seed 1 --out artifacts/runs/ten",
)
@click.option(
    "--recipe",
    type=click.Choice(list(RECIPES)),
    default="default",
    show_default=True,
    help="Where the other options start from. 'tutorial' is TensorFlow's CVAE tutorial to the letter: "
    "batch 32, Adam at 1e-4, 10 epochs, the one-sample bound.",
)
@click.option(
    "--epochs", type=POSITIVE, help=f"Passes over the training images.  [default: {DEFAULT.epochs}]"
)
@click.option(
    "--batch-size", type=click.IntRange(1, 60_000), help=f"Images a step.  [default: {DEFAULT.batch_size}]"
)
@click.option(
    "--learning-rate",
    type=Finite(min=0, min_open=True, max=1),
    help=f"Adam's step size, at its peak.  [default: {DEFAULT.learning_rate}]",
)
@click.option(
    "--latent-dim",
    type=click.IntRange(1, 512),
    help=f"Dimensions of z; the viewer shows a plane through them.  [default: {DEFAULT.latent_dim}]",
)
@click.option(
    "--filters",
    type=(click.IntRange(1, 4096), click.IntRange(1, 4096)),
    metavar="FIRST SECOND",
    help="Channels of the encoder's two convolutions; the decoder mirrors them.  "
    f"[default: {DEFAULT.filters[0]} {DEFAULT.filters[1]}]",
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**31 - 1),
    help=f"Same seed, same machine: same result.  [default: {DEFAULT.seed}]",
)
@click.option(
    "--device",
    type=click.Choice(["auto", "cuda", "mps", "cpu"]),
    default="auto",
    show_default=True,
    help="Where to compute; 'auto' takes the best there is.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="The run folder, new or empty.  [default: a new one under artifacts/runs]",
)
def command(recipe: str, device: str, out: Path | None, **changes: Any) -> int:
    """Fit a convolutional VAE to MNIST and leave a run folder for python -m export.onnx.

    With no options: the MNIST that comes with the package, the best device there is, the default recipe.
    After every epoch one line with the test ELBO (higher is better), rate and distortion in nats an image.
    """
    changes = {name: value for name, value in changes.items() if value is not None}
    config = dataclasses.replace(RECIPES[recipe], **changes)
    chosen = pick_device(device)
    if chosen.type == "cpu":
        keep_freed_memory()
    start = time.perf_counter()
    run = fit(config, chosen, out)
    if not run.metrics:
        return 130
    last = run.metrics[-1]
    click.echo(
        f"test ELBO {last['test_elbo_nats']:.2f} nats after {last['train_seconds']:.1f} s of training "
        f"({time.perf_counter() - start:.1f} s in all)\n"
        f"next: python -m export.onnx {run.folder}"
    )
    return 0 if len(run.metrics) == config.epochs else 130


def main() -> None:
    """Run the command line and exit."""
    run_command(command, (RunError, DatasetError, DeviceError, FitError))


if __name__ == "__main__":
    main()
