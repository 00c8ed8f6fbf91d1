"""Decides which parts of a plane are painted next: a moved cursor with its picture first, then its layers."""

import time
from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, QPointF, QRect, Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QRegion
from PySide6.QtWidgets import QWidget

from desktop.widgets.plane.backing_store import BackingStore, Compose
from desktop.widgets.plane.dirty_region import DirtyRegion
from desktop.widgets.plane.pace import Pace

# The time for which a moved cursor waits for its picture, to be painted with it. Most pictures take less.
TOGETHER_MS = 6


class Repainting(QObject):
    """Repaints a widget part by part, from a picture of everything but the cursor.

    Args:
        widget: what is repainted.
        compose: paints everything but the cursor within a rectangle.
        cursor_px: returns the cursor's pixel.
    """

    move_shown = Signal()  # the moved cursor is painted next

    def __init__(self, widget: QWidget, compose: Compose, cursor_px: Callable[[], QPointF]) -> None:
        super().__init__(widget)
        self._widget = widget
        self._cursor_px = cursor_px
        self._backing_store = BackingStore(compose)
        self._dirty = DirtyRegion()
        self._pace = Pace()
        self._moved = QRegion()  # the parts that the cursor's last moves have changed, not painted yet
        self._together = QTimer(
            self, singleShot=True, interval=TOGETHER_MS, timerType=Qt.TimerType.PreciseTimer
        )
        self._together.timeout.connect(self.show_move)

    @property
    def is_hurried(self) -> bool:
        """Whether the cursor is dragged."""
        return self._pace.is_hurried(time.perf_counter())

    @property
    def is_move_held(self) -> bool:
        """Whether a moved cursor waits for its picture before it is painted."""
        return self._together.isActive()

    @property
    def is_move_due(self) -> bool:
        """Whether a moved cursor waits for its picture, or is about to be painted."""
        return self._together.isActive() or self._pace.is_move_due(time.perf_counter())

    @property
    def is_complete(self) -> bool:
        """Whether everything that was improved is painted."""
        return self._dirty.is_empty

    def change(self, part: QRect | None = None) -> None:
        """Repaint a part soon, or everything."""
        self._backing_store.forget(part)
        if part is None:
            self._dirty.take_all()
            self._widget.update()
        else:
            self._widget.update(part)

    def improve(self, parts: Sequence[QRect], has_news: bool, is_drawn: bool) -> None:
        """Repaint parts with the same content, more completely drawn: later if the cursor is dragged.

        Everything is repainted if whole layers have news: at once if all `is_drawn`, and otherwise from
        time to time.
        """
        for part in parts:
            self._improve(part)
        self._pace.has_news |= has_news
        now_s = time.perf_counter()
        if self._pace.has_news and ((is_drawn and self._dirty.is_empty) or self._pace.are_news_due(now_s)):
            self._pace.count_news(now_s)
            self._improve(self._widget.rect())
        self._widget.update(self._next_piece())

    def move(self, region: QRegion) -> None:
        """Repaint a region over which the cursor has moved, with its picture if that arrives soon."""
        self._pace.hurry(time.perf_counter())
        self._moved += region
        self._together.start()

    def show_move(self, region: QRegion | None = None) -> None:
        """Repaint the cursor's old and new position next, and a region that its picture covers."""
        if region is not None:
            self._moved += region
        self._together.stop()
        self.move_shown.emit()
        # A cursor out of view, or in a window that is covered, is never painted.
        if not self._moved.isEmpty():
            self._pace.expect_move(time.perf_counter())
        if not self._dirty.is_empty and self._pace.is_piece_due(time.perf_counter()):
            self._moved += self._next_piece()
        self._widget.update(self._moved)
        self._moved = QRegion()

    def paint(self, painter: QPainter, region: QRegion, ratio: float) -> None:
        """Paint a region of the widget but for the cursor, mostly by copying it."""
        self._pace.end_move()
        is_hurried = self._pace.is_hurried(time.perf_counter())
        self._backing_store.paint(painter, region, self._widget.size(), ratio, is_kept=is_hurried)

    def _improve(self, part: QRect) -> None:
        self._backing_store.forget(part)
        self._dirty.add(part)
        if not self.is_hurried:
            self._widget.update(self._dirty.take_all())

    def _next_piece(self) -> QRegion:
        """Return the improved part that is painted next."""
        if not self.is_hurried:
            return self._dirty.take_all()
        self._pace.count_piece(time.perf_counter())
        return self._dirty.take(self._widget.size(), self._cursor_px().toPoint())
