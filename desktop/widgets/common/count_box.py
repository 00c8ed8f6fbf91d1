"""A box for a whole number."""

from PySide6.QtWidgets import QLineEdit, QSpinBox, QWidget

INDENT_PX = 6


class CountBox(QSpinBox):
    """A QSpinBox whose number stands as far from the left edge as the texts of other fields."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        indent(self.lineEdit())


def indent(line: QLineEdit) -> None:
    """Keep the text of a box off its left edge: there Qt does not heed the padding of the style sheet."""
    line.setTextMargins(INDENT_PX, 0, 0, 0)
