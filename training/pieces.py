"""Splits large sets of images into pieces, to work on one at a time."""

from collections.abc import Iterator

from torch import Tensor

NUMBERS_AT_ONCE = 4096 * 28 * 28


def pieces(images: Tensor) -> Iterator[slice]:
    """Slices of `images` [N, …], in order, of at most `NUMBERS_AT_ONCE` numbers, but at least one image.

    So an operation needs no more than some tens of megabytes beside its result, however large the images are.
    """
    at_once = max(1, NUMBERS_AT_ONCE // max(1, images[:1].numel()))
    return (slice(start, start + at_once) for start in range(0, len(images), at_once))
