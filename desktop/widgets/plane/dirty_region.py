"""A widget's dirty region, repainted piece by piece, so that something more urgent can go first."""

from PySide6.QtCore import QPoint, QRect, QSize
from PySide6.QtGui import QRegion

# A widget is this many pieces wide and high, whatever its size.
ACROSS = 4


class DirtyRegion:
    """The parts that are to be repainted when there is time."""

    def __init__(self) -> None:
        self._region = QRegion()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left."""
        return self._region.isEmpty()

    def add(self, part: QRect) -> None:
        """Add a part."""
        self._region += part

    def take_all(self) -> QRegion:
        """Return everything that is left."""
        taken, self._region = self._region, QRegion()
        return taken

    def take(self, size: QSize, near: QPoint) -> QRegion:
        """Return one piece of a widget of this size, the one nearest to a position."""
        width, height = -(-size.width() // ACROSS), -(-size.height() // ACROSS)
        self._region &= QRect(QPoint(0, 0), size)
        if self._region.isEmpty():
            return QRegion()
        cells = {
            (column, row)
            for rect in self._region  # type: ignore[attr-defined]  # missing from the stubs
            for column in range(rect.left() // width, rect.right() // width + 1)
            for row in range(rect.top() // height, rect.bottom() // height + 1)
        }
        pieces = [QRect(column * width, row * height, width, height) for column, row in sorted(cells)]
        nearest = min(pieces, key=lambda piece: (piece.center() - near).manhattanLength())
        taken = self._region & nearest
        self._region -= nearest
        return taken
