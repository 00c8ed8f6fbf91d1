"""A box for a number that is shown and read with a decimal point, whatever the system's language."""

import re

from PySide6.QtCore import QLocale
from PySide6.QtGui import QValidator
from PySide6.QtWidgets import QDoubleSpinBox, QWidget

from desktop.base.minus import MINUS, with_minus
from desktop.widgets.common.count_box import indent

UNFINISHED = re.compile(r"[+-]?\d*\.?\d*(e[+-]?\d*)?", re.IGNORECASE)
EXACT_DECIMALS = 15


class NumberBox(QDoubleSpinBox):
    """A QDoubleSpinBox in which 0.5 is a half everywhere; 0,5 and 5e-1 are read as the same number.

    It shows negative numbers with a minus, and reads those with a hyphen, too.

    Qt's own box takes "0.5" for 5 where commas separate decimals, and "5e-1" for 51 everywhere. It also
    rounds its number to the decimals that it shows; this one does not, if `show_decimals` set how many.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown_decimals: int | None = None
        self.setLocale(QLocale.c())
        indent(self.lineEdit())

    def show_decimals(self, count: int) -> None:
        """Show so many decimals of a number that is kept as exact as it is."""
        if count != self._shown_decimals:
            self._shown_decimals = count
            value = self.value()
            self.setDecimals(EXACT_DECIMALS)  # which writes the text again
            self.setValue(value)

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        """Accept a number in range, and let people type what may become one."""
        number = self._number(text)
        state = QValidator.State.Invalid
        if number is not None and self.minimum() <= number <= self.maximum():
            state = QValidator.State.Acceptable
        elif UNFINISHED.fullmatch(self._bare(text)):
            state = QValidator.State.Intermediate
        return state, text, position

    def textFromValue(self, value: float) -> str:
        """The number as it is shown."""
        if self._shown_decimals is None:
            return with_minus(super().textFromValue(value))
        return with_minus(f"{value:z.{self._shown_decimals}f}")

    def valueFromText(self, text: str) -> float:
        """The number in the box; as long as nobody has typed, it is more exact than the text."""
        number = self._number(text)
        if number is None or self._bare(text) == self._bare(self.textFromValue(self.value())):
            return self.value()
        return number

    def _number(self, text: str) -> float | None:
        bare = self._bare(text)
        try:
            return float(bare) if UNFINISHED.fullmatch(bare) else None
        except ValueError:
            return None

    def _bare(self, text: str) -> str:
        bare = text.removeprefix(self.prefix()).removesuffix(self.suffix()).strip()
        return bare.replace(",", ".").replace(MINUS, "-")
