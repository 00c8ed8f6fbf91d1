"""An arrow at the edge of the plane that points to a cursor out of view."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QAbstractButton

from desktop.view.state import ViewState
from desktop.widgets.common import colors
from desktop.widgets.plane.edge_place import SIDE_PX, edge_place
from desktop.widgets.plane.plane_view import PlaneView


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
        """Point to the cursor of the shown state."""
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
