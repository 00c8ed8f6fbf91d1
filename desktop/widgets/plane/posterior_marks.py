"""Marks on the plane where the encoder puts your image and where its true posterior is highest."""

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from desktop.base.arrays import Floats
from desktop.latent.chart import ToPx
from desktop.latent.normals import ellipse, project_normals
from desktop.latent.plane import Plane
from desktop.widgets.common import colors, terms
from desktop.widgets.plane.axes import MARGIN_BOTTOM_PX, MARGIN_LEFT_PX

ENCODER, MODE = "encoder's mean", "mode"
DOT_PX, POINT_SIZE = 4.5, 9.5
PADDING_PX, AWAY_PX, EDGE_PX = 5.0, 12.0, 2.0
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


def text_room(width_px: float, height_px: float) -> QRectF:
    """Return where texts of marks stand on a plane of this size: not on the axes, nor at its edge."""
    return QRectF(0, 0, width_px, height_px).adjusted(MARGIN_LEFT_PX, EDGE_PX, -EDGE_PX, -MARGIN_BOTTOM_PX)


def draw_marks(
    painter: QPainter, room: QRectF, mean: QPointF, mode: QPointF | None, gap_nats: float | None
) -> dict[str, list[QRectF]]:
    """Draw the mean, and if there is one the mode, with a line between them that carries the gap.

    Returns the boxes of marks and texts, by the terms for what they show.

    The mean's text is on the side away from the mode, so that the two never cover each other. A text that has
    no room there goes above or below its mark; none leaves `room`. A mark out of view has no text.
    """
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    font = painter.font()
    font.setPointSizeF(POINT_SIZE)
    painter.setFont(font)
    if mode is None:
        return {terms.MEAN: _draw_mark(painter, room, mean, ENCODER, colors.ENCODED, QPointF(-1, 1))}
    for color, width in ((colors.CANVAS, 4.0), (colors.ENCODED, 1.6)):
        painter.setPen(QPen(color, width, Qt.PenStyle.DashLine))
        painter.drawLine(mean, mode)
    line = mode - mean
    is_short = abs(line.x()) + abs(line.y()) < LEAST_LINE_PX
    across, along = (-1 if line.x() < 0 else 1), (-1 if line.y() < 0 else 1)
    # The gap has the room below a short line.
    from_mode = QPointF(-across, -1 if is_short else -along)
    from_mean = QPointF(across, -1 if is_short else along)
    boxes = {}
    boxes[terms.MODE] = _draw_mark(painter, room, mode, MODE, colors.TRUE_POSTERIOR, from_mean)
    if gap_nats is not None:
        middle = (mean + mode) / 2
        if is_short:
            middle = QPointF(middle.x(), max(mean.y(), mode.y()) + 2 * AWAY_PX)
        text = f"gap {gap_nats:.2f} nats"
        boxes[terms.GAP] = _draw_text(painter, room, middle, text, colors.ENCODED)
    boxes[terms.MEAN] = _draw_mark(painter, room, mean, ENCODER, colors.ENCODED, from_mode)
    return boxes


def _draw_mark(
    painter: QPainter, room: QRectF, center: QPointF, text: str, color: QColor, away: QPointF
) -> list[QRectF]:
    """Draw a dot with its text beside it, and return the boxes of both.

    `away` has the signs of the way to the text, in x and in y.
    """
    painter.setPen(QPen(colors.CANVAS, 2.0))
    painter.setBrush(color)
    painter.drawEllipse(center, DOT_PX, DOT_PX)
    half = painter.fontMetrics().horizontalAdvance(text) / 2 + PADDING_PX
    beside = center + QPointF(away.x() * (half + AWAY_PX), 0)
    if not room.left() <= beside.x() - half or not beside.x() + half <= room.right():
        beside = center + QPointF(0, 2 * AWAY_PX * away.y())
        if not room.top() + AWAY_PX <= beside.y() <= room.bottom() - AWAY_PX:
            beside = center - QPointF(0, 2 * AWAY_PX * away.y())
    dot = QRectF(center.x() - DOT_PX, center.y() - DOT_PX, 2 * DOT_PX, 2 * DOT_PX)
    return [dot, *_draw_text(painter, room, beside, text, color, center)]


def _draw_text(
    painter: QPainter, room: QRectF, center: QPointF, text: str, color: QColor, mark: QPointF | None = None
) -> list[QRectF]:
    """Draw a text around a point, or as near to it as there is room; none if its mark is out of view.

    Returns its box, if there is one.
    """
    whole = room.adjusted(-MARGIN_LEFT_PX, -EDGE_PX, EDGE_PX, MARGIN_BOTTOM_PX)
    if not whole.contains(center if mark is None else mark):
        return []
    box = QRectF(painter.fontMetrics().boundingRect(text)).adjusted(-PADDING_PX, -2, PADDING_PX, 2)
    box.moveCenter(center)
    box.moveLeft(max(room.left(), min(box.left(), room.right() - box.width())))
    box.moveTop(max(room.top(), min(box.top(), room.bottom() - box.height())))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colors.SHADE)
    painter.drawRoundedRect(box, 4, 4)
    painter.setPen(color)
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
    return [box]
