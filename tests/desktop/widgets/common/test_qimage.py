"""A numpy array becomes a QImage with its own memory."""

import gc

import numpy as np
import pytest

from desktop.widgets.common.qimage import to_qimage


@pytest.mark.parametrize("shape", [(5, 7), (1, 1), (5, 7, 1), (5, 7, 3), (5, 7, 4), (28, 28), (3, 1001, 3)])
def test_every_pixel_arrives(pixels, shape):
    """Gray, RGB and RGBA of odd widths come back byte by byte: padding shifts no row."""
    picture = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    found = pixels(to_qimage(picture))
    channels = shape[2] if len(shape) == 3 else 1
    expected = picture.reshape(*shape[:2], channels)
    if channels == 1:
        expected = expected.repeat(3, axis=2)
    assert (found[..., : expected.shape[2]] == expected).all()
    assert channels == 4 or (found[..., 3] == 255).all()


def test_a_view_that_is_not_contiguous_arrives_too(pixels):
    """Every second column and row, mirrored, comes back."""
    picture = np.random.default_rng(0).integers(0, 256, (10, 14, 3), np.uint8)[::-2, ::2]
    assert (pixels(to_qimage(picture))[..., :3] == picture).all()


def test_the_image_does_not_need_the_array(gray):
    """The image stays as it was after the array is changed, freed and its memory reused."""
    picture = np.full((300, 300), 7, np.uint8)
    image = to_qimage(picture)
    picture[:] = 9
    del picture
    gc.collect()
    others = [np.full((300, 300), 200, np.uint8) for _ in range(50)]
    assert (gray(image) == 7).all()
    assert len(others) == 50
