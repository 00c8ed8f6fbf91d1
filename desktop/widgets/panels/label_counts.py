"""How many points of a selection each label has, as bars."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QSizePolicy, QWidget

ROW_PX, NAME_SHARE, COUNT_PX = 16, 0.34, 48
MOST_ROWS = 10


@dataclass(frozen=True)
class LabelCount:
    """A label's name, its colour, and how many points have it."""

    name: str
    color: QColor
    count: int


class LabelCounts(QWidget):
    """Shows the labels with the most points, one a row; what is left over is summed up in the last row."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows: tuple[LabelCount, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Counts by label")

    def show_counts(self, counts: Sequence[LabelCount], rest: QColor) -> None:
        """Show other counts, most first; `rest` is the colour of what is summed up."""
        rows = tuple(counts)
        if len(rows) > MOST_ROWS:
            left = rows[MOST_ROWS - 1 :]
            others = LabelCount(f"{len(left)} other labels", rest, sum(row.count for row in left))
            rows = (*rows[: MOST_ROWS - 1], others)
        self.rows = rows
        self.setAccessibleDescription(", ".join(f"{row.name}: {row.count:,}" for row in rows))
        self.setVisible(bool(rows))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Return room for all rows."""
        return QSize(200, ROW_PX * len(self.rows))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw name, bar and count of each label."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        metrics = painter.fontMetrics()
        most = max((row.count for row in self.rows), default=1)
        names_px = NAME_SHARE * self.width()
        widest = max((metrics.horizontalAdvance(row.name) for row in self.rows), default=0)
        left = min(names_px, widest + 8)
        room = self.width() - left - COUNT_PX
        center = Qt.AlignmentFlag.AlignVCenter
        for number, row in enumerate(self.rows):
            top = number * ROW_PX
            painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
            name = metrics.elidedText(row.name, Qt.TextElideMode.ElideRight, int(left) - 6)
            painter.drawText(QRectF(0, top, left, ROW_PX), center, name)
            length = max(2.0, room * row.count / most)
            painter.drawText(QRectF(left + length + 6, top, COUNT_PX, ROW_PX), center, f"{row.count:,}")
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(row.color)
            painter.drawRoundedRect(QRectF(left, top + 4, length, ROW_PX - 8), 2, 2)
