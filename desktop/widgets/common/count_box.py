"""A box for a whole number."""

import re

from PySide6.QtGui import QValidator
from PySide6.QtWidgets import QLineEdit, QSpinBox, QWidget

INDENT_PX = 6


class CountBox(QSpinBox):
    """A QSpinBox whose number is indented like the text of other fields."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        indent(self.lineEdit())

    def validate(self, text: str, at: int) -> tuple[QValidator.State, str, int]:
        """Allow typing a point or a comma, but accept no decimals: 1.5 must not become 15."""
        if "." in text or "," in text:
            return QValidator.State.Intermediate, text, at
        return super().validate(text, at)

    def fixup(self, text: str) -> str:
        """Accept commas between thousands, as in 10,000; Qt would also read 1,5 as 15."""
        return text if re.search(r",(?!\d{3}\b)", text) else super().fixup(text)


def indent(line: QLineEdit) -> None:
    """Indent the text of a box; Qt ignores the style sheet's padding in boxes."""
    line.setTextMargins(INDENT_PX, 0, 0, 0)
