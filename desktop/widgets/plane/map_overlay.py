"""Draws the maps under the points: the aggregate posterior's density, its holes, and the prior's contours."""

from collections.abc import Iterator

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QFontMetricsF, QImage, QPainter, QPainterPath, QPen, QPolygonF

from desktop.base.arrays import Doubles
from desktop.latent.chart import ToPx
from desktop.latent.density import Region
from desktop.latent.plane_prior import PriorOnPlane
from desktop.widgets.common import colors

FAR_PX = 1e5
NAME_POINT_SIZE = 8.5


def paint_density(painter: QPainter, picture: QImage, box: QRectF) -> None:
    """Draw the density's picture in a box in pixels."""
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawImage(box, picture)


def paint_holes(painter: QPainter, to_px: ToPx, holes: tuple[Region, ...]) -> None:
    """Draw holes hatched, with a thin edge."""
    path = QPainterPath()
    path.setFillRule(Qt.FillRule.OddEvenFill)
    for region in holes:
        for ring in region.rings:
            path.addPolygon(_polygon(to_px(ring)))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(QBrush(colors.HATCH, Qt.BrushStyle.BDiagPattern))
    painter.setPen(QPen(colors.HATCH_EDGE, 1.2))
    painter.drawPath(path)


def paint_prior(painter: QPainter, to_px: ToPx, prior: PriorOnPlane) -> Iterator[None]:
    """Draw the prior's contours dashed, with the share of the prior that each contains, one per step."""
    for mass, curves in prior.contours():
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = painter.font()
        font.setPointSizeF(NAME_POINT_SIZE)
        painter.setFont(font)
        metrics = QFontMetricsF(font)
        for curve in curves:
            polygon = _polygon(to_px(curve))
            for color, width, style in (
                (colors.SHADE, 3.0, Qt.PenStyle.SolidLine),
                (colors.PRIOR, 1.3, Qt.PenStyle.DashLine),
            ):
                painter.setPen(QPen(color, width, style))
                painter.drawPolyline(polygon)
            _paint_name(painter, metrics, _name_place(curve, to_px), f"{mass:.0%}")
        painter.restore()
        yield


def _name_place(curve: Doubles, to_px: ToPx) -> QPointF:
    """Return the position of a contour's name: at the lower right of a circle, in the middle of a line."""
    ab = curve[7 * len(curve) // 8] if len(curve) > 2 else curve.mean(axis=0)
    x, y = np.clip(to_px(ab), -FAR_PX, FAR_PX).tolist()
    return QPointF(x, y)


def _paint_name(painter: QPainter, metrics: QFontMetricsF, center: QPointF, text: str) -> None:
    box = metrics.boundingRect(text).adjusted(-4, -1, 4, 1)
    box.moveCenter(center)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colors.SHADE)
    painter.drawRoundedRect(box, 4, 4)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(colors.PRIOR)
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)


def _polygon(px: Doubles) -> QPolygonF:
    # Qt's rasterizer cannot handle arbitrarily large coordinates.
    return QPolygonF([QPointF(x, y) for x, y in np.clip(px, -FAR_PX, FAR_PX).tolist()])
