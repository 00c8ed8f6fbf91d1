"""Paths through the latent space: the curve through the points, and the pace of a walk along it. No Qt."""

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from desktop.base.arrays import Doubles, Floats
from desktop.base.vector import Vector, vector

# Steps per curved leg, which give its length to 1e-6; and per drawn leg, enough for any axis scale.
ARC_STEPS, LINE_STEPS = 256, 48
MOST_PLACES = 400  # names keep off at most this many points of a line
# The number of pictures along the walk that are compared: in all, and the least on each leg.
VISUAL_STEPS, VISUAL_LEG_STEPS = 512, 16
# The same for a slow decoder.
SLOW_VISUAL_STEPS, SLOW_VISUAL_LEG_STEPS = 48, 8
# Long z are computed in parts of PART_NUMBERS numbers, and legs get fewer steps if all steps together would
# exceed STEP_NUMBERS.
PART_NUMBERS, STEP_NUMBERS = 1 << 18, 1 << 24
# A shorter vector has no direction, and a smaller angle does not determine a great circle.
MIN_NORM, MIN_SINE = 1e-12, 1e-9

# Decodes z [N, d] in steps; each yields the index of its first picture and pictures [n, C, H, W], or None.
Pieces = Callable[["CurveZ"], Iterator[tuple[int, Floats] | None]]


class PathKind(StrEnum):
    """How a path goes from point to point. A value is its name in the window."""

    STRAIGHT = "Straight"
    SPHERICAL = "Spherical"
    VISUAL = "Equal visual change"


@dataclass(frozen=True)
class Curve:
    """The curve through `corners`, d numbers each, with straight legs or great-circle arcs.

    The parameter t counts legs: whole numbers are corners.
    """

    corners: tuple[Vector, ...]
    spherical: bool = False

    @property
    def legs(self) -> int:
        """The number of legs between the corners."""
        return len(self.corners) - 1

    def at(self, t: ArrayLike) -> Doubles:
        """The z float64 [..., d] at t [...], from 0 to `legs`."""
        parameter = np.clip(np.asarray(t, np.float64), 0, self.legs)
        latent_dim = len(self.corners[0])
        flat, rows = parameter.ravel(), max(1, PART_NUMBERS // latent_dim)
        if flat.size > rows:  # in parts, because the intermediate arrays are many times as large
            parts = [self.at(flat[start : start + rows]) for start in range(0, flat.size, rows)]
            return np.concatenate(parts).reshape(*parameter.shape, latent_dim)
        leg = np.minimum(parameter.astype(np.intp), self.legs - 1)
        along = (parameter - leg)[..., np.newaxis]
        start, end = (self._corners(leg + side) for side in (0, 1))
        if self.spherical:
            return slerp(start, end, along)
        straight: Doubles = (1 - along) * start + along * end
        return straight

    def _corners(self, numbers: NDArray[np.intp]) -> Doubles:
        """The corners [..., d] with these numbers [...]."""
        used, places = np.unique(numbers, return_inverse=True)
        found = np.asarray([self.corners[number].array for number in used.tolist()], np.float64)
        return found[places.reshape(numbers.shape)]


@dataclass(frozen=True, eq=False)
class CurveZ:
    """The z at t [N] of a curve, like an array float32 [N, d] whose rows are computed on access.

    Thousands of long z, as for an animation's frames, would not fit into memory at once.
    """

    curve: Curve
    t: Doubles

    def __len__(self) -> int:
        """The number of z."""
        return len(self.t)

    def __getitem__(self, rows: int | slice | Sequence[int]) -> Floats:
        """The z float32 [d] of one row, or [n, d] of several."""
        return self.curve.at(self.t[rows]).astype(np.float32)

    def part(self, rows: slice | Sequence[int]) -> "CurveZ":
        """Some of the rows, with their places on the curve."""
        return CurveZ(self.curve, self.t[rows])

    def __iter__(self) -> Iterator[Floats]:
        """Go through the rows, float32 [d]."""
        return (self[row] for row in range(len(self)))


@dataclass(frozen=True, eq=False)
class Walk:
    """A curve with a pace: `distance` [M], which never decreases, is the distance covered at `t` [M]."""

    curve: Curve
    closed: bool
    t: Doubles
    distance: Doubles

    def at(self, share: float) -> Floats:
        """The z float32 [d] at a share of the distance."""
        return self.along([share])[0]

    def along(self, shares: ArrayLike) -> CurveZ:
        """The z at shares [N] of the distance."""
        distance = np.asarray(shares, np.float64) * self.distance[-1]
        return CurveZ(self.curve, np.interp(distance, self.distance, self.t))

    def frames(self, count: int, ping_pong: bool = False) -> CurveZ:
        """The z [count, d] at even distances. Raises ValueError for fewer than two frames.

        The first and the last frame are the ends of the curve. A closed walk, or one that goes there and
        back, ends one step before its first frame, so that it repeats evenly.
        """
        if count < 2:
            raise ValueError(f"found {count} frames, expected at least 2; ask for more")
        if not ping_pong:
            return self.along(np.linspace(0, 1, count, endpoint=not self.closed))
        there = np.linspace(0, 1, count // 2 + 1)  # the turning point is a frame, even if the count is odd
        back = np.linspace(1, 0, count - len(there) + 2)[1:-1]
        return self.along(np.concatenate([there, back]))


def slerp(start: ArrayLike, end: ArrayLike, share: ArrayLike) -> Doubles:
    """Interpolate from z `start` to z `end` [..., d]: the direction on a great circle, the norm linearly.

    Shoemake 1985, "Animating rotation with quaternion curves"; for latent spaces, White 2016, "Sampling
    generative networks" (arXiv:1609.04468). A zero vector has no direction, so it takes the direction of the
    other end, and the path is straight. Opposite directions share many great circles. The one used passes
    through the positive side of the coordinate axis that is closest to perpendicular to them, the lowest
    dimension if several are. In one dimension there is no great circle, and the path goes through zero.
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
    aside = aside / np.maximum(sine, MIN_SINE)
    if (sine <= MIN_SINE).any():
        aside = np.where(sine > MIN_SINE, aside, _perpendicular(direction_a))
    angle = np.arctan2(sine, cosine) * np.asarray(share)
    norm = (1 - np.asarray(share)) * norm_a + np.asarray(share) * norm_b
    turned: Doubles = norm * (np.cos(angle) * direction_a + np.sin(angle) * aside)
    # The ends are exactly the given points, to the last bit.
    return np.where(np.asarray(share) <= 0, a, np.where(np.asarray(share) >= 1, b, turned))


def path_curve(points: Sequence[ArrayLike], kind: PathKind, closed: bool, may_stand: bool = False) -> Curve:
    """The curve through the points of a path, and back to the first one if it is closed.

    The kind "Equal visual change" sets the pace, so its curve has straight legs. Raises ValueError if there
    are no two different points; with `may_stand` two points are enough, as where only the class changes.
    """
    corners = tuple(map(vector, points))
    if closed and corners:
        corners += corners[:1]
    if len(corners if may_stand else set(corners)) < 2:
        raise ValueError("found no two different points on the path, expected at least two; add points")
    return Curve(corners, kind is PathKind.SPHERICAL)


def even_walk(curve: Curve, closed: bool = False) -> Walk:
    """A walk at constant speed in z: equal shares are equal lengths of the curve."""
    steps = _steps(ARC_STEPS, curve) if curve.spherical else 1
    t = np.linspace(0, curve.legs, curve.legs * steps + 1)
    return Walk(curve, closed, t, _lengths_so_far(curve, t))


def timed(walk: Walk, times: Sequence[float]) -> Walk:
    """The same walk with a time for each leg: equal shares of the walk take equal times.

    Within a leg the pace of the walk is kept. The walk rests on a leg between two equal corners. If the
    number of times is not that of the legs, or if all times are zero, nothing changes.
    """
    legs = walk.curve.legs
    if len(times) != legs or not sum(times) > 0:
        return walk
    leg = np.minimum((walk.t + 1e-9).astype(np.intp), legs - 1)
    ends = np.interp(np.arange(legs + 1), walk.t, walk.distance)
    length = np.diff(ends)[leg]
    goes = length > 1e-9 * walk.distance[-1]  # and not by rounding alone
    along = np.where(goes, (walk.distance - ends[leg]) / np.where(goes, length, 1), walk.t - leg)
    starts = np.concatenate([[0.0], np.cumsum(times)])
    return replace(walk, distance=starts[leg] + np.clip(along, 0, 1) * np.asarray(times, np.float64)[leg])


def fitted_times(times: Sequence[float], legs: int) -> tuple[float, ...]:
    """Times for `legs` legs: the first ones are kept, and missing ones get the mean of all.

    An empty sequence stays empty.
    """
    if not times or legs <= 0:
        return ()
    missing = max(0, legs - len(times))
    return (*times[:legs], *(sum(times) / len(times),) * missing)


def times_after(
    times: tuple[float, ...], before: tuple[Vector, ...], after: tuple[Vector, ...]
) -> tuple[float, ...]:
    """The times of the legs after one point was removed from a path, or inserted between two others.

    The two legs at a point that goes become one that takes as long as both; a leg that gets a point is
    halved. After any other change the times are the same.
    """
    is_closed = len(times) == len(before)
    if not times or not (is_closed or len(times) == len(before) - 1):
        return times
    pairs = zip(before, after, strict=False)
    at = next((place for place, (a, b) in enumerate(pairs) if a is not b), min(len(before), len(after)))
    is_shorter, is_longer = before[at + 1 :] == after[at:], after[at + 1 :] == before[at:]
    if is_shorter and at == 0:
        return (*times[1:-1], times[-1] + times[0]) if is_closed else times[1:]
    if is_shorter and at < len(times):
        return (*times[: at - 1], times[at - 1] + times[at], *times[at + 1 :])
    if is_longer and 0 < at < len(before):
        return (*times[: at - 1], *(times[at - 1] / 2,) * 2, *times[at:])
    return times


def leg_times(walk: Walk, total_s: float) -> tuple[float, ...]:
    """The seconds that each leg of a walk takes if the whole walk takes `total_s` seconds."""
    ends = np.interp(np.arange(walk.curve.legs + 1), walk.t, walk.distance) / walk.distance[-1]
    return tuple((np.diff(ends) * total_s).tolist())


def visual_walk(
    pieces: Pieces, curve: Curve, closed: bool = False, is_slow: bool = False
) -> Generator[float, None, Walk]:
    """A walk at constant visual speed: equal shares change the picture equally. Yields the share done.

    The change is the sum of L2 distances between pictures along a walk in small steps, which is the length of
    the curve in picture space. With `is_slow`, for a slow decoder, the steps are larger. If the picture does
    not change at all, the speed is constant in z.
    """
    t = _visual_steps(curve, is_slow)
    changes = np.zeros(len(t))
    last: Floats | None = None
    share = 0.0
    for piece in pieces(CurveZ(curve, t)):
        if piece is None:
            yield share
            continue
        start, pictures = piece
        flat = np.nan_to_num(pictures).reshape(len(pictures), -1)
        joined = flat if last is None else np.concatenate([last, flat])
        steps = np.linalg.norm(np.diff(joined, axis=0), axis=1)
        changes[start + len(flat) - len(steps) : start + len(flat)] = steps
        last = flat[-1:]
        share = (start + len(flat)) / len(t)
        yield share
    distance = changes.cumsum()
    # A small share of the distance in z is added, so that the sum increases even where the picture does not
    # change.
    lengths = _lengths_so_far(curve, t)
    return Walk(curve, closed, t, distance + lengths / lengths[-1] * max(1e-6 * distance[-1], 1e-9))


def point_name(index: int) -> str:
    """The name of a point of the path: P1, P2, … Plain numbers could be confused with labels."""
    return f"P{index + 1}"


@lru_cache(maxsize=4)
def path_line(points: tuple[Vector, ...], kind: PathKind, closed: bool) -> tuple[Doubles, Doubles]:
    """The polyline to draw for a path: parameters t [M] and z [M, d]. A single point is a line of itself."""
    try:
        curve = path_curve(points, kind, closed)
    except ValueError:
        return np.zeros(min(1, len(points))), np.asarray(points[:1], np.float64)
    t = np.linspace(0, curve.legs, curve.legs * _steps(LINE_STEPS, curve) + 1)
    return t, curve.at(t)


def path_places(points: tuple[Vector, ...], kind: PathKind, closed: bool) -> Doubles:
    """The z [K, d] of a path's points and of places along its line, which the names of groups keep off."""
    _, line = path_line(points, kind, closed)
    return np.concatenate([line[:: -(-len(line) // MOST_PLACES)], np.asarray(points, np.float64)])


def visual_z(curve: Curve, is_slow: bool = False) -> CurveZ:
    """The z [N, d] that `visual_walk` decodes."""
    return CurveZ(curve, _visual_steps(curve, is_slow))


def _visual_steps(curve: Curve, is_slow: bool) -> Doubles:
    """The t at which a walk is measured: their number is proportional to length, with a minimum per leg."""
    most, least = (SLOW_VISUAL_STEPS, SLOW_VISUAL_LEG_STEPS) if is_slow else (VISUAL_STEPS, VISUAL_LEG_STEPS)
    lengths = np.diff(_lengths_so_far(curve, np.arange(curve.legs + 1)))
    counts = np.maximum(least, np.rint(most * lengths / lengths.sum()).astype(int))
    legs = [leg + np.arange(count) / count for leg, count in enumerate(counts)]
    return np.concatenate([*legs, [curve.legs]])


def _steps(most: int, curve: Curve) -> int:
    """The number of steps of a leg: `most`, or fewer if z is long."""
    return max(4, min(most, STEP_NUMBERS // (len(curve.corners[0]) * curve.legs)))


def _lengths_so_far(curve: Curve, t: ArrayLike) -> Doubles:
    """The lengths [M] of the polyline through a curve's points at t [M], from the first to each of them.

    If all points are the same, they are the steps in t.
    """
    steps = np.asarray(t, np.float64)
    rows = max(2, PART_NUMBERS // len(curve.corners[0]))
    lengths = [
        np.linalg.norm(np.diff(curve.at(steps[start : start + rows + 1]), axis=0), axis=1)
        for start in range(0, len(steps) - 1, rows)
    ]
    if len(set(curve.corners)) < 2:  # what rounding leaves of a length is no pace
        return np.asarray(steps - steps[0], np.float64)
    return np.concatenate([[0.0], np.concatenate(lengths).cumsum()])


def _perpendicular(direction: Doubles) -> Doubles:
    """A unit vector perpendicular to each of the unit vectors [..., d]; zero for d = 1."""
    if direction.shape[-1] < 2:
        return np.zeros_like(direction)
    chosen = np.zeros(direction.shape)
    np.put_along_axis(chosen, np.abs(direction).argmin(axis=-1)[..., np.newaxis], 1, axis=-1)
    beside = chosen - (chosen * direction).sum(axis=-1, keepdims=True) * direction
    length: Doubles = np.linalg.norm(beside, axis=-1, keepdims=True)
    return np.asarray(beside / np.maximum(length, MIN_NORM), np.float64)
