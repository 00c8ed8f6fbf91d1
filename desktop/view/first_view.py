"""The view of a model that comes without test images: at the start, at another sample, and at home. No Qt.

In many dimensions samples of the prior lie far from its mean: those of N(0, I) near a shell of radius √d. At
the mean, or near it on two axes, a generator shows what no sample looks like, or nothing at all. So the view
is that of three samples: the plane goes through them, and its span holds them. Along each side of that
triangle one sample turns into another, over about as many pictures as a window shows.
"""

from dataclasses import replace

import numpy as np

from desktop.latent.paths import PathKind
from desktop.latent.plane import Plane, Viewport, axis_plane, plane_through, sample_prior
from desktop.latent.prior import NORMAL, Prior, PriorKind
from desktop.view.state import ViewState, start_state

# In up to so many dimensions a plane of two axes through the mean is near enough to samples.
MOST_NEAR_MEAN = 8
# The span of a view of three samples, as a multiple of their extent.
MARGIN = 1.25
SEEDS = 2**31


def first_view(latent_dim: int, prior: Prior = NORMAL, seed: int = 0) -> ViewState:
    """The view of a newly opened model without test images: the cursor is at the first sample of a seed.

    In up to 8 dimensions the plane is that of the first two axes through the prior's mean, and the cursor is
    at the sample's projection. In more, the plane goes through the first three samples.
    """
    samples = sample_prior(3, latent_dim, seed, prior)
    first = _numbers(samples[0])
    if latent_dim <= MOST_NEAR_MEAN:
        plane = axis_plane(_numbers(prior.mean(latent_dim)), 0, min(1, latent_dim - 1))
        z = _numbers(plane.embed(plane.project(first)))
        state = ViewState(z=z, plane=plane, prior=prior, seed=seed)
        return replace(state, viewport=state.chart.home)
    plane = plane_through(first, _numbers(samples[1]), _numbers(samples[2]))
    # On the way between two samples of a box one stays in the box; a shell is followed on great circles.
    kind = PathKind.STRAIGHT if prior.kind is PriorKind.UNIFORM else PathKind.SPHERICAL
    state = ViewState(z=first, plane=plane, prior=prior, seed=seed, path_kind=kind)
    return replace(state, viewport=samples_viewport(plane, prior, seed))


def fresh_view(latent_dim: int, prior: Prior, is_bundle: bool) -> ViewState:
    """The view of a newly opened model. A bundle's starts at the prior's mean, because it says what is there.

    Its test images, if it has any, then determine the viewport.
    """
    return replace(start_state(latent_dim), prior=prior) if is_bundle else first_view(latent_dim, prior)


def samples_viewport(plane: Plane, prior: Prior, seed: int) -> Viewport:
    """The part of a plane that holds the projections of a seed's first three samples, on linear axes."""
    ab = plane.project(sample_prior(3, len(plane.origin), seed, prior))
    low, high = ab.min(axis=0), ab.max(axis=0)
    center = ((low + high) / 2).tolist()
    return Viewport((center[0], center[1]), MARGIN * float((high - low).max()))


def is_on_samples(state: ViewState, is_bundle: bool) -> bool:
    """Whether the plane, or one parallel to it, goes through the first three samples of the state's seed."""
    latent_dim = len(state.z)
    if is_bundle or latent_dim <= MOST_NEAR_MEAN:
        return False
    z = np.asarray(sample_prior(3, latent_dim, state.seed, state.prior), np.float64)
    sides, seen = np.diff(z, axis=0), np.diff(state.plane.project(z), axis=0)
    return bool(np.allclose(np.linalg.norm(seen, axis=1), np.linalg.norm(sides, axis=1), rtol=1e-4))


def home_view(state: ViewState, is_bundle: bool) -> Viewport:
    """The viewport to come home to: that of the prior, or of the three samples that span the plane."""
    if is_on_samples(state, is_bundle) and state.chart.limits is None:
        return samples_viewport(state.plane, state.prior, state.seed)
    return state.chart.home


def random_view(state: ViewState, is_bundle: bool) -> ViewState:
    """The view with the cursor at the first sample of the next seed.

    The plane goes with it and keeps its directions, or goes through three new samples if the view of a new
    model would. If the cursor leaves the part of the plane in view, that moves too.
    """
    seed = (state.seed + 1) % SEEDS
    latent_dim = len(state.z)
    if not is_bundle and latent_dim > MOST_NEAR_MEAN:
        drawn = first_view(latent_dim, state.prior, seed)
        moved = replace(state, z=drawn.z, plane=drawn.plane, seed=seed)
        return replace(moved, viewport=home_view(moved, is_bundle))
    (z,) = sample_prior(1, latent_dim, seed, state.prior)
    moved = replace(state.moved_to(_numbers(z)), seed=seed)
    view, at = state.viewport, moved.chart.view_of(moved.z)
    if np.abs(at - view.center).max() > view.span / 2:
        moved = replace(moved, viewport=replace(view, center=(float(at[0]), float(at[1]))))
    return moved


def _numbers(values: np.ndarray) -> tuple[float, ...]:
    return tuple(np.asarray(values, np.float64).tolist())
