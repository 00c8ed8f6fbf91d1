"""A row of colours to draw with, and a dialog for any other."""

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QButtonGroup, QColorDialog, QHBoxLayout, QToolButton, QWidget

from desktop.images.data_look import Color

SWATCH_PX, BUTTON_PX = 16, 22  # eleven buttons are as wide as the side panel
# The theme's padding around a button's icon would leave no room for the icon.
STYLE = (
    "QToolButton { padding: 0; border: 2px solid transparent; border-radius: 4px; background: transparent; }"
    "QToolButton:checked, QToolButton:focus { border-color: palette(highlight); }"
)
MORE = "Choose any other colour."


class ColorRow(QWidget):
    """Buttons for a few colours, one of them chosen. A colour is a number from 0 to 1 for each channel."""

    chosen = Signal(object)  # Color

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.color: Color = (1.0,)
        self.buttons: list[QToolButton] = []
        self._group = QButtonGroup(self)
        self.more = QToolButton()
        self.more.setText("…")
        self.more.setAccessibleName("Any colour")
        self.more.setToolTip(MORE)
        self.more.setStyleSheet(STYLE)
        self.more.clicked.connect(self._ask)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(1)
        self.more.setFixedSize(BUTTON_PX, BUTTON_PX)
        self._row.addWidget(self.more)
        self._row.addStretch(1)
        self._dialog: QColorDialog | None = None

    def set_colors(self, colors: Sequence[Color]) -> None:
        """Offer other colours; colours of one channel are grey levels."""
        for button in self.buttons:
            self._row.removeWidget(button)
            self._group.removeButton(button)
            button.deleteLater()
        self.buttons = [self._button(color) for color in colors]
        for place, button in enumerate(self.buttons):
            self._row.insertWidget(place, button)
        self.show_color(self.color)

    def show_color(self, color: Color) -> None:
        """Show a colour as the chosen one, whether or not it is among the offered ones."""
        self.color = color
        self._group.setExclusive(False)
        for button in self.buttons:
            button.setChecked(button.property("color") == list(color))
        self._group.setExclusive(True)
        is_other = not any(button.isChecked() for button in self.buttons)
        self.more.setIcon(_swatch(color) if is_other else QIcon())
        style = Qt.ToolButtonStyle.ToolButtonIconOnly if is_other else Qt.ToolButtonStyle.ToolButtonTextOnly
        self.more.setToolButtonStyle(style)

    def _button(self, color: Color) -> QToolButton:
        button = QToolButton()
        button.setIcon(_swatch(color))
        button.setIconSize(QSize(SWATCH_PX, SWATCH_PX))
        button.setFixedSize(BUTTON_PX, BUTTON_PX)
        button.setStyleSheet(STYLE)
        button.setCheckable(True)
        button.setAutoRaise(True)
        button.setProperty("color", list(color))
        name = _qcolor(color).name() if len(color) > 1 else f"grey level {round(255 * color[0])}"
        button.setAccessibleName(f"Draw with {name}")
        button.setToolTip(f"Draw with {name}.")
        button.clicked.connect(lambda: self._choose(color))
        self._group.addButton(button)
        return button

    def _choose(self, color: Color) -> None:
        self.show_color(color)
        self.chosen.emit(color)

    def _ask(self) -> None:
        """Open the colour dialog; until a colour is chosen, the row keeps its current one."""
        self._dialog = dialog = QColorDialog(_qcolor(self.color), self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.colorSelected.connect(self._on_selected)
        dialog.open()

    def _on_selected(self, color: QColor) -> None:
        rgb = (color.redF(), color.greenF(), color.blueF())
        self._choose((color.lightnessF(),) if len(self.color) == 1 else rgb)


def _qcolor(color: Color) -> QColor:
    red, green, blue = 3 * color if len(color) == 1 else color[:3]
    return QColor.fromRgbF(red, green, blue)


def _swatch(color: Color) -> QIcon:
    pixmap = QPixmap(SWATCH_PX, SWATCH_PX)
    pixmap.fill(_qcolor(color))
    painter = QPainter(pixmap)
    painter.setPen(QPen(QColor(128, 128, 128), 1))
    painter.drawRect(0, 0, SWATCH_PX - 1, SWATCH_PX - 1)
    painter.end()
    return QIcon(pixmap)
