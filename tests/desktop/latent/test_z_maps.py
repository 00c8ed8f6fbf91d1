"""A z with three axes consists of maps, in the decoder's own order."""

import numpy as np
import pytest

from desktop.latent.z_maps import MIN_NUMBERS, MapShape, map_shape


@pytest.mark.parametrize(
    ("sizes", "is_channel_last", "shape"),
    [
        ((4, 64, 64), False, MapShape(4, 64, 64)),
        ((256, 16, 16), True, MapShape(256, 16, 16)),
        ((16, 16, 4), False, MapShape(4, 16, 16, True)),
        ((16, 16, 16), False, MapShape(16, 16, 16)),
        ((16, 16, 16), True, MapShape(16, 16, 16, True)),
        ((4, 48, 64), False, MapShape(4, 48, 64)),
        ((48, 64, 4), True, MapShape(4, 48, 64, True)),
    ],
)
def test_the_equal_axes_are_the_sides(sizes, is_channel_last, shape):
    """If the sizes are ambiguous, the decoder's layout decides."""
    assert map_shape(sizes, is_channel_last) == shape


@pytest.mark.parametrize("sizes", [(512,), (512, 1, 1), (18, 512), (4, 4, 4), (1, 1, 512), (2, 2, 2, 64)])
def test_vectors_and_few_numbers_are_no_maps(sizes):
    """A z of 64 numbers or fewer has sliders."""
    assert map_shape(sizes) is None
    assert MIN_NUMBERS == 65


@pytest.mark.parametrize("is_channel_last", [False, True])
def test_maps_and_z_are_the_same_numbers(is_channel_last):
    """The conversion is reversible, and each number is where the decoder reads it."""
    shape = MapShape(3, 4, 5, is_channel_last)
    z = tuple(float(number) for number in range(60))
    maps = shape.maps(z)
    assert maps.shape == (3, 4, 5)
    assert maps[2, 1, 3] == ((1 * 5 + 3) * 3 + 2 if is_channel_last else (2 * 4 + 1) * 5 + 3)
    assert shape.z(maps) == z
    assert not np.shares_memory(maps, shape.maps(z))
