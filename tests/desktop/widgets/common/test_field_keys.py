"""Keys in fields: Esc undoes typing, and keys that a number box cannot use go to the window."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QMainWindow, QSpinBox, QVBoxLayout, QWidget

from desktop.widgets.common.actions import add_action
from desktop.widgets.common.field_keys import share_keys
from desktop.widgets.common.number_box import NumberBox

CONTROL = Qt.KeyboardModifier.ControlModifier


class Form(QMainWindow):
    """A window with a field of each kind and a few shortcuts, which it collects."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[str] = []
        self.count, self.number, self.line = QSpinBox(), NumberBox(), QLineEdit()
        self.count.setMaximum(1000)
        self.count.setKeyboardTracking(False)
        self.number.setKeyboardTracking(False)
        menu = self.menuBar().addMenu("Menu")
        for key in ("R", "E", "Ctrl+Z", "Esc", "[", ".", ","):
            add_action(menu, key, key, lambda key=key: self.heard.append(key))
        inside = QWidget()
        layout = QVBoxLayout(inside)
        for field in (self.count, self.number, self.line):
            layout.addWidget(field)
        self.setCentralWidget(inside)


@pytest.fixture
def form(qtbot):
    form = Form()
    share_keys(form)
    qtbot.addWidget(form)
    form.show()
    qtbot.waitExposed(form)
    return form


def test_letters_in_a_number_box_are_shortcuts_and_in_a_line_text(form, qtbot):
    """A box for whole numbers uses no letter, one for decimals only e; a text line uses all letters."""
    for field in (form.count, form.number, form.line):
        field.setFocus()
        field.selectAll()
        for key in "r[e":
            qtbot.keyClicks(field, key)
    assert form.heard == ["R", "[", "E", "R", "["]
    assert form.line.text() == "r[e"


def test_digits_in_a_number_box_are_digits(form, qtbot):
    """The box gets the number that was typed, and a point or a comma triggers no shortcut."""
    form.number.selectAll()
    qtbot.keyClicks(form.number, "2.5")
    qtbot.keyClick(form.number, Qt.Key.Key_Return)
    assert form.number.value() == 2.5
    qtbot.keyClicks(form.count, "1.5,0")
    assert form.heard == []


def test_escape_takes_back_what_was_typed_and_then_is_the_windows(form, qtbot):
    """The number does not change, and no signal is emitted."""
    changes = []
    for box in (form.count, form.number):
        box.setValue(7)
        box.valueChanged.connect(changes.append)
        box.setFocus()
        box.selectAll()
        qtbot.keyClicks(box, "45")
        qtbot.keyClick(box, Qt.Key.Key_Escape)
        assert (box.value(), form.heard) == (7, [])
        qtbot.keyClick(box, Qt.Key.Key_Return)
    assert changes == []
    qtbot.keyClick(form.number, Qt.Key.Key_Escape)
    assert form.heard == ["Esc"]


def test_ctrl_z_is_the_fields_only_while_something_was_typed(form, qtbot):
    """In an unchanged line, Ctrl+Z undoes in the window."""
    form.line.setText("0.5")
    form.line.setFocus()
    qtbot.keyClick(form.line, Qt.Key.Key_Z, CONTROL)
    assert form.heard == ["Ctrl+Z"]
    qtbot.keyClicks(form.line, "7")
    qtbot.keyClick(form.line, Qt.Key.Key_Z, CONTROL)
    assert form.line.text() == "0.5"
    assert form.heard == ["Ctrl+Z"]
