"""Tests whether holes of the aggregate posterior are a property of the model, or due to few images. No Qt.

For few images with narrow posteriors, q(z) = 1/N Σ q(z|xₙ) is zero nearly everywhere, even if the encoder's
means are samples from the prior.
"""

import numpy as np
from numpy.typing import NDArray

from desktop.base.arrays import Doubles
from desktop.latent.density import HOLE_PRIOR_MASS, HOLE_RATIO
from desktop.latent.normals import PlaneNormals, project_normals
from desktop.latent.plane import Plane
from desktop.latent.plane_prior import PriorOnPlane
from desktop.latent.prior import Prior

# If chance alone would hatch more of the prior than this, no holes are drawn.
MOST_BY_CHANCE = 0.25
# About so many evenly spaced posteriors represent the widths of all.
WIDTHS = 400
GRID_LINES = 61
LEVELS, LEAST_LEVEL = 60, 1e-9


def are_posteriors_too_few(plane: Plane, prior: Prior, logvar: NDArray[np.floating]) -> bool:
    """Whether posteriors with these variances [N, d] are too few to tell holes on a plane from chance."""
    part = logvar[:: _every(len(logvar))]
    normals = project_normals(plane, np.zeros(part.shape), part)
    return _share(normals.covariance, len(logvar), PriorOnPlane(plane, prior)) > MOST_BY_CHANCE


def are_normals_too_few(normals: PlaneNormals, prior: PriorOnPlane) -> bool:
    """Whether these posteriors are too few to tell holes from chance."""
    return share_by_chance(normals, prior) > MOST_BY_CHANCE


def share_by_chance(normals: PlaneNormals, prior: PriorOnPlane) -> float:
    """The share of the prior that would be hatched if images of these widths were drawn from it.

    This is an upper bound. Where the prior has density p, a single posterior lifts q above a tenth of p
    within an ellipse of known area around its mean. The number of means that are near enough to a place is
    about Poisson distributed, and the place may be a hole only if it is zero. The bound never grows with the
    number of images.
    """
    count = len(normals.mean)
    return _share(normals.covariance[:: _every(count)], count, prior)


def _every(count: int) -> int:
    return max(1, count // WIDTHS)


def _share(covariance: Doubles, count: int, prior: PriorOnPlane) -> float:
    area_of_deviations = np.sqrt(
        covariance[:, 0, 0] if prior.dimensions == 1 else np.maximum(np.linalg.det(covariance), 0)
    )
    radius = prior.radius(HOLE_PRIOR_MASS)
    a, b = (middle + np.linspace(-radius, radius, GRID_LINES) for middle in prior.middle)
    log_p = prior.log_density(a, b)
    p = np.exp(log_p[(prior.beyond(HOLE_PRIOR_MASS, a, b) <= 0) & np.isfinite(log_p)])
    if not len(p) or not len(area_of_deviations):
        return 0.0
    levels = p.max() * np.geomspace(LEAST_LEVEL, 1, LEVELS)
    near: Doubles = np.maximum.accumulate(
        [_near(area_of_deviations, count, level, prior) for level in levels]
    )
    return float((np.exp(-np.interp(p, levels, near)) * p).sum() / p.sum())


def _near(deviations: Doubles, count: int, p: float, prior: PriorOnPlane) -> float:
    """The expected number of means so near to a place of density p that one alone prevents a hole."""
    peaks = 1 / ((2 * np.pi) ** (prior.dimensions / 2) * np.maximum(deviations, np.finfo(float).tiny))
    squares = 2 * np.log(np.maximum(1.0, peaks / (HOLE_RATIO * count * p)))
    areas = 2 * np.sqrt(squares) if prior.dimensions == 1 else np.pi * squares
    return float(count * p * (deviations * areas).mean())
