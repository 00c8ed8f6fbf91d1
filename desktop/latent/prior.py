"""The prior p(z), which is normal, uniform or on a sphere: samples, and marginals along a direction. No Qt.

All three are symmetric about their mean, and the normal and the sphere are the same in every direction. A
marginal is the distribution of the coordinate of z along a direction, and gives quantiles.
"""

import math
import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from desktop.base.arrays import Doubles, Floats
from desktop.base.minus import with_hyphen, with_minus
from desktop.base.vector import Vector, vector

NORMAL_DIST = NormalDist()
# The span, in scales, of a view that shows the whole prior on a plane with a margin: the circle of 3.03
# standard deviations that contains 99 % of a normal prior, or the whole range.
NORMAL_SPAN, BOUNDED_SPAN = 6.6, 2.2
# A walk along one coordinate covers this many standard deviations to each side.
TRAVERSAL_DEVIATIONS = 3.0
# Marginals without a closed form are tables with this many points, from this many terms of a Fourier series.
TABLE_POINTS, SERIES_TERMS = 1025, 1024
# Beyond this many scales, a sum of uniform numbers has less than 1e-13 of its mass (Hoeffding's inequality).
SUM_REACH = 8.0
SMALL_WEIGHT = 0.01
# Beyond this many standard deviations, a coordinate of a point on a sphere has less than 1e-16 of its mass.
SPHERE_DEVIATIONS = 9.0
MAX_SCALE = 1e6
NUMBER = r"[-+−]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"


class PriorKind(StrEnum):
    """The families of priors. The values are the names in options and files."""

    NORMAL = "normal"
    UNIFORM = "uniform"
    SPHERE = "sphere"


@dataclass(frozen=True)
class Prior:
    """A distribution of z in any number of dimensions.

    Raises ValueError for a scale outside 1e-6 to 1e6, or a centre that this kind does not allow.

    Attributes:
        kind: the family.
        scale: the standard deviation of a normal prior, half the width of a uniform one, the radius of a
            sphere.
        center: every coordinate of the mean; only for a uniform prior may it differ from 0.
    """

    kind: PriorKind = PriorKind.NORMAL
    scale: float = 1.0
    center: float = 0.0

    def __post_init__(self) -> None:
        if not 1 / MAX_SCALE <= self.scale <= MAX_SCALE:
            raise ValueError(f"found a prior of scale {self.scale:g}, expected 1e-6 to 1e6")
        if not abs(self.center) <= (MAX_SCALE if self.kind is PriorKind.UNIFORM else 0):
            raise ValueError(f"found a {self.kind} prior around {self.center:g}, expected one around 0")

    def __str__(self) -> str:
        """The prior in words, such as "uniform in [−1, 1]"."""
        if self.kind is PriorKind.UNIFORM:
            return f"uniform in [{with_minus(f'{self.low:g}')}, {with_minus(f'{self.high:g}')}]"
        if self.kind is PriorKind.SPHERE:
            return "on the unit sphere" if self.scale == 1 else f"on the sphere of radius {self.scale:g}"
        return "normal" if self.scale == 1 else f"normal, standard deviation {self.scale:g}"

    @property
    def text(self) -> str:
        """The prior as a text that `parse_prior` reads."""
        if self.kind is PriorKind.UNIFORM:
            return f"{self.kind}:{self.low:g},{self.high:g}"
        return str(self.kind) if self.scale == 1 else f"{self.kind}:{self.scale:g}"

    @property
    def low(self) -> float:
        """The lowest coordinate of a uniform prior."""
        return self.center - self.scale

    @property
    def high(self) -> float:
        """The highest coordinate of a uniform prior."""
        return self.center + self.scale

    @property
    def reach(self) -> float:
        """The largest distance of coordinates from 0, up to three standard deviations of a normal prior."""
        return abs(self.center) + self.scale * (TRAVERSAL_DEVIATIONS if self.kind is PriorKind.NORMAL else 1)

    @property
    def home_span(self) -> float:
        """The span of a view that shows the whole prior, on a plane through the mean."""
        return self.scale * (NORMAL_SPAN if self.kind is PriorKind.NORMAL else BOUNDED_SPAN)

    def mean(self, latent_dim: int) -> Doubles:
        """The mean, float64 [d]."""
        return np.full(latent_dim, self.center)

    def typical_radius(self, latent_dim: int) -> float:
        """The root mean square distance of z from 0: √d for N(0, I)."""
        if self.kind is PriorKind.SPHERE:
            return self.scale
        variance = self.scale**2 / (3 if self.kind is PriorKind.UNIFORM else 1)
        return math.sqrt(latent_dim * (variance + self.center**2))

    def deviation(self, latent_dim: int) -> float:
        """The standard deviation of one coordinate."""
        if self.kind is PriorKind.UNIFORM:
            return self.scale / math.sqrt(3)
        return self.scale / (math.sqrt(latent_dim) if self.kind is PriorKind.SPHERE else 1)

    def coordinate_range(self, latent_dim: int) -> tuple[float, float]:
        """The range of a walk along one coordinate: all of it, or 3 standard deviations to each side."""
        if self.kind is PriorKind.UNIFORM:
            return self.low, self.high
        reach = TRAVERSAL_DEVIATIONS * self.scale
        if self.kind is PriorKind.SPHERE:
            reach = min(self.scale, reach / math.sqrt(latent_dim))
        return -reach, reach

    def sample(self, count: int, latent_dim: int, seed: int) -> Floats:
        """Samples z float32 [count, d]. With the same seed, a larger count begins with the same samples."""
        draw = np.random.default_rng(seed)
        if self.kind is PriorKind.UNIFORM:
            unit = draw.random((count, latent_dim), dtype=np.float32)
            return np.asarray(self.center + self.scale * (2 * unit - 1), np.float32)
        z = draw.standard_normal((count, latent_dim), dtype=np.float32)
        if self.kind is PriorKind.SPHERE:
            z /= np.linalg.norm(z, axis=1, keepdims=True)
        return z if self.scale == 1 else z * np.float32(self.scale)

    def marginal(self, direction: Vector) -> "Marginal":
        """The distribution of the coordinate along a unit vector [d], measured from the mean.

        A zero vector, the second direction if d = 1, counts as an axis.
        """
        if self.kind is PriorKind.NORMAL:
            return NormalMarginal(self.scale)
        if self.kind is PriorKind.SPHERE:
            return _sphere_marginal(len(direction), self.scale)
        return _uniform_marginal(vector(direction), self.scale)


NORMAL = Prior()


def parse_prior(text: str) -> Prior:
    """Read a prior such as "normal", "normal:2", "uniform", "uniform:0,1", "sphere" or "sphere:10".

    Raises ValueError for any other text.
    """
    found = re.fullmatch(rf"\s*(\w+)\s*(?::\s*({NUMBER})\s*(?:,\s*({NUMBER})\s*)?)?", text)
    expected = "normal, uniform or sphere, with :SCALE, or :LOW,HIGH for uniform"
    if found is None or found[1].lower() not in list(PriorKind):
        raise ValueError(f"found the prior {text.strip()[:60]!r}, expected {expected}")
    kind = PriorKind(found[1].lower())
    numbers = [float(with_hyphen(number)) for number in found.groups()[1:] if number is not None]
    if not numbers:
        return Prior(kind)
    if (len(numbers) == 2) is not (kind is PriorKind.UNIFORM):
        raise ValueError(f"found the prior {text.strip()[:60]!r}, expected {expected}")
    if kind is not PriorKind.UNIFORM:
        return Prior(kind, numbers[0])
    low, high = numbers
    return Prior(kind, (high - low) / 2, (low + high) / 2)


class Marginal:
    """The distribution of one coordinate, measured from its mean."""

    def cdf(self, values: ArrayLike) -> Doubles:
        """The probability of at most each value [...]."""
        raise NotImplementedError

    def quantile(self, shares: ArrayLike) -> Doubles:
        """The inverse of `cdf` at shares [...] between 0 and 1."""
        raise NotImplementedError

    def pdf(self, value: float) -> float:
        """The probability density at a value."""
        raise NotImplementedError


@dataclass(frozen=True)
class NormalMarginal(Marginal):
    """N(0, scale²)."""

    scale: float

    def cdf(self, values: ArrayLike) -> Doubles:
        """Φ(value / scale)."""
        given = np.asarray(values, np.float64)
        # erfc keeps its precision in the left tail.
        scaled = (given / self.scale * -(0.5**0.5)).ravel().tolist()
        return np.array([0.5 * math.erfc(value) for value in scaled], np.float64).reshape(given.shape)

    def quantile(self, shares: ArrayLike) -> Doubles:
        """Φ⁻¹(share) · scale."""
        given = np.asarray(shares, np.float64)
        found = np.array([NORMAL_DIST.inv_cdf(p) for p in given.ravel().tolist()], np.float64)
        return found.reshape(given.shape) * self.scale

    def pdf(self, value: float) -> float:
        """The normal density."""
        return NORMAL_DIST.pdf(value / self.scale) / self.scale


@dataclass(frozen=True)
class UniformMarginal(Marginal):
    """Uniform from −scale to scale."""

    scale: float

    def cdf(self, values: ArrayLike) -> Doubles:
        """A ramp from 0 to 1."""
        ramp: Doubles = np.clip((np.asarray(values, np.float64) / self.scale + 1) / 2, 0, 1)
        return ramp

    def quantile(self, shares: ArrayLike) -> Doubles:
        """The ramp's inverse."""
        found: Doubles = (2 * np.asarray(shares, np.float64) - 1) * self.scale
        return found

    def pdf(self, value: float) -> float:
        """The constant density inside, 0 outside."""
        return 0.5 / self.scale if abs(value) <= self.scale else 0.0


@dataclass(frozen=True, eq=False)
class TableMarginal(Marginal):
    """A table of cumulative probabilities: `shares` [K], which never decrease, at ascending `values` [K]."""

    values: Doubles
    shares: Doubles

    def cdf(self, values: ArrayLike) -> Doubles:
        """By linear interpolation."""
        return np.asarray(np.interp(np.asarray(values, np.float64), self.values, self.shares), np.float64)

    def quantile(self, shares: ArrayLike) -> Doubles:
        """By linear interpolation."""
        return np.asarray(np.interp(np.asarray(shares, np.float64), self.shares, self.values), np.float64)

    def pdf(self, value: float) -> float:
        """The slope of the table."""
        at = int(np.searchsorted(self.values, value))
        if not 0 < at < len(self.values):
            return 0.0
        rise = self.shares[at] - self.shares[at - 1]
        return float(rise / (self.values[at] - self.values[at - 1]))


@lru_cache(maxsize=8)
def _uniform_marginal(direction: Vector, scale: float) -> Marginal:
    weights = np.abs(direction.array.astype(np.float64))
    weights = weights[weights > 1e-9]
    if len(weights) < 2:
        return UniformMarginal(scale)
    return _sum_marginal(weights, scale)


@lru_cache(maxsize=8)
def _sphere_marginal(latent_dim: int, radius: float) -> Marginal:
    """One coordinate of a uniform point on a sphere in d dimensions: sin θ with density cos^(d−2) θ.

    In one dimension there are only two points; a ramp between them keeps the axis continuous.
    """
    if latent_dim < 2:
        return UniformMarginal(radius)
    power = latent_dim - 2
    reach = min(math.pi / 2, SPHERE_DEVIATIONS / math.sqrt(max(1, power)))
    theta = np.linspace(-reach, reach, 4 * TABLE_POINTS)
    middles = (theta[1:] + theta[:-1]) / 2
    density, between = np.cos(theta).clip(0) ** power, np.cos(middles) ** power
    steps = (density[1:] + density[:-1] + 4 * between) / 6  # Simpson's rule
    shares = np.concatenate([[0.0], steps.cumsum()])
    return TableMarginal(radius * np.sin(theta), shares / shares[-1])


def _sum_marginal(weights: Doubles, scale: float) -> Marginal:
    """The sum of uniform numbers in [−scale, scale] with these weights, from a Fourier series of the density.

    The characteristic function is a product of sinc functions.
    """
    reach = scale * min(float(weights.sum()), SUM_REACH)
    frequencies = np.arange(1, SERIES_TERMS + 1) * (math.pi / reach)
    # The sum of many small numbers is normal: for small arguments, sinc is about a normal's transform.
    small = weights < SMALL_WEIGHT
    transform = np.exp((frequencies * scale) ** 2 * (-(weights[small] ** 2).sum() / 6))
    for weight in weights[~small].tolist():
        transform *= np.sinc(frequencies * (weight * scale / math.pi))
    # The distribution is symmetric, so half of the table is enough.
    half = np.linspace(0, reach, TABLE_POINTS // 2 + 1)
    kept = np.abs(transform) > 1e-15
    rises = np.sin(np.multiply.outer(half, frequencies[kept])) @ (
        transform[kept] / (frequencies[kept] * reach)
    )
    upper = np.clip(0.5 + half / (2 * reach) + rises, 0.5, 1)
    upper = np.maximum.accumulate(upper)
    values = np.concatenate([-half[:0:-1], half])
    shares = np.concatenate([1 - upper[:0:-1], upper])
    return TableMarginal(values, shares)
