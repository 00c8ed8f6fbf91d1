"""Planes through the latent space, the part of a plane in view, and grids on it. No Qt.

Plane coordinates are (a, b); z = origin + a·u + b·v. a grows to the right and b grows upward, as in any
plot, so grids list their top row first.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from desktop.base.arrays import Doubles, Floats
from desktop.base.minus import with_hyphen, with_minus
from desktop.base.vector import Vector, vector
from desktop.base.words import NAME_CHARS, one_line
from desktop.latent.prior import NORMAL, NORMAL_SPAN, Marginal, NormalMarginal, Prior

Edges = tuple[float, float, float, float]  # left, bottom, right, top

MIN_SPAN, MAX_SPAN = 1e-14, 1e4
# Shorter edges and flatter triangles do not determine a direction within float32 precision.
MIN_EDGE, MIN_SINE = 1e-9, 1e-6
# Tolerances relative to z for float64 planes, and for planes whose vectors are float32.
ROUNDING, SINGLE_ROUNDING = 1e-12, 1e-6
# Long z are processed in parts, so that intermediate arrays fit into the processor's cache.
PART_NUMBERS, LEAST_PART = 1 << 16, 4096
# A z with more than MOST_TYPED numbers is opened from a file instead of typed, and only MOST_SHOWN are shown.
MOST_TYPED, MOST_SHOWN = 1024, 2
MAX_Z = float(np.finfo(np.float32).max)
DECIMALS, MOST_DECIMALS = 4, 9  # decimals of z in texts; a float32 has no more precision
LOW_QUANTILE, HIGH_QUANTILE = 0.05, 0.95
STANDARD = NormalMarginal(1.0)


@dataclass(frozen=True)
class Plane:
    """A plane in d dimensions: a point and two orthonormal directions, d numbers each.

    If d = 1, the second direction is zero, and so is every b.

    Attributes:
        words: the meanings of a and b, such as "towards sample 2"; empty if they have none.
        is_principal: whether the directions are principal axes of points.
    """

    origin: Vector
    u: Vector
    v: Vector
    words: tuple[str, str] = ("", "")
    is_principal: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "words", tuple(one_line(text, NAME_CHARS) for text in self.words))
        for name in ("origin", "u", "v"):
            object.__setattr__(self, name, vector(getattr(self, name)))

    def embed(self, ab: ArrayLike) -> Floats:
        """(a, b) [..., 2] → z float32 [..., d]."""
        coordinates = np.asarray(ab, np.float64)
        rows = coordinates.reshape(-1, 2)
        z = np.empty((len(rows), len(self.origin)), np.float32)
        for part, origin, (u, v) in self._parts(len(rows)):
            if len(rows) == 1:  # a matrix product with one row would take far longer
                z[0, part] = origin + (rows[0, 0] * u + rows[0, 1] * v)
            else:
                z[:, part] = origin + rows @ np.stack([u, v])
        return z.reshape(*coordinates.shape[:-1], -1)

    def first_numbers(self, ab: ArrayLike) -> list[float]:
        """The numbers of z at (a, b) [2] that `format_z` shows."""
        count = len(self.origin) if len(self.origin) <= MOST_TYPED else MOST_SHOWN
        first = Plane(self.origin[:count], self.u[:count], self.v[:count])
        numbers: list[float] = first.embed(ab).tolist()
        return numbers

    def project(self, z: ArrayLike) -> Doubles:
        """The (a, b) [..., 2] nearest to z [..., d]."""
        points = np.asarray(z)
        rows = points.reshape(-1, points.shape[-1])
        ab = np.zeros((len(rows), 2))
        for part, origin, (u, v) in self._parts(len(rows)):
            offsets = rows[:, part] - origin
            if len(rows) == 1:
                ab[0] += (offsets[0] * u).sum(), (offsets[0] * v).sum()
            else:
                ab += offsets @ np.stack([u, v], axis=1)
        return ab.reshape(*points.shape[:-1], 2)

    def project_even(self, value: float) -> Doubles:
        """The (a, b) [2] nearest to the z whose coordinates all equal `value`."""
        start, sums = self._start
        return value * sums - start

    def through(self, z: ArrayLike) -> "Plane":
        """The parallel plane that contains z [d]. Coordinates (a, b) keep their meaning."""
        point = np.asarray(z, np.float64)
        a, b = self.project(point)
        beside = point - self.origin.array
        beside -= a * self.u.array.astype(np.float64)
        beside -= b * self.v.array.astype(np.float64)
        rounding = ROUNDING if self.origin.array.dtype == np.float64 else SINGLE_ROUNDING
        # Rounding errors must not make a new plane, because a new plane would be decoded again.
        if not np.abs(beside).max() > rounding * (1 + np.abs(point).max()):
            return self
        beside += self.origin.array
        return replace(self, origin=Vector(beside, is_own=True))

    @cached_property
    def axes(self) -> tuple[int, int] | None:
        """The two latent dimensions that span the plane, equal for d = 1; None for any other plane."""
        right, up = (_axis(direction) for direction in (self.u, self.v))
        if right is None:
            return None
        if up is None:
            return (right, right) if self.is_line else None
        return (right, up) if self.origin[right] == self.origin[up] == 0 else None

    @cached_property
    def is_along_axes(self) -> bool:
        """Whether both directions are axes; the origin may be anywhere."""
        return _axis(self.u) is not None and _axis(self.v) is not None

    @cached_property
    def is_line(self) -> bool:
        """Whether the second direction is zero, because d = 1."""
        return not self.v.array.any()

    @cached_property
    def _start(self) -> tuple[Doubles, Doubles]:
        """The dot products of the origin with both directions, and the sums of the directions' numbers."""
        start, sums = np.zeros(2), np.zeros(2)
        for _, origin, (u, v) in self._parts(1):
            start += u @ origin, v @ origin
            sums += u.sum(), v.sum()
        return start, sums

    def _parts(self, rows: int) -> Iterator[tuple[slice, Doubles, tuple[Doubles, Doubles]]]:
        """Slices of the dimensions, each with the numbers of origin and directions as float64."""
        size = max(LEAST_PART, PART_NUMBERS // max(1, rows))
        for start in range(0, len(self.origin), size):
            part = slice(start, start + size)
            origin, u, v = (
                np.asarray(numbers.array[part], np.float64) for numbers in (self.origin, self.u, self.v)
            )
            yield part, origin, (u, v)


def plane_through(
    origin: ArrayLike, right: ArrayLike, up: ArrayLike, names: tuple[str, str] = ("point 2", "point 3")
) -> Plane:
    """The plane through three points, d numbers each, with (0, 0) at the first and a towards the second.

    `names` are the names of the second and the third point. Raises ValueError if the points lie on one line
    or d is less than two.
    """
    start = np.asarray(origin, np.float64)
    edges = np.asarray([right, up], np.float64) - start
    lengths = np.linalg.norm(edges, axis=1)
    u = edges[0] / max(lengths[0], MIN_EDGE)
    beside = edges[1] - edges[1] @ u * u
    if len(start) < 2 or not lengths[0] > MIN_EDGE or not np.linalg.norm(beside) > MIN_SINE * lengths[1]:
        raise ValueError("found three points on one line, expected a triangle that spans a plane; move one")
    v = beside / np.linalg.norm(beside)
    words = f"towards {names[0]}", f"towards {names[1]}, at a right angle"
    return Plane(Vector(start), Vector(u, is_own=True), Vector(v, is_own=True), words)


def _axis(direction: Vector) -> int | None:
    """The index of the number that is 1 if all others are 0, or None."""
    places = np.flatnonzero(direction.array)
    return int(places[0]) if len(places) == 1 and direction[int(places[0])] == 1 else None


def axis_plane(z: ArrayLike, horizontal: int = 0, vertical: int = 1) -> Plane:
    """The plane through z that is parallel to two axes: a and b are the coordinates of z on these axes."""
    origin = np.array(z, np.float64)
    vertical = min(vertical, len(origin) - 1)  # with one dimension, both axes are the same
    origin[[horizontal, vertical]] = 0
    u, v = np.zeros((2, len(origin)))
    u[horizontal] = 1
    v[vertical] = vertical != horizontal
    return Plane(Vector(origin, is_own=True), Vector(u), Vector(v))


@dataclass(frozen=True)
class Viewport:
    """The part of the plane in view: its centre, and the span of its shorter side.

    Both are in view coordinates (`desktop.latent.chart`), which are (a, b) on linear axes.
    """

    center: tuple[float, float] = (0.0, 0.0)
    span: float = NORMAL_SPAN

    def units_per_px(self, size_px: tuple[float, float]) -> float:
        """Plane units that one pixel covers."""
        return self.span / max(1.0, min(size_px))

    def to_plane(self, size_px: tuple[float, float], x_px: float, y_px: float) -> tuple[float, float]:
        """The (a, b) of a pixel."""
        scale = self.units_per_px(size_px)
        a = self.center[0] + (x_px - size_px[0] / 2) * scale
        b = self.center[1] - (y_px - size_px[1] / 2) * scale
        return a, b

    def to_px(self, size_px: tuple[float, float], ab: ArrayLike) -> Doubles:
        """(a, b) [..., 2] → pixels (x, y) [..., 2]."""
        scale = self.units_per_px(size_px)
        offsets = np.asarray(ab, np.float64) - np.asarray(self.center)
        px: Doubles = offsets / scale * np.asarray([1.0, -1.0]) + np.asarray(size_px) / 2
        return px

    def edges(self, size_px: tuple[float, float]) -> Edges:
        """The left, bottom, right and top edge in plane units."""
        left, top = self.to_plane(size_px, 0, 0)
        right, bottom = self.to_plane(size_px, *size_px)
        return left, bottom, right, top

    def zoomed(self, factor: float, about: tuple[float, float], least_span: float = MIN_SPAN) -> "Viewport":
        """The view with its span multiplied by `factor`, within limits; the point `about` does not move."""
        span = min(MAX_SPAN, max(least_span, self.span * factor))
        applied = span / self.span
        center = tuple(fixed + (old - fixed) * applied for fixed, old in zip(about, self.center, strict=True))
        return Viewport((center[0], center[1]), span)

    def panned(self, da: float, db: float) -> "Viewport":
        """The view moved by (da, db) plane units."""
        return replace(self, center=(self.center[0] + da, self.center[1] + db))


def viewport_around(ab: ArrayLike, share: float = 0.995, margin: float = 1.1) -> Viewport:
    """A view that contains `share` of the points (a, b) [N, 2] along each axis, with a margin."""
    points = np.asarray(ab, np.float64).reshape(-1, 2)
    if not len(points):
        return Viewport()
    low, high = np.quantile(points, [(1 - share) / 2, (1 + share) / 2], axis=0)
    center = (low + high) / 2
    return Viewport((float(center[0]), float(center[1])), max(float((high - low).max()) * margin, 0.1))


def quantile_axis(
    n: int, marginal: Marginal = STANDARD, low: float = LOW_QUANTILE, high: float = HIGH_QUANTILE
) -> Doubles:
    """The prior's quantiles [n] along an axis at n evenly spaced probabilities, measured from the mean."""
    return marginal.quantile(np.linspace(low, high, n) if n > 1 else [(low + high) / 2])


def manifold_grid(plane: Plane, n: int, prior: Prior = NORMAL) -> Floats:
    """z [n·n, d] at the prior quantiles 0.05 to 0.95 of both coordinates, row by row, highest b first.

    On a plane that is not spanned by two axes, the quantiles are measured from the plane's origin.
    """
    middle = plane.project_even(prior.center) if plane.axes is not None else np.zeros(2)
    across, upward = (quantile_axis(n, prior.marginal(direction)) for direction in (plane.u, plane.v))
    return plane.embed([(a, b) for b in upward[::-1] + middle[1] for a in across + middle[0]])


def even_grid(center: tuple[float, float], span: float, n: int) -> Doubles:
    """(a, b) [n·n, 2] at the middles of n × n equal cells of a square, row by row, highest b first."""
    steps = ((np.arange(n) + 0.5) / n - 0.5) * span
    return np.array([(center[0] + a, center[1] + b) for b in steps[::-1] for a in steps])


def sample_prior(count: int, latent_dim: int, seed: int, prior: Prior = NORMAL) -> Floats:
    """Samples z [count, d] of the prior; the same seed gives the same samples."""
    return prior.sample(count, latent_dim, seed)


def ticks(low: float, high: float, most: int = 8) -> list[float]:
    """At most `most` round numbers from low to high, in steps of 1, 2 or 5 times a power of ten."""
    if not high > low:
        return []
    raw = (high - low) / max(1, most - 1)  # both ends may be ticks
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= raw * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [n * step for n in range(first, last + 1)]


def parse_z(text: str, latent_dim: int) -> Vector:
    """Parse d numbers separated by commas, semicolons or spaces. Brackets and − for - are allowed.

    Raises ValueError for any other text.
    """
    words = with_hyphen(text).replace(",", " ").replace(";", " ").strip(" \t\n()[]").split()
    try:
        numbers = [float(word) for word in words]
    except ValueError:
        numbers = []
    is_number = all(abs(number) <= MAX_Z for number in numbers)
    if len(numbers) != latent_dim or not is_number:
        within = "" if is_number else " within ±3e38"
        example = format_z([0.5] * min(latent_dim, 3)) + ", …" * (latent_dim > 3)
        raise ValueError(
            f"found z = {text.strip()[:60]!r}, expected {latent_dim} "
            f"number{'s' if latent_dim > 1 else ''}{within}, such as {example}"
        )
    return Vector(numbers)


def decimals_in(span: float) -> int:
    """The number of decimals, four to nine, that tell neighbouring pixels apart in a view of this span."""
    needed = math.ceil(-math.log10(span) - 1e-9) + DECIMALS - 1
    return min(max(needed, DECIMALS), MOST_DECIMALS)


def format_z(z: Sequence[float], latent_dim: int | None = None, decimals: int = DECIMALS) -> str:
    """Format z as people read and type it: numbers separated by commas, and no zero with a minus.

    A z with more than MOST_TYPED numbers is shortened to the first numbers and the count. `latent_dim` is d
    if `z` has only the first numbers.
    """
    count = len(z) if latent_dim is None else latent_dim
    shown = [with_minus(f"{value:z.{decimals}f}") for value in (z if count <= MOST_TYPED else z[:MOST_SHOWN])]
    text = ", ".join(shown)
    return text if count <= MOST_TYPED else f"{text}, … ({count:,} numbers)"
