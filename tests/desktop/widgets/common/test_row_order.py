"""Lists whose rows a person can move share the same keys and buttons."""

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QPushButton, QWidget

from desktop.widgets.common.row_order import OrderButtons, removes, step_of

NONE, ALT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.AltModifier


@pytest.mark.parametrize(
    ("key", "modifier", "does_remove", "step"),
    [
        (Qt.Key.Key_Delete, NONE, True, 0),
        (Qt.Key.Key_Backspace, NONE, True, 0),
        (Qt.Key.Key_Up, ALT, False, -1),
        (Qt.Key.Key_Down, ALT, False, 1),
        (Qt.Key.Key_Down, NONE, False, 0),
    ],
)
def test_keys_remove_and_move_a_row(key, modifier, does_remove, step):
    """An arrow without Alt does neither: it selects another row."""
    event = QKeyEvent(QEvent.Type.KeyPress, key, modifier)
    assert (removes(event), step_of(event)) == (does_remove, step)


def test_buttons_move_a_row_as_far_as_there_are_others(qtbot):
    """The first row cannot move up, nor the last one down; without a row both buttons are disabled."""
    widget = QWidget()
    qtbot.addWidget(widget)
    buttons = OrderButtons([QPushButton("Add")], "point")
    widget.setLayout(buttons)
    able = []
    for row in (-1, 0, 1, 2):
        buttons.show_row(row, 3)
        able.append((buttons.up.isEnabled(), buttons.down.isEnabled()))
    assert able == [(False, False), (False, True), (True, True), (True, False)]
    buttons.show_row(1, 3)
    steps = []
    buttons.step_wanted.connect(steps.append)
    buttons.up.click()
    buttons.down.click()
    assert steps == [-1, 1]
    assert buttons.up.toolTip() == "Move the point up (Alt+Up in the list)."
