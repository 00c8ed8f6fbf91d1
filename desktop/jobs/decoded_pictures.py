"""Keeps the pictures that slow decoders gave in this session, so that none is decoded twice. No Qt.

The most recently used pictures are in memory, the others in files of this session. Pictures that do not fit
there either are dropped, and decoded again when they are needed.
"""

import contextlib
import hashlib
import shutil
import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from desktop.base.arrays import Floats
from desktop.base.session_folder import SessionFolder
from desktop.base.vector import Vector, digest

MEMORY_BYTES = 256 << 20
DISK_BYTES = 4 << 30
# The files may take at most this share of the disk's free space.
DISK_SHARE = 0.5
# The nearest picture is searched among z with at most so many numbers in all: a few milliseconds.
NEAR_NUMBERS, NEAR_PICTURES = 1 << 21, 4096
DAMAGED = (OSError, ValueError, EOFError)


@dataclass(frozen=True, eq=False)
class Kept:
    """A decoded picture: float32 [C, H, W] in [0, 1], the time that it took, and any warning."""

    picture: Floats
    decode_ms: float
    warning: str = ""


@dataclass(frozen=True)
class _OnDisk:
    path: Path
    size_bytes: int
    decode_ms: float
    warning: str


class DecodedPictures:
    """Keeps pictures by their z and their space, a text that identifies a model and its reading.

    Any thread may call the methods. `get` and `put` read and write files; the others are quick.
    """

    def __init__(self, memory_bytes: int = MEMORY_BYTES, disk_bytes: int = DISK_BYTES) -> None:
        self._memory_bytes, self._disk_bytes = memory_bytes, disk_bytes
        self._lock = threading.Lock()
        self._memory: OrderedDict[str, Kept] = OrderedDict()
        self._disk: OrderedDict[str, _OnDisk] = OrderedDict()
        self._in_memory_bytes = self._on_disk_bytes = 0
        self._places: dict[str, _Places] = {}
        self._folder = SessionFolder()

    @staticmethod
    def key(space: str, z: ArrayLike) -> str:
        """Return the key of the picture at z: a hash, because z may be long."""
        numbers = z.digest if isinstance(z, Vector) else digest(np.asarray(z))
        return hashlib.blake2b(space.encode() + numbers, digest_size=16).hexdigest()

    def has(self, space: str, z: ArrayLike) -> bool:
        """Whether the picture at exactly this z is kept."""
        return self.has_key(self.key(space, z))

    def has_key(self, key: str) -> bool:
        """Whether the picture with this key is kept."""
        with self._lock:
            return key in self._memory or key in self._disk

    def in_memory(self, space: str, z: ArrayLike) -> Kept | None:
        """Return the picture at exactly this z if it is in memory, else None."""
        key = self.key(space, z)
        with self._lock:
            if key in self._memory:
                self._memory.move_to_end(key)
            return self._memory.get(key)

    def get(self, space: str, z: ArrayLike) -> Kept | None:
        """Return the picture at exactly this z, from memory or a file; None if it is not kept."""
        found = self.in_memory(space, z)
        if found is not None:
            return found
        key = self.key(space, z)
        with self._lock:
            file = self._disk.get(key)
        if file is None:
            return None
        try:
            found = Kept(np.load(file.path, allow_pickle=False), file.decode_ms, file.warning)
        except DAMAGED:
            with self._lock:
                self._forget(key)
            return None
        with self._lock:
            if key in self._disk:
                self._disk.move_to_end(key)
        self._keep(key, found)
        return found

    def put(self, space: str, z: ArrayLike, kept: Kept) -> None:
        """Keep a picture; if there is no room, drop the least recently used ones."""
        key = self.key(space, z)
        with self._lock:
            numbers = _numbers(z)
            self._places.setdefault(space, _Places(len(numbers))).add(key, numbers)
        self._keep(key, kept)

    def nearest(self, space: str, z: ArrayLike) -> tuple[Floats, Kept] | None:
        """Return the nearest z (Euclidean distance) whose picture is in memory, and that picture."""
        with self._lock:
            places = self._places.get(space)
            for key, place in () if places is None else places.nearest_first(_numbers(z)):
                if key in self._memory:
                    return place, self._memory[key]
        return None

    def close(self) -> None:
        """Forget all pictures and remove the files."""
        with self._lock:
            self._memory.clear()
            self._disk.clear()
            self._places.clear()
            self._in_memory_bytes = self._on_disk_bytes = 0
            self._folder.close()

    def _keep(self, key: str, kept: Kept) -> None:
        evicted: list[tuple[str, Kept]] = []
        with self._lock:
            before = self._memory.pop(key, None)
            self._in_memory_bytes += kept.picture.nbytes - (0 if before is None else before.picture.nbytes)
            self._memory[key] = kept
            while self._in_memory_bytes > self._memory_bytes and len(self._memory) > 1:
                evicted.append(self._memory.popitem(last=False))
                self._in_memory_bytes -= evicted[-1][1].picture.nbytes
        for old_key, old in evicted:
            with contextlib.suppress(OSError):  # a full disk: the picture is decoded again when needed
                self._write(old_key, old)

    def _write(self, key: str, kept: Kept) -> None:
        size_bytes = kept.picture.nbytes
        with self._lock:
            if key in self._disk:
                return
            folder = self._folder.path()
            free = int(DISK_SHARE * (shutil.disk_usage(folder).free + self._on_disk_bytes))
            room = min(self._disk_bytes, free)
            if size_bytes > room:
                return
            while self._on_disk_bytes + size_bytes > room:
                self._forget(next(iter(self._disk)))
        path = folder / f"{key}.npy"
        temporary = path.with_suffix(".tmp")
        try:
            with temporary.open("wb") as file:
                np.save(file, kept.picture, allow_pickle=False)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
        with self._lock:
            self._disk[key] = _OnDisk(path, size_bytes, kept.decode_ms, kept.warning)
            self._on_disk_bytes += size_bytes

    def _forget(self, key: str) -> None:
        file = self._disk.pop(key, None)
        if file is not None:
            self._on_disk_bytes -= file.size_bytes
            with contextlib.suppress(OSError):
                file.path.unlink(missing_ok=True)


class _Places:
    """The z of the pictures that were kept last; their number is bounded."""

    def __init__(self, latent_dim: int) -> None:
        self._most = max(4, min(NEAR_PICTURES, NEAR_NUMBERS // latent_dim))
        self._keys: list[str] = []
        self._z: Floats = np.zeros((0, latent_dim), np.float32)
        self._next = 0

    def add(self, key: str, z: Floats) -> None:
        if key in self._keys:
            return
        if len(self._keys) < self._most:
            if len(self._keys) == len(self._z):
                grown = np.zeros((min(self._most, max(4, 2 * len(self._z))), len(z)), np.float32)
                grown[: len(self._keys)] = self._z[: len(self._keys)]
                self._z = grown
            self._z[len(self._keys)] = z
            self._keys.append(key)
            return
        self._keys[self._next], self._z[self._next] = key, z
        self._next = (self._next + 1) % self._most

    def nearest_first(self, z: Floats) -> list[tuple[str, Floats]]:
        there = self._z[: len(self._keys)]
        order = np.square(there - z).sum(axis=1).argsort(kind="stable") if len(there) else []
        return [(self._keys[index], there[index].copy()) for index in order]


def _numbers(z: ArrayLike) -> Floats:
    return np.asarray(z, np.float32).reshape(-1)
