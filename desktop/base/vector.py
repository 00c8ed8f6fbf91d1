"""An immutable vector of numbers that is cheap to keep, compare and share, whatever its length."""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike

from desktop.base.arrays import Array

# Longer vectors are float32, the type of decoder inputs: a million numbers take 4 MB instead of 8.
LONGEST_DOUBLE = 1 << 16
# The hash is computed from about so many evenly spaced numbers at most; equality compares all.
HASHED = 1024
SHOWN = 6


class Vector(Sequence[float]):
    """Numbers in a read-only array: float32 if they are given as float32 or very long, otherwise float64.

    A vector equals any vector, tuple or list of the same numbers. A vector of at most 1,024 numbers also has
    the hash of the tuple. Raises ValueError for values that do not have exactly one axis.

    Args:
        values: the numbers, [d].
        is_own: whether no other code writes to the array `values`, so that it need not be copied.
    """

    __slots__ = ("_array", "_digest", "_hash")

    def __init__(self, values: ArrayLike, is_own: bool = False) -> None:
        given = np.asarray(values)
        is_single = given.dtype == np.float32 or given.size > LONGEST_DOUBLE
        array = np.array(given, np.float32 if is_single else np.float64, copy=None if is_own else True)
        if array.ndim != 1:
            raise ValueError(f"found numbers of shape {array.shape}, expected one axis")
        array.flags.writeable = False
        self._array: Array = array
        self._hash: int | None = None
        self._digest: bytes | None = None

    @property
    def array(self) -> Array:
        """The numbers as a read-only array, [d]."""
        return self._array

    @property
    def nbytes(self) -> int:
        """The memory that the numbers take."""
        return self._array.nbytes

    @property
    def digest(self) -> bytes:
        """A hash of the numbers as float32, which is what decoders get (see `digest`); computed once."""
        if self._digest is None:
            self._digest = digest(self._array)
        return self._digest

    def with_number(self, index: int, value: float) -> "Vector":
        """Return a copy with `value` at `index`."""
        changed = self._array.astype(np.float64)
        changed[index] = value
        return Vector(changed, is_own=True)

    def __len__(self) -> int:
        """Return d."""
        return len(self._array)

    @overload
    def __getitem__(self, index: int) -> float: ...
    @overload
    def __getitem__(self, index: slice) -> "Vector": ...
    def __getitem__(self, index: int | slice) -> "float | Vector":
        """Return a number as a float, or some of them as a vector."""
        return Vector(self._array[index]) if isinstance(index, slice) else float(self._array[index])

    def __iter__(self) -> Iterator[float]:
        """Go through the numbers as floats."""
        return iter(self._array.tolist())

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        """Give numpy the array, without a copy if none is needed."""
        return np.array(self._array, dtype, copy=copy)

    def __eq__(self, other: object) -> bool:
        """Whether the other vector, tuple or list has the same numbers."""
        if self is other:
            return True
        if isinstance(other, Vector):
            return len(self) == len(other) and hash(self) == hash(other) and self._is_same(other)
        if isinstance(other, (tuple, list)):
            return len(self) == len(other) and self._array.tolist() == list(other)
        return NotImplemented

    def _is_same(self, other: "Vector") -> bool:
        return bool((self._array == other._array).all())

    def __hash__(self) -> int:
        """The hash of some of the numbers, computed once."""
        if self._hash is None:
            self._hash = hash(tuple(self._array[:: -(-len(self) // HASHED) or 1].tolist()))
        return self._hash

    def __repr__(self) -> str:
        """Show the first numbers."""
        shown = ", ".join(f"{value:.6g}" for value in self._array[:SHOWN].tolist())
        return f"Vector([{shown}{', …' * (len(self) > SHOWN)}], {len(self)})"


def vector(values: "Vector | ArrayLike") -> Vector:
    """Return the values as a vector; a vector stays the same object."""
    return values if isinstance(values, Vector) else Vector(values)


def digest(numbers: Array) -> bytes:
    """Hash all numbers as float32; −0 and 0 are the same."""
    given = np.asarray(numbers, np.float32) + np.float32(0)
    return hashlib.blake2b(given.data, digest_size=16).digest()
