"""Combo boxes that offer the members of an enumeration: what is shown never decides what was chosen."""

from collections.abc import Iterable
from enum import StrEnum

from PySide6.QtWidgets import QComboBox


def add_choices(box: QComboBox, members: Iterable[StrEnum]) -> None:
    """One entry for each member, shown by its value; the entry's data is the value too."""
    for member in members:
        box.addItem(member.value, member.value)


def show_choice(box: QComboBox, member: StrEnum) -> None:
    """Have a member's entry chosen."""
    index = box.findData(member.value)
    if index != box.currentIndex():
        box.setCurrentIndex(index)
