"""The worker's jobs for sheets of pictures: samples, manifold, reconstructions, traversals. No Qt."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import cast

import numpy as np
from numpy.typing import ArrayLike

from desktop.base.arrays import Bytes, Doubles, Floats
from desktop.base.errors import ReportedError
from desktop.images import pixels
from desktop.latent.chart import Chart
from desktop.latent.elbo import log_likelihood_nats, rate_nats
from desktop.latent.kl import by_kl, kl_nats
from desktop.latent.plane import Plane, Viewport, even_grid, format_z, manifold_grid, sample_prior
from desktop.models.model import Model
from desktop.models.own_posterior import is_binary, name_of, pictures_of
from export.bundle import Posterior

# A step takes about 3 ms on two CPU cores: the picture under the pointer waits no longer than that.
STEP_PICTURES = 20
# Images are ranked by one draw each; the fixed seed gives the same ranking every time.
ELBO_SEED = 0
PAIR_GAP_PX = 4
# A sheet keeps the z of all its pictures in memory: so many numbers take 256 MiB.
MAX_SHEET_NUMBERS = 1 << 26
MAX_ROWS = 200


class SheetError(ReportedError):
    """A sheet would not fit into memory."""


class Order(StrEnum):
    """Which test images come first; the values are the names in the window."""

    WORST = "Worst first"
    BEST = "Best first"
    FILE = "File order"


@dataclass(frozen=True)
class Sheet:
    """Many pictures in rows, as one picture.

    Attributes:
        picture: uint8 [rows · cell height, columns · cell width(, C)], with gaps.
        rows, columns: how many cells it has.
        z: float32 [N, d], where a click on each cell moves the cursor.
        captions: N texts, one for each cell.
    """

    picture: Bytes
    rows: int
    columns: int
    z: Floats
    captions: tuple[str, ...]


@dataclass(frozen=True)
class Scores:
    """ELBO, rate and distortion of the test images in nats, float64 [N], from one draw per image.

    Where the likelihood is not known, ELBO and distortion are NaN, and `error` is the root of the mean
    squared difference between each picture and its reconstruction at the mean, float64 [N].
    """

    elbo: Doubles
    rate: Doubles
    distortion: Doubles
    error: Doubles | None = None

    @property
    def merit(self) -> Doubles:
        """What images are sorted by: the higher, the better is the reconstruction."""
        return self.elbo if self.error is None else -self.error

    def in_words(self, index: int) -> str:
        """Describe the scores of one image."""
        rate = f"rate {self.rate[index]:.1f}"
        if self.error is not None:
            return f"difference {self.error[index]:.3f} (root mean square), {rate} nats"
        return f"ELBO {self.elbo[index]:.1f} nats: {rate}, distortion {self.distortion[index]:.1f}"


def check_sheet(count: int, latent_dim: int) -> None:
    """Raise SheetError if `count` pictures with d numbers each do not fit into memory."""
    most = MAX_SHEET_NUMBERS // latent_dim
    if count > most:
        raise SheetError(
            f"found {count:,} pictures with {latent_dim:,} numbers each, expected at most {most:,} so that "
            "they fit into memory; choose fewer pictures"
        )


def samples_sheet(model: Model, n: int, seed: int) -> Iterator[Sheet | None]:
    """Decode n × n samples of the prior, yielding None between steps."""
    check_sheet(n * n, model.latent_dim)
    z = sample_prior(n * n, model.latent_dim, seed, model.source.reading.prior)
    return _sheet(model, z, n, [f"sample {i + 1}" for i in range(len(z))])


def manifold_sheet(model: Model, plane: Plane, n: int) -> Iterator[Sheet | None]:
    """Decode the manifold grid of a plane: n × n pictures at prior quantiles 0.05 to 0.95, with b upward."""
    check_sheet(n * n, model.latent_dim)
    z = manifold_grid(plane, n, model.source.reading.prior)
    return _sheet(model, z, n, [""] * len(z))


def view_sheet(model: Model, chart: Chart, viewport: Viewport, n: int) -> Iterator[Sheet | None]:
    """Decode n × n pictures at even steps over the square of a viewport, with b upward."""
    check_sheet(n * n, model.latent_dim)
    z = chart.z(even_grid(viewport.center, viewport.span, n))
    return _sheet(model, z, n, [""] * len(z))


def traversals_sheet(
    model: Model,
    z: ArrayLike,
    dimensions: Sequence[int],
    columns: int,
    span: float | None = None,
) -> Iterator[Sheet | None]:
    """Decode a row for each of `dimensions`: that coordinate moves, and the others stay as in `z`.

    It goes over the prior's range (−3 to 3 for N(0, I)), or over `span` around the prior's mean.
    """
    check_sheet(len(dimensions) * columns, model.latent_dim)
    prior = model.source.reading.prior
    low, high = prior.coordinate_range(model.latent_dim)
    if span is not None:
        low, high = prior.center - span / 2, prior.center + span / 2
    values = np.linspace(low, high, columns, dtype=np.float32)
    points = np.tile(np.asarray(z, np.float32), (len(dimensions), columns, 1))
    for row, dimension in enumerate(dimensions):
        points[row, :, dimension] = values
    captions = [f"z{dimension} = {value:.2f}" for dimension in dimensions for value in values]
    return _sheet(model, points.reshape(-1, model.latent_dim), columns, captions)


def reconstructions_sheet(
    model: Model, posterior: Posterior, scores: Scores | None, order: Order, n: int
) -> Iterator[Sheet | Scores | None]:
    """Decode n × 2n pairs: a test image, and beside it the reconstruction from its posterior mean.

    Yields the Scores of all images first, unless they are given, and None between steps. Raises ValueError
    if the bundle has no images.
    """
    if posterior.images is None:
        raise ValueError("found no test images in the bundle, expected some to reconstruct")
    for step in () if scores is not None else held_out_scores(model, posterior):
        scores = cast("Scores", step)
        yield step
    assert scores is not None
    ranked = {
        Order.WORST: np.argsort(scores.merit, kind="stable"),
        Order.BEST: np.argsort(-scores.merit, kind="stable"),
        Order.FILE: np.arange(len(scores.merit)),
    }[order][: 2 * n * n]
    mean = posterior.mean[ranked]
    captions = tuple(
        f"{_held_out_name(posterior, index)}\n{scores.in_words(index)}" for index in ranked.tolist()
    )
    decoded: list[Bytes] = []
    for start in range(0, len(mean), STEP_PICTURES):
        decoded.append(pixels.to_bytes(model.decode(mean[start : start + STEP_PICTURES])))
        yield None
    originals = pixels.to_bytes(pictures_of(posterior, ranked))
    pairs = np.concatenate([originals, np.concatenate(decoded)], axis=2)
    sheet = pixels.tile(pairs, n, PAIR_GAP_PX)
    yield Sheet(sheet, -(-len(pairs) // n), n, mean, captions)


def held_out_scores(model: Model, posterior: Posterior) -> Iterator[Scores | None]:
    """Estimate the ELBO of every test image, yielding None between steps and the Scores last."""
    assert posterior.images is not None
    if not is_binary(posterior):
        yield from _differences(model, posterior)
        return
    noise = np.random.default_rng(ELBO_SEED).standard_normal(posterior.mean.shape, dtype=np.float32)
    z = posterior.mean + np.exp(0.5 * posterior.logvar) * noise
    rate = rate_nats(posterior.mean, posterior.logvar).sum(1)
    distortion = np.empty(len(z))
    for start in range(0, len(z), STEP_PICTURES):
        part = slice(start, start + STEP_PICTURES)
        distortion[part] = -log_likelihood_nats(model.decode_logits(z[part]), posterior.images[part])
        yield None
    yield Scores(-(rate + distortion), rate, distortion)


def _differences(model: Model, posterior: Posterior) -> Iterator[Scores | None]:
    rate = rate_nats(posterior.mean, posterior.logvar).sum(1)
    error = np.empty(len(rate))
    for start in range(0, len(rate), STEP_PICTURES):
        part = slice(start, start + STEP_PICTURES)
        difference = model.decode(posterior.mean[part]) - pictures_of(posterior, part)
        error[part] = np.sqrt((difference.astype(np.float64) ** 2).mean(axis=(1, 2, 3)))
        yield None
    unknown = np.full(len(rate), np.nan)
    yield Scores(unknown, rate, unknown, error)


def by_rate(posterior: Posterior | None, latent_dim: int) -> tuple[int, ...]:
    """Sort the latent dimensions by mean rate on the test images, highest first; without any, by number."""
    if posterior is None or not len(posterior.mean):
        return tuple(range(min(latent_dim, MAX_ROWS)))
    return tuple(by_kl(kl_nats(posterior)).tolist())


def _held_out_name(posterior: Posterior, index: int) -> str:
    name = name_of(posterior, index)
    if name:
        return name
    label = "" if posterior.labels is None else f", label {posterior.labels[index]}"
    return f"test image {index}{label}"


def _sheet(model: Model, z: Floats, columns: int, captions: list[str]) -> Iterator[Sheet | None]:
    parts: list[Bytes] = []
    for start in range(0, len(z), STEP_PICTURES):
        parts.append(pixels.to_bytes(model.decode(z[start : start + STEP_PICTURES])))
        yield None
    texts = tuple(
        f"{caption}\nz = {format_z(point)}".strip()
        for caption, point in zip(captions, z[:, :6].tolist(), strict=True)
    )
    yield Sheet(pixels.tile(np.concatenate(parts), columns), -(-len(z) // columns), columns, z, texts)
