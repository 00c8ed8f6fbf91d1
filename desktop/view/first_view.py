"""The view of a newly opened model, the view at a random z, and the home viewport. No Qt.

With test images in more than two dimensions, the plane is spanned by their principal axes, and the cursor is
at the image nearest to their mean. On the plane of the first two axes no picture would look like the images.

Without test images: in many dimensions, samples of the prior lie far from its mean; those of N(0, I) lie near
a shell of radius √d. At the mean, and near it on two axes, a generator's picture looks like no sample, or is
empty. So the plane goes through three samples, and the view's span holds them. Along each side of this
triangle one sample turns into another, over about as many pictures as a window shows. Inside the triangle the
plane comes nearest to the mean (about 0.58 √d for N(0, I)). The three samples are chosen from a few
candidates, so that their plane stays as far as possible from the mean.
"""

from dataclasses import replace
from functools import lru_cache
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike

from desktop.base.arrays import Array
from desktop.base.vector import Vector
from desktop.latent.paths import PathKind
from desktop.latent.plane import Plane, Viewport, axis_plane, plane_through, sample_prior
from desktop.latent.principal import PrincipalView
from desktop.latent.prior import NORMAL, Prior, PriorKind
from desktop.models.opened import Opened
from desktop.view.state import ViewState, start_state

# In up to this many dimensions, a plane of two axes through the mean comes near enough to samples.
MOST_NEAR_MEAN = 8
# The cursor of a first view is at least this share of the view's shorter side away from each edge.
EDGE_SHARE = 0.15
# MARGIN is the span of a view of three samples, as a multiple of their extent. The cursor is at one of the
# samples, which may be in a corner of the extent.
_LEAST_SPAN = 1.02 / (0.5 - EDGE_SHARE)  # the span of a view whose cursor is at distance 1 from the middle
MARGIN = _LEAST_SPAN / 2
SEEDS = 2**31
# The three samples are chosen among CANDIDATES. In more dimensions than the second number the first three are
# taken, because all planes are about equally far from the mean.
CANDIDATES, MOST_CHOSEN_DIMENSIONS = 24, 1 << 14


def starts_on_samples(latent_dim: int, has_posterior: bool) -> bool:
    """Whether the view of a new model starts on a plane through samples.

    `has_posterior` says whether the model comes with the posterior of test images.
    """
    return not has_posterior and latent_dim > MOST_NEAR_MEAN


def first_view(latent_dim: int, prior: Prior = NORMAL, seed: int = 0) -> ViewState:
    """The view of a newly opened model without test images: the cursor is at the first sample of a seed.

    In up to 8 dimensions, the plane is spanned by the first two axes and goes through the prior's mean, and
    the cursor is at the sample's projection. In more, the plane goes through the sample and two others.
    """
    first = Vector(sample_prior(1, latent_dim, seed, prior)[0])
    if latent_dim <= MOST_NEAR_MEAN:
        plane = axis_plane(prior.mean(latent_dim), 0, min(1, latent_dim - 1))
        z = Vector(plane.embed(plane.project(first)))
        state = ViewState(z=z, plane=plane, prior=prior, seed=seed)
        home = state.chart.home
        away = np.abs(state.chart.view(state.cursor_ab) - home.center).max()
        return replace(state, viewport=replace(home, span=max(home.span, float(away) * _LEAST_SPAN)))
    _, right, up = corners(latent_dim, prior, seed)
    plane = plane_through(first, right, up, ("sample 2", "sample 3"))
    # A straight way between two samples of a box stays in the box; a great circle stays on the shell.
    kind = PathKind.STRAIGHT if prior.kind is PriorKind.UNIFORM else PathKind.SPHERICAL
    state = ViewState(z=first, plane=plane, prior=prior, seed=seed, path_kind=kind)
    return replace(state, viewport=samples_viewport(plane, prior, seed))


def fresh_view(
    latent_dim: int,
    prior: Prior,
    is_bundle: bool,
    has_posterior: bool,
    principal: PrincipalView | None = None,
) -> ViewState:
    """The view of a newly opened model, before it is fitted to test images.

    With test images it starts on the plane of their principal axes, at the image nearest to their mean. If
    there is no such plane, it starts at the prior's mean. So does a bundle of up to 8 dimensions without test
    images, because a bundle says what its prior is. Any other model gets its `first_view`.
    """
    if principal is not None:
        return ViewState(z=principal.z, plane=principal.plane, prior=prior)
    if has_posterior or (is_bundle and latent_dim <= MOST_NEAR_MEAN):
        return replace(start_state(latent_dim), prior=prior)
    return first_view(latent_dim, prior)


def opened_view(opened: Opened, before: ViewState, is_same_space: bool) -> ViewState:
    """The view of a newly opened model, with the layers and other settings of the previous view.

    `is_same_space` says that the previous view was one of the same model, read with another prior. Then the
    path stays, too.
    """
    source = opened.model.source
    fresh = fresh_view(
        opened.model.latent_dim,
        source.reading.prior,
        source.bundle is not None,
        source.has_posterior,
        opened.principal,
    )
    if opened.posterior is not None:
        fresh = fitted_view(fresh, fresh.around(opened.posterior.mean))
    if is_same_space:
        fresh = replace(
            fresh,
            path=before.path,
            path_closed=before.path_closed,
            path_times=before.path_times,
            path_inputs=before.inputs_on_path,
        )
    return replace(
        fresh,
        layers=before.layers,
        opacities=before.opacities,
        picture_mode=before.picture_mode,
        nearness=before.nearness,
    )


def fitted_view(state: ViewState, viewport: Viewport) -> ViewState:
    """The state of a new view with a viewport that fits its test images.

    The test images may be far from the cursor, which starts at the prior's mean. Then the cursor is moved
    just far enough to be well inside the view.
    """
    state = replace(state, viewport=viewport)
    at, middle = state.chart.view(state.cursor_ab), np.array(viewport.center)
    reach = (0.5 - EDGE_SHARE) * viewport.span
    inside = np.clip(at, middle - reach, middle + reach)
    return state if np.array_equal(at, inside) else state.at(state.chart.ab(inside))


def is_fitted(state: ViewState, points: ArrayLike) -> bool:
    """Whether the view fits points z [N, d], up to the rounding of a plane that moved with the cursor."""
    fitting = state.around(points)
    seen, wanted = ((*view.center, view.span) for view in (state.viewport, fitting))
    return bool(np.allclose(seen, wanted, rtol=0, atol=1e-6 * fitting.span))


def sample_seed(state: ViewState) -> int | None:
    """The seed whose first sample the cursor is at; None if it is elsewhere."""
    sample = _first_sample(len(state.z), state.prior, state.seed)
    is_there = np.allclose(state.z.array, sample, rtol=1e-5, atol=1e-6)
    return state.seed if is_there else None


@lru_cache(maxsize=2)
def _first_sample(latent_dim: int, prior: Prior, seed: int) -> Array:
    (sample,) = sample_prior(1, latent_dim, seed, prior)
    return np.asarray(sample)


@lru_cache(maxsize=2)
def corners(latent_dim: int, prior: Prior, seed: int) -> Array:
    """The three samples [3, d] of a first view: the first sample of a seed, and two more.

    They are those two of the next 23 samples whose plane is farthest from the prior's mean.
    """
    if latent_dim > MOST_CHOSEN_DIMENSIONS:
        return sample_prior(3, latent_dim, seed, prior)
    count = CANDIDATES
    z = np.asarray(sample_prior(count, latent_dim, seed, prior), np.float64)
    x = z - prior.mean(latent_dim)
    edges = x[1:] - x[0]
    lengths, along = edges @ edges.T, edges @ x[0]

    def distance(pair: tuple[int, int]) -> float:
        gram, toward = lengths[np.ix_(pair, pair)], along[list(pair)]
        return float(x[0] @ x[0] - toward @ np.linalg.solve(gram, toward))

    right, up = max(combinations(range(count - 1), 2), key=distance)
    return z[[0, 1 + right, 1 + up]]


def samples_viewport(plane: Plane, prior: Prior, seed: int) -> Viewport:
    """The part of a plane that holds the projections of a seed's three samples, on linear axes."""
    ab = plane.project(corners(len(plane.origin), prior, seed))
    low, high = ab.min(axis=0), ab.max(axis=0)
    center = ((low + high) / 2).tolist()
    return Viewport((center[0], center[1]), MARGIN * float((high - low).max()))


def is_on_samples(state: ViewState, has_posterior: bool) -> bool:
    """Whether the plane, or one parallel to it, goes through the three samples of the state's seed."""
    latent_dim = len(state.z)
    if not starts_on_samples(latent_dim, has_posterior):
        return False
    z = corners(latent_dim, state.prior, state.seed)
    sides, seen = np.diff(z, axis=0), np.diff(state.plane.project(z), axis=0)
    return bool(np.allclose(np.linalg.norm(seen, axis=1), np.linalg.norm(sides, axis=1), rtol=1e-4))


def home_view(state: ViewState, has_posterior: bool, points: ArrayLike | None = None) -> Viewport:
    """The viewport that Home shows: the one in which the model opened, or else the one of the prior.

    It holds the `points` z [N, d] that are shown, on a plane of principal axes, or on linear axes of a model
    with test images in up to two dimensions. On a plane through three samples it holds the samples. On
    quantile axes the whole prior is shown, which includes the points.
    """
    is_all = has_posterior and len(state.z) <= 2 and state.chart.limits is None
    if points is not None and (is_all or state.plane.is_principal):
        return state.around(points)
    if is_on_samples(state, has_posterior) and state.chart.limits is None:
        return samples_viewport(state.plane, state.prior, state.seed)
    return state.chart.home


def random_view(state: ViewState, has_posterior: bool) -> ViewState:
    """The view with the cursor at the first sample of the next seed.

    The plane moves with the cursor and keeps its directions; for a model that `starts_on_samples` it goes
    through three new samples. If the cursor leaves the view, the view moves to it.
    """
    seed = (state.seed + 1) % SEEDS
    latent_dim = len(state.z)
    if starts_on_samples(latent_dim, has_posterior):
        drawn = first_view(latent_dim, state.prior, seed)
        moved = replace(state, z=drawn.z, plane=drawn.plane, seed=seed)
        return replace(moved, viewport=home_view(moved, has_posterior))
    (z,) = sample_prior(1, latent_dim, seed, state.prior)
    moved = replace(state.moved_to(Vector(z)), seed=seed)
    view, at = state.viewport, moved.chart.view_of(moved.z)
    if np.abs(at - view.center).max() > view.span / 2:
        moved = replace(moved, viewport=replace(view, center=(float(at[0]), float(at[1]))))
    return moved
