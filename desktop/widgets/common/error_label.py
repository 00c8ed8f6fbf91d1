"""A line that says what is wrong with an input, in the red of the theme."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget


class ErrorLabel(QLabel):
    """Wrapped plain text; the style sheet selects it by its object name."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("error_label")
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.PlainText)
