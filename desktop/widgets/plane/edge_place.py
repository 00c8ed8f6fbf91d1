"""The position of the arrow to a cursor out of view, at the edge of the plane."""

import math

from PySide6.QtCore import QPointF, QRectF

SIDE_PX = 30
# Margins that keep the axes, their meaning and the scale bar free, even if the numbers at the left are long.
LEFT_PX, TOP_PX, BOTTOM_PX, MARGIN_PX = 84, 36, 56, 6
FAR_PX = 1e6


def edge_place(x: float, y: float, room: QRectF) -> tuple[QPointF, float] | None:
    """Return the position of an arrow to a pixel, and its angle in degrees, clockwise from the right.

    The arrow lies where the line from the middle to the pixel leaves the room for arrows. None if the pixel
    is in view.
    """
    if room.contains(QPointF(x, y)) or not room.isValid():
        return None
    half = SIDE_PX / 2 + MARGIN_PX
    inside = room.adjusted(LEFT_PX + SIDE_PX / 2, TOP_PX + SIDE_PX / 2, -half, -BOTTOM_PX - SIDE_PX / 2)
    middle = inside.center()
    away_x = min(FAR_PX, max(-FAR_PX, x)) - middle.x()
    away_y = min(FAR_PX, max(-FAR_PX, y)) - middle.y()
    share = min(
        inside.width() / 2 / abs(away_x) if away_x else math.inf,
        inside.height() / 2 / abs(away_y) if away_y else math.inf,
    )
    place = middle + QPointF(away_x, away_y) * max(0.0, min(1.0, share))
    return place, math.degrees(math.atan2(away_y, away_x))


def arrow_box(x: float, y: float, room: QRectF) -> QRectF | None:
    """Return the box of the arrow to a pixel, or None if there is none."""
    found = edge_place(x, y, room)
    if found is None:
        return None
    center = found[0]
    return QRectF(center.x() - SIDE_PX / 2, center.y() - SIDE_PX / 2, SIDE_PX, SIDE_PX)
