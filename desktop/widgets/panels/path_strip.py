"""A strip with the pictures of the path's points, and the time from each point to the next."""

import math
from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent
from PySide6.QtWidgets import QListView, QListWidgetItem, QWidget

from desktop.base.words import one_line
from desktop.widgets.common.plain_text import tip_text
from desktop.widgets.common.row_order import removes
from desktop.widgets.common.thumbnail_list import ThumbnailList, thumbnail

CELL_PX, HEIGHT_PX = 76, 78  # wide enough for "600.0 s →"
MOST_SHOWN = 60
MOST_S = 600.0
MOST_CHARS = 30  # of a text that is no time


class PathStrip(ThumbnailList):
    """A click goes to a point; F2 or a double click sets its time, and an empty text resets all times."""

    time_typed = Signal(int, object)  # seconds, or None for an even pace
    refused = Signal(str)  # why a text is no time
    remove_wanted = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._times: tuple[float | None, ...] = ()
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(False)
        self.setMovement(QListView.Movement.Static)
        self.setGridSize(QSize(CELL_PX, HEIGHT_PX - 14))
        self.setFixedHeight(HEIGHT_PX)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Strip of the path")
        self.setAccessibleDescription(
            "Return goes to a point, F2 sets the time from it to the next, and Delete removes the point; "
            "an empty time makes the pace even."
        )
        self.setToolTip(
            "Click a picture to go to its point. Double-click, or F2, sets the seconds from it to the next;\n"
            "an empty time makes the pace even again. Delete removes the point."
        )
        self.itemChanged.connect(self._on_typed)
        self.hide()

    def set_count(self, count: int) -> None:
        """Show `count` points, at most MOST_SHOWN; `show_picture` sets their pictures."""
        super().set_count(min(count, MOST_SHOWN))
        self.setVisible(self.count() > 1)

    def show_picture(self, index: int, image: QImage) -> None:
        """Show the picture of a point."""
        if index < self.count():
            self.blockSignals(True)
            self.item(index).setIcon(thumbnail(image))
            self.blockSignals(False)

    def show_times(self, times: Sequence[float | None]) -> None:
        """Show the seconds from each point to the next; None if they are not known."""
        self._times = tuple(times)
        self.blockSignals(True)
        for row in range(self.count()):
            seconds = self._times[row] if row < len(self._times) else None
            text = "" if seconds is None else f"{seconds:.1f} s →"
            if self.item(row).text() != text:
                self.item(row).setText(text)
        self.blockSignals(False)

    def show_inputs(self, texts: Sequence[str]) -> None:
        """Give the inputs of each point in its tool tip, if they differ."""
        self.blockSignals(True)
        for row in range(self.count()):
            self.item(row).setToolTip(tip_text(texts[row]) if row < len(texts) else "")
        self.blockSignals(False)

    def set_current(self, index: int | None) -> None:
        """Show which point is selected."""
        self.blockSignals(True)
        self.setCurrentRow(-1 if index is None or index >= self.count() else index)
        self.blockSignals(False)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Delete removes the current point."""
        if self.currentRow() >= 0 and removes(event) and self.state() != self.State.EditingState:
            self.remove_wanted.emit(self.currentRow())
        else:
            super().keyPressEvent(event)

    def _on_typed(self, item: QListWidgetItem) -> None:
        row, text = self.row(item), item.text().replace("→", "").strip().removesuffix("s").strip()
        seconds = _seconds(text)
        self.show_times(self._times)  # the row always shows what is so
        if row >= len(self._times):
            return
        if seconds is None and text:
            shown = one_line(text, MOST_CHARS)
            self.refused.emit(f"found “{shown}” for the time, expected seconds from 0 to {MOST_S:.0f}")
        else:
            self.time_typed.emit(row, seconds)


def _seconds(text: str) -> float | None:
    try:
        seconds = float(text.replace(",", "."))
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and 0 <= seconds <= MOST_S else None
