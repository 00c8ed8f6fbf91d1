"""Covers the plane while no model is open, and invites people to open one."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from desktop.widgets.common import colors
from desktop.widgets.common.theme import GRID_PX, heading_font

TITLE = "Drop a model here"
KINDS = "A bundle, a .latent file, or any decoder as .onnx"


class EmptyPlane(QWidget):
    """Covers the plane; says that a model is being opened, or how to open one."""

    open_wanted = Signal()
    example_wanted = Signal()

    def __init__(self, plane: QWidget) -> None:
        super().__init__(plane)
        self._plane = plane
        self.title, self.kinds = QLabel(), QLabel()
        self.title.setFont(heading_font(self.font()))
        self.open, self.example = QPushButton("Open…"), QPushButton("Open the example")
        self.open.setToolTip("Choose a file (Ctrl+O).")
        self.example.setToolTip("Open the model that comes with the program.")
        self.open.clicked.connect(self.open_wanted)
        self.example.clicked.connect(self.example_wanted)
        for label in (self.title, self.kinds):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            label.setWordWrap(True)
            label.setStyleSheet(f"color: {colors.AXIS.name()}")  # the plane is dark in both themes
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.open)
        buttons.addWidget(self.example)
        buttons.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setSpacing(GRID_PX)
        layout.addStretch(1)
        layout.addWidget(self.title)
        layout.addWidget(self.kinds)
        layout.addLayout(buttons)
        layout.addStretch(1)
        self.invite()

    def invite(self) -> None:
        """Say how to open a model."""
        self.say(TITLE, KINDS, True)

    def show_opening(self, name: str) -> None:
        """Say what is being opened."""
        self.say(f"Opening {name} …", "")

    def place(self) -> None:
        """Cover the plane at its current size."""
        self.setGeometry(self._plane.rect())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Hide the axes, which have no meaning without a model."""
        QPainter(self).fillRect(event.rect(), colors.CANVAS)

    def say(self, title: str, text: str, has_buttons: bool = False) -> None:
        """Show a heading and a line, with or without the buttons."""
        self.title.setText(title)
        self.kinds.setText(text)
        for button in (self.open, self.example):
            button.setVisible(has_buttons)
        self.place()
