"""The dialog for the reading of a bare model: people set its parts, and a picture shows each choice."""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialogButtonBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from desktop.base.words import one_line
from desktop.models.source import Source, UnreadError
from desktop.reading.overrides import SET
from desktop.reading.reading import OtherInput
from desktop.vetting.onnx_file import ModelFile
from desktop.widgets.common.error_label import ErrorLabel
from desktop.widgets.common.fitting_dialog import FittingDialog, Scrolled
from desktop.widgets.common.picture_view import PictureView
from desktop.widgets.common.plain_text import breakable
from desktop.widgets.common.usable import set_usable
from desktop.widgets.dialogs.reading_fields import ReadingFields

OwnInputs = Callable[[Source], Sequence[OtherInput]]

PICTURE_PX = 168
MAX_ERROR_CHARS = 1000
NOT_READ = "The file cannot be read with these settings yet."


class ReadingDialog(FittingDialog):
    """Emits `overrides_set` with all overrides whenever one of them is set, so that the picture shows it.

    The receiver opens the model again with them, and reports the result by `set_source` or `show_error`. OK
    keeps the choices; Cancel and Esc go back to those before the dialog. The values of further inputs are set
    in the panel's section "Inputs"; only inputs that this section cannot show are set here.

    Args:
        what: the open model, or why it could not be opened.
        parent: the window.
        own_inputs: returns the further inputs of a model that are set in this dialog.
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
        # A model that could not be read has no earlier reading to restore.
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
        self._parts = ReadingFields(self.file)
        self._parts.override_set.connect(self._set_override)
        self.fields = self._parts.fields
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
        """Show the reading with which the model was last opened."""
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
        self._parts.show_source(source, self._own_inputs(source))
        self._put_in_order()

    def show_error(self, error: Exception) -> None:
        """Show why the model could not be read with the overrides; the reading stays as it was."""
        if self._source is not None:
            self.set_source(self._source)
        else:
            # One override may not be enough: overrides are kept until a reading is found.
            self._title.setText(
                f"{breakable(one_line(self.file.path.name))}\n\nThis file could not be read as a decoder. "
                "Set what you know about it. The other parts are guessed again after each change."
            )
            self._parts.show_unread(self._overrides)
            self._put_in_order()
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

    def _put_in_order(self) -> None:
        """Let Tab go through the fields from the top down, and then to the buttons."""
        order = [*self.fields.values(), self.guess_again, self.ok, self.cancel]
        for before, after in pairwise(order):
            QWidget.setTabOrder(before, after)

    def _guess_again(self) -> None:
        """Guess all parts again; the values of further inputs stay, because they are set elsewhere."""
        self._set_overrides({name: text for name, text in self._overrides.items() if name.startswith(SET)})

    def _set_override(self, option: str, value: str) -> None:
        """Set an override; an empty text removes it, and the option is guessed again."""
        overrides = {name: text for name, text in self._overrides.items() if name != option}
        self._set_overrides(overrides | ({option: value} if value else {}))

    def _set_overrides(self, overrides: Mapping[str, str]) -> None:
        self._overrides = dict(overrides)
        self.overrides_set.emit(dict(overrides))
