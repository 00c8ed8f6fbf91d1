"""The aggregate posterior equals the plain sum, and holes equal their plain definition."""

import numpy as np
import pytest

from desktop.latent.density import HOLE_PRIOR_MASS, HOLE_RATIO, density, filled, holes
from desktop.latent.normals import PlaneNormals, project_normals, radius_of_mass
from desktop.latent.plane import axis_plane, plane_through
from desktop.latent.plane_prior import PriorOnPlane
from desktop.latent.prior import Prior, PriorKind

A, B = np.linspace(-4, 4, 81), np.linspace(-3, 3, 61)
FLAT = axis_plane((0.0, 0.0))
PRIOR = project_normals(FLAT, np.zeros((1, 2)), np.zeros((1, 2)))
TILTED = plane_through((0.5, -1.0, 2.0), (1.5, 0.0, 2.5), (0.0, 1.0, 1.0))


def last(steps):
    """The final result of the steps, and how many steps came before it."""
    found = list(steps)
    assert all(step is None for step in found[:-1])
    return found[-1], len(found) - 1


def draw_normals(plane, count=300, dims=2, seed=0):
    """Posteriors on a plane, as an encoder gives them."""
    draw = np.random.default_rng(seed)
    return project_normals(
        plane, draw.normal(0, 1, (count, dims)), np.log(draw.uniform(0.1, 0.6, (count, dims))) * 2
    )


def plain_density(normals, a, b):
    """The mean of all densities at every point of the grid, by definition."""
    grid = np.stack(np.meshgrid(a, b), axis=-1)
    total = np.zeros(grid.shape[:2])
    for mean, covariance in zip(normals.mean, normals.covariance, strict=True):
        offsets = grid - mean
        squares = np.einsum("hwi,ij,hwj->hw", offsets, np.linalg.inv(covariance), offsets)
        total += np.exp(-squares / 2) / (2 * np.pi * np.sqrt(np.linalg.det(covariance)))
    return total / len(normals.mean)


@pytest.mark.parametrize(("plane", "dims"), [(FLAT, 2), (TILTED, 3), (axis_plane((0.0,) * 4, 3, 1), 4)])
def test_the_density_is_the_mean_of_all_posteriors(plane, dims):
    """The density agrees with the definition, with and without correlation between a and b."""
    normals = draw_normals(plane, dims=dims)
    q, _ = last(density(normals, A, B))
    expected = plain_density(normals, A, B)
    assert q.dtype == np.float32
    np.testing.assert_allclose(q, expected, atol=2e-6 * expected.max())


@pytest.mark.parametrize("plane", [FLAT, TILTED])
def test_the_density_has_mass_one(plane):
    """The sum over a grid that contains all posteriors is one."""
    a = b = np.linspace(-12, 12, 241)
    q, _ = last(density(draw_normals(plane, dims=len(plane.origin)), a, b))
    assert q.sum() * 0.01 == pytest.approx(1, abs=1e-3)


def test_axes_need_not_be_evenly_spaced():
    """The axes may be uneven, as for prior quantiles."""
    normals = draw_normals(FLAT)
    a = A * np.abs(A) / 4
    q, _ = last(density(normals, a, B))
    np.testing.assert_allclose(q, plain_density(normals, a, B), atol=1e-6)


def test_what_is_far_from_the_view_costs_nothing():
    """Without near posteriors there is one step and a density of zero."""
    normals = draw_normals(FLAT, count=10_000)
    q, steps = last(density(normals, A + 100, B))
    assert steps == 0
    assert (q == 0).all()


@pytest.mark.parametrize("plane", [FLAT, TILTED])
def test_ten_thousand_posteriors_come_in_steps(plane):
    """Each step is short, because the picture under the pointer waits for one of them at most."""
    _, steps = last(density(draw_normals(plane, count=10_000, dims=len(plane.origin)), A, B))
    assert steps > 3


def test_a_posterior_narrower_than_the_grid_is_not_lost():
    """A posterior between two grid lines is drawn as wide as half a grid step."""
    needle = project_normals(FLAT, np.array([[0.05, 0.05]]), np.log([[1e-8, 1e-8]]))
    q, _ = last(density(needle, A, B))
    assert q.sum() * 0.01 == pytest.approx(1, abs=0.1)


def test_in_one_dimension_it_is_the_density_of_a_alone():
    """All rows are the same, and the mass along a is one."""
    line = axis_plane((0.0,))
    q, _ = last(density(project_normals(line, np.array([[0.0], [1.0]]), np.log([[0.2], [0.3]])), A, B))
    assert (q == q[0]).all()
    assert q[0].sum() * 0.1 == pytest.approx(1, abs=1e-3)


def test_no_held_out_images_have_no_density():
    """The density is zero everywhere."""
    q, _ = last(density(PlaneNormals(np.empty((0, 2)), np.empty((0, 2, 2))), A, B))
    assert (q == 0).all()


def inside(regions, point):
    """Whether a point is in one of the regions, by counting the crossings of a ray to the right."""

    def crossings(ring):
        x, y = (ring - point).T
        up = (y[:-1] > 0) != (y[1:] > 0)
        at = x[:-1] - y[:-1] * (x[1:] - x[:-1]) / np.where(up, y[1:] - y[:-1], 1)
        return int((up & (at > 0)).sum())

    return any(sum(map(crossings, region.rings)) % 2 for region in regions)


def test_holes_are_where_the_prior_expects_ten_times_as_much():
    """Holes lie within the prior's 99 % contour; checked on a coarser grid, away from edges."""
    normals = PlaneNormals(np.array([[-1.0, 0.0], [0.8, 0.5]]), np.array([np.eye(2) * 0.2, np.eye(2) * 0.1]))
    q, _ = last(density(normals, A, B))
    regions = holes(q, PriorOnPlane(FLAT), A, B)
    p = plain_density(PRIOR, A, B)
    radius = radius_of_mass(HOLE_PRIOR_MASS, 2)
    checked = {True: 0, False: 0}
    for i in range(3, len(B) - 3, 3):
        for j in range(3, len(A) - 3, 3):
            ratio, r = q[i, j] / p[i, j], np.hypot(A[j], B[i])
            if abs(np.log(ratio / HOLE_RATIO)) > 0.3 and abs(r - radius) > 0.1:
                expected = bool(ratio < HOLE_RATIO and r < radius)
                assert inside(regions, np.array([A[j], B[i]])) == expected, (A[j], B[i])
                checked[expected] += 1
    assert min(checked.values()) > 50


def test_the_prior_itself_has_no_holes():
    """An aggregate posterior equal to the prior, which is what training aims at, has no holes."""
    q, _ = last(density(PRIOR, A, B))
    assert holes(q, PriorOnPlane(FLAT), A, B) == []


def test_the_holes_of_a_uniform_prior_lie_in_its_square():
    """Without posteriors, the hole is the square that contains 99 % of the prior."""
    prior = PriorOnPlane(FLAT, Prior(PriorKind.UNIFORM))
    regions = holes(np.zeros((len(B), len(A)), np.float32), prior, A, B)
    assert inside(regions, np.array([0.9, -0.9]))
    assert not inside(regions, np.array([1.1, 0.0]))
    full = np.full((len(B), len(A)), 0.25, np.float32)
    assert holes(full, prior, A, B) == []


def test_a_region_with_an_island_is_two_rings():
    """The island is outside of the region."""
    distance = np.hypot(*np.meshgrid(A, B))
    (region,) = filled(np.abs(distance - 1.5), A, B, -np.inf, 0.5)
    assert len(region.rings) == 2
    assert inside([region], np.array([1.5, 0.0]))
    assert not inside([region], np.array([0.05, 0.05]))
