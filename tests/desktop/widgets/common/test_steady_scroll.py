"""Visible content stays in place when a part above it grows, shrinks or loses the focus."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop.widgets.common.steady_scroll import SteadyScroll

PART_PX, GROWN_PX, VIEW_PX = 100, 250, 300


@pytest.fixture
def parts():
    """Eight widgets of a fixed height that take the focus."""
    made = [QWidget() for _ in range(8)]
    for part in made:
        part.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        part.setFixedHeight(PART_PX)
    return made


@pytest.fixture
def area(parts, qtbot):
    """A shown scroll area with the parts, about three of which are in view."""
    area = SteadyScroll(lambda: parts)
    content = QWidget()
    layout = QVBoxLayout(content)
    for part in parts:
        layout.addWidget(part)
    area.setWidget(content)
    area.setFixedSize(200, VIEW_PX)
    qtbot.addWidget(area)
    area.show()
    qtbot.waitExposed(area)
    qtbot.waitUntil(lambda: len(area._tops) == len(parts))  # everything is laid out
    area.ensureWidgetVisible(parts[4])
    return area


def _y(area, part):
    return part.mapTo(area.viewport(), QPoint()).y()


@pytest.mark.parametrize("pointer", [QPoint(100, 100), QPoint(1000, 1000)], ids=["inside", "outside"])
@pytest.mark.parametrize("height_px", [GROWN_PX, 20])
def test_what_is_in_view_stays_in_its_place(area, parts, qtbot, height_px, pointer):
    """A part above the view, even one with the focus, grows or shrinks, and the parts in view stay."""
    QCursor.setPos(area.mapToGlobal(pointer))
    parts[0].setFocus()
    before, gap = _y(area, parts[4]), parts[1].y() - PART_PX - parts[0].y()
    parts[0].setFixedHeight(height_px)
    qtbot.waitUntil(lambda: parts[1].y() - parts[0].y() == height_px + gap)
    qtbot.waitUntil(lambda: _y(area, parts[4]) == before)


def test_the_top_stays_in_view(area, parts, qtbot):
    """At the top, a part that grows stays in view and pushes the rest down."""
    area.verticalScrollBar().setValue(0)
    parts[0].setFixedHeight(GROWN_PX)
    qtbot.waitUntil(lambda: parts[0].height() == GROWN_PX)
    qtbot.waitUntil(lambda: not area._soon.isActive())  # it follows the layout
    assert area.verticalScrollBar().value() == 0


def test_a_part_that_is_disabled_scrolls_nothing(area, parts):
    """The focus goes to another part, which may be out of view; only Tab would scroll there."""
    for part in parts[5:7]:
        part.setEnabled(False)
    area.activateWindow()
    parts[4].setFocus()
    value = area.verticalScrollBar().value()
    parts[4].setEnabled(False)
    assert parts[7].hasFocus()
    assert area.verticalScrollBar().value() == value
