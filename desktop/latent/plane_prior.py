"""The prior on a plane: its density, and the contours that contain a share of its mass. No Qt.

The prior on a plane is its marginal: the distribution of samples that are projected on the plane.
"""

import math
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from desktop.base.arrays import Doubles
from desktop.base.vector import Vector
from desktop.latent.normals import CONTOUR_POINTS, radius_of_mass
from desktop.latent.plane import MAX_SPAN, Plane
from desktop.latent.prior import NORMAL, Prior, PriorKind

# The shares of the prior's mass inside the contours.
PRIOR_MASSES = (0.5, 0.9, 0.99)
# Radii without a closed form are quantiles of this many samples with a fixed seed, which give a share of 0.9
# to within 0.3 %.
SAMPLES, SEED = 20_000, 0
# In more dimensions, the sum of so many uniform numbers is treated as normal.
MOST_DIMENSIONS = 64
LEAST = 1e-12
SQUARE_POINTS = 8 * 23 + 1  # with this number, the square's corners are among the points
Contours = list[tuple[float, list[Doubles]]]


@dataclass(frozen=True)
class PriorOnPlane:
    """A prior's marginal on a plane, or on a line if the space has one dimension.

    The marginal of a normal prior or of one on a sphere is exact on every plane; that of a uniform prior is
    exact on a plane of two axes. On a slanted plane, a uniform prior's density is that of the normal
    distribution with the same variance, and its contours are circles that contain their share.
    """

    plane: Plane
    prior: Prior = NORMAL
    middle: Doubles = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "middle", self.plane.project_even(self.prior.center))

    @property
    def dimensions(self) -> int:
        """2, or 1 on a line."""
        return 1 if self.plane.is_line else 2

    @property
    def peak(self) -> float:
        """The highest density per unit of area or length; for a sphere, the density at the middle."""
        scale, dims = self.prior.scale, self.dimensions
        if self._is_box:
            return float((2 * scale) ** -dims)
        if self.prior.kind is not PriorKind.SPHERE:
            return float((2 * math.pi) ** (-dims / 2) / self._deviation**dims)
        latent_dim = len(self.plane.origin)
        return (latent_dim - 2) / (2 * math.pi * scale**2) if latent_dim > 2 else 1 / scale**dims

    def log_density(self, a: Doubles, b: Doubles) -> Doubles:
        """The log density at a [W] and b [H]: float64 [H, W]; −∞ where the density is zero."""
        squares = self._squares(a, b)
        if self._is_box:
            return np.where(squares <= self.prior.scale**2, math.log(self.peak), -np.inf)
        if self.prior.kind is not PriorKind.SPHERE:
            spread = self._deviation**2
            found: Doubles = -squares / spread / 2 - self.dimensions / 2 * np.log(2 * np.pi * spread)
            return found
        latent_dim = len(self.plane.origin)
        left = 1 - squares / self.prior.scale**2
        if latent_dim < 3:  # the whole prior is a circle or two points
            return np.full(left.shape, -np.inf)
        inside = math.log(self.peak) + (latent_dim - 4) / 2 * np.log(np.maximum(left, LEAST))
        return np.asarray(np.where(left > 0, inside, -np.inf), np.float64)

    def beyond(self, mass: float, a: Doubles, b: Doubles) -> Doubles:
        """A field [H, W] that is negative within the contour of a mass, zero on it, positive outside."""
        outside: Doubles = self._squares(a, b) - self.radius(mass) ** 2
        return outside

    def contours(self, masses: tuple[float, ...] = PRIOR_MASSES) -> Contours:
        """For each mass, the curves (a, b) [K, 2] that enclose this share of the prior on the plane.

        They are circles around the middle, squares for a uniform prior on two axes, or two vertical lines if
        there is one latent dimension. If the whole prior is a circle, this circle is the only contour, with
        mass 1.
        """
        latent_dim = len(self.plane.origin)
        if self.prior.kind is PriorKind.SPHERE and latent_dim < 3:
            return [(1.0, self._curves(self.prior.scale))]
        return [(mass, self._curves(self.radius(mass))) for mass in masses]

    @property
    def _is_box(self) -> bool:
        """Whether the marginal is uniform on a square or a segment."""
        if self.prior.kind is not PriorKind.UNIFORM:
            return False
        return self.dimensions == 1 or self.plane.is_along_axes

    @property
    def _deviation(self) -> float:
        """The standard deviation along any direction of a normal or uniform prior."""
        return self.prior.scale / (math.sqrt(3) if self.prior.kind is PriorKind.UNIFORM else 1)

    def _squares(self, a: Doubles, b: Doubles) -> Doubles:
        """The squared distance from the middle [H, W]; for a square prior, the squared maximum norm."""
        across: Doubles = (a - self.middle[0]) ** 2 + np.zeros((len(b), 1))
        if self.dimensions == 1:
            return across
        upward = ((b - self.middle[1]) ** 2)[:, np.newaxis]
        return np.asarray(np.maximum(across, upward) if self._is_box else across + upward, np.float64)

    def radius(self, mass: float) -> float:
        """The distance from the middle that contains a share of the prior."""
        if self._is_box:
            return float(self.prior.scale * mass ** (1 / self.dimensions))
        if self.prior.kind is PriorKind.NORMAL:
            return radius_of_mass(mass, self.dimensions) * self.prior.scale
        latent_dim = len(self.plane.origin)
        if self.prior.kind is PriorKind.SPHERE:
            # Of a uniform point on the sphere, two coordinates are within r with probability
            # 1 − (1 − r²)^((d − 2) / 2).
            inside = 1 - (1 - mass) ** (2 / (latent_dim - 2)) if latent_dim > 2 else 1.0
            return self.prior.scale * math.sqrt(inside)
        if latent_dim > MOST_DIMENSIONS:
            return radius_of_mass(mass, 2) * self._deviation
        return float(np.quantile(_slanted_radii(self.prior, self.plane.u, self.plane.v), mass))

    def _curves(self, radius: float) -> list[Doubles]:
        if self.dimensions == 1:
            middle = float(self.middle[0])
            return [np.array([[a, -MAX_SPAN], [a, MAX_SPAN]]) for a in (middle - radius, middle + radius)]
        angle = np.linspace(0, 2 * np.pi, SQUARE_POINTS if self._is_box else CONTOUR_POINTS)
        circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
        if self._is_box:
            circle /= np.abs(circle).max(axis=1, keepdims=True)
        curve: Doubles = self.middle + radius * circle
        return [curve]


@lru_cache(maxsize=4)
def _slanted_radii(prior: Prior, u: Vector, v: Vector) -> Doubles:
    """The distances of projected samples from the projected mean."""
    z = prior.sample(SAMPLES, len(u), SEED) - prior.mean(len(u))
    radii: Doubles = np.linalg.norm(z @ np.array([u, v]).T, axis=1)
    return radii
