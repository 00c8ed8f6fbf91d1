"""The prior on a plane agrees with projected samples, for every kind of prior and plane."""

import numpy as np
import pytest

from desktop.latent.plane import axis_plane, plane_through
from desktop.latent.plane_prior import PRIOR_MASSES, PriorOnPlane
from desktop.latent.prior import NORMAL, Prior, PriorKind

TILTED = plane_through((0.5, -1.0, 2.0), (1.5, 0.0, 2.5), (0.0, 1.0, 1.0))
ON_AXES = axis_plane((0.0, 0.3, 0.0), 2, 0)
UNIFORM, OFF_CENTER = Prior(PriorKind.UNIFORM), Prior(PriorKind.UNIFORM, 0.5, 0.5)
SPHERE = Prior(PriorKind.SPHERE, 2.0)


def inside(curve, points):
    """Return which points [N, 2] a convex closed curve [K, 2] contains."""
    edges = np.diff(curve, axis=0)
    normals = np.stack([-edges[:, 1], edges[:, 0]])
    return (points @ normals > (curve[:-1].T * normals).sum(axis=0)).all(axis=1)


@pytest.mark.parametrize("plane", [TILTED, ON_AXES])
@pytest.mark.parametrize("prior", [NORMAL, Prior(scale=2.0), UNIFORM, OFF_CENTER, SPHERE], ids=str)
def test_a_contour_holds_its_share_of_projected_samples(prior, plane):
    """The share is counted with 40,000 samples of the prior, also on planes that miss the mean."""
    samples = plane.project(prior.sample(40_000, 3, 1))
    on_plane = PriorOnPlane(plane, prior)
    found = on_plane.contours()
    assert [mass for mass, _ in found] == list(PRIOR_MASSES)
    for mass, (curve,) in found:
        assert inside(curve, samples).mean() == pytest.approx(mass, abs=0.01)
        held = [on_plane.beyond(mass, *(np.array([x]) for x in point))[0, 0] < 0 for point in samples[:200]]
        assert (np.array(held) == inside(curve, samples[:200])).mean() > 0.98


def test_the_contours_of_a_normal_prior_are_circles_about_the_projected_mean():
    """They are circles also on a plane that misses the origin of the space."""
    centre = TILTED.project(np.zeros(3))
    for _, (curve,) in PriorOnPlane(TILTED).contours():
        radii = np.linalg.norm(curve - centre, axis=1)
        np.testing.assert_allclose(radii, radii[0], rtol=1e-9)


def test_the_contours_of_a_uniform_prior_are_squares_on_axes():
    """The square that contains all of [0, 1]² would have side 1."""
    for mass, (curve,) in PriorOnPlane(ON_AXES, OFF_CENTER).contours():
        half = np.sqrt(mass) / 2
        np.testing.assert_allclose(curve.min(axis=0), 0.5 - half, atol=1e-9)
        np.testing.assert_allclose(curve.max(axis=0), 0.5 + half, atol=1e-9)
        for corner in ((-half, half), (half, -half)):
            assert np.abs(curve - 0.5 - corner).max(axis=1).min() < 1e-9


def test_the_planes_section_of_a_normal_prior_is_its_marginal():
    """log N(0, I) along the plane falls as the marginal does."""
    prior = PriorOnPlane(TILTED)
    ab = np.array([[0.0, 0.0], [1.0, -2.0], [0.3, 0.4]])
    z = TILTED.embed(ab).astype(float)
    found = [prior.log_density(ab[i, :1], ab[i, 1:])[0, 0] for i in range(3)]
    np.testing.assert_allclose(np.diff(found), np.diff(-(z**2).sum(1) / 2), rtol=1e-5)


@pytest.mark.parametrize("dims", [3, 5, 12])
@pytest.mark.parametrize("kind", PriorKind)
def test_a_density_on_axes_is_that_of_samples(kind, dims):
    """Counts of 200,000 samples in cells away from edges agree within a few of their standard errors."""
    prior = Prior(kind, 1.5)
    plane = axis_plane((0.0,) * dims, 1, 0)
    samples = plane.project(prior.sample(200_000, dims, 2))
    edges = np.linspace(-0.9, 0.9, 7)
    counts = np.histogram2d(samples[:, 1], samples[:, 0], bins=(edges, edges))[0]
    middles = (edges[1:] + edges[:-1]) / 2
    expected = np.exp(PriorOnPlane(plane, prior).log_density(middles, middles)) * 0.3**2 * len(samples)
    np.testing.assert_allclose(counts, expected, atol=5 * np.sqrt(counts.max()), rtol=0.02)


def test_there_is_no_density_where_no_sample_is():
    """Outside of the square and of the sphere, the density is zero."""
    outside = np.array([2.1])
    for prior in (Prior(PriorKind.UNIFORM, 2.0), SPHERE):
        assert PriorOnPlane(ON_AXES, prior).log_density(outside, np.zeros(1)) == -np.inf


def test_a_circle_is_its_own_contour():
    """In two dimensions all of a prior on a sphere lies on one circle."""
    ((mass, (curve,)),) = PriorOnPlane(axis_plane((0.0, 0.0)), SPHERE).contours()
    assert mass == 1
    np.testing.assert_allclose(np.linalg.norm(curve, axis=1), 2.0)


def test_in_one_dimension_the_contours_are_upright_lines():
    """They are at the quantiles that contain 50, 90 and 99 % of N(0, 1), or of a uniform prior."""
    line = axis_plane((0.0,))
    for prior, radii in ((NORMAL, (0.67449, 1.64485, 2.57583)), (UNIFORM, (0.5, 0.9, 0.99))):
        found = PriorOnPlane(line, prior).contours()
        for (mass, lines), right_mass, radius in zip(found, PRIOR_MASSES, radii, strict=True):
            assert mass == right_mass
            assert [line[0, 0] for line in lines] == pytest.approx([-radius, radius], abs=1e-4)


def test_the_contours_of_a_slanted_uniform_prior_are_known_in_many_dimensions():
    """In 512 dimensions they are those of the normal distribution with the same variance."""
    z = UNIFORM.sample(3, 512, 0)
    plane = plane_through(*z.tolist())
    samples = plane.project(UNIFORM.sample(4_000, 512, 3))
    for mass, (curve,) in PriorOnPlane(plane, UNIFORM).contours():
        assert inside(curve, samples).mean() == pytest.approx(mass, abs=0.02)
