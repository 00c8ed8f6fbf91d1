"""Draws the path on the plane: its actual curve, and its named points as diamonds.

The names of groups are bold in rounded boxes, and often numbers. So that the path's points look different,
they are diamonds filled with the path's colour, called P1, P2, ….
"""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen, QPolygonF

from desktop.latent.chart import ToPx
from desktop.latent.paths import path_line, point_name
from desktop.view.state import ViewState
from desktop.widgets.common import colors

POINT_RADIUS_PX, SELECTED_RADIUS_PX = 12.0, 14.0  # from the middle to a corner
LINE_PX, POINT_SIZE = 2.0, 7.0


def draw_path(painter: QPainter, state: ViewState, to_px: ToPx, selected: int | None) -> list[QRectF]:
    """Draw a state's path, and return the boxes of its points; `to_px` maps (a, b) [..., 2] to pixels."""
    if not state.path:
        return []
    _, z = path_line(state.path, state.path_kind, state.path_closed)
    line = [QPointF(x, y) for x, y in to_px(state.plane.project(z)).tolist()]
    for color, width in ((colors.CANVAS, LINE_PX + 2), (colors.PATH, LINE_PX)):
        painter.setPen(QPen(color, width, j=Qt.PenJoinStyle.RoundJoin))
        painter.drawPolyline(line)
    font = painter.font()
    font.setPointSizeF(POINT_SIZE)
    font.setBold(False)
    painter.setFont(font)
    boxes = []
    for index, (x, y) in enumerate(to_px(state.plane.project(state.path)).tolist()):
        chosen = index == selected
        radius = SELECTED_RADIUS_PX if chosen else POINT_RADIUS_PX
        box = QRectF(x - radius, y - radius, 2 * radius, 2 * radius)
        painter.setPen(QPen(colors.CURSOR, 2.5) if chosen else QPen(colors.CANVAS, 1.5))
        painter.setBrush(colors.PATH)
        sides = (
            QPointF(x - radius, y),
            QPointF(x, y - radius),
            QPointF(x + radius, y),
            QPointF(x, y + radius),
        )
        painter.drawPolygon(QPolygonF(sides))
        painter.setPen(colors.CANVAS)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, point_name(index))
        boxes.append(box)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    return boxes
