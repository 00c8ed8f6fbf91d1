"""A red line that says what is wrong with an input, readable in light and in dark windows."""

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QLabel, QWidget

ON_LIGHT, ON_DARK = "#b3261e", "#ff8a80"


class ErrorLabel(QLabel):
    """Wrapped plain text whose red adapts to the window's colours."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self._follow_palette()

    def changeEvent(self, event: QEvent) -> None:
        """Adapt when the system switches between light and dark."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._follow_palette()

    def _follow_palette(self) -> None:
        is_dark = self.palette().color(QPalette.ColorRole.Window).lightnessF() < 0.5
        color = QColor(ON_DARK if is_dark else ON_LIGHT)
        if self.palette().color(QPalette.ColorRole.WindowText) != color:
            palette = QPalette()  # sets only this role; the window sets the others
            palette.setColor(QPalette.ColorRole.WindowText, color)
            self.setPalette(palette)
