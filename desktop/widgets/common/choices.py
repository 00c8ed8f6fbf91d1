"""Combo boxes for the members of an enumeration, which are the entries' data and not only their texts."""

from collections.abc import Iterable
from enum import StrEnum

from PySide6.QtWidgets import QComboBox


def add_choices(box: QComboBox, members: Iterable[StrEnum]) -> None:
    """Add an entry for each member; its value is both the text and the data."""
    for member in members:
        box.addItem(member.value, member.value)


def show_choice(box: QComboBox, member: StrEnum) -> None:
    """Select the entry of a member."""
    index = box.findData(member.value)
    if index != box.currentIndex():
        box.setCurrentIndex(index)
