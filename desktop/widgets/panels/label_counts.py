"""Bars that show how many points of a selection each label has, and that select among them."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QVBoxLayout, QWidget

from desktop.widgets.common.plain_text import tip_text

ROW_PX, NAME_SHARE, COUNT_PX, NAME_GAP_PX = 18, 0.34, 48, 8
MOST_ROWS = 10
LEFT_OUT_OPACITY = 0.45
MOVES = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Home, Qt.Key.Key_End)
TIP = "Click to select only these. Shift-click adds them, or takes them away."


@dataclass(frozen=True)
class LabelCount:
    """A label's name, its colour, and how many points have it.

    Attributes:
        labels: the label, or all labels that the row sums up.
        is_chosen: whether the points are selected now.
    """

    name: str
    color: QColor
    count: int
    labels: frozenset[int] = frozenset()
    is_chosen: bool = True


class LabelBar(QAbstractButton):
    """A row with name, bar and count. A click, Return or Space selects it; with Shift it is added."""

    wanted = Signal(bool)  # whether Shift was held
    move_wanted = Signal(int)  # an arrow key, Home or End

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._with_shift = False
        self.row = LabelCount("", QColor(), 0)
        self._names_px, self._most = 0.0, 1
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.clicked.connect(lambda: self.wanted.emit(self._with_shift))

    def show_row(self, row: LabelCount, names_px: float, most: int) -> None:
        """Show a row; names get `names_px` if there is room, and a bar for the count `most` is full."""
        self.row, self._names_px, self._most = row, names_px, most
        left_out = "" if row.is_chosen else ", not selected"
        self.setAccessibleName(f"{row.name}: {row.count:,}{left_out}")
        self.setToolTip(tip_text(f"{row.name}: {row.count:,}{left_out}\n{TIP}"))
        self.update()

    def sizeHint(self) -> QSize:
        """Return room for one line."""
        return QSize(200, ROW_PX)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Remember whether Shift is held, before the click."""
        self._with_shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        super().mouseReleaseEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Click on Return and Space; go to another row on arrow keys."""
        self._with_shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            if not event.isAutoRepeat():
                self.click()
        elif event.key() in MOVES:
            self.move_wanted.emit(event.key())
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Ignore the release of Space, for which Qt would click a second time."""
        event.ignore()

    def event(self, event: QEvent) -> bool:
        """Repaint when the pointer enters or leaves, to highlight the row."""
        if event.type() in (QEvent.Type.HoverEnter, QEvent.Type.HoverLeave):
            self.update()
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw name, bar and count; rows that are not chosen are faint."""
        painter, row, palette = QPainter(self), self.row, self.palette()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        around = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(palette.color(QPalette.ColorRole.Highlight) if self.hasFocus() else Qt.PenStyle.NoPen)
        ground = palette.color(QPalette.ColorRole.Midlight)
        painter.setBrush(ground if self.underMouse() else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(around, 4, 4)
        left = 4 + min(NAME_SHARE * self.width(), self._names_px)
        center = Qt.AlignmentFlag.AlignVCenter
        role = QPalette.ColorRole.WindowText if row.is_chosen else QPalette.ColorRole.PlaceholderText
        painter.setPen(palette.color(role))
        name = painter.fontMetrics().elidedText(
            row.name, Qt.TextElideMode.ElideRight, int(left) - NAME_GAP_PX
        )
        painter.drawText(QRectF(4, 0, left, ROW_PX), center, name)
        length = max(2.0, (self.width() - left - COUNT_PX) * row.count / self._most)
        painter.drawText(QRectF(left + length + 6, 0, COUNT_PX, ROW_PX), center, f"{row.count:,}")
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(row.color)
        painter.setOpacity(1 if row.is_chosen else LEFT_OUT_OPACITY)
        painter.drawRoundedRect(QRectF(left, 5, length, ROW_PX - 10), 2, 2)


class LabelCounts(QWidget):
    """Shows the labels with the most points, one per row; the last row sums up the other labels."""

    GESTURES = (
        ("Click, Return, Space", "Select only the points of this label, or all of them again"),
        ("Shift-click, Shift+Return", "Add the points of this label to the selection, or take them away"),
        ("Up, Down, Home, End", "Go to another label"),
    )
    chosen = Signal(object, bool)  # frozenset of labels, and whether they are to be added

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.bars: list[LabelBar] = []
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(0)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Counts by label")

    @property
    def rows(self) -> tuple[LabelCount, ...]:
        """The rows that are shown."""
        return tuple(bar.row for bar in self.bars if not bar.isHidden())

    def show_counts(self, counts: Sequence[LabelCount], rest: QColor) -> None:
        """Show other counts, most first; `rest` is the colour of the row that sums up."""
        rows = tuple(counts)
        if len(rows) > MOST_ROWS:
            left = rows[MOST_ROWS - 1 :]
            rows = (*rows[: MOST_ROWS - 1], _summed(left, rest))
        while len(self.bars) < len(rows):
            self._add_bar()
        metrics = self.fontMetrics()
        widest = max((metrics.horizontalAdvance(row.name) for row in rows), default=0)
        most = max((row.count for row in rows), default=1)
        for place, bar in enumerate(self.bars):
            if place < len(rows):
                bar.show_row(rows[place], widest + NAME_GAP_PX, most)
            bar.setVisible(place < len(rows))
        self.setAccessibleDescription(", ".join(f"{row.name}: {row.count:,}" for row in rows))
        self.setVisible(bool(rows))
        self._enter_at(next((place for place, bar in enumerate(self.bars) if bar.hasFocus()), 0))

    def _add_bar(self) -> None:
        bar = LabelBar(self)
        place = len(self.bars)
        bar.wanted.connect(lambda adds: self.chosen.emit(bar.row.labels, adds))
        bar.move_wanted.connect(lambda key: self._go_from(place, key))
        self.bars.append(bar)
        self._layout.addWidget(bar)

    def _enter_at(self, place: int) -> None:
        """Let Tab stop at one row only; arrow keys reach the others."""
        for other, bar in enumerate(self.bars):
            is_stop = other == place
            bar.setFocusPolicy(Qt.FocusPolicy.StrongFocus if is_stop else Qt.FocusPolicy.ClickFocus)

    def _go_from(self, place: int, key: int) -> None:
        last = len(self.rows) - 1
        to = {Qt.Key.Key_Up: place - 1, Qt.Key.Key_Down: place + 1, Qt.Key.Key_Home: 0}.get(Qt.Key(key), last)
        if 0 <= to <= last:
            self._enter_at(to)
            self.bars[to].setFocus(Qt.FocusReason.TabFocusReason)


def _summed(rows: Sequence[LabelCount], color: QColor) -> LabelCount:
    """Return several labels as one row."""
    labels = frozenset[int]().union(*(row.labels for row in rows))
    count = sum(row.count for row in rows)
    return LabelCount(f"{len(rows)} other labels", color, count, labels, any(row.is_chosen for row in rows))
