"""A z that consists of maps: C channels of h × w numbers, as for Stable Diffusion's decoder. No Qt."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from desktop.base.arrays import Floats
from desktop.base.vector import Vector

# A z with fewer numbers is better shown as sliders.
MIN_NUMBERS = 65


@dataclass(frozen=True)
class MapShape:
    """The sizes of a z that consists of maps, and their order in the d numbers of z."""

    channels: int
    height: int
    width: int
    is_channel_last: bool = False

    def maps(self, z: ArrayLike) -> Floats:
        """The maps float32 [C, h, w] of z [d], as a copy."""
        numbers = np.array(z, np.float32)
        if self.is_channel_last:
            numbers = numbers.reshape(self.height, self.width, self.channels).transpose(2, 0, 1)
        return np.ascontiguousarray(numbers.reshape(self.channels, self.height, self.width))

    def z(self, maps: Floats) -> Vector:
        """The d numbers of maps [C, h, w]."""
        ordered = maps.transpose(1, 2, 0) if self.is_channel_last else maps
        return Vector(np.array(ordered, np.float32).ravel(), is_own=True)


def map_shape(sizes: Sequence[int], is_channel_last: bool = False) -> MapShape | None:
    """The maps of a z with these sizes; None if z has no maps, or is so small that sliders are better.

    Two axes of equal size are height and width. If all three sizes are equal, or all differ,
    `is_channel_last` says which axis has the channels.
    """
    if len(sizes) != 3 or np.prod(sizes, dtype=np.int64) < MIN_NUMBERS:
        return None
    first, middle, last = sizes
    if (first == middle) != (middle == last):
        is_channel_last = first == middle
    shape = MapShape(last, first, middle, True) if is_channel_last else MapShape(first, middle, last)
    return shape if min(shape.height, shape.width) > 1 else None
