"""Plans sheets of pictures: samples, manifold grid, reconstructions, traversals. No Qt.

A plan holds the z of all its pictures; if they do not fit into memory, RoomError is raised.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from desktop.base.arrays import Array, Doubles, Floats
from desktop.base.minus import with_minus
from desktop.base.words import in_nats
from desktop.images.room import SheetSize, check_z
from desktop.images.titles import Titles
from desktop.jobs.cost import ASK_FROM_S, Cost, Progress
from desktop.jobs.kept_decoder import KeptDecoder
from desktop.latent.chart import Chart
from desktop.latent.elbo import rate_nats
from desktop.latent.kl import by_kl, kl_nats
from desktop.latent.likelihood import Likelihood
from desktop.latent.plane import Plane, Viewport, even_grid, format_z, manifold_grid, sample_prior
from desktop.models.model import Model
from desktop.models.own_posterior import name_of, pictures_of
from export.bundle import Posterior

# Images are ranked by an ELBO from one draw each; the fixed seed gives the same ranking every time.
ELBO_SEED, BY_ONE_DRAW = 0, "by one draw "
PAIR_GAP_PX = 4
TRY_S = 0.5  # a quick decoder runs for so long before the time for all images is estimated
MAX_ROWS = 200


class Order(StrEnum):
    """Which test images come first; the values are the names in the window."""

    WORST = "Worst first"
    BEST = "Best first"
    FILE = "File order"


@dataclass(frozen=True, eq=False)
class Plan:
    """What a sheet shows, before it is decoded.

    Attributes:
        z: float32 [N, d], row by row.
        columns: how many cells a row has.
        captions: N texts, one for each cell.
        row_titles, column_titles: a title for each row and for each column; or none.
        marked: the cells that are nearest to the cursor, by index.
        originals: gives the images to the left of the pictures with these indices, float32 [n, C, H, W]; or
            None.
    """

    z: Floats
    columns: int
    captions: tuple[str, ...]
    originals: Callable[[Array], Floats] | None = None
    row_titles: tuple[str, ...] = ()
    column_titles: tuple[str, ...] = ()
    marked: tuple[int, ...] = ()

    @property
    def titles(self) -> Titles | None:
        """The titles of rows and columns; None without any."""
        return Titles(self.row_titles, self.column_titles) if self.row_titles else None

    def size(self, image_shape: tuple[int, int, int]) -> SheetSize:
        """Return the size of the sheet."""
        rows = -(-len(self.z) // self.columns)
        size_of = sheet_size if self.originals is None else pairs_size
        return size_of(image_shape, self.z.shape[1], rows, self.columns)


@dataclass(frozen=True)
class Scores:
    """ELBO, rate and distortion of the test images in nats, float64 [N].

    `how` says in words how they were estimated; it is empty if by the nodes that the section Your image uses.
    If the likelihood is not known, ELBO and distortion are NaN, and `error` is the root mean squared
    difference between each picture and its reconstruction at the mean, float64 [N]. `bits` are −ELBO in bits
    per dimension, float64 [N], where that number can be compared between models.
    """

    elbo: Doubles
    rate: Doubles
    distortion: Doubles
    error: Doubles | None = None
    bits: Doubles | None = None
    how: str = BY_ONE_DRAW

    @property
    def merit(self) -> Doubles:
        """The number that images are sorted by; a better reconstruction has a higher one."""
        return self.elbo if self.error is None else -self.error

    def in_words(self, index: int) -> str:
        """Describe the scores of one image."""
        rate = f"rate {in_nats(self.rate[index])}"
        if self.error is not None:
            return f"difference {self.error[index]:.3f} (root mean square), {rate}"
        bits = "" if self.bits is None else f" ({with_minus(f'{self.bits[index]:z.2f}')} bits per dimension)"
        elbo, distortion = in_nats(self.elbo[index]), in_nats(self.distortion[index])
        return f"ELBO {self.how}{elbo}{bits}: {rate}, distortion {distortion}"


def samples_plan(model: Model, n: int, seed: int) -> Plan:
    """Plan n × n samples of the prior."""
    check_z(n * n, model.latent_dim)
    z = sample_prior(n * n, model.latent_dim, seed, model.source.reading.prior)
    return _plan(z, n, [f"sample {i + 1}" for i in range(len(z))])


def manifold_plan(model: Model, plane: Plane, n: int) -> Plan:
    """Plan the manifold grid of a plane: n × n pictures at prior quantiles 0.05 to 0.95, with b upward."""
    check_z(n * n, model.latent_dim)
    z = manifold_grid(plane, n, model.source.reading.prior)
    return _plan(z, n, [""] * len(z))


def view_plan(model: Model, chart: Chart, viewport: Viewport, n: int) -> Plan:
    """Plan n × n pictures at even steps over the square of a viewport, with b upward."""
    check_z(n * n, model.latent_dim)
    z = chart.z(even_grid(viewport.center, viewport.span, n))
    return _plan(z, n, [""] * len(z))


def traversals_plan(
    model: Model,
    z: ArrayLike,
    dimensions: Sequence[int],
    columns: int,
    span: float | None = None,
    posterior: Posterior | None = None,
) -> Plan:
    """Plan a row for each of `dimensions`: that coordinate moves, and the others stay as in `z`.

    The coordinate covers the prior's range (−3 to 3 for N(0, I)), or `span` around the prior's mean.
    With a `posterior`, the title of each row has the dimension's rate.
    """
    check_z(len(dimensions) * columns, model.latent_dim)
    prior = model.source.reading.prior
    low, high = prior.coordinate_range(model.latent_dim)
    if span is not None:
        low, high = prior.center - span / 2, prior.center + span / 2
    values = np.linspace(low, high, columns, dtype=np.float32)
    start = np.asarray(z, np.float32)
    points = np.tile(start, (len(dimensions), columns, 1))
    for row, dimension in enumerate(dimensions):
        points[row, :, dimension] = values
    captions = [
        f"z{dimension} = {with_minus(f'{value:z.2f}')}" for dimension in dimensions for value in values
    ]
    rates = None if posterior is None or not len(posterior.mean) else kl_nats(posterior)
    nearest = [int(np.abs(values - start[dimension]).argmin()) for dimension in dimensions]
    return replace(
        _plan(points.reshape(-1, model.latent_dim), columns, captions),
        row_titles=tuple(f"z{n}" if rates is None else f"z{n}\n{in_nats(rates[n])}" for n in dimensions),
        column_titles=tuple(with_minus(f"{value:z.1f}") for value in values),
        marked=tuple(row * columns + column for row, column in enumerate(nearest)),
    )


def reconstructions_plan(
    posterior: Posterior,
    scores: Scores | None,
    order: Order,
    n: int,
    label_names: Sequence[str] = (),
) -> Plan:
    """Plan n × 2n pairs: a test image, and beside it the reconstruction from its posterior mean.

    Captions say the label by its name in `label_names`, or by its number, and the image's scores if there
    are any. Scores are needed for every order except that of the file.
    Raises ValueError if the bundle has no images, and RoomError.
    """
    if posterior.images is None:
        raise ValueError("found no test images in the bundle, expected some to reconstruct")
    ranked = shown_images(posterior, scores, order, n)
    check_z(len(ranked), posterior.mean.shape[1])
    captions = tuple(caption_of(posterior, index, label_names, scores) for index in ranked.tolist())
    return Plan(posterior.mean[ranked], n, captions, lambda indices: pictures_of(posterior, ranked[indices]))


def shown_images(posterior: Posterior, scores: Scores | None, order: Order, n: int) -> NDArray[np.int64]:
    """Return which images are shown with n pairs per row, in their order."""
    if scores is None or order is Order.FILE:
        ranked = np.arange(len(posterior.mean))
    else:
        ranked = np.argsort(scores.merit if order is Order.WORST else -scores.merit, kind="stable")
    return ranked[: shown_pairs(n)]


def shown_pairs(n: int) -> int:
    """How many images are shown with n pairs per row."""
    return 2 * n * n


@dataclass(eq=False)
class KnownScores:
    """The test images' scores found so far. `held_out_scores` adds to them and skips what is known.

    Attributes:
        values: distortion or error, float64 [N], NaN where it is not known yet; None before the first.
        scores: the scores of all images, once all are known.
        means: by index, distortions that are means over the posterior (as for your image), not one draw.
    """

    values: Doubles | None = None
    scores: Scores | None = None
    means: dict[int, float] = field(default_factory=dict)

    def missing(self, count: int) -> NDArray[np.int64]:
        """Return the indices, among the first `count` images, of those whose values are not known."""
        return np.arange(count) if self.values is None else np.flatnonzero(np.isnan(self.values[:count]))


def scores_cost(
    decoder: KeptDecoder, posterior: Posterior, known: KnownScores, first: int | None = None
) -> Cost:
    """Return the cost of `held_out_scores`."""
    return Cost(len(known.missing(_count(posterior, first))), decoder.model.picture_s)


def scores_within(
    decoder: KeptDecoder, posterior: Posterior, known: KnownScores, most_s: float, first: int | None = None
) -> Iterator[Scores | Progress | Cost | None]:
    """Yield the steps of `held_out_scores`, or a Cost if it would take longer than `most_s`.

    A quick decoder starts in any case, because its measured time may stem from a busy moment. It stops with
    the Cost of the rest if that turns out to take too long.
    """
    expected = scores_cost(decoder, posterior, known, first)
    if expected.seconds > most_s and (decoder.is_slow or not most_s):
        yield expected
        return
    spent_s, steps = 0.0, held_out_scores(decoder, posterior, known, tells_from_s=0.0, first=first)
    while True:
        start_s = time.perf_counter()
        step = next(steps, None)
        spent_s += time.perf_counter() - start_s
        yield step
        if isinstance(step, Scores):
            return
        left = scores_cost(decoder, posterior, known, first).pictures
        if not decoder.is_slow and spent_s > TRY_S and left < expected.pictures:
            found = Cost(left, spent_s / (expected.pictures - left))
            if found.seconds > most_s:
                yield found
                return


def held_out_scores(
    decoder: KeptDecoder,
    posterior: Posterior,
    known: KnownScores | None = None,
    tells_from_s: float = ASK_FROM_S,
    first: int | None = None,
) -> Iterator[Scores | Progress | None]:
    """Estimate the ELBO of every test image, or of the `first` ones, and yield the Scores last.

    With `first`, the scores of the other images are NaN. If the work takes longer than `tells_from_s`, it
    yields Progress. Images whose scores are `known` are not decoded again.
    """
    if posterior.images is None:
        raise ValueError("found no test images in the bundle, expected some to reconstruct")
    known = known or KnownScores()
    count = _count(posterior, first)
    tells = scores_cost(decoder, posterior, known, first).seconds > tells_from_s
    missing = known.missing(count)
    if known.values is None:
        known.values = np.full(len(posterior.mean), np.nan)
    values_of = _distortions if likelihood_of(decoder, posterior) is not None else _differences
    done = count - len(missing)
    if tells:
        yield decoder.progress(done, count)
    for part, values in values_of(decoder, posterior, missing):
        known.values[part] = values
        done += len(part)
        yield decoder.progress(done, count) if tells else None
    scores = scores_of(decoder, posterior, known.values.copy(), BY_ONE_DRAW)
    if not len(known.missing(len(posterior.mean))):
        known.scores = scores
    yield scores


def likelihood_of(decoder: KeptDecoder, posterior: Posterior) -> Likelihood | None:
    """The decoder's likelihood, if it is one for images with the posterior's levels."""
    likelihood = decoder.model.source.likelihood
    return likelihood if likelihood is not None and likelihood.levels == posterior.levels else None


def scores_of(decoder: KeptDecoder, posterior: Posterior, values: Doubles, how: str) -> Scores:
    """The scores for these distortions, or, without a likelihood, for these differences."""
    likelihood, rate = likelihood_of(decoder, posterior), rate_nats(posterior.mean, posterior.logvar).sum(1)
    if likelihood is None:
        unknown = np.full(len(values), np.nan)
        return Scores(unknown, rate, unknown, values)
    elbo = -(rate + values)
    bits = likelihood.bits_per_dimension(elbo, decoder.model.image_shape)
    return Scores(elbo, rate, values, bits=bits, how=how)


def _count(posterior: Posterior, first: int | None) -> int:
    """The number of images; at most `first`, if that is given."""
    count = len(posterior.mean)
    return count if first is None else min(first, count)


# Indices of images, and a value for each of them.
Values = Iterator[tuple[NDArray[np.int64], Doubles]]


def _distortions(decoder: KeptDecoder, posterior: Posterior, missing: NDArray[np.int64]) -> Values:
    """Yield the distortion of each image in nats, at one draw from its approximate posterior."""
    likelihood = decoder.model.source.likelihood
    assert likelihood is not None
    noise = np.random.default_rng(ELBO_SEED).standard_normal(posterior.mean.shape, dtype=np.float32)
    z = posterior.mean + np.exp(0.5 * posterior.logvar) * noise
    step = decoder.step_pictures
    for start in range(0, len(missing), step):
        part = missing[start : start + step]
        parameters = decoder.model.decode_parameters(z[part])
        yield part, -likelihood.nats(pictures_of(posterior, part), parameters)


def _differences(decoder: KeptDecoder, posterior: Posterior, missing: NDArray[np.int64]) -> Values:
    """Yield the root mean squared difference of each image and its reconstruction at the mean."""
    for piece in decoder.pieces(posterior.mean[missing]):
        if piece is None:
            yield missing[:0], np.empty(0)
            continue
        start, pictures = piece
        part = missing[start : start + len(pictures)]
        difference = pictures - pictures_of(posterior, part)
        yield part, np.sqrt((difference.astype(np.float64) ** 2).mean(axis=(1, 2, 3)))


def sheet_size(image_shape: tuple[int, int, int], latent_dim: int, rows: int, columns: int) -> SheetSize:
    """Return the size of a sheet with a picture in each cell."""
    channels, height, width = image_shape
    return SheetSize(rows, columns, (width, height), channels, latent_dim)


def pairs_size(image_shape: tuple[int, int, int], latent_dim: int, rows: int, columns: int) -> SheetSize:
    """Return the size of a sheet with two pictures side by side in each cell."""
    channels, height, width = image_shape
    return SheetSize(rows, columns, (2 * width, height), channels, latent_dim, PAIR_GAP_PX)


def by_rate(posterior: Posterior | None, latent_dim: int) -> tuple[int, ...]:
    """Sort the latent dimensions by mean rate on the test images, highest first; else by number."""
    if posterior is None or not len(posterior.mean):
        return tuple(range(min(latent_dim, MAX_ROWS)))
    return tuple(by_kl(kl_nats(posterior)).tolist())


def caption_of(posterior: Posterior, index: int, label_names: Sequence[str], scores: Scores | None) -> str:
    """The name of a test image or an own picture, with its scores on a second line if there are any."""
    name = _held_out_name(posterior, index, label_names)
    return name if scores is None else f"{name}\n{scores.in_words(index)}"


def _held_out_name(posterior: Posterior, index: int, label_names: Sequence[str]) -> str:
    name = name_of(posterior, index)
    if name:
        return name
    if posterior.labels is None:
        return f"test image {index}"
    label = int(posterior.labels[index])
    return f"test image {index}, label {label_names[label] if label < len(label_names) else label}"


def _plan(z: Floats, columns: int, captions: list[str]) -> Plan:
    texts = tuple(
        f"{caption}\nz = {format_z(point)}".strip()
        for caption, point in zip(captions, z[:, :6].tolist(), strict=True)
    )
    return Plan(z, columns, texts)
