"""The share that is hatched by chance agrees with samples of the prior."""

import numpy as np
import pytest

from desktop.latent.density import HOLE_PRIOR_MASS, HOLE_RATIO
from desktop.latent.holes import MOST_BY_CHANCE, are_posteriors_too_few, share_by_chance
from desktop.latent.normals import PlaneNormals, radius_of_mass
from desktop.latent.plane import axis_plane
from desktop.latent.plane_prior import PriorOnPlane
from desktop.latent.prior import NORMAL, Prior, PriorKind

FLAT = axis_plane((0.0, 0.0))


def alike(count, deviation):
    """Posteriors of equal width."""
    return PlaneNormals(np.zeros((count, 2)), np.broadcast_to(np.eye(2) * deviation**2, (count, 2, 2)))


def of_samples(count, deviation, seed=0):
    """The share of samples of the prior where the aggregate posterior of images from the prior has a hole."""
    draw = np.random.default_rng(seed)
    means = draw.normal(0, np.sqrt(1 - deviation**2), (count, 2))
    places = draw.normal(0, 1, (2_000, 2))
    places = places[np.hypot(*places.T) < radius_of_mass(HOLE_PRIOR_MASS, 2)]
    squares = ((places[:, np.newaxis] - means) ** 2).sum(axis=2)
    q = np.exp(-squares / deviation**2 / 2).mean(axis=1) / (2 * np.pi * deviation**2)
    p = np.exp(-(places**2).sum(axis=1) / 2) / (2 * np.pi)
    return (q < HOLE_RATIO * p).mean()


@pytest.mark.parametrize("deviation", [0.01, 0.026, 0.05])
def test_a_perfect_model_with_few_images_has_holes_by_chance(deviation):
    """With narrow posteriors, the bound agrees with the share among samples."""
    found = share_by_chance(alike(373, deviation), PriorOnPlane(FLAT))
    assert found == pytest.approx(of_samples(373, deviation), abs=0.04)


@pytest.mark.parametrize(("count", "deviation"), [(400, 0.37), (3_000, 0.1), (10_000, 1.0)])
def test_many_images_or_wide_posteriors_have_none(count, deviation):
    """The bound is small if samples have no holes."""
    assert share_by_chance(alike(count, deviation), PriorOnPlane(FLAT)) < 0.1


def test_it_grows_as_images_get_fewer():
    """The share grows from hardly any to all of the prior."""
    found = [share_by_chance(alike(n, 0.05), PriorOnPlane(FLAT)) for n in (100_000, 10_000, 1_000, 100, 1)]
    assert found == sorted(found)
    assert found[0] < 0.05 and found[-1] > 0.9


def test_a_square_of_images_on_a_uniform_prior():
    """The expected number of near means is N p π r², with r² = 2 σ² ln(10 / (2π σ² N p)) and p = 1/4."""
    near = 50 * 0.25 * np.pi * 2 * 0.05**2 * np.log(10 / (2 * np.pi * 0.05**2 * 50 * 0.25))
    found = share_by_chance(alike(50, 0.05), PriorOnPlane(FLAT, Prior(PriorKind.UNIFORM)))
    assert found == pytest.approx(np.exp(-near), rel=0.02)


def test_a_plane_through_many_dimensions_asks_the_projected_widths():
    """Posteriors that are narrow on only one plane are too few only there."""
    logvar = np.full((300, 5), 2 * np.log(0.02))
    logvar[:, 2:4] = 2 * np.log(0.4)
    assert are_posteriors_too_few(axis_plane((0.0,) * 5, 0, 1), NORMAL, logvar)
    assert not are_posteriors_too_few(axis_plane((0.0,) * 5, 2, 3), NORMAL, logvar)
    assert 0 < MOST_BY_CHANCE < 1


def test_on_a_line():
    """In one dimension, the expected number of means near a place is N p 2 r."""
    line = axis_plane((0.0,))
    one = PlaneNormals(np.zeros((20, 2)), np.broadcast_to(np.diag([0.01**2, 0.0]), (20, 2, 2)))
    found = share_by_chance(one, PriorOnPlane(line))
    draw = np.random.default_rng(0)
    means, places = draw.normal(0, 1, (400, 20, 1)), draw.normal(0, 1, 100)
    places = places[np.abs(places) < radius_of_mass(HOLE_PRIOR_MASS, 1)]
    q = np.exp(-(((places - means) / 0.01) ** 2) / 2).mean(axis=1) / 0.01
    expected = (q < HOLE_RATIO * np.exp(-(places**2) / 2)).mean()
    assert found == pytest.approx(expected, abs=0.04)
