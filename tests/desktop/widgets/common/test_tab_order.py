"""Tab follows a window's layout, not the order in which its widgets were made."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QApplication,
    QFormLayout,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QSpinBox,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from desktop.widgets.common.tab_order import follow_screen, scroll_to_focus, tab_stops

ROWS, AREA_PX = 9, 120


@pytest.fixture
def window(qtbot):
    """A window whose parts, named a to g, were made in another order than their order on the screen."""
    made = {name: QSpinBox() if name in "be" else QPushButton(name) for name in "gfedcba"}
    for name, widget in made.items():
        widget.setObjectName(name)
    window, left, right = QSplitter(), QWidget(), QWidget()
    grid, row, form = QGridLayout(left), QHBoxLayout(), QFormLayout(right)
    grid.addWidget(made["d"], 1, 1)
    grid.addWidget(made["c"], 1, 0)
    grid.addLayout(row, 0, 0, 1, 2)
    row.addWidget(made["b"])
    row.insertWidget(0, made["a"])
    form.addRow("f", made["f"])
    form.insertRow(0, "e", made["e"])
    form.addRow(QLabel("g"), made["g"])
    window.addWidget(right)
    window.insertWidget(0, left)
    qtbot.addWidget(window)
    window.show()
    qtbot.waitExposed(window)
    window.activateWindow()
    return window


def test_stops_are_in_the_order_of_the_screen(window):
    """Tab goes row by row through grids and forms, then to a splitter's other side, past hidden widgets."""
    assert "".join(stop.objectName() for stop in tab_stops(window)) == "abcdefg"
    window.findChild(QPushButton, "c").hide()
    assert "".join(stop.objectName() for stop in tab_stops(window)) == "abdefg"


def test_tab_goes_from_stop_to_stop(window, qtbot):
    """Tab goes forwards and backwards, skips the disabled stop, and wraps at the end."""
    follow_screen(window)
    window.findChild(QPushButton, "c").setEnabled(False)
    window.findChild(QPushButton, "a").setFocus()
    gone = ""
    for key in 6 * [Qt.Key.Key_Tab] + 2 * [Qt.Key.Key_Backtab]:
        qtbot.keyClick(QApplication.focusWidget(), key)
        gone += QApplication.focusWidget().objectName()
    assert gone == "bdefgagf"


def test_what_gets_the_keyboard_from_elsewhere_is_scrolled_to(qtbot):
    """A scroll area by itself follows only focus changes within it."""
    window, area, inside = QWidget(), QScrollArea(), QWidget()
    layout, rows = QVBoxLayout(window), QVBoxLayout(inside)
    fields = [QLineEdit() for _ in range(ROWS)]
    for field in fields:
        rows.addWidget(field)
    area.setWidget(inside)
    area.setFixedHeight(AREA_PX)
    layout.addWidget(area)
    qtbot.addWidget(window)
    window.show()
    qtbot.waitExposed(window)
    window.activateWindow()
    fields[-1].setFocus()
    assert fields[-1].visibleRegion().isEmpty()
    scroll_to_focus(window)
    assert fields[-1].visibleRegion().boundingRect() == fields[-1].rect()


def test_what_is_held_of_an_area_can_still_be_used(qtbot):
    """Scroll bars stay valid; PySide would invalidate them if their area's layout was read."""
    area = QScrollArea()
    area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
    area.setWidget(QLineEdit())
    qtbot.addWidget(area)
    area.show()
    bar = area.verticalScrollBar()
    follow_screen(area)
    assert bar.value() == 0
