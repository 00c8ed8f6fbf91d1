"""A grid of the pictures of points, each above a line in its label's colour."""

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPixmap
from PySide6.QtWidgets import QAbstractItemView, QListView, QWidget

from desktop.widgets.common import colors
from desktop.widgets.common.plain_text import tip_text
from desktop.widgets.common.qimage import scaled_down

SIDE_PX, LINE_PX, CELL_PX = 40, 3, 48
ROWS_SHOWN = 3
MOST_DRAWN = 4000  # the number of drawn pictures to keep

Index = QModelIndex | QPersistentModelIndex

# The picture of a point, the colour of its label, and its title, by its number.
PictureOf = Callable[[int], tuple[QImage, QColor, str]]


class PointModel(QAbstractListModel):
    """The numbers of points; a picture is drawn when it comes into view."""

    def __init__(self) -> None:
        super().__init__()
        self.indices: tuple[int, ...] = ()
        self._picture_of: PictureOf | None = None
        self._drawn: dict[int, QPixmap] = {}

    def set_points(self, indices: Sequence[int], picture_of: PictureOf) -> None:
        """Show other points."""
        self.beginResetModel()
        self.indices, self._picture_of = tuple(indices), picture_of
        self._drawn.clear()
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 (Qt's own)
        """Return how many points there are."""
        return 0 if parent.isValid() else len(self.indices)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return the picture or the title of a point."""
        if not index.isValid() or self._picture_of is None:
            return None
        point = self.indices[index.row()]
        if role == Qt.ItemDataRole.DecorationRole:
            if point not in self._drawn:
                if len(self._drawn) >= MOST_DRAWN:
                    self._drawn.clear()
                self._drawn[point] = _drawn(*self._picture_of(point)[:2])
            return self._drawn[point]
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return tip_text(self._picture_of(point)[2])
        return None


class PointGrid(QListView):
    """Shows a PointModel; a click, or Enter, chooses a point."""

    chosen = Signal(int)  # its number

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.points = PointModel()
        self.setModel(self.points)
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setMovement(QListView.Movement.Static)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setUniformItemSizes(True)
        self.setIconSize(QSize(SIDE_PX, SIDE_PX + LINE_PX))
        self.setGridSize(QSize(CELL_PX, CELL_PX))
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)
        self.setFixedHeight(ROWS_SHOWN * CELL_PX + 4)
        self.setAccessibleName("Pictures of the selection")
        self.clicked.connect(self._choose)
        self.activated.connect(self._choose)

    def _choose(self, index: Index) -> None:
        self.chosen.emit(self.points.indices[index.row()])


def _drawn(image: QImage, color: QColor) -> QPixmap:
    """Draw a picture above a line of this colour."""
    pixmap = QPixmap(SIDE_PX, SIDE_PX + LINE_PX)
    pixmap.fill(colors.CANVAS)
    painter = QPainter(pixmap)
    small = scaled_down(image, SIDE_PX)
    scale = SIDE_PX / max(small.width(), small.height())
    width, height = round(small.width() * scale), round(small.height() * scale)
    painter.drawImage(QRect((SIDE_PX - width) // 2, (SIDE_PX - height) // 2, width, height), small)
    painter.fillRect(0, SIDE_PX, SIDE_PX, LINE_PX, color)
    painter.end()
    return pixmap
