"""The order of Tab: as the eye goes, from the top down and from left to right.

Qt's own order is that in which the widgets were made, or got another parent.
"""

from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from typing import cast

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFormLayout, QGridLayout, QLayout, QMainWindow, QScrollArea, QWidget


def follow_screen(window: QWidget) -> None:
    """Let Tab go through a window as it is laid out now."""
    for before, after in pairwise(tab_stops(window)):
        QWidget.setTabOrder(before, after)


def tab_stops(widget: QWidget) -> Iterator[QWidget]:
    """Yield what takes the keyboard by Tab in a widget, in the order of the screen; disabled ones, too."""
    if widget.isHidden() and not widget.isWindow():
        return
    if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.focusProxy() is None:
        yield widget
    for child in _in_order(widget):
        yield from tab_stops(child)


def scroll_to_focus(window: QWidget) -> None:
    """Bring what has the keyboard into view, wherever it came from."""
    focus = window.focusWidget()
    above = None if focus is None else focus.parentWidget()
    while focus is not None and above is not None:
        if isinstance(above, QScrollArea):
            above.ensureWidgetVisible(focus)
        above = above.parentWidget()


def _in_order(widget: QWidget) -> list[QWidget]:
    """The children: those of the layout by their places in it, then the others by where they are."""
    layout = widget.layout()
    # Those of a main window's layout are not in the order of the screen.
    placed = [] if layout is None or isinstance(widget, QMainWindow) else list(_placed(layout))
    others = [child for child in widget.children() if isinstance(child, QWidget) and not child.isWindow()]
    others = [child for child in others if child not in placed]
    return placed + sorted(others, key=lambda child: (child.y(), child.x()))


def _placed(layout: QLayout) -> Iterator[QWidget]:
    for place in sorted(range(layout.count()), key=partial(_place, layout)):
        item = layout.itemAt(place)
        assert item is not None
        inner, widget = item.layout(), item.widget()
        if inner is not None:
            yield from _placed(inner)
        elif widget is not None:
            yield widget


def _place(layout: QLayout, index: int) -> tuple[int, ...]:
    """Where the item with an index is: row and column, or how far it is along the layout."""
    if isinstance(layout, QGridLayout):
        row, column, *_ = cast(tuple[int, int, int, int], layout.getItemPosition(index))
        return row, column
    if isinstance(layout, QFormLayout):
        form_row, role = cast(tuple[int, QFormLayout.ItemRole], layout.getItemPosition(index))
        return form_row, role.value
    return (index,)
