"""Large sets of images, worked on in pieces."""

from collections.abc import Iterator

from torch import Tensor

NUMBERS_AT_ONCE = 4096 * 28 * 28


def pieces(images: Tensor) -> Iterator[slice]:
    """Slices of `images` [N, …], in order: as many images as make `NUMBERS_AT_ONCE`, but at least one.

    What an operation needs beside its result stays below some tens of megabytes, however large images are.
    """
    at_once = max(1, NUMBERS_AT_ONCE // max(1, images[:1].numel()))
    return (slice(start, start + at_once) for start in range(0, len(images), at_once))
