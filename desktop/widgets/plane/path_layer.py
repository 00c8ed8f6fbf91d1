"""Draws the path on the plane: its actual curve and its numbered points."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from desktop.latent.chart import ToPx
from desktop.latent.paths import path_line
from desktop.view.state import ViewState
from desktop.widgets.common import colors

POINT_RADIUS_PX, SELECTED_RADIUS_PX = 8.5, 10.5
LINE_PX = 2.0


def draw_path(painter: QPainter, state: ViewState, to_px: ToPx, selected: int | None) -> None:
    """Draw a state's path; `to_px` maps (a, b) [..., 2] to pixels [..., 2]."""
    if not state.path:
        return
    _, z = path_line(state.path, state.path_kind, state.path_closed)
    line = [QPointF(x, y) for x, y in to_px(state.plane.project(z)).tolist()]
    for color, width in ((colors.CANVAS, LINE_PX + 2), (colors.PATH, LINE_PX)):
        painter.setPen(QPen(color, width, j=Qt.PenJoinStyle.RoundJoin))
        painter.drawPolyline(line)
    font = painter.font()
    font.setPointSizeF(8)
    font.setBold(True)
    painter.setFont(font)
    for index, (x, y) in enumerate(to_px(state.plane.project(state.path)).tolist()):
        chosen = index == selected
        radius = SELECTED_RADIUS_PX if chosen else POINT_RADIUS_PX
        painter.setPen(QPen(colors.CURSOR, 2.5) if chosen else QPen(colors.CANVAS, 1.5))
        painter.setBrush(colors.PATH)
        painter.drawEllipse(QPointF(x, y), radius, radius)
        painter.setPen(colors.CANVAS)
        painter.drawText(QRectF(x - 10, y - 10, 20, 20), Qt.AlignmentFlag.AlignCenter, str(index + 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
