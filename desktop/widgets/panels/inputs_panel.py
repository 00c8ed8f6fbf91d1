"""The panel of a model's further inputs, such as a class or a truncation: a box for each, and a slider."""

import re
from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QSlider, QWidget

from desktop.base.minus import with_minus
from desktop.base.words import NAME_CHARS, one_line
from desktop.reading.input_values import InputValues
from desktop.reading.reading import MAX_WHOLE, OtherInput
from desktop.widgets.common.number_box import NumberBox
from desktop.widgets.common.plain_text import tip_text

BOX_PX, NAME_PX = 84, 96
MOST_CHARS = 30  # of a text that is no value
MAX_VALUE, STEPS, DECIMALS = 1e6, 200, 3
# An input with more whole numbers has no slider, because a step would be too small.
MOST_ON_SLIDER = 2000
SHARES = re.compile("trunc|(?<![a-z])psi", re.IGNORECASE)  # no "epsilon"


class InputsPanel(QWidget):
    """Shows one row for each input; emits `value_wanted` with its name and a number."""

    value_wanted = Signal(str, float)
    refused = Signal(str)  # why a typed text is no value

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._inputs: tuple[OtherInput, ...] = ()
        self._widgets: list[QWidget] = []
        self.boxes: dict[str, NumberBox] = {}
        self.sliders: dict[str, QSlider] = {}
        self._rows = QGridLayout(self)
        self._rows.setContentsMargins(0, 6, 0, 0)
        self._rows.setHorizontalSpacing(6)
        self._rows.setColumnStretch(1, 1)

    def set_inputs(self, inputs: Sequence[OtherInput]) -> bool:
        """Show the inputs of a model; return whether boxes and sliders were replaced."""
        kinds = [(other.name, other.is_whole, other.most) for other in inputs]
        is_new = kinds != [(other.name, other.is_whole, other.most) for other in self._inputs]
        if is_new:
            for widget in self._widgets:
                self._rows.removeWidget(widget)
                widget.hide()
                widget.deleteLater()
            self._widgets = []
            self.boxes, self.sliders = {}, {}
            for row, other in enumerate(inputs):
                self._add(row, other)
        self._inputs = tuple(inputs)
        return is_new

    def show_values(self, values: InputValues) -> None:
        """Show the values of the inputs; for a mix of classes, the heaviest one and its weight."""
        for each in values:
            box, slider = self.boxes.get(each.name), self.sliders.get(each.name)
            share = f" · {100 * dict(each.mix)[each.value]:.0f} %" if each.mix else ""
            if box is not None and box.suffix() != share:
                box.blockSignals(True)
                box.setSuffix(share)
                box.blockSignals(False)
            if box is not None and box.value() != each.value:
                box.blockSignals(True)
                box.setValue(each.value)
                box.blockSignals(False)
            if slider is not None:
                slider.blockSignals(True)
                slider.setValue(round(each.value * self._steps(slider)))
                slider.blockSignals(False)

    def edit(self, name: str) -> None:
        """Move the focus to an input's box."""
        box = self.boxes.get(name)
        if box is not None:
            box.setFocus(Qt.FocusReason.ShortcutFocusReason)
            box.selectAll()

    def _add(self, row: int, other: OtherInput) -> None:
        name = one_line(other.name, NAME_CHARS)
        label = QLabel()
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setText(label.fontMetrics().elidedText(name, Qt.TextElideMode.ElideMiddle, NAME_PX))
        label.setToolTip(tip_text(_tip(other, name)))
        box = NumberBox()
        box.setKeyboardTracking(False)
        box.setFixedWidth(BOX_PX)
        box.setAccessibleName(name)
        box.setToolTip(tip_text(_tip(other, name)))
        if other.is_whole:
            box.setDecimals(0)
            box.setRange(0, MAX_WHOLE if other.most is None else other.most)
        else:
            box.setRange(-MAX_VALUE, MAX_VALUE)
            box.setSingleStep(0.1)
            box.show_decimals(DECIMALS)
        box.refused.connect(lambda text: self.refused.emit(_refusal(other, name, box, text)))
        box.valueChanged.connect(lambda value: self.value_wanted.emit(other.name, value))
        box.editingFinished.connect(lambda: self._take_alone(other.name))
        slider = self._slider(other, name)
        self._rows.addWidget(label, row, 0)
        self._rows.addWidget(box, row, 2)
        self.boxes[other.name] = box
        self._widgets += [label, box]
        if slider is not None:
            self._rows.addWidget(slider, row, 1)
            self.sliders[other.name] = slider
            self._widgets.append(slider)
            QWidget.setTabOrder(slider, box)

    def _take_alone(self, name: str) -> None:
        """Set the shown class of a mix alone if Return confirms it, for which Qt emits no change."""
        box = self.boxes.get(name)
        if box is not None and box.suffix() and box.hasFocus():
            self.value_wanted.emit(name, box.value())

    def _slider(self, other: OtherInput, name: str) -> QSlider | None:
        """Return a slider over the values of an input; None if their number is too large or unknown."""
        if other.is_whole and not 0 < (other.most or 0) <= MOST_ON_SLIDER:
            return None
        slider = QSlider(Qt.Orientation.Horizontal)
        slider.setAccessibleName(f"{name} slider")
        if other.is_whole:
            slider.setProperty("steps", 1)
            slider.setRange(0, other.most or 0)
            slider.setPageStep(max(1, (other.most or 0) // 10))
        else:
            low, high = (
                (0.0, 1.0) if SHARES.search(other.name) else (0.0, 2.0) if other.value > 0 else (-4.0, 4.0)
            )
            slider.setProperty("steps", STEPS)
            slider.setRange(round(low * STEPS), round(high * STEPS))
            slider.setSingleStep(STEPS // 20)
            slider.setPageStep(STEPS // 5)
        slider.valueChanged.connect(
            lambda step: self.value_wanted.emit(other.name, step / self._steps(slider))
        )
        return slider

    @staticmethod
    def _steps(slider: QSlider) -> int:
        return int(slider.property("steps"))


def _refusal(other: OtherInput, name: str, box: NumberBox, text: str) -> str:
    """Why a text is no value of an input."""
    least, most = (f"{end:,.0f}" for end in (box.minimum(), box.maximum()))
    kind = "a whole number" if other.is_whole else "a number"
    return (
        f"found “{one_line(text, MOST_CHARS)}” for {name}, expected {kind} from {with_minus(least)} to {most}"
    )


def _tip(other: OtherInput, name: str) -> str:
    if not other.is_whole:
        return f"{name}: any number"
    return f"{name}: a whole number from 0" + (f" to {other.most}" if other.most is not None else "")
