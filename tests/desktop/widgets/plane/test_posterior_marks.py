"""Where your image lies is marked on the plane, with the gap between encoder and true posterior."""

import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QImage, QPainter

from desktop.widgets.common import colors
from desktop.widgets.plane.posterior_marks import DOT_PX, draw_marks

SIZE_PX = (400, 200)


@pytest.fixture
def drawn(qapp, pixels):  # noqa: ARG001 (fonts need the application)
    """`drawn(mean, mode, gap)`: the marks on the canvas's colour, uint8 [H, W, 4]."""

    def draw(mean, mode=None, gap_nats=None):
        image = QImage(*SIZE_PX, QImage.Format.Format_RGB32)
        image.fill(colors.CANVAS)
        painter = QPainter(image)
        draw_marks(painter, QPointF(*mean), None if mode is None else QPointF(*mode), gap_nats)
        painter.end()
        return pixels(image)

    return draw


def changed(picture, left, right, top=0, bottom=SIZE_PX[1]):
    """Whether something is drawn in a part of the picture."""
    part = picture[top:bottom, left:right, :3].astype(int)
    ground = [colors.CANVAS.red(), colors.CANVAS.green(), colors.CANVAS.blue()]
    return bool((abs(part - ground).max(-1) > 20).any())


def test_each_mark_is_in_its_place_and_colour(drawn):
    """The mean is white and the mode orange; without a mode there is no line."""
    picture = drawn((120, 100), (300, 100))
    for (x, y), color in (((120, 100), colors.ENCODED), ((300, 100), colors.TRUE_POSTERIOR)):
        assert picture[y, x, :3].tolist() == [color.red(), color.green(), color.blue()]
    assert changed(picture, 150, 280, 98, 102)
    assert not changed(drawn((120, 100)), 150, 280)


def test_the_texts_stand_on_the_outer_sides(drawn):
    """They cover neither the line nor each other, whichever mark is on the left."""
    near = round(DOT_PX) + 14
    for mean, mode in (((150, 100), (250, 100)), ((250, 100), (150, 100))):
        left, right = min(mean[0], mode[0]), max(mean[0], mode[0])
        picture = drawn(mean, mode)
        assert changed(picture, 0, left - near, 92, 108)
        assert changed(picture, right + near, SIZE_PX[0], 92, 108)


def test_the_gap_stands_on_the_line_or_below_a_short_one(drawn):
    """With it the picture changes there and nowhere else."""
    for mean, mode, (top, bottom) in (
        ((100, 100), (300, 100), (85, 115)),
        ((190, 100), (210, 100), (110, 140)),
    ):
        differs = (drawn(mean, mode, 3.25) != drawn(mean, mode)).any(-1)
        rows = differs.any(1).nonzero()[0]
        assert rows.size and top <= rows.min() and rows.max() < bottom
