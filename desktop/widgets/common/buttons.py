"""Buttons with a tool tip."""

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QPushButton

from desktop.widgets.common.icons import line_icon

# Wider than high, to keep a distance between icon and text.
ICON_SIZE_PX = QSize(22, 16)


def push_button(text: str, tip: str, name: str = "", icon: str = "") -> QPushButton:
    """Return a button; `name` is for screen readers if the text alone is unclear."""
    button = QPushButton(text)
    button.setToolTip(tip)
    if name:
        button.setAccessibleName(name)
    if icon:
        button.setIcon(line_icon(icon))
        button.setIconSize(ICON_SIZE_PX)
    return button
