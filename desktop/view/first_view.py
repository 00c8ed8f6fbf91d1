"""The view of a newly opened model, at another sample, and at home. No Qt.

With test images in more than two dimensions the plane is that of their principal axes, and the cursor is at
the image nearest to their mean: on the first two axes through the prior's mean, no picture is like theirs.

The rest is about models without test images. In many dimensions samples of the prior lie far from its mean:
those of N(0, I) near a shell of radius √d. At the mean, or near it on two axes, a generator shows what no
sample looks like, or nothing at all. So the view is that of three samples: the plane goes through them, and
its span holds them. Along each side of that triangle one sample turns into another, over about as many
pictures as a window shows. Inside it the plane comes nearest to the mean, for N(0, I) to about 0.58 √d; of a
few samples those are taken whose plane stays farthest from it.
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

# In up to so many dimensions a plane of two axes through the mean is near enough to samples.
MOST_NEAR_MEAN = 8
# The cursor of a first view is at least this share of the view's shorter side away from each edge.
EDGE_SHARE = 0.15
# The span of a view of three samples, as a multiple of their extent. The cursor is at one of them, which is a
# corner of that extent.
_LEAST_SPAN = 1.02 / (0.5 - EDGE_SHARE)  # of a view with the cursor at distance 1 from its middle
MARGIN = _LEAST_SPAN / 2
SEEDS = 2**31
# The three samples are chosen among so many. In very many dimensions all planes are about equally far from
# the mean.
CANDIDATES, MOST_CHOSEN_DIMENSIONS = 24, 1 << 14


def starts_on_samples(latent_dim: int, has_posterior: bool) -> bool:
    """Whether the view of a new model starts on a plane through samples.

    `has_posterior` says whether it comes with the posterior of test images.
    """
    return not has_posterior and latent_dim > MOST_NEAR_MEAN


def first_view(latent_dim: int, prior: Prior = NORMAL, seed: int = 0) -> ViewState:
    """The view of a newly opened model without test images: the cursor is at the first sample of a seed.

    In up to 8 dimensions the plane is that of the first two axes through the prior's mean, and the cursor is
    at the sample's projection. In more, the plane goes through that sample and two others.
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
    # On the way between two samples of a box one stays in the box; a shell is followed on great circles.
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
    """The view of a newly opened model. That of a model without test images is its `first_view`.

    With them it starts on the plane of their principal axes, at the image nearest to their mean, and they
    determine the viewport. Where there is no such plane the cursor starts at the prior's mean. A bundle of up
    to 8 dimensions without test images starts there, too, because it says what its prior is.
    """
    if principal is not None:
        return ViewState(z=principal.z, plane=principal.plane, prior=prior)
    if has_posterior or (is_bundle and latent_dim <= MOST_NEAR_MEAN):
        return replace(start_state(latent_dim), prior=prior)
    return first_view(latent_dim, prior)


def opened_view(opened: Opened, before: ViewState, is_same_space: bool) -> ViewState:
    """The view of a newly opened model, with the layers and the like of the view before it.

    `is_same_space` says that this was of the same model, read with another prior. Then the path stays, too.
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

    They may lie elsewhere than the prior's mean, where the cursor is. It is moved so far that it is well
    inside the view.
    """
    state = replace(state, viewport=viewport)
    at, middle = state.chart.view(state.cursor_ab), np.array(viewport.center)
    reach = (0.5 - EDGE_SHARE) * viewport.span
    inside = np.clip(at, middle - reach, middle + reach)
    return state if np.array_equal(at, inside) else state.at(state.chart.ab(inside))


def is_fitted(state: ViewState, points: ArrayLike) -> bool:
    """Whether the view fits points z [N, d], but for the rounding of a plane that moved with the cursor."""
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
    """The three samples [3, d] of a first view: the first of a seed, and two more.

    These are the two of the next 23 with which the plane's distance from the prior's mean is the largest.
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
    """The viewport to come home to: that in which the model opened, or else that of the prior.

    Where a model with test images opens, in up to two dimensions or on a plane of principal axes, it is that
    of the `points` z [N, d] that are shown; on a plane that three samples span it is that of the samples.
    On quantile axes the whole of the prior holds the points, too.
    """
    is_all = has_posterior and len(state.z) <= 2 and state.chart.limits is None
    if points is not None and (is_all or state.plane.is_principal):
        return state.around(points)
    if is_on_samples(state, has_posterior) and state.chart.limits is None:
        return samples_viewport(state.plane, state.prior, state.seed)
    return state.chart.home


def random_view(state: ViewState, has_posterior: bool) -> ViewState:
    """The view with the cursor at the first sample of the next seed.

    The plane goes with it and keeps its directions, or goes through three new samples if the view of a new
    model would. If the cursor leaves the part of the plane in view, that moves too.
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
