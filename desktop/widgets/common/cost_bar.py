"""Says how long pictures will take, with a button to start; then shows progress, with a button to stop."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from desktop.jobs.cost import Cost, Progress

STOP_TIP = "Stop. Pictures that are decoded already stay, and you can decode the rest later."
START_TIP = "Decode these pictures now. You can stop at any time."


class CostBar(QWidget):
    """The bar; hidden while nothing takes long.

    Attributes:
        is_running: whether pictures are being decoded.
        asked: the cost that was shown last.
    """

    start_wanted = Signal()
    stop_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.label = QLabel()
        self.label.setTextFormat(Qt.TextFormat.PlainText)
        self.button = QPushButton()
        self.button.clicked.connect(self._on_clicked)
        self.is_running = False
        self.asked: Cost | None = None
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.label)
        layout.addWidget(self.button)
        layout.addStretch(1)
        self.hide()

    def ask(self, cost: Cost, is_rest: bool = False) -> None:
        """Show the cost and offer to decode, or to decode the rest if some pictures were decoded already."""
        self.asked = cost
        self._show(cost.in_words(), "Decode the rest" if is_rest else "Decode", START_TIP, False)

    def show_progress(self, progress: Progress) -> None:
        """Show the progress, and offer to stop."""
        self._show(progress.in_words(), "Stop", STOP_TIP, True)

    def finish(self) -> None:
        """Hide the bar if pictures were being decoded; an unanswered question stays."""
        if self.is_running:
            self.is_running = False
            self.hide()

    def _show(self, text: str, button: str, tip: str, is_running: bool) -> None:
        self.is_running = is_running
        self.label.setText(text)
        self.button.setText(button)
        self.button.setToolTip(tip)
        self.show()

    def _on_clicked(self) -> None:
        (self.stop_wanted if self.is_running else self.start_wanted).emit()
