"""Directions through the latent space: read from files, or found by decoding. No Qt.

Found directions are the right singular vectors of the decoder's Jacobian at the cursor. The Jacobian is
measured by central differences (`desktop.latent.difference_step`) along probes: all axes in a seeded random
order, or a seeded orthonormal sketch if there are too many axes. So the first few probes are a random subset,
and the directions that they find are a valid result.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from desktop.base.arrays import Array, Doubles
from desktop.base.vector import Vector, vector
from desktop.latent.number_file import NumberFileError, misfit, rows_of
from desktop.latent.plane import MIN_SINE, Plane

MAX_DIRECTIONS, MAX_NUMBERS = 1024, 1 << 24  # the limits for a file
# A sketch of more numbers than these would take seconds to make orthogonal, in one step of the worker.
MAX_SKETCH_NUMBERS = 1 << 22
MAX_FOUND = 24
# Singular values below this share of the largest are rounding errors.
LEAST_SHARE = 1e-10


@dataclass(frozen=True, eq=False)
class Directions:
    """Directions of length 1, and the z from which offsets along them are measured.

    Attributes:
        names: the names of the k directions.
        units: float64 [k, d], rows of length 1.
        start: z, d numbers.
        shares: for found directions, each one's share of the change of the picture, largest first; empty for
            others.
        tried: for found directions, how many probes were tried, such as "48 of 512 dimensions tried"; empty
            for others.
        lengths: for directions from a file or to a point, the length of each original vector; empty for
            others.
    """

    names: tuple[str, ...]
    units: Doubles
    start: Vector
    shares: tuple[float, ...] = ()
    tried: str = ""
    lengths: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "start", vector(self.start))

    def offsets(self, z: ArrayLike, rows: slice = slice(None)) -> Doubles:
        """The offset of z [d] from the start along the directions in `rows`, float64 [k].

        An offset is the component of z − start along a direction, so a move along one direction also changes
        the offsets along directions that are not orthogonal to it.
        """
        offsets: Doubles = self.units[rows] @ (np.asarray(z, np.float64) - self.start.array)
        return offsets

    def moved(self, z: ArrayLike, index: int, offset: float) -> Vector:
        """Z [d] moved along one direction so that the offset along this direction is `offset`."""
        unit = self.units[index]
        by = offset - float(self.offsets(z, slice(index, index + 1))[0])
        return Vector(np.asarray(z, np.float64) + by * unit, is_own=True)


def direction_to(end: ArrayLike, start: Vector, name: str) -> Directions:
    """The direction from a start to another z [d]. Raises ValueError if both are equal."""
    way = np.asarray(end, np.float64) - start.array
    length = float(np.linalg.norm(way))
    if not length > 0:
        raise ValueError("found the cursor at the same z, expected another; move the cursor first")
    return Directions((name,), way[None] / length, start, lengths=(length,))


def joined(first: Directions | None, more: Directions) -> Directions:
    """`first` and `more` joined if both have lengths and the same start; otherwise `more` alone."""
    if first is None or not first.lengths or not more.lengths or first.start != more.start:
        return more
    units = np.concatenate([first.units, more.units])
    return Directions(first.names + more.names, units, more.start, lengths=first.lengths + more.lengths)


def directions_in(arrays: Mapping[str, Array], start: Vector, name: str) -> Directions:
    """Return the directions in a file's arrays, [d] or [k, d] each, for a model with d numbers as in `start`.

    The only direction of an array has the array's name; several have the name and a number. Arrays of other
    shapes are ignored. Raises NumberFileError if no array fits, if there are too many directions, or if one
    has length 0; `name` is the file's name for errors.
    """
    latent_dim = len(start)
    fitting = {key: rows for key, array in arrays.items() if (rows := rows_of(array, latent_dim)) is not None}
    if not fitting:
        raise NumberFileError(f"{name}: {misfit(arrays, latent_dim)}")
    count, most = sum(map(len, fitting.values())), min(MAX_DIRECTIONS, max(2, MAX_NUMBERS // latent_dim))
    if count > most:
        raise NumberFileError(f"{name}: found {count:,} directions, expected at most {most:,}; save fewer")
    names = tuple(
        key if len(rows) == 1 else f"{key} {number}"
        for key, rows in fitting.items()
        for number in range(1, len(rows) + 1)
    )
    numbers = np.concatenate(list(fitting.values()))
    lengths = np.linalg.norm(numbers, axis=1)
    if not (lengths > 0).all():
        which = names[int(np.argmin(lengths))]
        raise NumberFileError(f"{name}: found {which} of length 0, expected a direction; leave it out")
    return Directions(names, numbers / lengths[:, None], start, lengths=tuple(lengths.tolist()))


def plane_of_directions(
    z: ArrayLike,
    right: ArrayLike,
    up: ArrayLike,
    names: tuple[str, str] = ("one", "two"),
    start: ArrayLike | None = None,
) -> Plane:
    """The plane through z [d] that is spanned by two unit vectors [d], with a along `right`.

    `names` are the names of the two directions. a and b are measured from `start` [d], so that a is the
    offset along the first direction; without `start` they are measured from z. Raises ValueError if the
    directions are parallel.
    """
    u, other = np.asarray(right, np.float64), np.asarray(up, np.float64)
    beside = other - other @ u * u
    beside -= beside @ u * u  # twice, because the first difference of nearly parallel vectors is inexact
    length = float(np.linalg.norm(beside))
    if not length > MIN_SINE:
        raise ValueError("found two parallel directions, expected two that span a plane; choose another")
    v = beside / length
    words = f"along direction {names[0]}", f"along direction {names[1]}"
    if abs(float(other @ u)) > MIN_SINE:
        words = words[0], f"{words[1]}, at a right angle"
    if start is None:
        return Plane(vector(z), Vector(u), Vector(v, is_own=True), words)
    here = np.asarray(z, np.float64)
    moved = here - np.asarray(start, np.float64)
    origin = here - moved @ u * u - moved @ v * v
    return Plane(Vector(origin, is_own=True), Vector(u), Vector(v, is_own=True), words)


def probes(latent_dim: int, count: int, seed: int = 0) -> Doubles:
    """Orthonormal probes float64 [m, d]: all d axes if `count` allows it, else a random sketch.

    The seed determines the order of the axes, or the sketch. A sketch has at most `count` rows and at most
    MAX_SKETCH_NUMBERS numbers.
    """
    draw = np.random.default_rng(seed)
    if count >= latent_dim:
        return np.eye(latent_dim)[draw.permutation(latent_dim)]
    count = max(1, min(count, MAX_SKETCH_NUMBERS // latent_dim))
    sketch: Doubles = np.linalg.qr(draw.standard_normal((latent_dim, count)))[0].T
    return np.ascontiguousarray(sketch)


def tried_text(done: int, count: int, latent_dim: int) -> str:
    """A text that says how many of `count` probes were tried, such as "48 of 512 dimensions tried"."""
    of = "all" if done == count else f"{done:,} of"
    if count >= latent_dim:
        return f"{of} {count:,} dimensions tried"
    return f"{of} {count:,} random directions in {latent_dim:,} dimensions tried"


def strongest(
    changes: Doubles, along: Doubles, z: ArrayLike, most: int = MAX_FOUND, tried: str = ""
) -> Directions:
    """The directions that change the picture most at z [d], from `slopes` [m, pixels] along probes [m, d].

    They are sorted by singular value; a share is a squared singular value divided by the sum of all. The
    number with the largest magnitude in each direction is positive. `tried` is stored in the result. Raises
    ValueError if the picture does not change.
    """
    # The m × m matrix of products has the squared singular values as eigenvalues, and m is far smaller than
    # the number of pixels.
    squared, vectors = np.linalg.eigh(changes @ changes.T)
    squared, vectors = np.clip(squared[::-1], 0, None), vectors[:, ::-1]
    total = float(squared.sum())
    if not total > 0:
        raise ValueError(
            "found a picture that does not change around the cursor, expected one that does; "
            "move the cursor and try again"
        )
    shares = squared / total
    count = min(most, int((shares > LEAST_SHARE * shares[0]).sum()))
    units = vectors[:, :count].T @ along
    units /= np.linalg.norm(units, axis=1, keepdims=True)
    largest = np.take_along_axis(units, np.abs(units).argmax(axis=1)[:, None], axis=1)
    names = tuple(str(number) for number in range(1, count + 1))
    return Directions(names, units * np.sign(largest), vector(z), tuple(shares[:count].tolist()), tried)
