"""The worker's job for small pictures at given places, such as those of a path or of bookmarks. No Qt."""

from collections.abc import Iterator

import numpy as np

from desktop.base.arrays import Floats
from desktop.jobs.kept_decoder import KeptDecoder


def thumbnails(decoder: KeptDecoder, z: Floats) -> Iterator[tuple[int, Floats] | None]:
    """Decode z [N, d] in steps; a slow decoder gives only the pictures that are in memory.

    Yields the index of the first of some pictures with these pictures [K, C, H, W], or None.
    """
    if not decoder.is_slow:
        yield from decoder.pieces(z)
        return
    for place, point in enumerate(z):
        kept = decoder.in_memory(point)
        yield None if kept is None else (place, kept.picture[np.newaxis])
