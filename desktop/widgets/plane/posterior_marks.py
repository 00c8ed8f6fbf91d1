"""Marks on the plane where the encoder puts your image and where its true posterior is highest."""

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from desktop.base.arrays import Floats
from desktop.latent.chart import ToPx
from desktop.latent.normals import ellipse, project_normals
from desktop.latent.plane import Plane
from desktop.widgets.common import colors

ENCODER, MODE = "encoder's mean", "mode"
DOT_PX, POINT_SIZE = 4.5, 9.5
PADDING_PX, AWAY_PX = 5.0, 12.0
LEAST_LINE_PX = 70.0  # on a shorter line, the gap has its place below the marks


def draw_ellipses(painter: QPainter, to_px: ToPx, plane: Plane, mean: Floats, logvar: Floats) -> None:
    """Draw the ellipses of one and two standard deviations of q(z|x), whose mean and logvar are [d]."""
    normals = project_normals(plane, mean[np.newaxis], logvar[np.newaxis])
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for radius, style in ((1, Qt.PenStyle.SolidLine), (2, Qt.PenStyle.DashLine)):
        curve = QPolygonF([QPointF(x, y) for x, y in to_px(ellipse(normals, 0, radius)).tolist()])
        for color, width, pen_style in (
            (colors.CANVAS, 4.0, Qt.PenStyle.SolidLine),
            (colors.ENCODED, 1.8, style),
        ):
            painter.setPen(QPen(color, width, pen_style))
            painter.drawPolyline(curve)


def draw_marks(painter: QPainter, mean: QPointF, mode: QPointF | None, gap_nats: float | None) -> None:
    """Draw the mean, and if there is one the mode, with a line between them that carries the gap.

    The mean's text is on the side away from the mode, so that the two never cover each other.
    """
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    font = painter.font()
    font.setPointSizeF(POINT_SIZE)
    painter.setFont(font)
    if mode is not None:
        for color, width in ((colors.CANVAS, 4.0), (colors.ENCODED, 1.6)):
            painter.setPen(QPen(color, width, Qt.PenStyle.DashLine))
            painter.drawLine(mean, mode)
        is_left = mode.x() < mean.x()
        _draw_mark(painter, mode, MODE, colors.TRUE_POSTERIOR, to_right=not is_left)
        if gap_nats is not None:
            line = mode - mean
            middle = (mean + mode) / 2
            if abs(line.x()) + abs(line.y()) < LEAST_LINE_PX:
                middle = QPointF(middle.x(), max(mean.y(), mode.y()) + 2 * AWAY_PX)
            _draw_text(painter, middle, f"gap {gap_nats:.2f} nats", colors.ENCODED)
    else:
        is_left = False
    _draw_mark(painter, mean, ENCODER, colors.ENCODED, to_right=is_left)


def _draw_mark(painter: QPainter, center: QPointF, text: str, color: QColor, to_right: bool) -> None:
    painter.setPen(QPen(colors.CANVAS, 2.0))
    painter.setBrush(color)
    painter.drawEllipse(center, DOT_PX, DOT_PX)
    half = painter.fontMetrics().horizontalAdvance(text) / 2 + PADDING_PX + AWAY_PX
    _draw_text(painter, center + QPointF(half if to_right else -half, 0), text, color)


def _draw_text(painter: QPainter, center: QPointF, text: str, color: QColor) -> None:
    box = QRectF(painter.fontMetrics().boundingRect(text)).adjusted(-PADDING_PX, -2, PADDING_PX, 2)
    box.moveCenter(center)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colors.SHADE)
    painter.drawRoundedRect(box, 4, 4)
    painter.setPen(color)
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
