"""How a bare model is read: each part, whether it is certain or a guess, and what people make of it."""

from collections.abc import Mapping, Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
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

from desktop.reading import EncoderReading, OtherInput, Reading, Spread
from desktop.source import Source
from desktop.wanted import LAYOUTS, RANGES, SET, SPREADS
from desktop.widgets.picture_view import PictureView

PICTURE_PX = 168
MAX_VALUE = 1e6


class ReadingDialog(QDialog):
    """Says by `wished` what people want of the reading, as soon as they choose it.

    Whoever opens the model again with those wishes tells the result by `set_source` or `show_error`.
    """

    wished = Signal(object)  # dict of options of desktop.wanted

    def __init__(self, source: Source, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("How the model is read")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._before: dict[str, str] = dict(source.wanted)
        self._wishes: dict[str, str] = dict(source.wanted)
        self._source = source
        self.picture = PictureView(PICTURE_PX)
        self.picture.setFixedSize(PICTURE_PX, PICTURE_PX)
        self.picture.setAccessibleName("The picture as it is read now")
        self._title = QLabel()
        self._title.setTextFormat(Qt.TextFormat.PlainText)
        self._title.setWordWrap(True)
        self._error = QLabel()
        self._error.setTextFormat(Qt.TextFormat.PlainText)
        self._error.setWordWrap(True)
        self._error.setStyleSheet("color: #d9534f;")
        self._error.hide()
        self.fields: dict[str, QWidget] = {}
        self._parts = QVBoxLayout()
        self._groups: list[QGroupBox] = []
        self.buttons = QDialogButtonBox()
        self.keep = self.buttons.addButton("Keep", QDialogButtonBox.ButtonRole.AcceptRole)
        self.guess_again = self.buttons.addButton("Guess all again", QDialogButtonBox.ButtonRole.ResetRole)
        self.undo = self.buttons.addButton("As before", QDialogButtonBox.ButtonRole.RejectRole)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self.guess_again.clicked.connect(partial(self._wish_all, {}))
        above = QHBoxLayout()
        above.addWidget(self.picture)
        above.addWidget(self._title, 1)
        layout = QVBoxLayout(self)
        layout.addLayout(above)
        layout.addLayout(self._parts)
        layout.addWidget(self._error)
        layout.addWidget(self.buttons)
        self.set_source(source)

    def set_source(self, source: Source) -> None:
        """Show the reading of the model as it was opened last."""
        self._source, self._wishes = source, dict(source.wanted)
        self._error.hide()
        self._title.setText(
            f"{source.path.name}\n\nWhat the file settles is certain; the rest is a guess until you set it. "
            "Your choice is remembered for this file."
        )
        for group in self._groups:
            self._parts.removeWidget(group)
            group.deleteLater()
        self.fields.clear()
        self._groups = [self._decoder_group(source.reading), self._encoder_group(source.encoder_reading)]
        for group in self._groups:
            self._parts.addWidget(group)

    def show_error(self, error: Exception) -> None:
        """Say why a wish could not be fulfilled; the reading stays as it was."""
        self._wishes = dict(self._source.wanted)
        self.set_source(self._source)
        self._error.setText(" ".join(str(error).split()))
        self._error.show()

    def reject(self) -> None:
        """Go back to what was wished before the dialog."""
        if self._wishes != self._before:
            self._wish_all(self._before)
        super().reject()

    def _wish(self, option: str, value: str) -> None:
        self._wish_all(self._wishes | {option: value})

    def _wish_all(self, wishes: Mapping[str, str]) -> None:
        self._wishes = dict(wishes)
        self.wished.emit(dict(wishes))

    def _decoder_group(self, reading: Reading) -> QGroupBox:
        group, form = _group("Decoder")
        file = self._source.file
        assert file is not None
        floats = [tensor.name for tensor in file.inputs if tensor.dtype.startswith("float")]
        self._choice(form, "z-input", "z goes to", floats, reading.z_input, reading, "z_input")
        # What most models settle themselves is not in the way.
        for option, label, value in (
            ("latent-dim", "Latent dimensions", reading.latent_dim),
            ("batch", "Pictures at once", reading.batch or "any"),
        ):
            field = option.replace("-", "_")
            if field in reading.guesses or option in self._wishes:
                self._text(form, option, label, str(value), reading, field)
        for other in reading.other_inputs:
            self._number(form, other, "other_inputs" in reading.guesses)
        names = [tensor.name for tensor in file.outputs]
        self._choice(form, "output", "The picture is", names, reading.output, reading, "output")
        self._choice(form, "layout", "Layout", list(LAYOUTS), reading.layout.value, reading, "layout")
        shape = ", ".join(map(str, reading.image_shape))
        self._text(form, "image-shape", "Channels, height, width", shape, reading, "image_shape")
        ranges = {kind.value: name for name, kind in RANGES.items()}
        now = reading.value_range.value
        self._choice(form, "range", "Its numbers are", ranges, now, reading, "value_range")
        return group

    def _encoder_group(self, reading: EncoderReading | None) -> QGroupBox:
        group, form = _group("Encoder")
        choose = QPushButton("Choose…")
        choose.setAccessibleName("Choose the encoder's file")
        choose.clicked.connect(self._choose_encoder)
        self.fields["encoder"] = choose
        file = self._source.encoder_file
        form.addRow(_plain(file.path.name if file is not None else "none"), choose)
        if reading is None or file is None:
            return group
        outputs = [tensor.name for tensor in file.outputs]
        self._choice(form, "mean-output", "Mean", outputs, reading.mean_output, reading, "mean_output")
        if reading.spread is not Spread.NONE and reading.spread_output is not None:
            self._choice(
                form, "spread-output", "Spread", outputs, reading.spread_output, reading, "spread_output"
            )
        spreads = {kind.value: name for name, kind in SPREADS.items()}
        self._choice(form, "spread", "The spread is", spreads, reading.spread.value, reading, "spread")
        ranges = {kind.value: name for name, kind in RANGES.items() if name != "logits"}
        now = reading.value_range.value
        self._choice(form, "encoder-range", "It takes numbers in", ranges, now, reading, "value_range")
        return group

    def _choice(
        self,
        form: QFormLayout,
        option: str,
        label: str,
        choices: Sequence[str] | Mapping[str, str],
        current: str,
        reading: Reading | EncoderReading,
        field: str,
    ) -> None:
        box = QComboBox()
        box.addItems(list(choices))
        box.setCurrentText(current)
        # A mapping is from what is shown to what the option takes.
        values = choices if isinstance(choices, Mapping) else {text: text for text in choices}
        box.textActivated.connect(lambda text: self._wish(option, values[text]))
        self._row(form, option, label, box, field in reading.guesses)

    def _text(
        self,
        form: QFormLayout,
        option: str,
        label: str,
        text: str,
        reading: Reading,
        field: str,
    ) -> None:
        line = QLineEdit(text)

        def finished() -> None:
            if line.text() != text:  # leaving the line without a change wants nothing
                self._wish(option, line.text())

        line.editingFinished.connect(finished)
        self._row(form, option, label, line, field in reading.guesses)

    def _number(self, form: QFormLayout, other: OtherInput, is_guess: bool) -> None:
        spin = QDoubleSpinBox()
        whole = other.one_hot or "float" not in other.dtype
        spin.setDecimals(0 if whole else 3)
        spin.setRange(0 if whole else -MAX_VALUE, (other.shape[-1] or 1) - 1 if other.one_hot else MAX_VALUE)
        spin.setSingleStep(1 if whole else 0.1)
        spin.setValue(other.value)
        spin.setKeyboardTracking(False)
        option = SET + other.name
        spin.valueChanged.connect(lambda value: self._wish(option, f"{value:g}"))
        self._row(form, option, other.name, spin, is_guess and option not in self._wishes)

    def _row(self, form: QFormLayout, option: str, label: str, field: QWidget, is_guess: bool) -> None:
        """A field with what is known of it beside it."""
        field.setAccessibleName(label)
        known = "set by you" if option in self._wishes else "a guess" if is_guess else "certain"
        mark = QLabel(known)
        mark.setEnabled(is_guess or option in self._wishes)
        mark.setMinimumWidth(70)
        row = QHBoxLayout()
        row.addWidget(field, 1)
        row.addWidget(mark)
        form.addRow(_plain(label), row)
        self.fields[option] = field

    def _choose_encoder(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(
            self, "Choose the encoder", "", "Models (*.onnx);;All files (*)"
        )
        if chosen:
            self._wish("encoder", chosen)


def _group(title: str) -> tuple[QGroupBox, QFormLayout]:
    group = QGroupBox(title)
    return group, QFormLayout(group)


def _plain(text: str) -> QLabel:
    """A label of a stranger's words, which are no markup."""
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    return label
