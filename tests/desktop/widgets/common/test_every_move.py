"""Mouse moves are not joined during a stroke; afterwards the platform's default holds again."""

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QPoint, Qt

from desktop.images.drawing import blank
from desktop.widgets.common import every_move
from desktop.widgets.common.every_move import JOINED
from desktop.widgets.panels.draw_canvas import DrawCanvas
from desktop.widgets.panels.map_view import MapView

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture(params=[True, False], ids=["as on X11", "as elsewhere"])
def are_joined(qapp, request):  # noqa: ARG001 (the attribute is the application's)
    """A platform that joins moves, and one that does not."""
    before = QCoreApplication.testAttribute(JOINED)
    QCoreApplication.setAttribute(JOINED, request.param)
    every_move._are_joined.cache_clear()
    yield request.param
    QCoreApplication.setAttribute(JOINED, before)
    every_move._are_joined.cache_clear()


def a_canvas():
    """A canvas to draw on."""
    canvas = DrawCanvas(100)
    canvas.set_drawing(blank((1, 14, 14)))
    return canvas


def a_map():
    """A map of z to paint on."""
    view = MapView(100)
    view.set_map(np.zeros((8, 8), np.float32), 1.0)
    return view


@pytest.mark.parametrize("make", [a_canvas, a_map])
def test_moves_are_joined_before_and_after_a_stroke_only(make, are_joined, qtbot):
    """Strokes on a drawing and on a map of z, even if the widget is hidden during the stroke."""
    widget = make()
    qtbot.addWidget(widget)
    widget.show()
    qtbot.waitExposed(widget)
    for end in (lambda: qtbot.mouseRelease(widget, LEFT, pos=QPoint(60, 60)), widget.hide):
        qtbot.mousePress(widget, LEFT, pos=QPoint(40, 40))
        qtbot.mouseMove(widget, QPoint(60, 60))
        assert not QCoreApplication.testAttribute(JOINED)
        end()
        assert QCoreApplication.testAttribute(JOINED) == are_joined
