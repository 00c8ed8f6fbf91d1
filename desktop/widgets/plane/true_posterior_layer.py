"""Your image's true posterior on a plane: a glow, and contours that contain 50 and 95 % of it."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QPen, QPolygonF

from desktop.base.arrays import Doubles
from desktop.jobs.encode import Located
from desktop.latent.chart import AxisScale, ToPx
from desktop.view.state import Layer, ViewState
from desktop.widgets.common import colors
from desktop.widgets.common.qimage import to_qimage
from desktop.widgets.plane.plane_view import PlaneView

SMALL_PX, RING_PX = 8.0, 6.0  # a posterior smaller than the first gets a ring of the second


class TruePosteriorLayer:
    """Draws p(z|x) under the points of a plane."""

    def __init__(self, plane: PlaneView) -> None:
        self._plane = plane
        self._located: Located | None = None
        self._picture: QImage | None = None
        plane.add_under_points(self._paint)

    def show(self, located: Located | None) -> None:
        """Show a posterior, or none."""
        if located is not self._located:
            self._located = located
            self._picture = None if located is None else to_qimage(located.picture.picture[::-1])
            self._plane.redraw_under_points()

    def _paint(self, painter: QPainter, to_px: ToPx, state: ViewState) -> None:
        if self._located is None or self._picture is None or Layer.TRUE_POSTERIOR not in state.layers:
            return
        if state.plane.axes != (0, 1):
            return
        picture = self._located.picture
        # On quantile axes, the rows and columns are uneven in pixels, so they are resampled evenly.
        columns, left, right = _even(to_px(np.stack([picture.a, picture.a * 0], axis=1))[:, 0])
        rows, bottom, top = _even(-to_px(np.stack([picture.b * 0, picture.b], axis=1))[:, 1])
        image = self._picture
        if state.scale is not AxisScale.LINEAR:
            image = to_qimage(picture.picture[np.ix_(rows, columns)][::-1])
        top, bottom = -top, -bottom
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(QRectF(left, top, right - left, bottom - top), image)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for curves, width in zip(picture.contours, (1.6, 1.0), strict=True):
            painter.setPen(QPen(colors.TRUE_POSTERIOR, width))
            for curve in curves:
                painter.drawPolyline(QPolygonF([QPointF(x, y) for x, y in to_px(curve).tolist()]))
        if max(right - left, bottom - top) < SMALL_PX:
            painter.setPen(QPen(colors.TRUE_POSTERIOR, 1.6))
            painter.drawEllipse(QPointF((left + right) / 2, (top + bottom) / 2), RING_PX, RING_PX)


def _even(px: Doubles) -> tuple[NDArray[np.intp], float, float]:
    """Return which of the ascending `px` [N] is nearest to each of N even positions, and the outer edges."""
    even = np.linspace(px[0], px[-1], len(px))
    nearest = np.rint(np.interp(even, px, np.arange(len(px)))).astype(np.intp)
    half = (px[-1] - px[0]) / max(1, len(px) - 1) / 2
    return nearest, float(px[0] - half), float(px[-1] + half)
