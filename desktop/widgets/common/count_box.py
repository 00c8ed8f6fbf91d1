"""A box for a whole number."""

import re

from PySide6.QtGui import QValidator
from PySide6.QtWidgets import QLineEdit, QSpinBox, QWidget

INDENT_PX = 6


class CountBox(QSpinBox):
    """A QSpinBox whose number stands as far from the left edge as the texts of other fields."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        indent(self.lineEdit())

    def validate(self, text: str, at: int) -> tuple[QValidator.State, str, int]:
        """Let a point and a comma be typed, but take no number with decimals: 1.5 is not 15."""
        if "." in text or "," in text:
            return QValidator.State.Intermediate, text, at
        return super().validate(text, at)

    def fixup(self, text: str) -> str:
        """Take 10,000 as it is written in the window; Qt would take 1,5 too, as 15."""
        return text if re.search(r",(?!\d{3}\b)", text) else super().fixup(text)


def indent(line: QLineEdit) -> None:
    """Keep the text of a box off its left edge: there Qt does not heed the padding of the style sheet."""
    line.setTextMargins(INDENT_PX, 0, 0, 0)
