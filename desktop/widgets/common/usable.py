"""Buttons, inputs and menu entries that cannot be used now say why, in their tool tips."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QStandardItemModel
from PySide6.QtWidgets import QComboBox, QWidget

REASON, TIP = "reason", "own_tip"
NO_POINTS = "The open model has no points."


def set_usable(one: QWidget | QAction, reason: str = "", tip: str | None = None) -> None:
    """Enable something, or disable it for a reason, which its tool tip gives below what it does.

    `tip` is what it does, if that has changed.
    """
    known = one.property(TIP)
    if tip is None:
        # An entry that has no tip of its own would give its text.
        tip = known if isinstance(known, str) else "" if isinstance(one, QAction) else one.toolTip()
    if (tip, reason) == (known, one.property(REASON)) and one.isEnabled() == (not reason):
        return
    one.setProperty(TIP, tip)
    one.setProperty(REASON, reason)
    one.setToolTip("\n".join(filter(None, [tip, reason])))
    one.setEnabled(not reason)


def set_choice_usable(box: QComboBox, index: int, reason: str = "") -> None:
    """Let an entry of a box be chosen, or give the reason why not as its tool tip."""
    entries = box.model()
    assert isinstance(entries, QStandardItemModel)
    entries.item(index).setEnabled(not reason)
    box.setItemData(index, reason, Qt.ItemDataRole.ToolTipRole)


def reason_of(one: QWidget | QAction) -> str:
    """Return why something cannot be used; an empty text if it can, or if nobody said it."""
    reason = one.property(REASON)
    return reason if isinstance(reason, str) else ""
