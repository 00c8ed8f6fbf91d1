"""The first view of a model without test images is at a sample, and R goes to another sample."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from desktop.latent.chart import AxisScale
from desktop.latent.paths import PathKind
from desktop.latent.plane import Viewport, axis_plane, plane_through, sample_prior
from desktop.latent.prior import NORMAL, Prior, PriorKind
from desktop.view.first_view import (
    corners,
    first_view,
    fitted_view,
    fresh_view,
    home_view,
    is_fitted,
    is_on_samples,
    random_view,
)
from desktop.view.state import start_state

PRIORS = [NORMAL, Prior(scale=3.0), Prior(PriorKind.UNIFORM, 0.5, 0.5), Prior(PriorKind.SPHERE)]
SIZE_PX = (300.0, 200.0)


def in_view(state, z):
    """Return whether z [N, d] lie within the part of the plane that a window shows."""
    left, bottom, right, top = state.viewport.edges(SIZE_PX)
    view = state.chart.view_of(z)
    return ((view > (left, bottom)) & (view < (right, top))).all(axis=1)


@pytest.mark.parametrize("prior", PRIORS, ids=str)
@pytest.mark.parametrize("dims", [9, 100, 512])
def test_in_many_dimensions_the_plane_goes_through_three_samples(prior, dims):
    """The cursor is at the first sample of the seed, all three are in view, and they fill most of it."""
    among = {tuple(z) for seed in (0, 7) for z in sample_prior(24, dims, seed, prior).tolist()}
    for seed in (0, 7):
        state = first_view(dims, prior, seed)
        samples = corners(dims, prior, seed)
        assert state.z == tuple(map(float, samples[0]))
        np.testing.assert_allclose(
            state.plane.embed(state.plane.project(samples)), samples, atol=1e-4 * prior.scale
        )
        assert in_view(state, samples).all()
        assert {tuple(z) for z in samples.tolist()} <= among
        extent = np.ptp(state.plane.project(samples), axis=0).max()
        assert 1.1 * extent < state.viewport.span < 1.5 * extent
        assert (state.prior, state.seed) == (prior, seed)
        assert state.plane.words == ("towards sample 2", "towards sample 3, at a right angle")


@pytest.mark.parametrize("dims", [64, 512])
def test_the_first_view_of_a_normal_prior_is_near_the_shell_of_samples(dims):
    """The cursor is on it; the plane nowhere comes as near to the mean as a plane of two axes through it."""
    state = first_view(dims)
    assert np.linalg.norm(state.z) == pytest.approx(np.sqrt(dims), rel=0.25)
    mean = state.plane.project(np.zeros(dims))
    nearest = np.linalg.norm(state.plane.embed(mean))
    assert nearest > 0.57 * np.sqrt(dims)
    for other in combinations(range(1, 24), 2):
        plane = plane_through(*sample_prior(24, dims, 0)[[0, *other]].tolist())
        assert np.linalg.norm(plane.embed(plane.project(np.zeros(dims)))) <= nearest * (1 + 1e-5)


def test_neighbouring_pictures_change_and_can_be_recognised():
    """Between two samples lie some ten pictures, however many dimensions there are."""
    for dims in (9, 64, 512, 4096):
        state = first_view(dims)
        steps = np.sqrt(2 * dims) / (state.viewport.span / 20)
        assert 8 < steps < 25


@pytest.mark.parametrize("prior", PRIORS, ids=str)
@pytest.mark.parametrize("dims", [1, 2, 3, 8])
def test_in_few_dimensions_the_plane_is_that_of_two_axes_through_the_mean(prior, dims):
    """The prior fills the view, and the cursor is at a sample's projection, not at z = 0."""
    state = first_view(dims, prior)
    assert state.plane.axes == (0, min(1, dims - 1))
    np.testing.assert_allclose(state.plane.embed(state.plane.project(state.z)), state.z)
    assert any(state.z)
    samples = state.plane.project(sample_prior(1000, dims, 5, prior))
    edges = state.viewport.center[0] + np.array([-0.5, 0.5]) * state.viewport.span
    assert ((samples[:, 0] > edges[0]) & (samples[:, 0] < edges[1])).mean() > 0.99
    assert np.ptp(samples[:, 0]) > (0.7 if prior.kind is not PriorKind.SPHERE else 0.3) * state.viewport.span


def from_edges(state):
    """Return how far the cursor is from the nearest edge, as a share of the view's shorter side."""
    return 0.5 - np.abs(state.chart.view_of(state.z) - state.viewport.center).max() / state.viewport.span


@pytest.mark.parametrize("prior", [*PRIORS, Prior(PriorKind.UNIFORM)], ids=str)
@pytest.mark.parametrize("dims", [1, 2, 8, 9, 16, 512])
def test_the_cursor_starts_well_inside_the_view(prior, dims):
    """At least 15 % of the view's shorter side are between it and each edge."""
    assert from_edges(first_view(dims, prior)) >= 0.15
    assert all(from_edges(first_view(dims, prior, seed)) >= 0.15 for seed in range(1, 6) if dims > 8)


def test_a_view_fits_points_until_one_looks_elsewhere():
    """That includes a plane that was rounded when it moved with the cursor."""
    points = np.array([(0, 0, 1), (4, 2, 0)], np.float32)
    state = replace(start_state(3), viewport=start_state(3).around(points))
    assert is_fitted(state, points)
    assert is_fitted(state.moved_to((1e-7, 0.0, 0.3)), points)
    assert not is_fitted(state, points + 0.1)


@pytest.mark.parametrize("center", [(0.0, 0.0), (1.0, -0.5), (7.0, 3.0)])
def test_the_cursor_is_well_inside_a_view_that_fits_test_images(center):
    """It stays at the prior's mean if that is inside, and is otherwise moved no farther than necessary."""
    viewport = Viewport(center, 4.0)
    state = fitted_view(start_state(3), viewport)
    assert state.viewport == viewport
    assert from_edges(state) >= 0.15 - 1e-6
    assert state.plane == start_state(3).plane
    expected = {0.0: (0.0, 0.0, 0.0), 1.0: (0.0, 0.0, 0.0), 7.0: (5.6, 1.6, 0.0)}
    assert state.z == pytest.approx(expected[center[0]], abs=1e-6)


def test_a_uniform_prior_is_seen_with_its_edges():
    """The box of [−1, 1] spans 2, and the view is a little larger."""
    assert first_view(2, Prior(PriorKind.UNIFORM)).viewport == Viewport((0.0, 0.0), 2.2)


def test_paths_follow_the_shell_if_there_is_one():
    """In few dimensions, and in a box, straight lines stay among the samples."""
    kinds = {(dims, prior.kind): first_view(dims, prior).path_kind for dims in (2, 64) for prior in PRIORS}
    assert kinds.pop((64, PriorKind.NORMAL)) is kinds.pop((64, PriorKind.SPHERE)) is PathKind.SPHERICAL
    assert set(kinds.values()) == {PathKind.STRAIGHT}


@pytest.mark.parametrize("dims", [1, 2, 8, 9, 64])
def test_test_images_or_samples_say_where_a_view_starts(dims):
    """Test images that have no principal axes give the first two axes through the prior's mean."""
    assert fresh_view(dims, NORMAL, is_bundle=True, has_posterior=True) == start_state(dims)
    without = start_state(dims) if dims <= 8 else first_view(dims)
    assert fresh_view(dims, NORMAL, is_bundle=True, has_posterior=False) == without
    assert fresh_view(dims, NORMAL, is_bundle=False, has_posterior=False) == first_view(dims)


@pytest.mark.parametrize("dims", [2, 5, 64])
def test_a_random_z_is_the_first_sample_of_the_next_seed(dims):
    """That holds with and without test images; the cursor is on the plane and in view."""
    for has_posterior in (True, False):
        state = fresh_view(dims, NORMAL, has_posterior, has_posterior)
        for seed in (1, 2):
            state = random_view(state, has_posterior)
            assert state.seed == seed
            assert state.z == tuple(map(float, sample_prior(1, dims, seed)[0]))
            np.testing.assert_allclose(state.plane.embed(state.plane.project(state.z)), state.z, atol=1e-5)
            assert in_view(state, [state.z]).all()


def test_a_random_z_takes_the_plane_with_it():
    """The plane keeps its directions, or goes through three samples of the new seed, as first views do."""
    few = random_view(first_view(5), has_posterior=False)
    assert (few.plane.u, few.plane.v) == (first_view(5).plane.u, first_view(5).plane.v)
    many = random_view(first_view(64), has_posterior=False)
    assert many == first_view(64, seed=1)
    bundle = random_view(fresh_view(64, NORMAL, is_bundle=True, has_posterior=True), has_posterior=True)
    assert (bundle.plane.u, bundle.plane.v) == (start_state(64).plane.u, start_state(64).plane.v)


def test_a_view_that_a_random_z_leaves_moves_along():
    """The view keeps its span."""
    near = replace(first_view(2), viewport=Viewport((3.0, 3.0), 0.01))
    state = random_view(near, has_posterior=False)
    assert state.viewport.span == 0.01
    assert state.viewport.center == pytest.approx(state.z)


def test_home_is_the_view_of_the_samples_where_the_plane_goes_through_them():
    """On a plane of two axes, or on quantile axes, it is that of the prior."""
    state = first_view(64)
    away = replace(state, viewport=Viewport((100.0, 0.0), 1.0))
    assert home_view(away, has_posterior=False) == state.viewport
    assert home_view(away, has_posterior=True) == Viewport()
    on_axes = replace(away, plane=axis_plane(away.z, 2, 3))
    assert home_view(on_axes, has_posterior=False) == Viewport()
    parallel = state.moved_to(tuple(sample_prior(1, 64, 9)[0].tolist()))
    assert is_on_samples(parallel, has_posterior=False)
    assert not is_on_samples(replace(state, plane=first_view(64, seed=1).plane), has_posterior=False)
    assert home_view(state.with_scale(AxisScale.QUANTILES), has_posterior=False) == Viewport((0.5, 0.5), 1.12)
