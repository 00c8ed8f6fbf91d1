"""Menu entries do what their buttons and boxes do, and are enabled, checked and visible as these are."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLabel, QMenu, QPushButton, QVBoxLayout, QWidget

from desktop.widgets.common.commands import NOT_NOW, add_button, add_choice_menu, command_of, follow_presence
from desktop.widgets.common.usable import reason_of, set_usable


@pytest.fixture
def menu(qtbot):
    menu = QMenu()
    qtbot.addWidget(menu)
    return menu


@pytest.fixture
def part(qtbot):
    """A part of the window that is not on the screen, as in a folded section."""
    part = QWidget()
    QVBoxLayout(part)
    qtbot.addWidget(part)
    return part


def test_an_entry_clicks_its_button_and_follows_it(menu, part):
    """The entry is disabled for the button's reason, and hidden if the button or its part is hidden."""
    button, did = QPushButton("Go"), []
    button.setCheckable(True)
    part.layout().addWidget(button)
    button.clicked.connect(lambda on: did.append(("clicked", on)))
    entry = add_button(menu, "&Go", button, "Ctrl+G", [part], lambda: did.append("revealed"))
    assert command_of(button) is entry
    assert not entry.isVisible(), "a widget without a parent is hidden until it is shown"
    part.show()
    part.setEnabled(True)
    entry.trigger()
    assert did == ["revealed", ("clicked", True)]
    assert entry.isChecked()
    button.setChecked(False)
    assert not entry.isChecked()
    set_usable(button, "The way is closed.")
    assert (entry.isEnabled(), reason_of(entry)) == (False, "The way is closed.")
    set_usable(button)
    assert entry.isEnabled()
    part.setEnabled(False)
    assert (entry.isEnabled(), reason_of(entry)) == (False, NOT_NOW)
    part.setEnabled(True)
    for one in (button, part):
        one.hide()
        assert not entry.isVisible()
        one.show()
        assert entry.isVisible() and entry.isEnabled()


def test_an_entry_is_there_as_a_widget_is(menu, part):
    """The entry follows the widget even while the widget's window is not shown."""
    entry, label = menu.addAction("Section"), QLabel()
    part.layout().addWidget(label)
    label.show()
    follow_presence(entry, label)
    assert entry.isVisible()
    label.hide()
    assert not entry.isVisible()
    label.show()
    assert entry.isVisible()


def test_a_box_has_a_menu_of_its_choices(menu, part):
    """The current choice is checked; a disabled choice gives its reason in the menu, too."""
    box, chosen = QComboBox(), []
    part.layout().addWidget(box)
    box.addItems(["Black & white", "Grey", "Colour"])
    box.activated.connect(chosen.append)
    box.model().item(2).setEnabled(False)
    box.setItemData(2, "There is none.", Qt.ItemDataRole.ToolTipRole)
    first, second, third = add_choice_menu(menu, "Kind", box).actions()
    assert command_of(box).menu().actions() == [first, second, third]
    assert (first.text(), first.isChecked(), second.isChecked()) == ("Black && white", True, False)
    assert (third.isEnabled(), third.toolTip()) == (False, "There is none.")
    second.trigger()
    assert (chosen, box.currentIndex(), second.isChecked()) == ([1], 1, True)
    box.setCurrentIndex(0)
    assert first.isChecked() and not second.isChecked()
    box.model().item(2).setEnabled(True)
    assert third.isEnabled()
    box.setItemText(1, "Gray")
    assert second.text() == "Gray"
    box.hide()
    assert not any(entry.isVisible() for entry in (first, second, third))
