"""The pictures of a slow decoder that were decoded so far, so that there is always one to look at. No Qt."""

from collections import OrderedDict

import numpy as np

from desktop.base.vector import Vector
from desktop.jobs.decode import Decoded

LIMIT_BYTES = 256 << 20


class DecodedPictures:
    """Keeps the pictures that were decoded last, up to `limit_bytes` with their z."""

    def __init__(self, limit_bytes: int = LIMIT_BYTES) -> None:
        self._limit_bytes = limit_bytes
        self._pictures: OrderedDict[Vector, Decoded] = OrderedDict()
        self._size_bytes = 0

    def clear(self) -> None:
        """Forget all: another model decodes."""
        self._pictures.clear()
        self._size_bytes = 0

    def put(self, decoded: Decoded) -> None:
        """Keep a picture; if there is no room, drop the ones that were looked at least recently."""
        self._drop(decoded.z)
        self._pictures[decoded.z] = decoded
        self._size_bytes += self._bytes(decoded.z)
        while self._size_bytes > self._limit_bytes and len(self._pictures) > 1:
            self._drop(next(iter(self._pictures)))

    def get(self, z: Vector) -> Decoded | None:
        """Return the picture of exactly this z, if it is there."""
        found = self._pictures.get(z)
        if found is not None:
            self._pictures.move_to_end(z)
        return found

    def nearest(self, z: Vector) -> Decoded | None:
        """Return the picture whose z is nearest by Euclidean distance; None if there are none."""
        if not self._pictures:
            return None
        return self._pictures[min(self._pictures, key=lambda key: _distance(key, z))]

    def _drop(self, z: Vector) -> None:
        if z in self._pictures:
            self._size_bytes -= self._bytes(z)
            del self._pictures[z]

    def _bytes(self, z: Vector) -> int:
        return self._pictures[z].probabilities.nbytes + z.nbytes


def _distance(one: Vector, other: Vector) -> float:
    return float(np.linalg.norm(one.array - other.array))
