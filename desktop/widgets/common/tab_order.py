"""The order of Tab: as the eye goes, from the top down and from left to right.

Qt's own order is that in which the widgets were made, or got another parent.
"""

from collections.abc import Iterator
from itertools import pairwise

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QScrollArea, QWidget


def follow_screen(window: QWidget) -> None:
    """Let Tab go through a window as it is laid out now."""
    for before, after in pairwise(tab_stops(window)):
        QWidget.setTabOrder(before, after)


def tab_stops(widget: QWidget) -> Iterator[QWidget]:
    """Yield what takes the keyboard by Tab in a widget, in the order of the screen; disabled ones, too."""
    if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.focusProxy() is None:
        yield widget
    for row in _rows(widget):
        for child in row:
            yield from tab_stops(child)


def scroll_to_focus(window: QWidget) -> None:
    """Bring what has the keyboard into view, wherever it came from."""
    focus = window.focusWidget()
    above = None if focus is None else focus.parentWidget()
    while focus is not None and above is not None:
        if isinstance(above, QScrollArea):
            above.ensureWidgetVisible(focus)
        above = above.parentWidget()


def _rows(widget: QWidget) -> list[list[QWidget]]:
    """The shown children, row by row: what has its middle beside another one is in its row.

    They are not taken from the layouts: PySide gives up on the scroll bars of an area whose layout was read.
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
