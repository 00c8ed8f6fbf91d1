"""The dialog for a bare model's reading: shows each part and how certain it is, and lets people set it."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import pairwise

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
from desktop.reading.input_values import InputValue, values_of
from desktop.reading.overrides import LAYOUTS, NO_ENCODER, RANGES, SET, SPREADS
from desktop.reading.reading import EncoderReading, OtherInput, Reading, Spread
from desktop.vetting.onnx_file import ModelFile
from desktop.widgets.common.error_label import ErrorLabel
from desktop.widgets.common.fitting_dialog import FittingDialog, Scrolled
from desktop.widgets.common.picture_view import PictureView
from desktop.widgets.common.plain_text import breakable
from desktop.widgets.common.usable import set_usable
from desktop.widgets.common.wheel import leave_wheel_to_scrolling
from desktop.widgets.panels.inputs_panel import InputsPanel

OwnInputs = Callable[[Source], Sequence[OtherInput]]

PICTURE_PX = 168
MAX_ERROR_CHARS, WRAPPED_CHARS = 1000, 30
CERTAIN = "certain"
# The priors in the window, with what the field beside them holds.
PRIORS = {"Normal": PriorKind.NORMAL, "Uniform": PriorKind.UNIFORM, "Unit sphere": PriorKind.SPHERE}
PRIOR_NUMBERS = {
    PriorKind.NORMAL: "Standard deviation",
    PriorKind.UNIFORM: "From, to",
    PriorKind.SPHERE: "Radius",
}
NOT_READ = "The file cannot be read with these settings yet."
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
    """Emits `overrides_set` with all overrides as soon as one of them is set, so that the picture shows it.

    The receiver opens the model again with them, and reports the result by `set_source` or `show_error`. OK
    keeps the choices; Cancel and Esc go back to those before the dialog. The values of further inputs are set
    in the panel's section "Inputs", and only here if that has none for them.

    Args:
        what: the open model, or why it could not be opened.
        parent: the window.
        own_inputs: the further inputs of a model that are set here.
    """

    overrides_set = Signal(object)  # dict of options of desktop.reading.overrides

    def __init__(
        self,
        what: Source | UnreadError,
        parent: QWidget | None = None,
        own_inputs: OwnInputs = lambda _: (),
    ) -> None:
        super().__init__(parent)
        self._own_inputs = own_inputs
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
        self._focused = ("", "")
        self._parts = QVBoxLayout()
        self._groups: list[QGroupBox] = []
        self.buttons = QDialogButtonBox()
        self.ok = self.buttons.addButton("OK", QDialogButtonBox.ButtonRole.AcceptRole)
        self.guess_again = self.buttons.addButton("Reset to guesses", QDialogButtonBox.ButtonRole.ResetRole)
        self.cancel = self.buttons.addButton(
            "Cancel" if self._before is not None else "Close", QDialogButtonBox.ButtonRole.RejectRole
        )
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self.guess_again.clicked.connect(self._guess_again)
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
        set_usable(self.ok)
        self._title.setText(
            f"{breakable(one_line(source.path.name))}\n\nParts that the file defines are certain. The others "
            "are guesses until you set them. The picture shows each choice at once. "
            + (
                "OK keeps your choices for this file; Cancel, or Esc, goes back to how it was read before."
                if self._before is not None
                else "Your choices are kept for this file."
            )
        )
        self._show_groups(
            self._decoder_group(source.reading),
            self._encoder_group(source.encoder_file, source.encoder_reading),
            *self._inputs_group(self._own_inputs(source)),
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
        set_usable(self.ok, "" if self._source is not None else NOT_READ)
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
        """Show other fields in place of those before; the one with the keyboard keeps it, and its text."""
        focused, typed = self._focused
        for group in self._groups:
            self._parts.removeWidget(group)
            group.hide()
            group.deleteLater()
        self._groups = list(groups)
        for group in groups:
            self._parts.addWidget(group)
            leave_wheel_to_scrolling(group)
        self._put_in_order()
        field = self.fields.get(focused)
        if field is not None:
            field.setFocus(Qt.FocusReason.OtherFocusReason)
            if typed and isinstance(field, QLineEdit):
                field.setText(typed)
                field.setModified(True)
            elif isinstance(field, QLineEdit):
                field.selectAll()

    def _put_in_order(self) -> None:
        """Let Tab go through the fields from the top down, and then to the buttons."""
        order = [*self.fields.values(), self.guess_again, self.ok, self.cancel]
        for before, after in pairwise(order):
            QWidget.setTabOrder(before, after)

    def _guess_again(self) -> None:
        """Guess all parts; the values of further inputs, which are set elsewhere, stay."""
        self._set_overrides({name: text for name, text in self._overrides.items() if name.startswith(SET)})

    def _set_override(self, option: str, value: str) -> None:
        """Set an override; with an empty text the option is guessed."""
        overrides = {name: text for name, text in self._overrides.items() if name != option}
        self._set_overrides(overrides | ({option: value} if value else {}))

    def _set_overrides(self, overrides: Mapping[str, str]) -> None:
        self._overrides = dict(overrides)
        self.overrides_set.emit(dict(overrides))

    def _decoder_group(self, reading: Reading | None) -> QGroupBox:
        """Build the fields of the decoder's reading or, without one, the fields that have been set so far."""
        self._focused = self._focus()
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

    def _focus(self) -> tuple[str, str]:
        """Return the option of the field that has the keyboard, and what was typed in it and not set yet."""
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
        set_usable(none, "" if file is not None else "There is no encoder.")
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
            lambda name, value: self._set_override(SET + name, InputValue(name, value).text)
        )
        for slider in panel.sliders.values():  # each of its steps would open the model again
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
        set_usable(line, "The file says it itself." if is_settled else "")
        before = line.text()

        def finished() -> None:
            if line.isModified() and line.text() != before:  # leaving it without a change sets nothing
                line.setModified(False)
                self._set_override(
                    option, "" if line.text().strip().lower() == "any" else line.text().strip()
                )

        line.editingFinished.connect(finished)
        self._row(form, option, LABELS[option], line, known.words(option, field))

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
