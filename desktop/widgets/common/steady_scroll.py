"""A scroll area whose visible content stays in place when a part above it grows or shrinks."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QObject, QPoint, QTimer
from PySide6.QtGui import QCursor, QResizeEvent
from PySide6.QtWidgets import QScrollArea, QWidget

Parts = Callable[[], Sequence[QWidget]]


class SteadyScroll(QScrollArea):
    """Keeps one part in place: the one under the pointer, the visible one with the focus, or the topmost one.

    At the top no part is kept in place, so that the top stays in view.

    Args:
        parts: returns the parts, from the top down; they lie somewhere in the scrolled widget.
    """

    def __init__(self, parts: Parts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self._parts = parts
        self._tops: dict[QWidget, int] = {}  # the top of each part in the last layout
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(lambda: self._follow(self._kept(), self.verticalScrollBar().value()))

    def event(self, event: QEvent) -> bool:
        """Scroll with the kept part if the layout changes."""
        if event.type() is not QEvent.Type.LayoutRequest:
            return super().event(event)
        before, kept = self.verticalScrollBar().value(), self._kept()
        handled = super().event(event)
        self._follow(kept, before)
        return handled

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the part in place if the width changes, too."""
        before, kept = self.verticalScrollBar().value(), self._kept()
        super().resizeEvent(event)
        self._follow(kept, before)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow layouts that do not change the widget's height, which the area is not told about."""
        if watched is self.widget() and event.type() is QEvent.Type.LayoutRequest:
            self._soon.start()
        return super().eventFilter(watched, event)

    def _follow(self, kept: QWidget | None, before: int) -> None:
        """Scroll so that `kept` stays where it was when the scroll bar stood at `before`."""
        old, self._tops = self._tops, self._tops_now()
        if kept is not None and kept in self._tops:
            self.verticalScrollBar().setValue(before + self._tops[kept] - old[kept])

    def focusNextPrevChild(self, next_one: bool) -> bool:
        """Scroll to the next widget, unless it gets the focus because the last one was hidden or disabled."""
        last, bar = self.focusWidget(), self.verticalScrollBar()
        value = bar.value()
        moved = super().focusNextPrevChild(next_one)
        if last is None or not (last.isVisible() and last.isEnabled()):
            bar.setValue(value)
        return moved

    def _kept(self) -> QWidget | None:
        """The part to keep in place, as of the last layout."""
        top = self.verticalScrollBar().value()
        if top == 0 or not self._tops:
            return None
        pointer = self.viewport().mapFromGlobal(QCursor.pos())
        if self.viewport().rect().contains(pointer):
            return self._at(top + pointer.y())
        focus, bottom = self.focusWidget(), top + self.viewport().height()
        for part, y in self._tops.items():
            has_focus = focus is not None and part.isAncestorOf(focus) and focus.hasFocus()
            if has_focus and y < bottom and y + part.height() > top:
                return part
        below = [part for part, y in self._tops.items() if y >= top]
        return below[0] if below else self._at(top)

    def _at(self, y: int) -> QWidget | None:
        """The part at a height of the scrolled widget."""
        above = [part for part, part_top in self._tops.items() if part_top <= y]
        return above[-1] if above else None

    def _tops_now(self) -> dict[QWidget, int]:
        content = self.widget()
        if content is None:
            return {}
        return {part: part.mapTo(content, QPoint()).y() for part in self._parts() if not part.isHidden()}
