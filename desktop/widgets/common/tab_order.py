"""Orders Tab stops as people read: from the top down and from left to right.

Qt orders widgets by when they were made or got another parent.
"""

from collections.abc import Iterator
from itertools import pairwise

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QScrollArea, QWidget


def follow_screen(window: QWidget) -> None:
    """Order the Tab stops of a window by its current layout."""
    for before, after in pairwise(tab_stops(window)):
        QWidget.setTabOrder(before, after)


def tab_stops(widget: QWidget) -> Iterator[QWidget]:
    """Yield the widgets that take the focus by Tab in screen order, disabled ones included."""
    if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.focusProxy() is None:
        yield widget
    for row in _rows(widget):
        for child in row:
            yield from tab_stops(child)


def scroll_to_focus(window: QWidget) -> None:
    """Scroll the widget with the keyboard focus into view, however it got the focus."""
    focus = window.focusWidget()
    above = None if focus is None else focus.parentWidget()
    while focus is not None and above is not None:
        if isinstance(above, QScrollArea):
            above.ensureWidgetVisible(focus)
        above = above.parentWidget()


def _rows(widget: QWidget) -> list[list[QWidget]]:
    """The shown children, row by row: a child belongs to a row if its middle is above the first one's bottom.

    They are not read from the layouts: PySide invalidates the scroll bars of an area whose layout was read.
    """
    children = widget.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly)
    shown = [child for child in children if not child.isHidden() and not child.isWindow()]
    rows: list[list[QWidget]] = []
    for child in sorted(shown, key=lambda child: child.y()):
        if rows and child.geometry().center().y() < rows[-1][0].geometry().bottom():
            rows[-1].append(child)
        else:
            rows.append([child])
    return [sorted(row, key=lambda child: (child.x(), child.y())) for row in rows]
