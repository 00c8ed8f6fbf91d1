"""Finds the plane along which points vary most, and a start for the view on it. No Qt."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from desktop.base.vector import Vector
from desktop.latent.plane import MIN_EDGE, MIN_SINE, Plane

# A covariance matrix of more dimensions, or dot products of more points, would take seconds.
MOST_COVARIANCES = 1024


@dataclass(frozen=True)
class PrincipalView:
    """The start of a view among points.

    Attributes:
        plane: the points' principal plane, moved so that it contains `z`.
        z: the point nearest to the mean. The mean itself may be far from all points.
    """

    plane: Plane
    z: Vector


def principal_view(points: ArrayLike, of_what: str = "") -> PrincipalView | None:
    """The start among points z [N, d]; None in up to two dimensions, or if the points span no plane.

    `of_what` is as in `principal_plane`.
    """
    z = np.asarray(points)
    if z.ndim != 2 or z.shape[1] < 3:
        return None
    try:
        plane = principal_plane(z, of_what)
    except ValueError:
        return None
    offsets = z - plane.origin.array.astype(z.dtype)
    middle = Vector(z[np.einsum("nd,nd->n", offsets, offsets).argmin()])
    return PrincipalView(plane.through(middle), middle)


def principal_plane(z: ArrayLike, of_what: str = "") -> Plane:
    """The plane of the two directions along which the points z [N, d] vary most, through their mean.

    The plane's words give each direction's share of the variance, and include `of_what`, such as "of epoch
    3".

    The directions are the first two eigenvectors of the covariance; the number with the largest magnitude in
    each is positive. In more than 1,024 dimensions, at most 1,024 evenly spaced points are used.
    Raises ValueError for fewer than three points or two dimensions, or if the points lie on one line.
    """
    points = np.asarray(z)
    if points.ndim != 2 or len(points) < 3 or points.shape[1] < 2:
        raise ValueError(f"found points of shape {points.shape}, expected at least 3 in 2 dimensions")
    if points.shape[1] > MOST_COVARIANCES:
        points = points[np.linspace(0, len(points) - 1, min(len(points), MOST_COVARIANCES)).astype(np.intp)]
        offsets = points - points.mean(axis=0)
        variances, weights = np.linalg.eigh((offsets @ offsets.T).astype(np.float64))
        directions = offsets.T.astype(np.float64) @ weights[:, -2:]
        directions /= np.maximum(np.linalg.norm(directions, axis=0), MIN_EDGE)
    else:
        variances, directions = np.linalg.eigh(np.cov(points.astype(np.float64), rowvar=False))
    mean = points.mean(axis=0, dtype=np.float64)
    if not variances[-2] > MIN_SINE**2 * variances[-1]:
        raise ValueError("found points on one line, expected them to vary in two directions")
    u, v = (d * np.sign(d[np.argmax(np.abs(d))]) for d in (directions[:, -1], directions[:, -2]))
    shares = variances[:-3:-1] / variances.clip(0).sum()
    of_what = f" {of_what}" if of_what else ""
    right, up = (
        f"{nth} principal axis{of_what}, {100 * share:.0f} % of the variance"
        for nth, share in zip(("1st", "2nd"), shares.tolist(), strict=True)
    )
    return Plane(Vector(mean), Vector(u), Vector(v), (right, up), is_principal=True)
