"""Marginals, ellipses and the prior's contours agree with sampling and with their definitions."""

from dataclasses import replace

import numpy as np
import pytest

from desktop.latent.normals import (
    ellipse,
    project_normals,
    radius_of_mass,
    same_marginals,
)
from desktop.latent.plane import Plane, axis_plane, plane_through

TILTED = plane_through((0.5, -1.0, 2.0), (1.5, 0.0, 2.5), (0.0, 1.0, 1.0))


def test_a_marginal_is_what_projected_samples_have():
    """Mean and covariance agree with 200,000 projected draws from N(mean, diag exp(logvar))."""
    mean, logvar = np.array([[0.3, -0.7, 1.1]]), np.array([[-1.0, 0.5, 0.0]])
    draws = np.random.default_rng(0).standard_normal((200_000, 3)) * np.exp(logvar / 2) + mean
    ab = TILTED.project(draws)
    normals = project_normals(TILTED, mean, logvar)
    np.testing.assert_allclose(normals.mean[0], ab.mean(axis=0), atol=0.01)
    np.testing.assert_allclose(normals.covariance[0], np.cov(ab, rowvar=False), atol=0.02)


def test_axes_have_the_variances_of_their_dimensions():
    """A plane of two axes has no correlation, for any number of dimensions."""
    logvar = np.log([[0.04, 9.0, 0.25, 1.0]])
    normals = project_normals(axis_plane((0.0,) * 4, 2, 0), np.zeros((1, 4)), logvar)
    np.testing.assert_allclose(normals.covariance[0], [[0.25, 0], [0, 0.04]], atol=1e-12)


@pytest.mark.parametrize("radius", [1.0, 2.0])
def test_an_ellipse_is_where_the_mahalanobis_distance_is_the_radius(radius):
    """Every point of the ellipse has this distance, and the ellipse is closed."""
    normals = project_normals(TILTED, np.ones((2, 3)), np.log([[1.0, 1, 1], [0.1, 2.0, 0.5]]))
    curve = ellipse(normals, 1, radius)
    offsets = curve - normals.mean[1]
    distances = np.einsum("ki,ij,kj->k", offsets, np.linalg.inv(normals.covariance[1]), offsets)
    np.testing.assert_allclose(distances, radius**2, rtol=1e-9)
    np.testing.assert_allclose(curve[0], curve[-1], atol=1e-12)


def test_in_one_dimension_an_ellipse_is_a_segment():
    """The segment reaches `radius` standard deviations to both sides, at b = 0."""
    normals = project_normals(axis_plane((0.0,)), np.array([[0.5]]), np.log([[0.09]]))
    curve = ellipse(normals, 0, 2.0)
    assert (curve[:, 1] == 0).all()
    np.testing.assert_allclose([curve[:, 0].min(), curve[:, 0].max()], [-0.1, 1.1], atol=1e-3)


@pytest.mark.parametrize("dimensions", [1, 2])
def test_a_radius_holds_the_mass_it_is_of(dimensions):
    """Counted draws of N(0, I) confirm the mass."""
    draws = np.random.default_rng(0).standard_normal((400_000, dimensions))
    lengths = np.linalg.norm(draws, axis=1)
    for mass in (0.5, 0.9, 0.99):
        assert (lengths < radius_of_mass(mass, dimensions)).mean() == pytest.approx(mass, abs=0.002)


def test_a_plane_with_no_second_direction_is_of_one_dimension():
    """`axis_plane` makes such a plane for one dimension."""
    plane = Plane((0.0,), (1.0,), (0.0,))
    assert project_normals(plane, [[0.0]], [[0.0]]).covariance.tolist() == [[[1.0, 0.0], [0.0, 0.0]]]


def test_parallel_planes_straight_above_each_other_have_the_same_marginals():
    """So the cursor's other coordinates change no map, but rotating or shifting the plane in itself does."""
    z = (3.0, -2.0, 7.0)
    assert same_marginals(TILTED, TILTED.through(z))
    mean, logvar = np.ones((1, 3)), np.zeros((1, 3))
    here, above = (project_normals(plane, mean, logvar) for plane in (TILTED, TILTED.through(z)))
    np.testing.assert_allclose(here.mean, above.mean, atol=1e-9)
    assert not same_marginals(TILTED, replace(TILTED, origin=(0.0, 0.0, 0.0)))
    assert not same_marginals(axis_plane(z, 0, 1), axis_plane(z, 1, 2))
