"""The path's points cannot be taken for the names of groups."""

import numpy as np
import pytest
from PySide6.QtGui import QImage, QPainter

from desktop.base.vector import Vector
from desktop.view.state import ViewState
from desktop.widgets.common import colors
from desktop.widgets.plane.path_layer import POINT_RADIUS_PX, draw_path


@pytest.fixture
def drawn(qapp):  # noqa: ARG001 (texts need the application)
    """A picture of a path from (60, 60) to (140, 60), and the boxes of its points."""
    image = QImage(200, 120, QImage.Format.Format_RGB32)
    image.fill(colors.CANVAS)
    state = ViewState(path=(Vector((60.0, 60.0)), Vector((140.0, 60.0))))
    painter = QPainter(image)
    boxes = draw_path(painter, state, lambda ab: np.asarray(ab), None)
    painter.end()
    return image, boxes


def test_points_are_diamonds_of_the_path_colour(drawn):
    """The boxes of points have empty corners, unlike those of names, and filled insides."""
    image, boxes = drawn
    assert [box.center().toTuple() for box in boxes] == [(60, 60), (140, 60)]
    inside, outside = POINT_RADIUS_PX - 4, POINT_RADIUS_PX / 2 + 3
    for x, y in ((60, 60), (140, 60)):
        for down in (1, -1):  # above and below the name
            assert image.pixelColor(x, round(y + down * inside)) == colors.PATH
        for right, down in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
            assert image.pixelColor(round(x + right * outside), round(y + down * outside)) == colors.CANVAS


def test_no_path_has_no_boxes(qapp):  # noqa: ARG001
    """An empty path gives no boxes to keep clear."""
    image = QImage(10, 10, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    assert draw_path(painter, ViewState(), lambda ab: np.asarray(ab), None) == []
    painter.end()
