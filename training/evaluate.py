"""python -m training.evaluate: compute a run's figures on the test images, each with its error."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from training.installed import needed, version_option

with needed("training", "python -m training.evaluate", __name__):
    import torch
    from torch import Tensor
    from tqdm import tqdm

from training.command_line import Finite, device_option, run_command
from training.config import FitConfig
from training.data.dataset import Dataset, DatasetError
from training.data.open import dataset_of
from training.data.options import found_again_options, pop_places
from training.device import DeviceError, describe_device, full_precision, keep_freed_memory, pick_device
from training.evaluation import (
    ActiveUnits,
    Bound,
    Comparison,
    Evaluation,
    ImportanceWeighted,
    Quadrature,
    compare,
    quadrature_figures,
    to_json,
    to_table,
    weighted_figures,
)
from training.held_out import EVALUATION_SEED, evaluate, posteriors
from training.image_access import fits, on_device
from training.importance import ImportanceEstimate, adaptively_weighted, importance_weighted
from training.model import VAE
from training.networks import network_of
from training.output import say
from training.progress import Lines
from training.quadrature import COARSE_STEP, LEAST_HALF_WIDTH, Grid, integrate, survey
from training.runs import Run, RunError, load_weights, newest_run, read_run, weights_path
from training.summaries import ACTIVE_VARIANCE, bits_per_dimension, unit_variances

IMPORTANCE_SEED = 20_160_502
# The number of images by device. Each image's proposal and weights are computed in float64 on the CPU, which
# takes most of the time on CUDA: for 10,000 images about half an hour.
IMAGES = {"cuda": 1000}
IMAGES_OFF_CUDA = 100
SAMPLES = 5000
DRAWS = 10
STEP = 0.015
ESTIMATORS = {"importance_weighted": adaptively_weighted, "iwae_bound": importance_weighted}
# Memory for the decoder's activations of one batch.
BATCH_BYTES = {"cpu": 16 << 20, "cuda": 1 << 30, "mps": 256 << 20}


class EvaluationError(Exception):
    """The figures of a run are not finite."""


def evaluate_run(
    run: Run,
    device: torch.device,
    *,
    epoch: int | None = None,
    draws: int = DRAWS,
    images: int | None = None,
    samples: int = SAMPLES,
    step: float = STEP,
    dataset: Dataset | None = None,
) -> Evaluation:
    """Evaluate the weights of one epoch on the test images of `dataset`, by default the fit's.

    Args:
        run: the run that holds the weights.
        device: where to compute.
        epoch: the epoch whose weights are evaluated; by default the last finished one.
        draws: posterior samples per image for the bound.
        images: number of test images, counted from the first, that get the two importance-weighted figures;
            by default 1,000 on CUDA and 100 elsewhere.
        samples: importance samples per image for each of the two, at least 2; 0 leaves them out.
        step: step of the quadrature, in units of z.
        dataset: the dataset that the test images come from; it has at least two.

    Raises RunError if the epoch or its weights are missing, DatasetError if the data is not that of the fit,
    EvaluationError if the bound is not finite.
    """
    epoch = run.epochs[-1] if epoch is None else epoch
    if epoch not in run.epochs:
        raise RunError(
            f"{run.folder}: found no epoch {epoch}, expected one from 0 to {run.epochs[-1]}; "
            "choose another --epoch"
        )
    model = _load(run, epoch).to(device)
    # mypy: PyTorch does not declare this overload.
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    dataset = dataset or dataset_of(run.config)
    count = weighted_count(images, device, len(dataset.test_images))
    test = on_device(dataset.test_images, device)
    likelihood = model.likelihood
    # The quadrature needs all its images at once, as float32. It gets only some of them if not all fit into
    # memory, or if the likelihood of pairs of image and z is not a matrix product.
    has_quadrature = run.config.latent_dim == 2
    are_all = likelihood.pairs_are_products and fits(dataset.test_images, device, number_bytes=4)
    integrated = len(test) if has_quadrature and are_all else count
    flat = model.network_input(test[: max(count, integrated)].to(device)).flatten(1)
    batch = decode_batch(run.config, device)

    def decode(z: Tensor) -> Tensor:
        return torch.cat([model.decoder(part) for part in torch.split(z, batch)])

    # Only probabilities can be counted in bits.
    dimensions = flat.shape[1] if model.gives_probabilities else None
    with full_precision():
        bound = _bound(model, test, draws)
        if not math.isfinite(bound.elbo_nats):
            raise EvaluationError(
                f"{weights_path(run, epoch)}: found an ELBO of {bound.elbo_nats}, expected a finite number; "
                "choose another --epoch or fit again"
            )
        mean, logvar = posteriors(model, test)
        figures: dict[str, ImportanceWeighted] = {}
        estimates: dict[str, ImportanceEstimate] = {}
        if samples:
            for name, estimator in ESTIMATORS.items():
                start = time.perf_counter()
                with _bar(count, name.replace("_", " "), "images") as done:
                    estimates[name] = estimator(
                        decode,
                        flat[:count],
                        mean[:count],
                        logvar[:count],
                        samples,
                        IMPORTANCE_SEED,
                        batch,
                        done,
                        likelihood,
                    )
                seconds = time.perf_counter() - start
                figures[name] = weighted_figures(
                    estimates[name], samples, IMPORTANCE_SEED, dimensions, seconds
                )
        quadrature: Quadrature | None = None
        comparisons: dict[str, Comparison] = {}
        if has_quadrature:
            start = time.perf_counter()
            grid = Grid.with_step(step, COARSE_STEP)
            half_width = max(LEAST_HALF_WIDTH, mean.abs().max().item() + grid.tile_side)
            with _bar(None, "survey of the plane", "tiles") as done:
                surveyed = survey(
                    decode, flat[:integrated], grid, half_width, on_tiles=done, likelihood=likelihood
                )
            with _bar(len(surveyed.tiles()), "quadrature", "tiles") as done:
                integral = integrate(decode, flat[:integrated], surveyed, done, likelihood)
            seconds = time.perf_counter() - start
            quadrature = quadrature_figures(integral, grid, surveyed.half_width, dimensions, seconds)
            for name, estimate in estimates.items():
                comparisons[name] = compare(estimate, integral.log_px_nats[:count])
    variances = unit_variances(mean).tolist()
    return Evaluation(
        run=str(run.folder),
        epoch=epoch,
        dataset=dataset.name,
        image_shape=run.config.image_shape,
        latent_dim=run.config.latent_dim,
        likelihood=run.config.likelihood,
        device=describe_device(device),
        bound=bound,
        active_units=ActiveUnits(
            sum(variance > ACTIVE_VARIANCE for variance in variances), ACTIVE_VARIANCE, variances
        ),
        importance_weighted=figures.get("importance_weighted"),
        iwae_bound=figures.get("iwae_bound"),
        quadrature=quadrature,
        importance_weighted_minus_quadrature=comparisons.get("importance_weighted"),
        iwae_bound_minus_quadrature=comparisons.get("iwae_bound"),
    )


def weighted_count(requested: int | None, device: torch.device, available: int) -> int:
    """The number of images that get importance weights: as many as requested, or the device's default."""
    default = IMAGES.get(device.type, IMAGES_OFF_CUDA)
    return min(default if requested is None else requested, available)


def decode_batch(config: FitConfig, device: torch.device) -> int:
    """The number of z to decode at once, so that the decoder's two large activations fit in `BATCH_BYTES`."""
    channels, height, width = config.image_shape
    numbers = channels * height * width
    if config.network == "conv":
        first, second = (*config.filters, 0)[:2]
        numbers = second * height * width // 4 + first * height * width
    return max(1, BATCH_BYTES[device.type] // (4 * numbers))


def _load(run: Run, epoch: int) -> VAE:
    model = network_of(run.config)
    model.load_state_dict(load_weights(run, epoch))
    return model.eval()


def _bound(model: VAE, images: Tensor, draws: int) -> Bound:
    start = time.perf_counter()
    with _bar(len(images), "ELBO", "images") as done:
        found = evaluate(model, images, draws, done)
    return Bound(
        elbo_nats=found.elbo_nats,
        elbo_standard_error_nats=found.elbo_error_nats,
        rate_nats=found.rate_nats,
        rate_standard_error_nats=found.rate_error_nats,
        distortion_nats=found.distortion_nats,
        distortion_standard_error_nats=found.distortion_error_nats,
        bits_per_dimension=(
            bits_per_dimension(found.elbo_nats, images[0].numel()) if model.gives_probabilities else None
        ),
        images=len(images),
        draws=draws,
        seed=EVALUATION_SEED,
        seconds=time.perf_counter() - start,
    )


@contextmanager
def _bar(total: int | None, what: str, unit: str) -> Iterator[Callable[[int], object]]:
    with tqdm(total=total, desc=what, unit=f" {unit}", leave=False, disable=None) as bar:
        yield Lines(what, unit, total).update if bar.disable else bar.update


def _zero_or_several(context: click.Context, parameter: click.Parameter, value: int) -> int:
    if value == 1:
        raise click.BadParameter("found 1, expected 0 or at least 2.", context, parameter)
    return value


@click.command(
    name="python -m training.evaluate",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Example: python -m training.evaluate artifacts/runs/ten --images 1000 --json",
)
@click.argument("run", type=click.Path(path_type=Path), required=False)
@click.option(
    "--epoch",
    type=click.IntRange(min=0),
    help="The epoch whose weights are evaluated.  [default: the last finished epoch]",
)
@click.option(
    "--draws",
    type=click.IntRange(1, 10_000),
    default=DRAWS,
    show_default=True,
    help="Posterior samples per image for the ELBO.",
)
@click.option(
    "--images",
    type=click.IntRange(min=2),
    help="Number of test images, counted from the first, that get log p(x) by importance weighting.  "
    f"[default: {IMAGES['cuda']} on CUDA, {IMAGES_OFF_CUDA} elsewhere]",
)
@click.option(
    "--samples",
    type=click.IntRange(0, 10_000_000),
    default=SAMPLES,
    show_default=True,
    callback=_zero_or_several,
    help="Importance samples per image, from a fitted proposal and again from q(z|x); 0 skips both.",
)
@click.option(
    "--step",
    type=Finite(min=0.002, max=0.1),
    default=STEP,
    show_default=True,
    help="Step of the quadrature over a two-dimensional latent space, in units of z. A plane that reaches 8 "
    "units has half a million z to decode; twice the step is about a quarter of them.",
)
@found_again_options
@device_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
@version_option
def command(
    run: Path | None,
    epoch: int | None,
    draws: int,
    images: int | None,
    samples: int,
    step: float,
    device: str,
    as_json: bool,
    data: str | None,
    **values: Any,
) -> None:
    """Evaluate the model of RUN, by default the newest run, on the test images of its fit.

    Prints the ELBO with rate and distortion, importance-weighted log p(x), the IWAE bound, active units and,
    if the latent space has two dimensions, log p(x) by quadrature; with standard errors, in nats per image
    and bits per dimension.

    On a CPU it takes several minutes for the defaults, most of it for log p(x) of --images.
    """
    chosen = pick_device(device)
    if chosen.type == "cpu":
        keep_freed_memory()
    found = read_run(run if run is not None else newest_run())
    evaluation = evaluate_run(
        found,
        chosen,
        epoch=epoch,
        draws=draws,
        images=images,
        samples=samples,
        step=step,
        dataset=dataset_of(found.config, pop_places(values), data),
    )
    say(to_json(evaluation) if as_json else to_table(evaluation))


def main() -> None:
    """Run the command line and exit."""
    run_command(command, (RunError, DatasetError, DeviceError, EvaluationError))


if __name__ == "__main__":
    main()
