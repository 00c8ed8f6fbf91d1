"""Transparent pictures are drawn on a checkerboard; opaque ones need none."""

import numpy as np
import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPainter

from desktop.images.pixels import BEHIND_GRAY
from desktop.widgets.common import colors
from desktop.widgets.common.checkerboard import CHECK_PX, draw_checks
from desktop.widgets.common.qimage import to_qimage


def drawn(pixels, image, left_px=0):
    """The pixels of a black 32 × 32 canvas after the checkerboard was drawn to the right of `left_px`."""
    canvas = QImage(32, 32, QImage.Format.Format_RGB32)
    canvas.fill(Qt.GlobalColor.black)
    painter = QPainter(canvas)
    draw_checks(painter, QRectF(left_px, 0, 32 - left_px, 32), image)
    painter.end()
    return pixels(canvas)[..., :3]


@pytest.mark.usefixtures("qapp")
def test_a_transparent_picture_has_squares_behind_it(pixels):
    """The squares begin at the picture's corner, and neighbours differ."""
    image = to_qimage(np.zeros((4, 4, 4), np.uint8))
    found = drawn(pixels, image, left_px=5)
    first, second = (np.array([c.red(), c.green(), c.blue()]) for c in colors.CHECKS)
    assert (found[:, :5] == 0).all()
    assert {tuple(found[0, 5]), tuple(found[CHECK_PX, 5])} == {tuple(first), tuple(second)}
    assert (found[0, 5 : 5 + CHECK_PX] == found[0, 5]).all()
    assert (found[0, 5 + CHECK_PX] == found[CHECK_PX, 5]).all()
    assert (first + second == 2 * BEHIND_GRAY).all()


@pytest.mark.usefixtures("qapp")
@pytest.mark.parametrize("shape", [(4, 4), (4, 4, 3)])
def test_an_opaque_picture_has_none(pixels, shape):
    """Neither in grey nor in colour."""
    assert (drawn(pixels, to_qimage(np.zeros(shape, np.uint8))) == 0).all()
