"""A text, a bar and a button to cancel, for the status bar; hidden while no job runs."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QWidget

from desktop.base.words import NAME_CHARS, one_line

BAR_WIDTH_PX = 140


class ProgressStrip(QWidget):
    """Shows the progress of a long job."""

    cancel_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.label = QLabel()
        self.label.setTextFormat(Qt.TextFormat.PlainText)
        self.bar = QProgressBar()
        self.bar.setFixedWidth(BAR_WIDTH_PX)
        self.bar.setTextVisible(False)
        self.cancel = QPushButton("Cancel")
        self.cancel.clicked.connect(self.cancel_wanted)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for widget in (self.label, self.bar, self.cancel):
            layout.addWidget(widget)
        self.hide()

    def show_progress(self, text: str, done: int, total: int) -> None:
        """Show a text and the progress; a total of 0 means that the total is not known yet."""
        text = one_line(text, NAME_CHARS)
        self.label.setText(text)
        self.bar.setAccessibleName(text)
        self.bar.setRange(0, total)
        self.bar.setValue(done)
        self.show()
