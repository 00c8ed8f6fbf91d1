"""Shrunk pictures have the same means as the large ones."""

import numpy as np
import pytest

from desktop.images.shrink import shrink


@pytest.mark.parametrize("shape", [(1, 64, 64), (3, 40, 100), (1, 12, 12), (1, 33, 5)])
def test_small_pictures_keep_their_means(shape):
    """Pixels are averaged, never left out; pictures that are small enough stay as they are."""
    pictures = np.random.default_rng(0).random((2, *shape), np.float32)
    small = shrink(pictures, 32)
    assert small.shape == (2, shape[0], min(32, shape[1]), min(32, shape[2]))
    if max(shape[1:]) <= 32:
        assert (small == pictures).all()
    elif shape[1:] == (64, 64):
        assert small == pytest.approx(pictures.reshape(2, 1, 32, 2, 32, 2).mean(axis=(3, 5)), abs=1e-6)
    assert shrink(np.ones((1, *shape), np.float32), 32) == pytest.approx(1)
