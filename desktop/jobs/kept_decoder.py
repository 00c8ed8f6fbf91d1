"""Decodes with one model in short steps, and keeps the pictures of a slow one for the session. No Qt."""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import ArrayLike

from desktop.base.arrays import Floats
from desktop.base.vector import Vector
from desktop.jobs.cost import Cost, Progress
from desktop.jobs.decoded_pictures import DecodedPictures, Kept
from desktop.latent.paths import CurveZ
from desktop.models.model import Model
from desktop.models.sessions import InterruptedDecodeError
from desktop.reading.reading import Reading

# The limits of one worker step that decodes many pictures: the picture under the pointer waits for one step.
STEP_PICTURES, STEP_MS = 20, 20.0
STEP_BYTES = 64 << 20

# Many z [N, d]. The z of a curve are computed part by part, because all of them may not fit into memory.
ManyZ = Floats | CurveZ


def pictures_per_step(model: Model, picture_ms: float | None) -> int:
    """How many pictures one step decodes: few if they are slow or large, or z is, but at least a fixed batch.

    `picture_ms` is the time that one picture takes, or None as long as it is not known.
    """
    one_bytes = 4 * (int(np.prod(model.image_shape)) + model.latent_dim)
    of_time = 1.0 if picture_ms is None else STEP_MS / max(picture_ms, 1e-3)
    most = int(min(STEP_PICTURES, of_time, STEP_BYTES / one_bytes))
    return max(1, most, model.source.reading.batch or 1)


def space_of(sha256: str, reading: Reading) -> str:
    """The space under which the pictures of a decoder (by its hash) and its reading are kept."""
    return f"{sha256} {reading!r}"


class KeptDecoder:
    """Decodes z with a model. Pictures of a slow decoder are kept in `kept` and taken from there.

    A slow decoder takes one step per picture; an interrupted step is repeated.
    """

    def __init__(self, model: Model, kept: DecodedPictures) -> None:
        self.model = model
        self.kept = kept
        self.space = space_of(model.source.sha256, model.source.reading)
        first = model.first
        self._first = None if first is None else Kept(first.picture, 1e3 * first.seconds)
        if self.is_slow and first is not None and self._first is not None:
            kept.put(self.space, first.z, self._first)

    @property
    def is_slow(self) -> bool:
        """Whether pictures are kept, because people have to wait for them."""
        return self.model.is_slow

    def has(self, z: ArrayLike) -> bool:
        """Whether the picture at z need not be decoded."""
        return self.is_slow and self.kept.has(self.space, z)

    def is_there(self, z: ManyZ) -> list[bool]:
        """Whether the picture at each z [N, d] need not be decoded."""
        return [self.is_slow and self.kept.has_key(key) for key in self.keys(z)]

    def cost(self, z: ManyZ) -> Cost:
        """Return the cost of decoding z [N, d]; with a slow decoder, kept and repeated pictures are free."""
        return Cost(self.missing(self.keys(z)) if self.is_slow else len(z), self.model.picture_s)

    def keys(self, z: ManyZ) -> list[str]:
        """Return the key of the picture at each z [N, d]."""
        return [self.kept.key(self.space, point) for point in z]

    def missing(self, keys: Iterable[str]) -> int:
        """Return how many pictures with these keys are not kept."""
        return sum(not self.kept.has_key(key) for key in set(keys))

    def progress(self, done: int, total: int) -> Progress:
        """Return the progress at `done` of `total` pictures, if none of the others is kept."""
        return Progress(done, total, (total - done) * self.model.picture_s)

    def pieces(self, z: ManyZ) -> Iterator[tuple[int, Floats] | None]:
        """Decode z [N, d] in steps. Yields the index of a step's first picture and its pictures [n, C, H, W].

        Yields None after a step that was interrupted.
        """
        start = 0
        while start < len(z):
            rows = slice(start, start + self.step_pictures)
            part = z.part(rows) if isinstance(z, CurveZ) else z[rows]
            pictures = self.try_decode(part)
            if pictures is None:
                yield None
                continue
            yield start, pictures
            start += len(part)

    def try_decode(self, z: ManyZ) -> Floats | None:
        """Decode z [N, d] to float32 [N, C, H, W] in one step; None if it was interrupted."""
        try:
            return self.decode_step(z)
        except InterruptedDecodeError:
            return None

    def one(self, z: Vector) -> Kept:
        """Return the picture at z, kept or decoded now; this decode is not interrupted."""
        found = self.kept.get(self.space, z) if self.is_slow else self._first_at(z)
        return found or self._decode_and_keep(np.asarray(z, np.float32)[np.newaxis])[0]

    def _first_at(self, z: Vector) -> Kept | None:
        """Return the picture at z if the model decoded it while it was opened."""
        first = self.model.first
        return self._first if first is not None and first.z == z else None

    def in_memory(self, z: ArrayLike) -> Kept | None:
        """Return the picture at z of a slow decoder if it is in memory."""
        return self.kept.in_memory(self.space, z) if self.is_slow else None

    def nearest(self, z: ArrayLike) -> tuple[Floats, Kept] | None:
        """Return the nearest z whose picture is in memory, and that picture."""
        return self.kept.nearest(self.space, z)

    def decode_step(self, z: ManyZ, most_threads: int | None = None) -> Floats:
        """Decode z [N, d] to float32 [N, C, H, W] in one step; quick decoders use at most `most_threads`.

        Raises InterruptedDecodeError if a slow decoder is interrupted.
        """
        z = z[:] if isinstance(z, CurveZ) else z
        if not self.is_slow:
            return self.model.decode(z, most_threads)
        found = [self.kept.get(self.space, point) for point in z]
        missing = [index for index, kept in enumerate(found) if kept is None]
        if missing:
            decoded = self._decode_and_keep(z[missing], may_be_interrupted=True)
            for index, kept in zip(missing, decoded, strict=True):
                found[index] = kept
        return np.stack([kept.picture for kept in found if kept is not None])

    @property
    def step_pictures(self) -> int:
        """How many pictures a step decodes."""
        return pictures_per_step(self.model, 1e3 * self.model.picture_s)

    def _decode_and_keep(self, z: Floats, may_be_interrupted: bool = False) -> list[Kept]:
        self.model.warning = ""
        pictures = self.model.decode(z, may_be_interrupted=may_be_interrupted)
        one_ms = self.model.last_decode_ms / len(z)
        decoded = [Kept(picture, one_ms, self.model.warning) for picture in pictures]
        if self.is_slow:
            for point, kept in zip(z, decoded, strict=True):
                self.kept.put(self.space, point, kept)
        return decoded
