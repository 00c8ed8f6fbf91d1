"""Two widgets side by side, each as high as it is wide; one alone is a square too, up to a limit."""

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from desktop.widgets.common.theme import GRID_PX

MOST_ALONE_PX = 320


class SquarePair(QWidget):
    """Lays out a widget, and a second one beside it while that one is wanted."""

    def __init__(self, first: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._first = first
        self._second: QWidget | None = None
        self._is_pair = False
        first.setParent(self)

    def set_second(self, second: QWidget) -> None:
        """Set the widget beside the first one. It is hidden until it is wanted."""
        self._second = second
        second.setParent(self)
        second.setVisible(self._is_pair)

    def set_pair(self, is_pair: bool) -> None:
        """Show both widgets, or the first one alone."""
        self._is_pair = is_pair
        if self._second is not None:
            self._second.setVisible(is_pair)
        self._lay_out()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the width."""
        self._lay_out()

    def _lay_out(self) -> None:
        width = self.width()
        if self._is_pair and self._second is not None:
            side = (width - GRID_PX) // 2
            self._first.setGeometry(0, 0, side, side)
            self._second.setGeometry(width - side, 0, side, side)
        else:
            side = min(width, MOST_ALONE_PX)
            self._first.setGeometry(0, 0, width, side)
        if self.height() != side or self.minimumHeight() != side:
            self.setFixedHeight(side)
