"""A message in the window that does not stand in the way: what went wrong, to copy and to dismiss."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

# Of the bar, its buttons, and those under the pointer.
ERROR_COLORS = ("#7a1f2b", "#9c3342", "#b54454")
NOTE_COLORS = ("#23456b", "#33608f", "#4173a8")


class MessageBar(QFrame):
    """Hidden until there is something to say."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("message_bar")
        self._label = QLabel()
        self._label.setWordWrap(True)
        self._label.setTextFormat(Qt.TextFormat.PlainText)
        copy = QPushButton("Copy")
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.text()))
        dismiss = QPushButton("Dismiss")
        dismiss.clicked.connect(self.hide)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 8)
        self.action = QPushButton()
        self._act: Callable[[], object] | None = None
        self.action.clicked.connect(self._on_action)
        layout.addWidget(self._label, 1)
        layout.addWidget(self.action)
        layout.addWidget(copy)
        layout.addWidget(dismiss)
        self.hide()

    def show_message(self, text: str, action: str = "", act: Callable[[], object] | None = None) -> None:
        """Say what went wrong, in the place of what was said before; `action` is a button that does `act`."""
        self._show(text, *ERROR_COLORS)
        self._offer(action, act)

    def show_note(self, text: str) -> None:
        """Say what people should know, though nothing went wrong."""
        self._show(text, *NOTE_COLORS)
        self._offer("", None)

    def _offer(self, action: str, act: Callable[[], object] | None) -> None:
        self.action.setText(action)
        self.action.setVisible(bool(action))
        self._act = act

    def _on_action(self) -> None:
        if self._act is not None:
            self._act()

    def _show(self, text: str, ground: str, button: str, hovered: str) -> None:
        self.setStyleSheet(
            f"#message_bar {{ background: {ground}; }} #message_bar QLabel {{ color: #ffffff; }}"
            f"#message_bar QPushButton {{ color: #ffffff; background: {button}; border: none; "
            "padding: 4px 12px; border-radius: 4px; }"
            f"#message_bar QPushButton:hover {{ background: {hovered}; }}"
        )
        self._label.setText(text)
        self.show()

    def text(self) -> str:
        """What is said."""
        return self._label.text()
