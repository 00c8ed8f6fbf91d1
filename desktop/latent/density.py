"""The aggregate posterior q(z) = 1/N Σ q(z|xₙ) of the held-out images on a plane, and its holes. No Qt.

In more than two dimensions q and the prior are their marginals on the plane's two directions.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from desktop.base.arrays import Doubles, Floats
from desktop.latent.normals import PlaneNormals
from desktop.latent.plane_prior import PriorOnPlane

# In a hole, the prior expects at least ten times as many images as there are. The prior's outer tail does not
# count.
HOLE_RATIO = 0.1
HOLE_PRIOR_MASS = 0.99
# At a larger distance from the mean, a normal's density is below 2e-8 of its peak.
REACH_DEVIATIONS = 6.0
# The number of exponentials, and of multiplications of a matrix product, per step. Each takes about 2 ms, and
# the picture under the pointer waits for one step at most.
STEP_NUMBERS = 400_000
STEP_PRODUCTS = 20_000_000
LEAST_DENSITY = 1e-30
WIDENED_SHARE = 0.1


@dataclass(frozen=True)
class Region:
    """An area bounded by closed rings of (a, b) [K, 2]. A point inside an odd number of them is in it."""

    rings: tuple[Doubles, ...]


def density(normals: PlaneNormals, a: Doubles, b: Doubles) -> Iterator[Floats | None]:
    """Compute q(z) per unit area of the plane at a [W] and b [H], both ascending.

    Yields None while computing, and then the density [H, W]. It is exact, with two exceptions: a normal
    narrower than half the local grid step is widened to that, so that none is lost between two grid lines,
    and each normal is cut off at six standard deviations. With one latent dimension the density is over a
    alone.
    """
    flat = not normals.covariance[:, 1, 1].any()
    deviations = _no_narrower(normals, a, b)
    reach = REACH_DEVIATIONS * deviations
    low, high = normals.mean - reach, normals.mean + reach
    near = (high[:, 0] > a[0]) & (low[:, 0] < a[-1])
    if not flat:
        near &= (high[:, 1] > b[0]) & (low[:, 1] < b[-1])
    total = np.zeros((len(b), len(a)), np.float32)
    (kept,) = np.nonzero(near)
    mean, deviations = normals.mean[kept], deviations[kept]
    if flat or not normals.covariance[:, 0, 1].any():
        steps = _separable(mean, deviations, a, None if flat else b, total)
    else:
        correlation = normals.covariance[kept, 0, 1] / np.sqrt(
            normals.covariance[kept, 0, 0] * normals.covariance[kept, 1, 1]
        )
        steps = _correlated(mean, deviations, correlation, a, b, total)
    for _ in steps:
        yield None
    total /= max(1, len(normals.mean))
    yield total


def _no_narrower(normals: PlaneNormals, a: Doubles, b: Doubles) -> Doubles:
    deviations: Doubles = np.sqrt(np.diagonal(normals.covariance, axis1=1, axis2=2))
    halves = [
        np.interp(normals.mean[:, side], axis, np.gradient(axis) / 2) if len(axis) > 1 else np.zeros(1)
        for side, axis in enumerate((a, b))
    ]
    least = np.stack(np.broadcast_arrays(*halves, normals.mean[:, 0])[:2], axis=1)
    widened: Doubles = np.maximum(deviations, least)
    return widened


def is_smoothed(normals: PlaneNormals, a: Doubles, b: Doubles) -> bool:
    """Whether more than a few of the normals within the axes are widened, as `density` does."""
    low, high = np.array([a[0], b[0]]), np.array([a[-1], b[-1]])
    here = ((normals.mean >= low) & (normals.mean <= high)).all(axis=1)
    if not here.any():
        return False
    deviations: Doubles = np.sqrt(np.diagonal(normals.covariance, axis1=1, axis2=2))
    wider = np.asarray(_no_narrower(normals, a, b) > deviations)
    if not normals.covariance[:, 1, 1].any():  # with one latent dimension only the width counts
        wider = wider[:, :1]
    return bool(np.mean(np.any(wider, axis=1)[here]) > WIDENED_SHARE)


def _separable(
    mean: Doubles, deviations: Doubles, a: Doubles, b: Doubles | None, total: Floats
) -> Iterator[None]:
    """Add normals without correlation: each is a row times a column, so their sum is a matrix product."""
    count = max(1, min(STEP_NUMBERS // sum(total.shape), STEP_PRODUCTS // total.size))
    for start in range(0, len(mean), count):
        part = slice(start, start + count)
        rows = _normal(a, mean[part, 0], deviations[part, 0])
        columns = (
            np.ones((len(rows), len(total)), np.float32)
            if b is None
            else _normal(b, mean[part, 1], deviations[part, 1])
        )
        total += columns.T @ rows
        yield


def _normal(x: Doubles, mean: Doubles, deviation: Doubles) -> Floats:
    """N(x; mean, deviation²) at x [K] for each mean [N]: float32 [N, K]."""
    scaled = ((x - mean[:, np.newaxis]) / deviation[:, np.newaxis]).astype(np.float32)
    np.square(scaled, out=scaled)
    scaled *= np.float32(-0.5)
    np.exp(scaled, out=scaled)
    scaled *= (1 / (np.sqrt(2 * np.pi) * deviation)).astype(np.float32)[:, np.newaxis]
    return scaled


def _correlated(
    mean: Doubles, deviations: Doubles, correlation: Doubles, a: Doubles, b: Doubles, total: Floats
) -> Iterator[None]:
    """Add each normal within its reach: exp(−½ [x² − 2ρxy + y²] / (1 − ρ²)), x and y being scaled offsets."""
    reach = REACH_DEVIATIONS * deviations
    lefts, rights = (np.searchsorted(a, mean[:, 0] + way * reach[:, 0]) for way in (-1, 1))
    lows, highs = (np.searchsorted(b, mean[:, 1] + way * reach[:, 1]) for way in (-1, 1))
    left_out = np.maximum(1 - correlation**2, 1e-9)
    peaks = 1 / (2 * np.pi * deviations.prod(axis=1) * np.sqrt(left_out))
    done = 0
    for n in range(len(mean)):
        columns, rows = slice(lefts[n], rights[n]), slice(lows[n], highs[n])
        x = ((a[columns] - mean[n, 0]) / deviations[n, 0]).astype(np.float32)
        y = ((b[rows] - mean[n, 1]) / deviations[n, 1]).astype(np.float32)
        exponent = np.multiply.outer(y * np.float32(2 * correlation[n]), x)
        exponent -= (y * y)[:, np.newaxis]
        exponent -= x * x
        exponent *= np.float32(0.5 / left_out[n])
        np.exp(exponent, out=exponent)
        exponent *= np.float32(peaks[n])
        total[rows, columns] += exponent
        done += exponent.size + 5_000  # a small normal costs mostly the function calls
        if done > STEP_NUMBERS:
            done = 0
            yield


def holes(q: Floats, prior: PriorOnPlane, a: Doubles, b: Doubles) -> list[Region]:
    """The regions where q [H, W] is below a tenth of the prior, within the prior's 99 % contour."""
    log_excess = np.log(np.maximum(q, LEAST_DENSITY)) - prior.log_density(a, b) - np.log(HOLE_RATIO)
    beyond = prior.beyond(HOLE_PRIOR_MASS, a, b)
    # The larger of the two fields is negative where both bounds hold. Large values are clipped, because they
    # would distort the contour's interpolation.
    field = np.maximum(np.clip(log_excess, -2, 2), np.clip(beyond, -2, 2))
    return filled(field, a, b, -np.inf, 0.0)


def filled(field: NDArray[np.floating], a: Doubles, b: Doubles, low: float, high: float) -> list[Region]:
    """The regions where a field [H, W] over a [W] and b [H] is between two levels, by interpolation."""
    import contourpy  # imported only when a map is shown

    generator = contourpy.contour_generator(
        a, b, field, name="serial", fill_type=contourpy.FillType.OuterOffset
    )
    polygons = generator.filled(low, high)  # the points of each, and the indices at which its rings begin
    return [
        Region(tuple(np.split(np.asarray(points), np.asarray(starts, np.int64)[1:-1])))
        for points, starts in zip(polygons[0], polygons[1], strict=True)
    ]
