"""The dialog for a bare model's reading: shows each part and how certain it is, and lets people set it."""

from collections.abc import Mapping, Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDialogButtonBox,
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
from desktop.models.source import Source, UnreadError
from desktop.reading.overrides import LAYOUTS, NO_ENCODER, RANGES, SET, SPREADS
from desktop.reading.reading import EncoderReading, OtherInput, Reading, Spread
from desktop.vetting.onnx_file import ModelFile
from desktop.widgets.common.error_label import ErrorLabel
from desktop.widgets.common.fitting_dialog import FittingDialog, Scrolled
from desktop.widgets.common.number_box import NumberBox
from desktop.widgets.common.picture_view import PictureView
from desktop.widgets.common.plain_text import breakable
from desktop.widgets.common.wheel import leave_wheel_to_scrolling

PICTURE_PX = 168
MAX_VALUE = 1e6
MAX_ERROR_CHARS, WRAPPED_CHARS = 1000, 30
CERTAIN = "certain"
# The priors in the window, with what the field beside them holds.
PRIORS = {"Normal": PriorKind.NORMAL, "Uniform": PriorKind.UNIFORM, "Unit sphere": PriorKind.SPHERE}
PRIOR_NUMBERS = {
    PriorKind.NORMAL: "Standard deviation",
    PriorKind.UNIFORM: "From, to",
    PriorKind.SPHERE: "Radius",
}
# The names of the options of desktop.reading.overrides in the window.
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


class ReadingDialog(FittingDialog):
    """Emits `overrides_set` with all overrides as soon as one of them is set.

    The receiver opens the model again with them, and reports the result by `set_source` or `show_error`.

    Args:
        what: the open model, or why it could not be opened.
        parent: the window.
    """

    overrides_set = Signal(object)  # dict of options of desktop.reading.overrides

    def __init__(self, what: Source | UnreadError, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("How the model is read")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        assert what.file is not None
        self.file: ModelFile = what.file
        self._source = what if isinstance(what, Source) else None
        overrides = what.overrides
        # A model that could not be read has no earlier reading to go back to.
        self._before = dict(overrides) if isinstance(what, Source) else None
        self._overrides = dict(overrides)
        self.picture = PictureView(PICTURE_PX)
        self.picture.setFixedSize(PICTURE_PX, PICTURE_PX)
        self.picture.setAccessibleName("Picture at the cursor, as it is read now")
        self._title = QLabel()
        self._title.setTextFormat(Qt.TextFormat.PlainText)
        self._title.setWordWrap(True)
        self._error = ErrorLabel()
        self._error.hide()
        self.fields: dict[str, QWidget] = {}
        self._parts = QVBoxLayout()
        self._groups: list[QGroupBox] = []
        self.buttons = QDialogButtonBox()
        self.apply = self.buttons.addButton("Apply", QDialogButtonBox.ButtonRole.AcceptRole)
        self.guess_again = self.buttons.addButton("Reset to guesses", QDialogButtonBox.ButtonRole.ResetRole)
        self.revert = self.buttons.addButton(
            "Revert" if self._before is not None else "Close", QDialogButtonBox.ButtonRole.RejectRole
        )
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self.guess_again.clicked.connect(partial(self._set_overrides, {}))
        above = QHBoxLayout()
        above.addWidget(self.picture)
        above.addWidget(self._title, 1)
        layout = QVBoxLayout(self)
        layout.addLayout(above)
        layout.addWidget(Scrolled(self._parts), 1)
        layout.addWidget(self._error)
        layout.addWidget(self.buttons)
        if isinstance(what, Source):
            self.set_source(what)
        else:
            self.show_error(what)

    def set_source(self, source: Source) -> None:
        """Show the reading with which the model was opened last."""
        self._source, self._overrides = source, dict(source.overrides)
        self._error.hide()
        self.apply.setEnabled(True)
        self._title.setText(
            f"{breakable(one_line(source.path.name))}\n\nParts that the file defines are certain. The others "
            "are guesses until you set them. Your choices are saved for this file."
        )
        self._show_groups(
            self._decoder_group(source.reading),
            self._encoder_group(source.encoder_file, source.encoder_reading),
        )

    def show_error(self, error: Exception) -> None:
        """Show why the model could not be read with the overrides; the reading stays as it was."""
        if self._source is not None:
            self.set_source(self._source)
        else:
            # One override may not be enough: they add up until there is a reading.
            self._title.setText(
                f"{breakable(one_line(self.file.path.name))}\n\nThis file could not be read as a decoder. "
                "Set what you know about it. The other parts are guessed again after each change."
            )
            self._show_groups(self._decoder_group(None))
        self.apply.setEnabled(self._source is not None)
        self._error.setText(breakable(one_line(" ".join(str(error).split()), MAX_ERROR_CHARS)))
        self._error.show()

    def reject(self) -> None:
        """Go back to the overrides from before the dialog."""
        if self._before is not None and self._overrides != self._before:
            self._set_overrides(self._before)
        super().reject()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Let Enter in a field set that field instead of pressing a button."""
        if event.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            super().keyPressEvent(event)

    def _show_groups(self, *groups: QGroupBox) -> None:
        for group in self._groups:
            self._parts.removeWidget(group)
            group.hide()
            group.deleteLater()
        self._groups = list(groups)
        for group in groups:
            self._parts.addWidget(group)
            leave_wheel_to_scrolling(group)

    def _set_override(self, option: str, value: str) -> None:
        """Set an override; with an empty text the option is guessed."""
        overrides = {name: text for name, text in self._overrides.items() if name != option}
        self._set_overrides(overrides | ({option: value} if value else {}))

    def _set_overrides(self, overrides: Mapping[str, str]) -> None:
        self._overrides = dict(overrides)
        self.overrides_set.emit(dict(overrides))

    def _decoder_group(self, reading: Reading | None) -> QGroupBox:
        """Build the fields of the decoder's reading or, without one, the fields that have been set so far."""
        self.fields.clear()
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
        floats = [tensor.name for tensor in self.file.inputs if tensor.dtype.startswith("float")]
        self._choice(form, known, "z-input", floats, shown.get("z-input"), "z_input")
        self._z_size(form, known, reading)
        batch = "" if reading is None else "any" if reading.batch is None else str(reading.batch)
        settled = reading is not None and isinstance(self._declared(reading)[0], int)
        self._text(form, known, "batch", batch, "batch", is_settled=settled)
        for other in () if reading is None else reading.other_inputs:
            self._number(form, known, other)
        names = [tensor.name for tensor in self.file.outputs]
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

    def _prior(self, form: QFormLayout, known: "_Known", prior: Prior) -> None:
        """Add fields for the family of the prior, and for its scale or its range."""
        shown = next(text for text, kind in PRIORS.items() if kind is prior.kind)
        self._choice(form, known, "prior", PRIORS, shown, "prior")
        line = QLineEdit(with_minus(prior.text.partition(":")[2] or f"{prior.scale:g}"))
        before = line.text()

        def finished() -> None:
            if line.text() != before:
                numbers = with_hyphen(line.text().strip())
                self._set_override("prior", f"{prior.kind}:{numbers}" if numbers else str(prior.kind))

        line.editingFinished.connect(finished)
        self._row(form, "prior numbers", PRIOR_NUMBERS[prior.kind], line, known.words("prior", "prior"))

    def _z_size(self, form: QFormLayout, known: "_Known", reading: Reading | None) -> None:
        """Add a field for the number of dimensions or, if several sizes of z are open, for all of them."""
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
        shape = next(tensor.shape for tensor in self.file.inputs if tensor.name == reading.z_input) or ()
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
        none.setEnabled(file is not None)
        none.clicked.connect(partial(self._set_override, "encoder", NO_ENCODER))
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
        for other in reading.other_inputs:
            if SET + other.name not in self.fields:  # an input of both models gets one value
                self._number(form, known, other)
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
        # A mapping goes from the shown texts to the option's values.
        values = choices if isinstance(choices, Mapping) else {text: text for text in choices}
        for shown, value in values.items():
            box.addItem(one_line(shown, NAME_CHARS), value)
        chosen = next((shown for shown, value in values.items() if value == self._overrides.get(option)), "")
        box.setCurrentIndex(box.findText(one_line(current or chosen, NAME_CHARS)))
        box.activated.connect(lambda: self._set_override(option, box.currentData()))
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
        line.setEnabled(not is_settled)  # the file leaves no choice
        before = line.text()

        def finished() -> None:
            if line.text() != before:  # leaving the line without a change sets nothing
                self._set_override(
                    option, "" if line.text().strip().lower() == "any" else line.text().strip()
                )

        line.editingFinished.connect(finished)
        self._row(form, option, LABELS[option], line, known.words(option, field))

    def _number(self, form: QFormLayout, known: "_Known", other: OtherInput) -> None:
        spin = NumberBox()
        whole = other.one_hot or "float" not in other.dtype
        spin.setDecimals(0 if whole else 3)
        spin.setRange(0 if whole else -MAX_VALUE, (other.shape[-1] or 1) - 1 if other.one_hot else MAX_VALUE)
        spin.setSingleStep(1 if whole else 0.1)
        spin.setValue(other.value)
        spin.setKeyboardTracking(False)
        option = SET + other.name
        spin.valueChanged.connect(lambda value: self._set_override(option, f"{value:g}"))
        self._row(form, option, other.name, spin, known.words(option, "other_inputs"))

    def _row(self, form: QFormLayout, option: str, label: str, field: QWidget, known: str) -> None:
        """Add a field, and beside it how certain its value is."""
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
        chosen, _ = QFileDialog.getOpenFileName(self, "Choose encoder", "", "Models (*.onnx);;All files (*)")
        if chosen:
            self._set_override("encoder", chosen)


class _Known:
    """Says how certain each part of a reading is."""

    def __init__(self, reading: Reading | EncoderReading | None, overrides: Mapping[str, str]) -> None:
        self._guesses = None if reading is None else reading.guesses
        self._overrides = overrides

    def words(self, option: str, field: str) -> str:
        """Return how certain the part is that an option sets."""
        if option in self._overrides:
            return "set by you"
        if self._guesses is None:
            return "not set"
        return "a guess" if field in self._guesses else CERTAIN


def _group(title: str) -> tuple[QGroupBox, QFormLayout]:
    group = QGroupBox(title)
    return group, QFormLayout(group)


def _plain(text: str) -> QLabel:
    """Return a label that shows a stranger's text without interpreting markup."""
    label = QLabel(breakable(one_line(text, NAME_CHARS)))
    label.setWordWrap(len(text) > WRAPPED_CHARS)
    label.setTextFormat(Qt.TextFormat.PlainText)
    return label
