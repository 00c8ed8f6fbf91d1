"""Two pictures side by side, as high as their shape needs, or lower if there is less room."""

from PySide6.QtCore import QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from desktop.widgets.common.theme import GRID_PX

MOST_ALONE_PX, LEAST_PX = 320, 88


class PicturePair(QWidget):
    """Lays out one widget, or two side by side."""

    def __init__(self, first: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._first = first
        self._second: QWidget | None = None
        self._is_pair = False
        self._most_px = MOST_ALONE_PX
        self._aspect = 1.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        first.setParent(self)
        first.setMinimumSize(0, 0)

    def set_second(self, second: QWidget) -> None:
        """Set the second widget. It is hidden until `set_pair(True)`."""
        self._second = second
        second.setParent(self)
        second.setMinimumSize(0, 0)
        second.setVisible(self._is_pair)

    def set_pair(self, is_pair: bool) -> None:
        """Show both widgets, or the first one alone."""
        self._is_pair = is_pair
        if self._second is not None:
            self._second.setVisible(is_pair)
        self._lay_out()

    def set_most_height(self, most_px: int) -> None:
        """Set the greatest height of the pictures."""
        self._most_px = most_px
        self._lay_out()

    def set_shape(self, height_px: int, width_px: int) -> None:
        """Set the shape of the pictures; wide ones need less height than squares."""
        self._aspect = min(1.0, height_px / width_px)
        self._lay_out()

    def sizeHint(self) -> QSize:
        """Return the size of the shown pictures, which share the width."""
        side_px = self._column_px() if self._is_pair else min(self.width(), MOST_ALONE_PX)
        return QSize(self.width(), max(LEAST_PX, min(round(self._aspect * side_px), self._most_px)))

    def minimumSizeHint(self) -> QSize:
        """Return the least height; any width will do."""
        return QSize(0, LEAST_PX)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the width."""
        self._lay_out()

    def _column_px(self) -> int:
        return max(0, self.width() - GRID_PX) // 2

    def _lay_out(self) -> None:
        self.updateGeometry()
        if self._is_pair and self._second is not None:
            column = self._column_px()
            self._first.setGeometry(0, 0, column, self.height())
            self._second.setGeometry(self.width() - column, 0, column, self.height())
        else:
            self._first.setGeometry(0, 0, self.width(), self.height())
