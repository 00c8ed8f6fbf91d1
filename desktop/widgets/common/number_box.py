"""A box for a number that is shown and read with a decimal point, whatever the system's language."""

import re

from PySide6.QtCore import QLocale, Signal
from PySide6.QtGui import QValidator
from PySide6.QtWidgets import QDoubleSpinBox, QWidget

from desktop.base.minus import MINUS, with_minus
from desktop.widgets.common.count_box import indent

UNFINISHED = re.compile(r"[+-]?\d*\.?\d*(e[+-]?\d*)?", re.IGNORECASE)
EXACT_DECIMALS = 15


class NumberBox(QDoubleSpinBox):
    """A QDoubleSpinBox that reads 0.5, 0,5 and 5e-1 as one half in every locale.

    Negative numbers are shown with a minus sign, and may be typed with a hyphen.

    Qt's own box reads "0.5" as 5 in locales with a decimal comma, and "5e-1" as 51 in all. It also rounds its
    value to the decimals that it shows; this box does not, once `show_decimals` has been called.
    """

    refused = Signal(str)  # a typed text that is no number in range, before the old number is shown again

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown_decimals: int | None = None
        self.setLocale(QLocale.c())
        indent(self.lineEdit())

    def show_decimals(self, count: int) -> None:
        """Show `count` decimals; the value itself is not rounded."""
        if count != self._shown_decimals:
            self._shown_decimals = count
            value = self.value()
            self.setDecimals(EXACT_DECIMALS)  # which writes the text again
            self.setValue(value)

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        """Accept a number in range, and allow unfinished numbers while people type."""
        number = self._number(text)
        state = QValidator.State.Invalid
        if number is not None and self.minimum() <= number <= self.maximum():
            state = QValidator.State.Acceptable
        elif UNFINISHED.fullmatch(self._bare(text)):
            state = QValidator.State.Intermediate
        return state, text, position

    def fixup(self, text: str) -> str:
        """Tell of a text that is no number in range; the number stays as it was."""
        shown = self._bare(text)
        if shown:
            self.refused.emit(shown)
        return text

    def textFromValue(self, value: float) -> str:
        """Return the text that shows a number."""
        if self._shown_decimals is None:
            return with_minus(super().textFromValue(value))
        return with_minus(f"{value:z.{self._shown_decimals}f}")

    def valueFromText(self, text: str) -> float:
        """Return the number that a text means; while nobody types, that is the box's exact value."""
        number = self._number(text)
        if number is None or self._bare(text) == self._bare(self.textFromValue(self.value())):
            return self.value()
        if self._shown_decimals is None:  # Qt would show 3.5 as 4, and emit 3.5
            return round(number, self.decimals())
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
