"""Draws a box or a lasso on the plane with the mouse, to select the points in it."""

from collections.abc import Callable
from enum import Enum, auto

import numpy as np
from PySide6.QtCore import QObject, QPointF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from desktop.base.arrays import Doubles
from desktop.latent.selection import box_corners
from desktop.widgets.common import colors
from desktop.widgets.common.every_move import begin_stroke, end_stroke
from desktop.widgets.plane.plane_view import PlaneView
from desktop.widgets.plane.pointer import PointerHandler

# A press becomes a drag only beyond this distance, because hands tremble.
DRAG_PX = 3.0
STEP_PX = 2.0  # the least distance between two corners of a lasso
FILL = QColor(255, 255, 255, 28)
LASSO_KEYS = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


class Tool(Enum):
    """The shape that a drag draws."""

    BOX = auto()
    LASSO = auto()


class Mode(Enum):
    """How a new selection changes the points that are already selected."""

    REPLACE = auto()
    ADD = auto()
    REMOVE = auto()


class SelectBand(QWidget):
    """The box or lasso that is being drawn, over the plane."""

    GESTURES = (
        ("Ctrl+Shift+drag", "Select the points in a lasso"),
        ("Drag, after B", "Select the points in one box; after Shift+B, in one lasso"),
        ("Shift+drag, after B", "Add the points to the selection"),
        ("Alt+drag, after B", "Remove the points from the selection"),
        ("Esc, after B", "Put the box or lasso away"),
    )

    def __init__(self, plane: QWidget) -> None:
        super().__init__(plane)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName("Selecting points on the plane")
        self._plane = plane
        self._polygon = QPolygonF()
        self.hide()

    def show_polygon(self, polygon: QPolygonF) -> None:
        """Show the polygon; an empty one hides the band."""
        self._polygon = polygon
        self.setGeometry(self._plane.rect())
        self.setVisible(not polygon.isEmpty())
        self.raise_()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the polygon with a dashed edge that is visible on light and dark."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(FILL)
        painter.setPen(QPen(colors.CANVAS, 3.0))
        painter.drawPolygon(self._polygon)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colors.CURSOR, 1.4, Qt.PenStyle.DashLine))
        painter.drawPolygon(self._polygon)


class Selector(QObject, PointerHandler):
    """Takes the next drag after a tool is chosen, and drags with Ctrl and Shift at any time.

    After one box or lasso the tool is put away. A click without a drag does what it does without a tool.

    Args:
        plane: the plane.
        can_select: returns whether the plane's points can be selected now; otherwise no drag is taken.

    Attributes:
        tool: the chosen tool, or None.
        band: draws the box or lasso.
    """

    began = Signal()
    drawn = Signal(object, object)  # polygon in pixels float64 [K, 2], Mode
    tool_changed = Signal(object)  # Tool or None

    def __init__(self, plane: PlaneView, can_select: Callable[[], bool]) -> None:
        super().__init__(plane)
        self._plane = plane
        self._can_select = can_select
        self.tool: Tool | None = None
        self.band = SelectBand(plane)
        self._form: Tool | None = None  # the shape of the drag, while a button is held
        self._way: list[QPointF] = []
        self._modifiers = Qt.KeyboardModifier.NoModifier

    def set_tool(self, tool: Tool | None) -> None:
        """Choose a tool; None puts it away."""
        if tool is not self.tool:
            self.tool = tool
            self._end()
            self.tool_changed.emit(tool)

    def press(self, event: QMouseEvent) -> bool:
        """Begin a box or a lasso."""
        if event.button() != Qt.MouseButton.LeftButton or self._plane.default_handler.is_space_held:
            return False
        modifiers = event.modifiers()
        if modifiers == LASSO_KEYS:
            self._form = self.tool or Tool.LASSO
        elif self.tool is None or modifiers & Qt.KeyboardModifier.ControlModifier:
            return False
        else:
            self._form = self.tool
        if not self._can_select():
            self._form = None
            return False
        begin_stroke()
        self._modifiers = modifiers
        self._way = [event.position()]
        self.began.emit()
        return True

    def move(self, event: QMouseEvent) -> bool:
        """Draw the box or the lasso."""
        if self._form is None:
            return False
        last = event.position() - self._way[-1]
        if max(abs(last.x()), abs(last.y())) >= STEP_PX:
            self._way.append(event.position())
            if self._is_drag():
                self.band.show_polygon(QPolygonF([QPointF(x, y) for x, y in self._polygon().tolist()]))
        return True

    def release(self, event: QMouseEvent) -> bool:
        """Select the points in the box or the lasso, or do what a click does."""
        if self._form is None or event.button() != Qt.MouseButton.LeftButton:
            return False
        self._way.append(event.position())
        polygon, modifiers, is_drag = self._polygon(), self._modifiers, self._is_drag()
        self._end()
        if is_drag:
            self.set_tool(None)  # otherwise the next drag, meant for the cursor, would replace the selection
            self.drawn.emit(polygon, _mode(modifiers))
        elif modifiers == Qt.KeyboardModifier.ShiftModifier:
            self._plane.path_point_wanted.emit(*self._plane.ab_at(event.position()))
        elif not modifiers:
            self._plane.cursor_moved.emit(*self._plane.ab_at(event.position()))
        return True

    def claims(self, event: QKeyEvent) -> bool:
        """Take Esc from the window while a tool is chosen or a drag is under way."""
        is_busy = self.tool is not None or self._form is not None
        return is_busy and event.key() == Qt.Key.Key_Escape

    def key_press(self, event: QKeyEvent) -> bool:
        """End a drag by Esc, or put the tool away."""
        if not self.claims(event):
            return False
        if self._form is not None:
            self._end()
        else:
            self.set_tool(None)
        return True

    def lose_focus(self) -> None:
        """End the drag, because its release may go elsewhere."""
        self._end()

    def _end(self) -> None:
        end_stroke()
        self._form = None
        self._way = []
        self.band.show_polygon(QPolygonF())

    def _is_drag(self) -> bool:
        start = self._way[0]
        return any(max(abs(p.x() - start.x()), abs(p.y() - start.y())) > DRAG_PX for p in self._way)

    def _polygon(self) -> Doubles:
        way = np.array([(point.x(), point.y()) for point in self._way])
        return box_corners(way[0], way[-1]) if self._form is Tool.BOX else way


def _mode(modifiers: Qt.KeyboardModifier) -> Mode:
    if modifiers == Qt.KeyboardModifier.ShiftModifier:
        return Mode.ADD
    return Mode.REMOVE if modifiers == Qt.KeyboardModifier.AltModifier else Mode.REPLACE
