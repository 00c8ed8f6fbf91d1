"""The text of an entry does not decide what was chosen."""

from enum import StrEnum

from PySide6.QtWidgets import QComboBox

from desktop.widgets.common.choices import add_choices, show_choice


class Fruit(StrEnum):
    """Something to choose from."""

    APPLE = "Apple"
    PEAR = "Pear"


def test_members_are_shown_and_chosen_by_their_value(qtbot):
    """It holds even if an entry has another text."""
    box = QComboBox()
    qtbot.addWidget(box)
    add_choices(box, Fruit)
    box.setItemText(1, "Pears")
    show_choice(box, Fruit.PEAR)
    assert box.currentText() == "Pears"
    assert Fruit(box.currentData()) is Fruit.PEAR
