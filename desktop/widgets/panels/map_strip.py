"""All maps of z as small pictures with their names, to choose one of them."""

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QScrollArea, QWidget

from desktop.base.arrays import Floats
from desktop.images.map_painting import map_pictures
from desktop.widgets.common import colors
from desktop.widgets.common.qimage import to_qimage

GAP_PX = 4
LARGE_PX, SMALL_PX = 64, 40  # sides: if all maps fit in one row, and otherwise
ROWS_SHOWN = 2


class MapStrip(QScrollArea):
    """Shows maps [C, h, w] as small pictures in rows; scrolls if there are many."""

    chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.inside = _Pictures()
        self.inside.chosen.connect(self.chosen)
        self.setWidget(self.inside)
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        # The keys of the large map step through all maps.
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName("Maps of z")

    def set_maps(self, maps: Floats, reach: float) -> None:
        """Show maps [C, h, w], in colours from −reach to reach."""
        has_changed = self.inside.set_maps(maps, reach)
        if has_changed:
            self._fit()

    def set_channel(self, channel: int) -> None:
        """Mark a map, and scroll to it."""
        self.inside.channel = channel
        self.inside.update()
        place = self.inside.place(channel)
        self.ensureVisible(place.center().x(), place.center().y(), 0, place.height())

    def resizeEvent(self, event: object) -> None:
        """Lay the pictures out for the new width."""
        self._fit()

    def _fit(self) -> None:
        bar_px = self.verticalScrollBar().sizeHint().width()
        rows = self.inside.lay_out(self.width(), bar_px)
        self.setFixedHeight(min(rows, ROWS_SHOWN) * self.inside.step().height())


class _Pictures(QWidget):
    """The pictures themselves; only those in view are drawn."""

    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.channel = 0
        self._maps: Floats | None = None
        self._reach = 1.0
        self._side_px, self._columns = LARGE_PX, 1

    def set_maps(self, maps: Floats, reach: float) -> bool:
        """Show other maps; return whether their number has changed."""
        has_changed = self._maps is None or len(self._maps) != len(maps)
        self._maps, self._reach = maps, reach
        self.update()
        return has_changed

    def lay_out(self, width_px: int, bar_px: int) -> int:
        """Choose sizes for a width, minus a scroll bar if one is needed; return the number of rows."""
        count = 0 if self._maps is None else len(self._maps)
        if count * (LARGE_PX + GAP_PX) <= width_px + GAP_PX:
            self._side_px, self._columns = LARGE_PX, max(1, count)
        else:
            self._side_px = SMALL_PX
            self._columns = max(1, (width_px - bar_px + GAP_PX) // (SMALL_PX + GAP_PX))
        rows = max(1, -(-count // self._columns))
        self.setMinimumHeight(rows * self.step().height())
        self.update()
        return rows

    def step(self) -> QSize:
        """Return the distance from one picture to the next, names included."""
        return QSize(self._side_px + GAP_PX, self._side_px + QFontMetrics(self.font()).height() + GAP_PX)

    def place(self, channel: int) -> QRect:
        """Return the rectangle of a picture, without its name."""
        step = self.step()
        row, column = divmod(channel, self._columns)
        return QRect(column * step.width(), row * step.height(), self._side_px, self._side_px)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the map under the pointer."""
        channel = self._at(event.position().toPoint())
        if channel is not None and event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit(channel)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Take the release that belongs to the press."""

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the maps in view with their names, and a frame around the one that is shown large."""
        if self._maps is None:
            return
        painter = QPainter(self)
        step = self.step()
        first = event.rect().top() // step.height() * self._columns
        last = (event.rect().bottom() // step.height() + 1) * self._columns
        for channel in range(first, min(last, len(self._maps))):
            place = self.place(channel)
            image = to_qimage(map_pictures(self._maps[channel], self._reach))
            fitted = image.size().scaled(place.size(), Qt.AspectRatioMode.KeepAspectRatio)
            target = QRect(QPoint(0, 0), fitted)
            target.moveCenter(place.center())
            painter.fillRect(place, colors.CANVAS)
            # Several numbers in one pixel are averaged; one number in several pixels stays a square.
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, target.width() < image.width())
            painter.drawImage(target, image)
            is_chosen = channel == self.channel
            role = self.palette().highlight() if is_chosen else self.palette().windowText()
            if is_chosen:
                painter.setPen(QPen(role.color(), 2))
                painter.drawRect(place.adjusted(1, 1, -1, -1))
            painter.setPen(self.palette().windowText().color())
            name = place.translated(0, place.height())
            name.setHeight(step.height() - place.height() - GAP_PX)
            painter.drawText(name, Qt.AlignmentFlag.AlignCenter, f"z{channel}")

    def _at(self, position: QPoint) -> int | None:
        step = self.step()
        column = position.x() // step.width()
        channel = position.y() // step.height() * self._columns + column
        count = 0 if self._maps is None else len(self._maps)
        return channel if column < self._columns and channel < count else None
