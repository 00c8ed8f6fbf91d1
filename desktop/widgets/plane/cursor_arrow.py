"""An arrow at the edge of the plane that points to a cursor out of view."""

import math

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QAbstractButton

from desktop.view.state import ViewState
from desktop.widgets.common import colors
from desktop.widgets.plane.plane_view import PlaneView

SIDE_PX = 30
LEFT_PX, BOTTOM_PX, MARGIN_PX = 50, 56, 6  # the axes and the scale bar keep their room
FAR_PX = 1e6


class CursorArrow(QAbstractButton):
    """A round button over the plane, shown while the cursor is out of view; a click brings it into view."""

    def __init__(self, plane: PlaneView) -> None:
        super().__init__(plane)
        self._plane = plane
        self._angle = 0.0
        self.resize(SIDE_PX, SIDE_PX)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setAccessibleName("Bring the cursor into view")
        self.setToolTip("The cursor is out of view, in this direction. Click to bring it into view (C).")
        self.hide()

    def set_state(self, state: ViewState) -> None:
        """Point to the cursor of a state that the plane shows."""
        width, height = self._plane.size_px()
        x, y = self._plane.projection.px(state.cursor_ab).tolist()
        found = edge_place(x, y, QRectF(0, 0, width, height))
        if found is None:
            self.hide()
            return
        center, self._angle = found
        self.move(round(center.x() - SIDE_PX / 2), round(center.y() - SIDE_PX / 2))
        self.show()
        self.raise_()
        self.update()

    def sizeHint(self) -> QSize:
        """Return the size of the round button."""
        return QSize(SIDE_PX, SIDE_PX)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw an arrowhead in a circle, in the colour of the cursor."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(colors.CURSOR, 2.2 if self.underMouse() else 1.4))
        painter.setBrush(colors.SHADE)
        painter.drawEllipse(QRectF(1.5, 1.5, SIDE_PX - 3, SIDE_PX - 3))
        painter.translate(SIDE_PX / 2, SIDE_PX / 2)
        painter.rotate(self._angle)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colors.CURSOR)
        painter.drawPolygon(QPolygonF([QPointF(9, 0), QPointF(-5, -6), QPointF(-2, 0), QPointF(-5, 6)]))


def edge_place(x: float, y: float, room: QRectF) -> tuple[QPointF, float] | None:
    """Return where an arrow to a pixel goes, and its angle in degrees, clockwise from the right.

    That is where the line from the middle to the pixel leaves the room for arrows. None if the pixel is in
    view.
    """
    if room.contains(QPointF(x, y)) or not room.isValid():
        return None
    half = SIDE_PX / 2 + MARGIN_PX
    inside = room.adjusted(LEFT_PX + SIDE_PX / 2, half, -half, -BOTTOM_PX - SIDE_PX / 2)
    middle = inside.center()
    away_x = min(FAR_PX, max(-FAR_PX, x)) - middle.x()
    away_y = min(FAR_PX, max(-FAR_PX, y)) - middle.y()
    share = min(
        inside.width() / 2 / abs(away_x) if away_x else math.inf,
        inside.height() / 2 / abs(away_y) if away_y else math.inf,
    )
    place = middle + QPointF(away_x, away_y) * max(0.0, min(1.0, share))
    return place, math.degrees(math.atan2(away_y, away_x))
