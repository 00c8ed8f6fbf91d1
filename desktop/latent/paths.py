"""Paths through the latent space: the curve that joins the points, and the pace of a walk along it. No Qt."""

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from desktop.base.arrays import Doubles, Floats

# Steps per curved leg, enough for its arc length to 1e-6; and per leg that is drawn, on axes of any scale.
ARC_STEPS, LINE_STEPS = 256, 48
# How many pictures along the walk are compared: in all, and at least on every leg.
VISUAL_STEPS, VISUAL_LEG_STEPS = 512, 16
# The same for a decoder whose pictures take long.
SLOW_VISUAL_STEPS, SLOW_VISUAL_LEG_STEPS = 48, 8
# A shorter vector has no direction. A smaller angle does not determine a great circle.
MIN_NORM, MIN_SINE = 1e-12, 1e-9

# Decodes z [N, d], yielding the place of the first and the pictures [n, C, H, W] of each step, or None.
Pieces = Callable[[Floats], Iterator[tuple[int, Floats] | None]]


class PathKind(StrEnum):
    """How a path goes from point to point. A value is its name in the window."""

    STRAIGHT = "Straight"
    SPHERICAL = "Spherical"
    VISUAL = "Equal visual change"


@dataclass(frozen=True)
class Curve:
    """The curve through `corners`, d numbers each, with straight legs or great-circle arcs.

    Its parameter t counts legs: at a whole number it is at a corner.
    """

    corners: tuple[tuple[float, ...], ...]
    spherical: bool = False

    @property
    def legs(self) -> int:
        """The number of legs between the corners."""
        return len(self.corners) - 1

    def at(self, t: ArrayLike) -> Doubles:
        """The z float64 [..., d] at t [...], from 0 to `legs`."""
        parameter = np.clip(np.asarray(t, np.float64), 0, self.legs)
        leg = np.minimum(parameter.astype(np.intp), self.legs - 1)
        corners = np.asarray(self.corners, np.float64)
        along = (parameter - leg)[..., np.newaxis]
        if self.spherical:
            return slerp(corners[leg], corners[leg + 1], along)
        straight: Doubles = (1 - along) * corners[leg] + along * corners[leg + 1]
        return straight


@dataclass(frozen=True, eq=False)
class Walk:
    """A curve with a pace: `distance` [M], which never decreases, is the distance covered at `t` [M]."""

    curve: Curve
    closed: bool
    t: Doubles
    distance: Doubles

    def at(self, share: ArrayLike) -> Floats:
        """The z float32 [..., d] at which a share [...] of the distance has been covered."""
        t = np.interp(np.asarray(share, np.float64) * self.distance[-1], self.distance, self.t)
        return self.curve.at(t).astype(np.float32)

    def frames(self, count: int, ping_pong: bool = False) -> Floats:
        """z [count, d] at even distances. Raises ValueError for fewer than two frames.

        The first and the last frame are the ends of the curve. A closed walk, or one that goes there and
        back, ends one step before its first frame, so that it can be repeated evenly.
        """
        if count < 2:
            raise ValueError(f"found {count} frames, expected at least 2; ask for more")
        if not ping_pong:
            return self.at(np.linspace(0, 1, count, endpoint=not self.closed))
        there = np.linspace(0, 1, count // 2 + 1)  # the turning point is a frame, even if the count is odd
        back = np.linspace(1, 0, count - len(there) + 2)[1:-1]
        return self.at(np.concatenate([there, back]))


def slerp(start: ArrayLike, end: ArrayLike, share: ArrayLike) -> Doubles:
    """Interpolate from z `start` to z `end` [..., d]: the direction on a great circle, the norm linearly.

    Shoemake 1985, "Animating rotation with quaternion curves"; for latent spaces, White 2016, "Sampling
    generative networks" (arXiv:1609.04468). A zero vector has no direction, so it takes the direction of the
    other end, and the way is straight. Opposite directions share many great circles. The one used passes
    through the positive side of the coordinate axis that is closest to perpendicular to them, the lowest
    dimension if several are. In one dimension there is no great circle, and the way leads through zero.
    """
    a, b = np.broadcast_arrays(np.asarray(start, np.float64), np.asarray(end, np.float64))
    norm_a, norm_b = (np.linalg.norm(z, axis=-1, keepdims=True) for z in (a, b))
    direction_a = a / np.maximum(norm_a, MIN_NORM)
    direction_b = b / np.maximum(norm_b, MIN_NORM)
    direction_a = np.where(norm_a > MIN_NORM, direction_a, direction_b)
    direction_b = np.where(norm_b > MIN_NORM, direction_b, direction_a)
    cosine = (direction_a * direction_b).sum(axis=-1, keepdims=True)
    aside = direction_b - cosine * direction_a
    sine = np.linalg.norm(aside, axis=-1, keepdims=True)
    aside = np.where(sine > MIN_SINE, aside / np.maximum(sine, MIN_SINE), _perpendicular(direction_a))
    angle = np.arctan2(sine, cosine) * np.asarray(share)
    norm = (1 - np.asarray(share)) * norm_a + np.asarray(share) * norm_b
    turned: Doubles = norm * (np.cos(angle) * direction_a + np.sin(angle) * aside)
    # The ends are exactly the given points, to the last bit.
    return np.where(np.asarray(share) <= 0, a, np.where(np.asarray(share) >= 1, b, turned))


def path_curve(points: Sequence[Sequence[float]], kind: PathKind, closed: bool) -> Curve:
    """The curve through the points of a path, and back to the first one if it is closed.

    Equal visual change is a pace, so its curve has straight legs. Raises ValueError if fewer than two points
    differ.
    """
    corners = tuple(tuple(map(float, point)) for point in points)
    if closed and corners:
        corners += corners[:1]
    if len(set(corners)) < 2:
        raise ValueError("found no two different points on the path, expected at least two; add points")
    return Curve(corners, kind is PathKind.SPHERICAL)


def even_walk(curve: Curve, closed: bool = False) -> Walk:
    """A walk at constant speed in z: equal shares are equal lengths of the curve."""
    t = np.linspace(0, curve.legs, curve.legs * (ARC_STEPS if curve.spherical else 1) + 1)
    return Walk(curve, closed, t, _lengths_so_far(curve.at(t)))


def visual_walk(
    pieces: Pieces, curve: Curve, closed: bool = False, is_slow: bool = False
) -> Generator[float, None, Walk]:
    """A walk at constant visual speed: equal shares change the picture equally. Yields the share done.

    The change is the sum of L2 distances between pictures along a fine walk, which is the length of the curve
    in picture space; it is less fine if decoding `is_slow`. If the picture does not change at all, the speed
    is constant in z.
    """
    t = _visual_steps(curve, is_slow)
    z = curve.at(t).astype(np.float32)
    changes = np.zeros(len(t))
    last: Floats | None = None
    share = 0.0
    for piece in pieces(z):
        if piece is None:
            yield share
            continue
        start, pictures = piece
        flat = np.nan_to_num(pictures).reshape(len(pictures), -1)
        joined = flat if last is None else np.concatenate([last, flat])
        steps = np.linalg.norm(np.diff(joined, axis=0), axis=1)
        changes[start + len(flat) - len(steps) : start + len(flat)] = steps
        last = flat[-1:]
        share = (start + len(flat)) / len(z)
        yield share
    distance = changes.cumsum()
    # A small part of the distance in z is added, so that the sum rises even where the picture does not
    # change.
    lengths = _lengths_so_far(curve.at(t))
    return Walk(curve, closed, t, distance + lengths / lengths[-1] * max(1e-6 * distance[-1], 1e-9))


@lru_cache(maxsize=4)
def path_line(points: tuple[tuple[float, ...], ...], kind: PathKind, closed: bool) -> tuple[Doubles, Doubles]:
    """The polyline to draw for a path: parameters t [M] and z [M, d]. One point alone gives itself."""
    try:
        curve = path_curve(points, kind, closed)
    except ValueError:
        return np.zeros(min(1, len(points))), np.asarray(points[:1], np.float64)
    t = np.linspace(0, curve.legs, curve.legs * LINE_STEPS + 1)
    return t, curve.at(t)


def visual_z(curve: Curve, is_slow: bool = False) -> Floats:
    """The z [N, d] that `visual_walk` decodes."""
    return curve.at(_visual_steps(curve, is_slow)).astype(np.float32)


def _visual_steps(curve: Curve, is_slow: bool) -> Doubles:
    """The parameters at which a walk is measured: in proportion to length, with a minimum for every leg."""
    most, least = (SLOW_VISUAL_STEPS, SLOW_VISUAL_LEG_STEPS) if is_slow else (VISUAL_STEPS, VISUAL_LEG_STEPS)
    corners = np.asarray(curve.corners)
    lengths = np.linalg.norm(np.diff(corners, axis=0), axis=1)
    counts = np.maximum(least, np.rint(most * lengths / lengths.sum()).astype(int))
    legs = [leg + np.arange(count) / count for leg, count in enumerate(counts)]
    return np.concatenate([*legs, [curve.legs]])


def _lengths_so_far(z: Doubles) -> Doubles:
    """The length of a polyline z [M, d] up to each of its points."""
    return np.concatenate([[0.0], np.linalg.norm(np.diff(z, axis=0), axis=1).cumsum()])


def _perpendicular(direction: Doubles) -> Doubles:
    """A unit vector perpendicular to each of the unit vectors [..., d]; zero for d = 1."""
    if direction.shape[-1] < 2:
        return np.zeros_like(direction)
    axis = np.abs(direction).argmin(axis=-1)
    chosen = np.eye(direction.shape[-1])[axis]
    beside = chosen - (chosen * direction).sum(axis=-1, keepdims=True) * direction
    length: Doubles = np.linalg.norm(beside, axis=-1, keepdims=True)
    return np.asarray(beside / np.maximum(length, MIN_NORM), np.float64)
