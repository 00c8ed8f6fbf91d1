"""Finds points in a lasso, with a label, name or number, and misplaced ones. No Qt."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from desktop.base.arrays import Array, Doubles, Floats

# Indices of points, [K].
Indices = NDArray[np.int64]

STEP_NUMBERS = 600_000  # a step takes about 1 ms; the picture under the pointer waits for one at most


def in_polygon(points: ArrayLike, polygon: ArrayLike) -> NDArray[np.bool_]:
    """Whether each of the points [N, 2] lies in a polygon [K, 2], by the even-odd rule.

    The last corner is connected to the first. A polygon with fewer than three corners contains no point.
    """
    given, corners = np.asarray(points, np.float64), np.asarray(polygon, np.float64)
    inside = np.zeros(len(given), np.bool_)
    if len(corners) < 3 or not len(given):
        return inside
    low, high = corners.min(axis=0), corners.max(axis=0)
    near = np.flatnonzero(((given >= low) & (given <= high)).all(axis=1))
    x, y = given[near].T
    crossed = np.zeros(len(near), np.bool_)
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        if y0 == y1:
            continue
        spans = (y0 > y) != (y1 > y)
        crossed ^= spans & (x < x0 + (y - y0) * ((x1 - x0) / (y1 - y0)))
    inside[near] = crossed
    return inside


def box_corners(one: ArrayLike, other: ArrayLike) -> Doubles:
    """The four corners [4, 2] of the box with these two opposite corners."""
    (x0, y0), (x1, y1) = np.asarray(one, np.float64), np.asarray(other, np.float64)
    return np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])


def shown_points(
    count: int, labels: Array | None, hidden_labels: Collection[int], only: Sequence[int] | None
) -> NDArray[np.bool_]:
    """Whether each of `count` points is shown: its label is not hidden, and it is in `only` unless None."""
    shown = np.ones(count, np.bool_)
    if only is not None:
        shown[:] = False
        shown[within(only, count)] = True
    if labels is not None and hidden_labels:
        shown &= ~np.isin(labels, list(hidden_labels))
    return shown


def within(indices: Sequence[int], count: int) -> Indices:
    """The indices that are valid for `count` points; a view may come from a model with more points."""
    given = np.asarray(indices, np.int64)
    return given[(given >= 0) & (given < count)]


def counts_by_label(labels: Array | None, indices: Sequence[int]) -> tuple[tuple[int, int], ...]:
    """Counts by label of the points with these indices: pairs of label and count, most first."""
    if labels is None or not len(indices):
        return ()
    found, counts = np.unique(labels[list(indices)], return_counts=True)
    pairs = zip(found.tolist(), counts.tolist(), strict=True)
    return tuple(sorted(pairs, key=lambda pair: (-pair[1], pair[0])))


def labels_of_part(
    labels: Array | None, indices: Sequence[int], part: Sequence[int]
) -> frozenset[int] | None:
    """The labels of `part`, if `part` has all points among `indices` with these labels; otherwise None."""
    if labels is None or not len(part):
        return None
    found = frozenset(labels[list(part)].tolist())
    return found if of_labels(labels, indices, found) == tuple(sorted(part)) else None


def of_labels(labels: Array, indices: Sequence[int], chosen: Collection[int]) -> tuple[int, ...]:
    """The indices, ascending, of points that have one of the chosen labels."""
    given = np.sort(np.asarray(indices, np.int64))
    found: list[int] = given[np.isin(labels[given], list(chosen))].tolist()
    return tuple(found)


def chosen_labels(
    before: frozenset[int], every: frozenset[int], labels: frozenset[int], adds: bool
) -> frozenset[int]:
    """The chosen labels after a click on `labels`.

    A click chooses only these, or all labels if these were the only ones already. With `adds`, the labels are
    added to the chosen ones, or removed if they are all chosen; if none were left, all are chosen.
    """
    if not adds:
        return every if before == labels else labels
    return (before - labels or every) if labels <= before else before | labels


def find_points(
    text: str,
    count: int,
    labels: Array | None = None,
    label_names: Sequence[str] = (),
    names: Sequence[str] = (),
) -> tuple[int, ...]:
    """The indices of the points that a text refers to, of `count` points.

    "#17" is the point with index 17. Any other text is a label, or part of a point's name, or else an index.
    """
    wanted = text.strip().casefold()
    number = wanted.removeprefix("#").strip()
    by_number = (int(number),) if number.isdecimal() and int(number) < count else ()
    if not wanted or wanted.startswith("#"):
        return by_number
    if labels is not None:
        known = [label for label, name in enumerate(label_names) if name.casefold() == wanted]
        if not known and number.isdecimal() and int(number) >= len(label_names):
            known = [int(number)]
        found = np.flatnonzero(np.isin(labels, known))
        if len(found):
            return tuple(found.tolist())
    named = tuple(index for index, name in enumerate(names) if wanted in name.casefold())
    return named or by_number


@dataclass(frozen=True, eq=False)
class Misplaced:
    """Points whose nearest neighbour in z has another label, the clearest cases first.

    Attributes:
        points: the points' indices.
        neighbours: the index of each point's nearest neighbour.
        away: the distance to this neighbour in z, float64.
        own: the distance to the nearest neighbour with the same label; infinite if there is none.
    """

    points: Indices
    neighbours: Indices
    away: Doubles
    own: Doubles


def misplaced(mean: Floats, labels: Array) -> Iterator[Misplaced | None]:
    """Find the points of means [N, d] whose nearest neighbour in z has another label.

    Yields None while computing, and then the points, sorted by the distance to the other label relative to
    the distance to their own. Squared distances are float64, computed around the mean of all points.
    """
    order = np.argsort(labels, kind="stable")
    kinds, starts = np.unique(labels[order], return_index=True)
    kind_of = np.searchsorted(kinds, labels[order])
    z = mean[order].astype(np.float64)
    z -= z.mean(axis=0) if len(z) else 0
    # One matrix product gives |a|² + |b|² − 2 a·b.
    squares, ones = (z**2).sum(axis=1, keepdims=True), np.ones((len(z), 1))
    left, right = np.hstack([z, squares, ones]), np.hstack([-2 * z, ones, squares]).T
    own, other = np.full(len(z), np.inf), np.full(len(z), np.inf)
    nearest = np.zeros(len(z), np.int64)
    rows = max(1, STEP_NUMBERS // max(1, len(z) * (4 + z.shape[1])))
    for start in range(0, len(z), rows):
        part = slice(start, min(start + rows, len(z)))
        here = np.arange(part.stop - part.start)
        away = left[part] @ right
        away[here, here + start] = np.inf
        least = np.minimum.reduceat(away, starts, axis=1)  # the points of a label are in adjacent columns
        own[part] = least[here, kind_of[part]]
        least[here, kind_of[part]] = np.inf
        other[part] = least.min(axis=1)
        misfits = np.flatnonzero(other[part] < own[part])
        nearest[start + misfits] = away[misfits].argmin(axis=1)
        yield None
    found = np.flatnonzero(other < own)
    closer = np.sqrt(np.maximum(other[found], 0) / np.maximum(own[found], 1e-300))
    found = found[np.lexsort((order[found], closer))]
    # Small distances are inexact when they come from matrix products, so these few are computed again.
    far = np.linalg.norm(z[found] - z[nearest[found]], axis=1)
    yield Misplaced(order[found], order[nearest[found]], far, np.sqrt(np.maximum(own[found], 0)))
