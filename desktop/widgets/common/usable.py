"""Disables buttons, inputs and menu entries, and gives the reason in their tool tips."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QStandardItemModel
from PySide6.QtWidgets import QComboBox, QWidget

REASON, TIP = "reason", "own_tip"
NO_POINTS = "The open model has no points."
NOTHING_SELECTED = "Nothing is selected."


def set_usable(one: QWidget | QAction, reason: str = "", tip: str | None = None) -> None:
    """Enable a widget or an entry, or disable it for a reason, which is shown below its tool tip.

    `tip` replaces its own tool tip.
    """
    known = one.property(TIP)
    if tip is None:
        # The tool tip of an entry without one is its text.
        tip = known if isinstance(known, str) else "" if isinstance(one, QAction) else one.toolTip()
    if (tip, reason) == (known, one.property(REASON)) and one.isEnabled() == (not reason):
        return
    one.setProperty(TIP, tip)
    one.setProperty(REASON, reason)
    one.setToolTip("\n".join(filter(None, [tip, reason])))
    one.setEnabled(not reason)


def set_choice_usable(box: QComboBox, index: int, reason: str = "") -> None:
    """Enable an entry of a box, or disable it with the reason as its tool tip."""
    entries = box.model()
    assert isinstance(entries, QStandardItemModel)
    entries.item(index).setEnabled(not reason)
    box.setItemData(index, reason, Qt.ItemDataRole.ToolTipRole)


def reason_of(one: QWidget | QAction) -> str:
    """Return why a widget or an entry is disabled; empty if it is enabled or no reason was given."""
    reason = one.property(REASON)
    return reason if isinstance(reason, str) else ""
