"""The fields of the reading dialog: each part of a reading, how certain it is, and a field that sets it."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QFormLayout,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from desktop.base.minus import with_hyphen, with_minus
from desktop.base.words import NAME_CHARS, one_line
from desktop.latent.prior import Prior, PriorKind
from desktop.models.source import Source
from desktop.reading.input_values import InputValue, values_of
from desktop.reading.overrides import LAYOUTS, NO_ENCODER, RANGES, SET, SPREADS
from desktop.reading.reading import EncoderReading, OtherInput, Reading, Spread
from desktop.vetting.onnx_file import ModelFile
from desktop.widgets.common.plain_text import breakable
from desktop.widgets.common.usable import set_usable
from desktop.widgets.common.wheel import leave_wheel_to_scrolling
from desktop.widgets.panels.inputs_panel import InputsPanel

WRAPPED_CHARS = 30  # longer labels are wrapped
CERTAIN = "certain"
# The priors by their name in the window, and the label of the field with their numbers.
PRIORS = {"Normal": PriorKind.NORMAL, "Uniform": PriorKind.UNIFORM, "Unit sphere": PriorKind.SPHERE}
PRIOR_NUMBERS = {
    PriorKind.NORMAL: "Standard deviation",
    PriorKind.UNIFORM: "From, to",
    PriorKind.SPHERE: "Radius",
}
# The window's names for the options of desktop.reading.overrides.
LABELS = {
    "z-input": "Latent input (z)",
    "latent-dim": "Latent dimensions",
    "z-shape": "Shape of z",
    "batch": "Batch size",
    "output": "Image output",
    "layout": "Layout",
    "image-shape": "Image shape (C, H, W)",
    "range": "Value range",
    "prior": "Prior of z",
    "patience": "Time limit of the trial (s)",
    "x-input": "Image input",
    "encoder-layout": "Layout",
    "encoder-range": "Value range",
    "mean-output": "Mean output",
    "spread-output": "Spread output",
    "spread": "Kind of spread",
}


class ReadingFields(QWidget):
    """Fields for the parts of a reading: the decoder's, the encoder's, and the values of further inputs.

    All fields are rebuilt whenever a reading is shown, because another reading has other parts.

    Args:
        file: the model's file.

    Attributes:
        fields: the fields, by the option that each sets.
    """

    override_set = Signal(str, str)  # option of desktop.reading.overrides, and its value; empty: guess it

    def __init__(self, file: ModelFile) -> None:
        super().__init__()
        self._file = file
        self._overrides: Mapping[str, str] = {}
        self.fields: dict[str, QWidget] = {}
        self._groups: list[QGroupBox] = []
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)

    def show_source(self, source: Source, inputs: Sequence[OtherInput]) -> None:
        """Show the reading of an open model, and a box for each of the further inputs."""
        focused = self._begin(source.overrides)
        self._show_groups(
            focused,
            self._decoder_group(source.reading),
            self._encoder_group(source.encoder_file, source.encoder_reading),
            *self._inputs_group(inputs),
        )

    def show_unread(self, overrides: Mapping[str, str]) -> None:
        """Show the decoder's fields for a model that has no reading yet, with the overrides set so far."""
        focused = self._begin(overrides)
        self._show_groups(focused, self._decoder_group(None))

    def _begin(self, overrides: Mapping[str, str]) -> tuple[str, str]:
        """Forget the previous fields; return their `_focus()`."""
        focused = self._focus()
        self.fields.clear()
        self._overrides = overrides
        return focused

    def _show_groups(self, focused: tuple[str, str], *groups: QGroupBox) -> None:
        """Replace the groups; the focused field keeps the focus and the text that was typed into it."""
        option, typed = focused
        for group in self._groups:
            self._layout.removeWidget(group)
            group.hide()
            group.deleteLater()
        self._groups = list(groups)
        for group in groups:
            self._layout.addWidget(group)
            leave_wheel_to_scrolling(group)
        field = self.fields.get(option)
        if field is not None:
            field.setFocus(Qt.FocusReason.OtherFocusReason)
            if typed and isinstance(field, QLineEdit):
                field.setText(typed)
                field.setModified(True)
            elif isinstance(field, QLineEdit):
                field.selectAll()

    def _decoder_group(self, reading: Reading | None) -> QGroupBox:
        """Return the decoder's fields; without a reading they show only the overrides set so far."""
        group, form = _group("Decoder")
        known = _Known(reading, self._overrides)
        shown: dict[str, str] = {}
        if reading is not None:
            shown = {
                "z-input": reading.z_input,
                "output": reading.output,
                "layout": reading.layout.value,
                "range": reading.value_range.value,
            }
        floats = [tensor.name for tensor in self._file.inputs if tensor.dtype.startswith("float")]
        self._choice(form, known, "z-input", floats, shown.get("z-input"), "z_input")
        self._z_size(form, known, reading)
        batch = "" if reading is None else "any" if reading.batch is None else str(reading.batch)
        settled = reading is not None and isinstance(self._declared(reading)[0], int)
        self._text(form, known, "batch", batch, "batch", is_settled=settled)
        names = [tensor.name for tensor in self._file.outputs]
        self._choice(form, known, "output", names, shown.get("output"), "output")
        self._choice(form, known, "layout", list(LAYOUTS), shown.get("layout"), "layout")
        shape = "" if reading is None else ", ".join(map(str, reading.image_shape))
        self._text(form, known, "image-shape", shape, "image_shape")
        ranges = {kind.value: name for name, kind in RANGES.items()}
        self._choice(form, known, "range", ranges, shown.get("range"), "value_range")
        if reading is None:
            self._text(form, known, "patience", "", "")
        else:
            self._prior(form, known, reading.prior)
        return group

    def _focus(self) -> tuple[str, str]:
        """Return the option of the focused field, and the text typed into it that is not set yet."""
        for option, field in self.fields.items():
            if field.hasFocus():
                is_typed = isinstance(field, QLineEdit) and field.isModified()
                return option, field.text() if is_typed and isinstance(field, QLineEdit) else ""
        return "", ""

    def _prior(self, form: QFormLayout, known: "_Known", prior: Prior) -> None:
        """Add fields for the family of the prior, and for its scale or its range."""
        shown = next(text for text, kind in PRIORS.items() if kind is prior.kind)
        self._choice(form, known, "prior", PRIORS, shown, "prior")
        line = QLineEdit(with_minus(prior.text.partition(":")[2] or f"{prior.scale:g}"))
        before = line.text()

        def finished() -> None:
            if line.isModified() and line.text() != before:
                line.setModified(False)
                numbers = with_hyphen(line.text().strip())
                self.override_set.emit("prior", f"{prior.kind}:{numbers}" if numbers else str(prior.kind))

        line.editingFinished.connect(finished)
        self._row(form, "prior numbers", PRIOR_NUMBERS[prior.kind], line, known.words("prior", "prior"))

    def _z_size(self, form: QFormLayout, known: "_Known", reading: Reading | None) -> None:
        """Add a field for the latent dimensions or, if several sizes of z are open, for the shape of z."""
        option, text, is_settled = "latent-dim", "", False
        if reading is not None:
            is_open = [not isinstance(size, int) for size in self._declared(reading)[1:]]
            text, is_settled = str(reading.latent_dim), not any(is_open)
            if sum(is_open) > 1:
                option = "z-shape"
                text = ", ".join(str(size) for size in reading.z_shape if size is not None)
        self._text(form, known, option, text, "latent_dim", is_settled)

    def _declared(self, reading: Reading) -> tuple[int | str | None, ...]:
        """Return the declared shape of the latent input, with a batch axis of 1 if it has none."""
        shape = next(tensor.shape for tensor in self._file.inputs if tensor.name == reading.z_input) or ()
        return (1, *shape) if len(shape) == 1 else shape

    def _encoder_group(self, file: ModelFile | None, reading: EncoderReading | None) -> QGroupBox:
        group, form = _group("Encoder")
        buttons = QHBoxLayout()
        choose = QPushButton("Choose…")
        choose.setAccessibleName("Choose the encoder's file")
        choose.clicked.connect(self._choose_encoder)
        self.fields["encoder"] = choose
        none = QPushButton("Remove")
        none.setAccessibleName("Use no encoder")
        set_usable(none, "" if file is not None else "There is no encoder.")
        none.clicked.connect(lambda: self.override_set.emit("encoder", NO_ENCODER))
        self.fields["no encoder"] = none
        for button in (choose, none):
            buttons.addWidget(button)
        form.addRow(_plain(file.path.name if file is not None else "No encoder"), buttons)
        if reading is None or file is None:
            return group
        known = _Known(reading, self._overrides)
        inputs = [tensor.name for tensor in file.inputs]
        if len(inputs) > 1:
            self._choice(form, known, "x-input", inputs, reading.x_input, "x_input")
        layout = reading.layout.value
        self._choice(form, known, "encoder-layout", list(LAYOUTS), layout, "layout")
        outputs = [tensor.name for tensor in file.outputs]
        self._choice(form, known, "mean-output", outputs, reading.mean_output, "mean_output")
        if reading.spread is not Spread.NONE and reading.spread_output is not None:
            self._choice(form, known, "spread-output", outputs, reading.spread_output, "spread_output")
        spreads = {kind.value: name for name, kind in SPREADS.items()}
        self._choice(form, known, "spread", spreads, reading.spread.value, "spread")
        ranges = {kind.value: name for name, kind in RANGES.items() if name != "logits"}
        now = reading.value_range.value
        self._choice(form, known, "encoder-range", ranges, now, "value_range")
        return group

    def _inputs_group(self, inputs: Sequence[OtherInput]) -> list[QGroupBox]:
        """Return a group with a box for each of these inputs, or nothing if there are none."""
        if not inputs:
            return []
        group = QGroupBox("Inputs")
        panel = InputsPanel()
        panel.set_inputs(inputs)
        panel.show_values(values_of(inputs))
        panel.value_wanted.connect(
            lambda name, value: self.override_set.emit(SET + name, InputValue(name, value).text)
        )
        for slider in panel.sliders.values():  # each step of a slider would open the model again
            slider.hide()
        self.fields |= {SET + name: box for name, box in panel.boxes.items()}
        QVBoxLayout(group).addWidget(panel)
        return [group]

    def _choice(
        self,
        form: QFormLayout,
        known: "_Known",
        option: str,
        choices: Sequence[str] | Mapping[str, str],
        current: str | None,
        field: str,
    ) -> None:
        box = QComboBox()
        # A mapping gives the option's value for each shown text.
        values = choices if isinstance(choices, Mapping) else {text: text for text in choices}
        for shown, value in values.items():
            box.addItem(one_line(shown, NAME_CHARS), value)
        chosen = next((shown for shown, value in values.items() if value == self._overrides.get(option)), "")
        box.setCurrentIndex(box.findText(one_line(current or chosen, NAME_CHARS)))
        box.activated.connect(lambda: self.override_set.emit(option, box.currentData()))
        self._row(form, option, LABELS[option], box, known.words(option, field))

    def _text(
        self,
        form: QFormLayout,
        known: "_Known",
        option: str,
        text: str,
        field: str,
        is_settled: bool = False,
    ) -> None:
        line = QLineEdit(text or self._overrides.get(option, ""))
        set_usable(line, "The file defines this." if is_settled else "")
        before = line.text()

        def finished() -> None:
            if line.isModified() and line.text() != before:  # leaving the field without a change sets nothing
                line.setModified(False)
                self.override_set.emit(
                    option, "" if line.text().strip().lower() == "any" else line.text().strip()
                )

        line.editingFinished.connect(finished)
        self._row(form, option, LABELS[option], line, known.words(option, field))

    def _row(self, form: QFormLayout, option: str, label: str, field: QWidget, known: str) -> None:
        """Add a field, with a note beside it that says how certain its value is."""
        field.setAccessibleName(one_line(label))
        mark = QLabel(known)
        mark.setEnabled(known != CERTAIN)
        mark.setMinimumWidth(70)
        row = QHBoxLayout()
        row.addWidget(field, 1)
        row.addWidget(mark)
        form.addRow(_plain(label), row)
        self.fields[option] = field

    def _choose_encoder(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(
            self.window(), "Choose encoder", "", "Models (*.onnx);;All files (*)"
        )
        if chosen:
            self.override_set.emit("encoder", chosen)


class _Known:
    """Says how certain each part of a reading is."""

    def __init__(self, reading: Reading | EncoderReading | None, overrides: Mapping[str, str]) -> None:
        self._guesses = None if reading is None else reading.guesses
        self._overrides = overrides

    def words(self, option: str, field: str) -> str:
        """Return how certain a part of the reading is, given the option that sets it."""
        if option in self._overrides:
            return "set by you"
        if self._guesses is None:
            return "not set"
        return "a guess" if field in self._guesses else CERTAIN


def _group(title: str) -> tuple[QGroupBox, QFormLayout]:
    group = QGroupBox(title)
    return group, QFormLayout(group)


def _plain(text: str) -> QLabel:
    """Return a label that shows a text from a file without interpreting markup."""
    label = QLabel(breakable(one_line(text, NAME_CHARS)))
    label.setWordWrap(len(text) > WRAPPED_CHARS)
    label.setTextFormat(Qt.TextFormat.PlainText)
    return label
