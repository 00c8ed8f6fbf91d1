"""The labels with their colours; each is a switch for its points."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QGridLayout, QToolButton, QWidget

from desktop.widgets.colors import label_color

COLUMNS = 5


class Legend(QWidget):
    """A button a label; says which one was switched."""

    switched = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layout = QGridLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(4)
        self._buttons: list[QToolButton] = []

    def set_labels(self, names: tuple[str, ...]) -> None:
        """Show a button for every label."""
        for button in self._buttons:
            self._layout.removeWidget(button)
            button.deleteLater()
        self._buttons = [self._button(label, name) for label, name in enumerate(names)]
        for label, button in enumerate(self._buttons):
            self._layout.addWidget(button, label // COLUMNS, label % COLUMNS)

    def set_hidden(self, hidden: frozenset[int]) -> None:
        """Show which labels' points are hidden."""
        for label, button in enumerate(self._buttons):
            button.setChecked(label not in hidden)

    def _button(self, label: int, name: str) -> QToolButton:
        button = QToolButton()
        button.setText(name.replace("&", "&&"))
        button.setCheckable(True)
        button.setChecked(True)
        button.setToolTip(f"Show or hide the points labelled {name}")
        button.setAccessibleName(f"Points labelled {name}")
        button.setSizePolicy(
            button.sizePolicy().horizontalPolicy().Expanding, button.sizePolicy().verticalPolicy()
        )
        color = label_color(label)
        button.setStyleSheet(
            f"QToolButton {{ border: 2px solid {color.name()}; border-radius: 6px; padding: 3px; }}"
            f"QToolButton:checked {{ background: {color.name()}; "
            f"color: {_readable_on(color)}; font-weight: bold; }}"
        )
        button.clicked.connect(lambda: self.switched.emit(label))
        return button


def _readable_on(color: QColor) -> str:
    return "#101010" if color.lightnessF() > 0.45 else "#ffffff"
