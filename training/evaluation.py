"""The result of evaluating a run: every figure with its error, as JSON and as a table."""

import json
import statistics
from dataclasses import asdict, dataclass

from torch import Tensor

from training.importance import ImportanceEstimate
from training.quadrature import Grid, PlaneIntegral
from training.summaries import bits_per_dimension, mean_and_standard_error

WEIGHTED_NAME = "log p(x), importance-weighted"
BOUND_NAME = "IWAE bound"
MISSED_BY_PROPOSAL = "; the proposal misses mass, trust the quadrature"
MOST_VARIANCES = 8  # in the table; JSON has all
MISSED_BY_Q = "; samples from q(z|x) miss mass"


@dataclass(frozen=True)
class Bound:
    """The evidence lower bound: means over `images` images with `draws` posterior samples each.

    Bits per dimension are None, here and below, if the likelihood is a density.
    """

    elbo_nats: float
    elbo_standard_error_nats: float
    rate_nats: float
    rate_standard_error_nats: float
    distortion_nats: float
    distortion_standard_error_nats: float
    bits_per_dimension: float | None
    images: int
    draws: int
    seed: int
    seconds: float


@dataclass(frozen=True)
class ActiveUnits:
    """Latent dimensions whose posterior mean has a variance over the images above `threshold`."""

    count: int
    threshold: float
    variances: list[float]


@dataclass(frozen=True)
class ImportanceWeighted:
    """log p(x), or a bound on it, from importance weights.

    The Monte Carlo error is that of the mean, from the random draws alone; `largest_error_nats` is the
    largest of a single image.
    """

    log_px_nats: float
    standard_error_nats: float
    monte_carlo_error_nats: float
    bits_per_dimension: float | None
    images: int
    samples: int
    seed: int
    effective_samples_least: float
    effective_samples_median: float
    largest_error_nats: float
    seconds: float


@dataclass(frozen=True)
class Quadrature:
    """log p(x) by the rectangle rule; `change_…` is the difference that halving the step to `step` made."""

    log_px_nats: float
    standard_error_nats: float
    bits_per_dimension: float | None
    images: int
    step: float
    change_mean_nats: float
    change_largest_nats: float
    half_width: float
    points: int
    seconds: float


@dataclass(frozen=True)
class Comparison:
    """An estimate minus the quadrature on the same images, with the Monte Carlo error of the mean."""

    mean_nats: float
    monte_carlo_error_nats: float
    largest_nats: float
    images: int


@dataclass(frozen=True)
class Evaluation:
    """All figures of a run; a part that was not requested, or does not exist, is None.

    `importance_weighted` draws from a proposal fitted to each image, `iwae_bound` from q(z|x).
    """

    run: str
    epoch: int
    dataset: str
    image_shape: tuple[int, int, int]
    latent_dim: int
    likelihood: str
    device: str
    bound: Bound
    active_units: ActiveUnits
    importance_weighted: ImportanceWeighted | None
    iwae_bound: ImportanceWeighted | None
    quadrature: Quadrature | None
    importance_weighted_minus_quadrature: Comparison | None
    iwae_bound_minus_quadrature: Comparison | None


def to_json(evaluation: Evaluation) -> str:
    """All figures as one JSON object; parts that are None are left out."""
    parts = asdict(evaluation, dict_factory=_without_none)
    # ASCII, so that it is JSON whatever the encoding of the output is.
    return json.dumps(parts, indent=2, allow_nan=False)


def _without_none(items: list[tuple[str, object]]) -> dict[str, object]:
    return {name: value for name, value in items if value is not None}


def to_table(evaluation: Evaluation) -> str:
    """The same figures as an aligned table for people, one per line."""
    bound, units = evaluation.bound, evaluation.active_units
    shape = " × ".join(map(str, evaluation.image_shape))
    head = (
        f"{evaluation.run}, epoch {evaluation.epoch}: {evaluation.dataset}, "
        f"{bound.images:,} test images of {shape}, on {evaluation.device}"
    )
    is_density = bound.bits_per_dimension is None
    rows = [
        ("", "nats per image", "± s.e.", "" if is_density else "bits per dimension", ""),
        _row(
            "ELBO",
            bound.elbo_nats,
            bound.elbo_standard_error_nats,
            bound.bits_per_dimension,
            f"{bound.images:,} images, {bound.draws} draw{'s' * (bound.draws > 1)} each",
        ),
        _row("  rate", bound.rate_nats, bound.rate_standard_error_nats),
        _row("  distortion", bound.distortion_nats, bound.distortion_standard_error_nats),
    ]
    notes = []
    if is_density:
        notes.append(
            "bernoulli: grey levels stand for probabilities, so these are cross-entropies and not log p(x)"
            if evaluation.likelihood == "bernoulli"
            else f"{evaluation.likelihood}: logs of a density of x in [0, 1], which can be above zero"
        )
    for name, weighted, proposal in (
        (WEIGHTED_NAME, evaluation.importance_weighted, "from a proposal fitted to each"),
        (BOUND_NAME, evaluation.iwae_bound, "from q(z|x)"),
    ):
        if weighted is not None:
            rows.append(
                _row(
                    name,
                    weighted.log_px_nats,
                    weighted.standard_error_nats,
                    weighted.bits_per_dimension,
                    f"the first {weighted.images:,} images, {weighted.samples:,} samples {proposal}",
                )
            )
            notes.append(
                f"{name}: Monte Carlo error of the mean {weighted.monte_carlo_error_nats:.4f} nats, "
                f"of a single image at most {weighted.largest_error_nats:.3f}; effective samples "
                f"{weighted.effective_samples_median:,.0f} (median), "
                f"{weighted.effective_samples_least:,.0f} (smallest)"
            )
    if (quadrature := evaluation.quadrature) is not None:
        rows.append(
            _row(
                "log p(x), quadrature",
                quadrature.log_px_nats,
                quadrature.standard_error_nats,
                quadrature.bits_per_dimension,
                ("the first " if quadrature.images < bound.images else "")
                + f"{quadrature.images:,} images, step {quadrature.step:g}",
            )
        )
        notes.append(
            f"quadrature: halving the step to {quadrature.step:g} changed the mean by "
            f"{quadrature.change_mean_nats:+.5f} nats, "
            f"a single image by at most {quadrature.change_largest_nats:.4f}"
        )
    for name, comparison, missed in (
        (WEIGHTED_NAME, evaluation.importance_weighted_minus_quadrature, MISSED_BY_PROPOSAL),
        (BOUND_NAME, evaluation.iwae_bound_minus_quadrature, MISSED_BY_Q),
    ):
        if comparison is not None:
            notes.append(
                f"{name} − quadrature on the same {comparison.images:,} images: "
                f"{comparison.mean_nats:+.4f} ± {comparison.monte_carlo_error_nats:.4f} nats, "
                f"a single image at most {comparison.largest_nats:.3f}"
                + (missed if comparison.mean_nats < -4 * comparison.monte_carlo_error_nats else "")
            )
    notes.append(
        f"active units: {units.count} of {len(units.variances)} "
        f"(variance of the posterior mean above {units.threshold}; {_variances(units.variances)})"
    )
    lines = [
        f"{name:<30}{nats:>14}{error:>9}{bits:>21}   {what}".rstrip()
        for name, nats, error, bits, what in rows
    ]
    return "\n".join([head, "", *lines, "", *notes])


def _variances(values: list[float]) -> str:
    """The variances of the units; of many, the smallest, the median and the largest."""
    if len(values) <= MOST_VARIANCES:
        return "the variances are " + ", ".join(f"{value:.3g}" for value in values)
    few = min(values), statistics.median(values), max(values)
    return "the variances are {:.3g} (smallest), {:.3g} (median) and {:.3g} (largest)".format(*few)


def _row(
    name: str, nats: float, error_nats: float, bits: float | None = None, what: str = ""
) -> tuple[str, str, str, str, str]:
    return name, f"{nats:.3f}", f"{error_nats:.3f}", "" if bits is None else f"{bits:.4f}", what


def weighted_figures(
    estimate: ImportanceEstimate, samples: int, seed: int, dimensions: int | None, seconds: float
) -> ImportanceWeighted:
    """The figures of an estimate with `samples` samples per image, for images of `dimensions` numbers."""
    mean, error = mean_and_standard_error(estimate.log_px_nats)
    return ImportanceWeighted(
        log_px_nats=mean,
        standard_error_nats=error,
        monte_carlo_error_nats=_error_of_mean(estimate.error_nats),
        bits_per_dimension=None if dimensions is None else bits_per_dimension(mean, dimensions),
        images=len(estimate.log_px_nats),
        samples=samples,
        seed=seed,
        effective_samples_least=estimate.effective_samples.min().item(),
        effective_samples_median=estimate.effective_samples.median().item(),
        largest_error_nats=estimate.error_nats.max().item(),
        seconds=seconds,
    )


def quadrature_figures(
    integral: PlaneIntegral, grid: Grid, half_width: float, dimensions: int | None, seconds: float
) -> Quadrature:
    """The figures of an integral over a square with the given half width; see `weighted_figures`."""
    mean, error = mean_and_standard_error(integral.log_px_nats)
    return Quadrature(
        log_px_nats=mean,
        standard_error_nats=error,
        bits_per_dimension=None if dimensions is None else bits_per_dimension(mean, dimensions),
        images=len(integral.log_px_nats),
        step=grid.step,
        change_mean_nats=integral.change_nats.mean().item(),
        change_largest_nats=integral.change_nats.abs().max().item(),
        half_width=half_width,
        points=integral.points,
        seconds=seconds,
    )


def compare(estimate: ImportanceEstimate, log_px_nats: Tensor) -> Comparison:
    """An estimate minus log p(x) by quadrature, [N], of the same images."""
    difference = difference_nats(estimate, log_px_nats)
    return Comparison(
        mean_nats=difference.mean().item(),
        monte_carlo_error_nats=_error_of_mean(estimate.error_nats),
        largest_nats=difference.abs().max().item(),
        images=len(difference),
    )


def difference_nats(estimate: ImportanceEstimate, log_px_nats: Tensor) -> Tensor:
    """An estimate minus log p(x) by quadrature, [N]; both may be on different devices."""
    return estimate.log_px_nats - log_px_nats.to(estimate.log_px_nats.device)


def _error_of_mean(errors: Tensor) -> float:
    """The standard error of the mean of independent estimates with standard errors `errors` [N]."""
    return errors.square().sum().sqrt().item() / len(errors)
