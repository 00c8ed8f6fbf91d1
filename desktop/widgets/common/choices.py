"""Inputs with names for screen readers: combo boxes for the members of an enumeration, and whole numbers."""

from collections.abc import Iterable
from enum import StrEnum

from PySide6.QtWidgets import QComboBox

from desktop.widgets.common.count_box import CountBox


def add_choices(box: QComboBox, members: Iterable[StrEnum]) -> None:
    """Add an entry for each member; its value is both the text and the data."""
    for member in members:
        box.addItem(member.value, member.value)


def show_choice(box: QComboBox, member: StrEnum) -> None:
    """Select the entry of a member."""
    index = box.findData(member.value)
    if index != box.currentIndex():
        box.setCurrentIndex(index)


def choice_box(name: str, members: Iterable[StrEnum]) -> QComboBox:
    """Return a combo box for the members of an enumeration."""
    box = QComboBox()
    add_choices(box, members)
    box.setAccessibleName(name)
    return box


def count_box(name: str, low: int, high: int, value: int, unit: str = "") -> CountBox:
    """Return a box for a whole number from `low` to `high`, followed by its unit."""
    box = CountBox()
    box.setRange(low, high)
    box.setValue(value)
    box.setSuffix(unit)
    box.setAccessibleName(name)
    return box
