"""A numpy array becomes a QImage with its own memory."""

import gc

import numpy as np
import pytest
from PySide6.QtGui import QImage, QPainter

from desktop.widgets.common.qimage import draw_words, to_qimage


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


@pytest.mark.parametrize("ratio", [1.0, 2.0])
def test_words_are_device_pixels_at_their_corner(pixels, ratio):
    """Premultiplied alpha, red and blue arrive in their places; what lies outside is cut off."""
    words = np.zeros((6, 7), np.uint32)
    words[3, 4], words[3, 5] = 0xFF102030, 0x80000040
    image = QImage(20, 20, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    image.fill(0)
    painter = QPainter(image)
    draw_words(painter, words, (-2, -1), ratio)
    painter.end()
    found = pixels(image)[..., :3]
    assert found[2, 2].tolist() == [0x10, 0x20, 0x30]
    assert found[2, 3].tolist() == [0, 0, 0x40]
    assert np.count_nonzero(found) == 4
