"""A scrolling list of numbers, each with its name, a slider and a number box."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication, QPalette, QWheelEvent
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QScrollBar,
    QSlider,
    QWidget,
)

from desktop.base.minus import with_minus
from desktop.base.words import one_line
from desktop.widgets.common.field_keys import share_keys_of
from desktop.widgets.common.number_box import NumberBox
from desktop.widgets.common.plain_text import tip_text
from desktop.widgets.common.wheel import leave_wheel_of

SLIDER_REACH, SLIDER_STEPS = 4.0, 100  # the slider's range to either side; steps per unit
STEP = 0.1
DECIMALS = 4
DIGIT_PX = 8  # a box grows by this width with each further decimal
MAX_BOX = 1e9


@dataclass(frozen=True)
class RowText:
    """The texts of a row.

    Attributes:
        name: the number's name, elided if it does not fit.
        note: a short text after the box.
        about: a description of the number, for screen readers.
        tip: the tool tip.
        is_grey: whether name and note are grey, because the number carries little information.
    """

    name: str
    note: str = ""
    about: str = ""
    tip: str = ""
    is_grey: bool = False


@dataclass(frozen=True)
class RowSizes:
    """The widths of a row's parts. None means as wide as the text; a note of width 0 is not shown."""

    name_px: int | None = None
    box_px: int = 76
    note_px: int = 0


class SliderRows(QWidget):
    """Shows some of many numbers and scrolls through them; a change of one emits its index and value.

    Only the rows in view exist, so that a drag updates few widgets. Each is made when it is first needed;
    most models need two. A hidden list is not updated.

    Args:
        count: how many rows there are at most.
        what: what a number is called, for screen readers.
        text: returns what the row of a number says.
        values: returns the values of the numbers with these indices, or nothing while they are unknown.
        sizes: the widths of the rows' parts.
    """

    wanted = Signal(int, float)

    def __init__(
        self,
        count: int,
        what: str,
        text: Callable[[int], RowText],
        values: Callable[[Sequence[int]], Iterable[float]],
        sizes: RowSizes,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._order: Sequence[int] = ()
        self._text, self._values = text, values
        self._decimals = DECIMALS
        self._count, self._sizes = count, sizes
        self.rows: list[SliderRow] = []
        self.scroll_bar = QScrollBar(Qt.Orientation.Vertical)
        self.scroll_bar.setAccessibleName(f"First {what} shown")
        self.scroll_bar.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.scroll_bar.valueChanged.connect(self._show_rows)
        self._grid = grid = QGridLayout()
        grid.setHorizontalSpacing(6)
        grid.setColumnStretch(1, 1)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(grid, 1)
        layout.addWidget(self.scroll_bar)

    def set_order(self, order: Sequence[int]) -> None:
        """Set the indices of the numbers, from the top row down, and scroll to the top."""
        self._order = order
        while len(self.rows) < min(self._count, len(order)):
            self._add_row()
        hidden = max(0, len(order) - self._count)
        self.scroll_bar.blockSignals(True)
        self.scroll_bar.setRange(0, hidden)
        self.scroll_bar.setPageStep(self._count)
        self.scroll_bar.setValue(0)
        self.scroll_bar.blockSignals(False)
        self.scroll_bar.setVisible(hidden > 0)
        self._show_rows()

    def set_decimals(self, count: int) -> None:
        """Show the numbers with `count` decimals."""
        if count != self._decimals:
            self._decimals = count
            for row in self.rows:
                row.set_decimals(count)

    def show_values(self) -> None:
        """Show the values, because they may have changed."""
        if self.isVisible():
            self._show_values()

    def showEvent(self, event: object) -> None:
        """Show what changed while the list was hidden."""
        self._show_values()

    def changeEvent(self, event: QEvent) -> None:
        """Adapt when the system switches between light and dark."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._show_rows()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll through the numbers."""
        if self.scroll_bar.isVisible():
            self.scroll_bar.event(event)
        else:
            super().wheelEvent(event)

    def _shown(self) -> Sequence[int]:
        first = self.scroll_bar.value()
        return self._order[first : first + self._count]

    def _add_row(self) -> None:
        row = SliderRow(self, self._sizes)
        row.set_decimals(self._decimals)
        for column, widget in enumerate(row.widgets):
            self._grid.addWidget(widget, len(self.rows), column)
        row.wanted.connect(self.wanted)
        # The window and the panel did the same for all inputs that existed when they were made.
        leave_wheel_of((row.slider, row.box), self)
        share_keys_of(row.box)
        self.rows.append(row)

    def _show_rows(self) -> None:
        shown = self._shown()
        for place, row in enumerate(self.rows):
            row.set_shown(place < len(shown))
            if place < len(shown):
                row.set_text(shown[place], self._text(shown[place]))
        self._show_values()

    def _show_values(self) -> None:
        for row, value in zip(self.rows, self._values(self._shown()), strict=False):
            row.set_value(value)


class SliderRow(QObject):
    """The widgets of one number: its name, a slider, a box, and a note if it has a width."""

    wanted = Signal(int, float)

    def __init__(self, parent: QObject, sizes: RowSizes) -> None:
        super().__init__(parent)
        self.index = 0
        self._name_px, self._box_px = sizes.name_px, sizes.box_px
        self.name, self.note = QLabel(), QLabel()
        for label in (self.name, self.note):
            label.setTextFormat(Qt.TextFormat.PlainText)
        if sizes.name_px is not None:
            self.name.setFixedWidth(sizes.name_px)
        self.note.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.note.setFixedWidth(sizes.note_px)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(round(-SLIDER_REACH * SLIDER_STEPS), round(SLIDER_REACH * SLIDER_STEPS))
        self.slider.setSingleStep(round(STEP * SLIDER_STEPS))
        self.slider.setPageStep(5 * round(STEP * SLIDER_STEPS))
        self.box = NumberBox()
        self.box.setRange(-MAX_BOX, MAX_BOX)
        self.box.setSingleStep(STEP)
        self.box.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
        self.box.setKeyboardTracking(False)
        self.set_decimals(DECIMALS)
        widgets: tuple[QWidget, ...] = (self.name, self.slider, self.box, self.note)
        self.widgets = widgets if sizes.note_px else widgets[:3]
        self.slider.valueChanged.connect(lambda step: self.wanted.emit(self.index, step / SLIDER_STEPS))
        self.box.valueChanged.connect(lambda value: self.wanted.emit(self.index, value))

    def set_decimals(self, count: int) -> None:
        """Show `count` decimals in the box, which keeps its exact number."""
        self.box.show_decimals(count)
        self.box.setFixedWidth(self._box_px + DIGIT_PX * (count - DECIMALS))

    def set_shown(self, shown: bool) -> None:
        """Show or hide the row."""
        for widget in self.widgets:
            widget.setVisible(shown)

    def set_text(self, index: int, text: RowText) -> None:
        """Set which number the row shows, and its texts."""
        self.index = index
        name = whole = one_line(text.name)
        if self._name_px is not None:
            middle = Qt.TextElideMode.ElideMiddle
            name = self.name.fontMetrics().elidedText(name, middle, self._name_px)
        self.name.setText(name)
        self.note.setText(text.note)
        group = QPalette.ColorGroup.Disabled if text.is_grey else QPalette.ColorGroup.Active
        color = QGuiApplication.palette().color(group, QPalette.ColorRole.WindowText)
        for label in (self.name, self.note):
            palette = label.palette()
            palette.setColor(QPalette.ColorRole.WindowText, color)
            label.setPalette(palette)
        self.slider.setAccessibleName(f"{whole} slider")
        self.box.setAccessibleName(whole)
        self.box.setAccessibleDescription(text.about)
        for widget in self.widgets:
            widget.setToolTip(tip_text(text.tip))

    def set_value(self, value: float) -> None:
        """Show a value; the slider stops at its ends, the box shows any number."""
        at = round(min(SLIDER_REACH, max(-SLIDER_REACH, value)) * SLIDER_STEPS)
        self.slider.blockSignals(True)
        self.slider.setValue(at)
        self.slider.blockSignals(False)
        self.slider.setAccessibleDescription(with_minus(f"{value:z.4f}"))
        self.box.blockSignals(True)
        self.box.setValue(value)
        self.box.blockSignals(False)
