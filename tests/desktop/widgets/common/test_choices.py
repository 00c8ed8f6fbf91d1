"""The value of an entry decides what was chosen, not its text."""

from enum import StrEnum

from PySide6.QtWidgets import QComboBox

from desktop.widgets.common.choices import add_choices, show_choice


class Fruit(StrEnum):
    """Choices for a box."""

    APPLE = "Apple"
    PEAR = "Pear"


def test_members_are_shown_and_chosen_by_their_value(qtbot):
    """The value counts even if an entry's text differs from it."""
    box = QComboBox()
    qtbot.addWidget(box)
    add_choices(box, Fruit)
    box.setItemText(1, "Pears")
    show_choice(box, Fruit.PEAR)
    assert box.currentText() == "Pears"
    assert Fruit(box.currentData()) is Fruit.PEAR
