"""Projects normal distributions to a plane: posteriors with their ellipses. No Qt.

A plane's two directions W are orthonormal, so N(m, S) has the marginal N(W·(m − origin), W·S·Wᵀ) in the
plane's (a, b).
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from desktop.base.arrays import Doubles
from desktop.latent.plane import Plane

CONTOUR_POINTS = 181
SAME_PLACE = 1e-9


@dataclass(frozen=True)
class PlaneNormals:
    """N normal distributions on the plane.

    Attributes:
        mean: (a, b), float64 [N, 2].
        covariance: float64 [N, 2, 2]; its second row and column are zero if the space has one dimension.
    """

    mean: Doubles
    covariance: Doubles

    def of(self, index: int) -> "PlaneNormals":
        """Only the normal at an index."""
        return PlaneNormals(self.mean[index : index + 1], self.covariance[index : index + 1])


def project_normals(plane: Plane, mean: ArrayLike, logvar: ArrayLike) -> PlaneNormals:
    """The marginals of N(mean, diag exp(logvar)), both [N, d], on the plane."""
    directions = np.asarray([plane.u.array, plane.v.array], np.float64)
    variances = np.exp(np.asarray(logvar, np.float64))
    covariance: Doubles = np.einsum("id,nd,jd->nij", directions, variances, directions, optimize=True)
    return PlaneNormals(plane.project(mean), covariance)


def same_marginals(plane: Plane, other: Plane) -> bool:
    """Whether two planes have the same marginals: they have equal directions, and equal (a, b) for each z."""
    if (plane.u, plane.v) != (other.u, other.v):
        return False
    return bool(np.allclose(plane.project(other.origin), 0, atol=SAME_PLACE))


def ellipse(normals: PlaneNormals, index: int, radius: float) -> Doubles:
    """The closed curve of (a, b) [K, 2] that lies `radius` standard deviations from a mean.

    With one latent dimension it is a line segment, traced there and back.
    """
    (aa, ab), (_, bb) = normals.covariance[index]
    right = math.sqrt(aa)
    skew = ab / right if right else 0.0
    cholesky = np.array([[right, 0.0], [skew, math.sqrt(max(0.0, bb - skew * skew))]])
    angle = np.linspace(0, 2 * np.pi, CONTOUR_POINTS)
    circle = np.stack([np.cos(angle), np.sin(angle)])
    curve: Doubles = normals.mean[index] + radius * (cholesky @ circle).T
    return curve


def radius_of_mass(mass: float, dimensions: int) -> float:
    """The radius that contains a share of N(0, I): √(−2 ln(1 − mass)) in two dimensions, Φ⁻¹ in one."""
    if dimensions == 1:
        return NormalDist().inv_cdf((1 + mass) / 2)
    return math.sqrt(-2 * math.log1p(-mass))
