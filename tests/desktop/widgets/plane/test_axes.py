"""The axes are laid out once for each view, and painted part by part."""

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QPainter

from desktop.latent.chart import Chart, Projection
from desktop.latent.plane import Viewport, plane_through
from desktop.view.state import ViewState
from desktop.widgets.plane import axes
from desktop.widgets.plane.axes import Axes


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
def test_parts_of_the_axes_are_the_whole(pixels, size_px, span, ratio):
    """Axes painted part by part equal axes painted at once, even with long numbers or in a small view."""
    projection = Projection(ViewState().chart, Viewport((0.25, 0.0), span), size_px)
    marks, (width, height) = Axes(), size_px

    def paint(painter, areas):
        for area in areas:
            painter.setClipRect(area)
            marks.paint(painter, projection, ratio, area)

    parts = [QRectF(x, y, 64, 64) for x in range(0, width, 64) for y in range(0, height, 64)]
    at_once = pixels(painted(lambda painter: paint(painter, [QRectF(0, 0, *size_px)]), size_px, ratio))
    by_parts = pixels(painted(lambda painter: paint(painter, parts), size_px, ratio))
    assert abs(at_once.astype(int) - by_parts).max() <= 2
    assert (at_once[-8:, : round(60 * ratio)] != at_once[0, -1]).any()


@pytest.mark.usefixtures("qapp")
def test_the_axes_are_laid_out_once_for_a_view(monkeypatch):
    """Painting the same view again computes no ticks; another view does."""
    asked = []
    monkeypatch.setattr(axes, "tick_texts", lambda *span: asked.append(span) or [])
    marks, chart = Axes(), ViewState().chart
    for span, count in ((6.0, 2), (6.0, 2), (3.0, 4)):
        projection = Projection(chart, Viewport((0.0, 0.0), span), (300, 300))
        painted(lambda p, q=projection: marks.paint(p, q, 1.0, QRectF(0, 0, 300, 300)), (300, 300), 1.0)
        assert len(asked) == count


@pytest.mark.usefixtures("qapp")
@pytest.mark.parametrize(("size_px", "count"), [((700, 500), 2), ((300, 240), 2), ((110, 90), 0)])
def test_what_the_axes_mean_stands_on_the_plane(size_px, count):
    """The texts are beside the scale bar, within the view, and have tool tips; small views have none."""
    plane = plane_through(*np.eye(4)[:3], ("sample 2", "a stranger's <b>long</b> name" + " etc" * 9))
    marks, projection = Axes(), Projection(Chart(plane), Viewport((0.0, 0.0), 6.0), size_px)
    painted(lambda p: marks.paint(p, projection, 1.0, QRectF(0, 0, *size_px)), size_px, 1.0)
    assert len(marks.boxes) == count + 1
    assert all(QRectF(0, 0, *size_px).contains(box) for box in marks.boxes[1:])
    assert not any(a.intersects(b) for n, a in enumerate(marks.boxes) for b in marks.boxes[:n])
    tips = [marks.tip_at(box.center()) for box in marks.boxes]
    if count:
        assert tips[1].startswith("→ a: towards sample 2\na and b are coordinates")
        assert "etc, at a right angle" in tips[2] or "etc…" in tips[2]
        assert "<b>" not in tips[2]
    assert not marks.tip_at(QPointF(size_px[0] / 2, size_px[1] / 2))


@pytest.mark.parametrize(
    ("length", "text"),
    [(2e-5, "0.00002"), (0.1, "0.1"), (1.0, "1"), (500.0, "500"), (1e6, "1e+06"), (2e-12, "2e−12")],
)
def test_the_scale_bar_is_written_as_the_numbers_along_the_edges(length, text):
    """With decimals and no power of ten, but for what would be very long."""
    assert axes._length_text(length) == text
