"""The axes' strips hold all of the axes, and are drawn once for each view."""

import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPainter

from desktop.latent.chart import Projection
from desktop.latent.plane import Viewport
from desktop.view.state import ViewState
from desktop.widgets.plane import axes
from desktop.widgets.plane.axes import Axes, draw_axes


def painted(draw, size_px, ratio):
    image = QImage(round(size_px[0] * ratio), round(size_px[1] * ratio), QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    image.fill(Qt.GlobalColor.darkGray)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    draw(painter)
    painter.end()
    return image


@pytest.mark.usefixtures("qapp")
@pytest.mark.parametrize("size_px", [(700, 500), (240, 240), (100, 90)])
@pytest.mark.parametrize("span", [6.0, 1e-7])
@pytest.mark.parametrize("ratio", [1.0, 2.0])
def test_the_strips_are_all_of_the_axes(pixels, size_px, span, ratio):
    """They look as if the axes were drawn directly, also with long numbers and in a small view."""
    projection = Projection(ViewState().chart, Viewport((0.25, 0.0), span), size_px)
    whole = QRectF(0, 0, *size_px)
    direct = pixels(painted(lambda painter: draw_axes(painter, projection), size_px, ratio)).astype(int)
    strips = Axes()
    painted(lambda painter: strips.paint(painter, projection, ratio, whole), size_px, ratio)
    copied = pixels(painted(lambda painter: strips.paint(painter, projection, ratio, whole), size_px, ratio))
    assert abs(direct - copied).max() <= 6  # translucent colours are rounded once more


@pytest.mark.usefixtures("qapp")
def test_the_strips_are_drawn_once_for_a_view(monkeypatch):
    """The first painting of a view is direct, the second draws two strips, and the next ones copy them."""
    drawn = []
    monkeypatch.setattr(axes, "draw_axes", lambda _, projection: drawn.append(projection.viewport.span))
    strips, chart = Axes(), ViewState().chart
    for span in (6.0, 6.0, 6.0, 6.0, 3.0):
        projection = Projection(chart, Viewport((0.0, 0.0), span), (300, 300))
        painted(
            lambda painter, p=projection: strips.paint(painter, p, 1.0, QRectF(0, 0, 300, 300)),
            (300, 300),
            1.0,
        )
    assert drawn == [6.0, 6.0, 6.0, 3.0]
