"""A message in the window that does not stand in the way: what went wrong, to copy and to dismiss."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget


class MessageBar(QFrame):
    """Hidden until there is something to say."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("message_bar")
        self.setStyleSheet(
            "#message_bar { background: #7a1f2b; }"
            "#message_bar QLabel { color: #ffffff; }"
            "#message_bar QPushButton { color: #ffffff; background: #9c3342; border: none; "
            "padding: 4px 12px; border-radius: 4px; } #message_bar QPushButton:hover { background: #b54454; }"
        )
        self._label = QLabel()
        self._label.setWordWrap(True)
        self._label.setTextFormat(Qt.TextFormat.PlainText)
        copy = QPushButton("Copy")
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.text()))
        dismiss = QPushButton("Dismiss")
        dismiss.clicked.connect(self.hide)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 8)
        layout.addWidget(self._label, 1)
        layout.addWidget(copy)
        layout.addWidget(dismiss)
        self.hide()

    def show_message(self, text: str) -> None:
        """Say something, in the place of what was said before."""
        self._label.setText(text)
        self.show()

    def text(self) -> str:
        """What is said."""
        return self._label.text()
