"""A prior's samples, marginals and texts agree with each other and with closed forms."""

import math
from statistics import NormalDist

import numpy as np
import pytest

from desktop.latent.prior import NORMAL, Prior, PriorKind, parse_prior

UNIFORM, SPHERE = Prior(PriorKind.UNIFORM), Prior(PriorKind.SPHERE)
SOME = (NORMAL, Prior(scale=3.0), UNIFORM, Prior(PriorKind.UNIFORM, 1.0, 2.0), SPHERE)
SHARES = np.array([0.01, 0.05, 0.3, 0.5, 0.8, 0.95, 0.999])


def unit(*numbers):
    """Return a direction of length 1."""
    direction = np.asarray(numbers, float)
    return tuple((direction / np.linalg.norm(direction)).tolist())


def test_the_normal_prior_is_the_standard_one():
    """The default is N(0, I), and its samples are exactly numpy's for the seed."""
    assert Prior() == NORMAL
    expected = np.random.default_rng(5).standard_normal((7, 3), dtype=np.float32)
    assert (NORMAL.sample(7, 3, 5) == expected).all()


@pytest.mark.parametrize("prior", SOME)
def test_samples_are_float32_and_more_begin_with_fewer(prior):
    """So the first sample with a seed is the same as the single random z with this seed."""
    few, more = prior.sample(2, 5, 9), prior.sample(50, 5, 9)
    assert more.dtype == np.float32
    assert (more[:2] == few).all()
    assert (prior.sample(2, 5, 10) != few).any()


def test_samples_lie_where_the_prior_is():
    """Uniform samples fill their range, and samples on a sphere have its radius."""
    z = Prior(PriorKind.UNIFORM, 0.5, 0.5).sample(20_000, 2, 0)
    assert z.min() >= 0 and z.max() <= 1
    np.testing.assert_allclose(z.mean(axis=0), 0.5, atol=0.01)
    np.testing.assert_allclose(z.var(axis=0), 1 / 12, atol=0.003)
    on_sphere = Prior(PriorKind.SPHERE, 4.0).sample(1000, 6, 0)
    np.testing.assert_allclose(np.linalg.norm(on_sphere, axis=1), 4.0, rtol=1e-5)
    np.testing.assert_allclose(on_sphere.mean(axis=0), 0, atol=0.25)


@pytest.mark.parametrize(
    ("prior", "dims", "expected"),
    [
        (NORMAL, 100, 10.0),
        (Prior(scale=2.0), 100, 20.0),
        (UNIFORM, 12, 2.0),
        (Prior(PriorKind.UNIFORM, 0.5, 0.5), 3, 1.0),
        (Prior(PriorKind.SPHERE, 5.0), 77, 5.0),
    ],
)
def test_the_typical_radius_is_that_of_samples(prior, dims, expected):
    """It is √d for N(0, I), and the root mean square of samples for all priors."""
    assert prior.typical_radius(dims) == pytest.approx(expected)
    lengths = np.linalg.norm(prior.sample(5_000, dims, 1).astype(float), axis=1)
    assert np.sqrt((lengths**2).mean()) == pytest.approx(expected, rel=0.02)


def test_a_normal_marginal_is_the_normal_distribution():
    """In any direction, its standard deviation is the scale."""
    marginal, known = Prior(scale=2.0).marginal(unit(1, 2, 3)), NormalDist(0, 2)
    for value in (-5.0, -0.3, 0.0, 2.0):
        assert marginal.cdf(value) == pytest.approx(known.cdf(value), rel=1e-12)
        assert marginal.pdf(value) == pytest.approx(known.pdf(value))
    assert marginal.quantile(0.05) == pytest.approx(known.inv_cdf(0.05))


@pytest.mark.parametrize("numbers", [(1, 0, 0), (1, 1, 0), (1, 2, -3), (1, 0.01), [1] * 40])
@pytest.mark.parametrize("kind", PriorKind)
def test_a_marginal_is_that_of_projected_samples(kind, numbers):
    """The cumulative distribution at the quantiles agrees with 100,000 projected samples."""
    direction = unit(*numbers)
    prior = Prior(kind, 1.5)
    along = np.sort(prior.sample(100_000, len(direction), 3) @ np.array(direction))
    marginal = prior.marginal(direction)
    found = np.searchsorted(along, marginal.quantile(SHARES)) / len(along)
    np.testing.assert_allclose(found, SHARES, atol=0.006)
    np.testing.assert_allclose(marginal.cdf(marginal.quantile(SHARES)), SHARES, atol=1e-6)


def test_marginals_agree_with_closed_forms():
    """Archimedes' uniform coordinate on a sphere, the arcsine law on a circle, a triangle of two uniforms."""
    values = np.linspace(-0.95, 0.95, 39)
    on_sphere = SPHERE.marginal(unit(1, 2, 2))
    np.testing.assert_allclose(on_sphere.cdf(values), (values + 1) / 2, atol=1e-6)
    on_circle = SPHERE.marginal(unit(3, 4))
    np.testing.assert_allclose(on_circle.cdf(values), 0.5 + np.arcsin(values) / math.pi, atol=1e-6)
    x = values * math.sqrt(2)
    triangle = np.where(x < 0, (x + math.sqrt(2)) ** 2, 4 - (math.sqrt(2) - x) ** 2) / 4
    np.testing.assert_allclose(UNIFORM.marginal(unit(1, 1)).cdf(x), triangle, atol=2e-6)
    np.testing.assert_allclose(UNIFORM.marginal(unit(1, 1)).pdf(0.5), (math.sqrt(2) - 0.5) / 2, atol=1e-2)


@pytest.mark.parametrize("dims", [1, 2, 9, 512, 200_000])
@pytest.mark.parametrize("prior", [NORMAL, UNIFORM, SPHERE], ids=str)
def test_a_marginal_rises_in_any_number_of_dimensions(prior, dims):
    """Quantile axes need an increasing distribution over the whole range."""
    for direction in (unit(1, *[0] * (dims - 1)), unit(*np.random.default_rng(0).standard_normal(dims))):
        shares = prior.marginal(direction).cdf(
            prior.marginal(direction).quantile(np.linspace(1e-6, 1 - 1e-6, 99))
        )
        assert (np.diff(shares) > 0).all()
        assert prior.marginal(direction).quantile(0.5) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    ("text", "prior", "words"),
    [
        ("normal", NORMAL, "normal"),
        ("normal:2", Prior(scale=2.0), "normal, standard deviation 2"),
        ("uniform:-1,1", UNIFORM, "uniform in [−1, 1]"),
        ("uniform:0,1", Prior(PriorKind.UNIFORM, 0.5, 0.5), "uniform in [0, 1]"),
        ("sphere", SPHERE, "on the unit sphere"),
        ("sphere:22.5", Prior(PriorKind.SPHERE, 22.5), "on the sphere of radius 22.5"),
    ],
)
def test_a_prior_is_written_as_it_is_read(text, prior, words):
    """It has a text for options, and words for people."""
    assert parse_prior(text) == prior
    assert prior.text == text
    assert str(prior) == words


def test_a_prior_is_read_as_people_type_it():
    """Spaces, capitals, a typographic minus, and a kind without numbers are accepted."""
    assert parse_prior(" Uniform : −2 , 2 ") == Prior(PriorKind.UNIFORM, 2.0)
    assert parse_prior("uniform") == UNIFORM


@pytest.mark.parametrize(
    "text",
    [
        "",
        "gauss",
        "normal:",
        "normal:0",
        "normal:-1",
        "normal:1,2",
        "uniform:1",
        "uniform:1,1",
        "uniform:2,1",
        "sphere:nan",
        "sphere:1e9",
        "normal:1e999",
    ],
)
def test_what_is_no_prior_is_refused(text):
    """The error says what was found and what was expected."""
    with pytest.raises(ValueError, match=r"found .* expected"):
        parse_prior(text)


def test_a_walk_along_a_coordinate_stays_where_samples_are():
    """It covers three standard deviations of the coordinate, or the whole range."""
    assert NORMAL.coordinate_range(100) == (-3, 3)
    assert Prior(PriorKind.UNIFORM, 0.5, 0.5).coordinate_range(100) == (0, 1)
    assert SPHERE.coordinate_range(4) == (-1, 1)
    assert SPHERE.coordinate_range(900) == pytest.approx((-0.1, 0.1))
