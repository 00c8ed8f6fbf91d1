"""Opens the reading dialog, and passes its overrides to the explorer and the results back."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QFileDialog, QWidget

from desktop.base.arrays import Bytes
from desktop.models.open_source import decoder_beside
from desktop.models.source import Source, UnreadError
from desktop.reading.what_it_is import LooksLike
from desktop.widgets.common.message_bar import Action
from desktop.widgets.common.qimage import to_qimage
from desktop.widgets.common.usable import set_usable

if TYPE_CHECKING:
    from desktop.widgets.dialogs.reading_dialog import OwnInputs, ReadingDialog

NO_FILE = "No model is open."
NO_CHOICE = "The open bundle's manifest says how it is read."


class ReadingControl(QObject):
    """Emits `overrides_set` when a model is to be opened again with other overrides for its reading.

    Args:
        parent: the dialog's parent.
        shortcut: the action's shortcut, or an empty string.
        own_inputs: returns the further inputs of a model that are set in the dialog.
    """

    overrides_set = Signal(object, object)  # Path, dict of options

    def __init__(
        self, parent: QWidget, shortcut: str = "Ctrl+R", own_inputs: "OwnInputs" = lambda _: ()
    ) -> None:
        super().__init__(parent)
        self._own_inputs = own_inputs
        self._parent = parent
        self._source: Source | None = None
        self._picture: Bytes | None = None
        self.dialog: ReadingDialog | None = None
        self.action = QAction("How the model is &read…", self)
        if shortcut:
            self.action.setShortcut(QKeySequence(shortcut))
        self.action.triggered.connect(lambda: self.open_dialog())
        set_usable(self.action, NO_FILE)

    def set_source(self, source: Source) -> None:
        """Set the open model, also after it was opened again; a bundle's reading cannot be changed."""
        self._source = source
        set_usable(self.action, "" if source.file is not None else NO_CHOICE)
        if self.dialog is not None and (source.file is None or source.path != self.dialog.file.path):
            self.dialog.done(0)
        elif self.dialog is not None:
            self.dialog.set_source(source)
            self._show_image()

    def set_picture(self, picture: Bytes | None) -> None:
        """Set the picture at the cursor as it is read now, uint8 [H, W(, C)]."""
        self._picture = picture
        self._show_image()

    def show_error(self, error: Exception) -> bool:
        """Show in the open dialog that the overrides do not fit; return False if no dialog is open."""
        if self.dialog is None:
            return False
        self.dialog.show_error(error)
        return True

    def actions_for(self, error: UnreadError) -> list[Action]:
        """Buttons with what people can do about a model that could not be read."""
        as_decoder = error.as_decoder()
        if as_decoder is None:
            return [("How the model is read…", partial(self.open_dialog, error))]
        anyway = ("Open anyway", partial(self.overrides_set.emit, error.file.path, as_decoder))
        if error.looks_like is LooksLike.ENCODER:
            return [("Choose its decoder…", partial(self._choose_decoder, error)), anyway]
        return [anyway]

    def _choose_decoder(self, error: UnreadError) -> None:
        """Ask for a decoder, and open it with this file, which looks like an encoder, as its encoder."""
        encoder = error.file.path
        title, kinds = "Choose its decoder", "Models (*.onnx);;All files (*)"
        near = str(decoder_beside(encoder) or encoder.parent)
        chosen, _ = QFileDialog.getOpenFileName(self._parent, title, near, kinds)
        if chosen:
            self.overrides_set.emit(Path(chosen), {"encoder": str(encoder.absolute())})

    def open_dialog(self, unread: UnreadError | None = None) -> None:
        """Open the dialog for the open bare `.onnx` model, or for a model that could not be opened."""
        what = unread or self._source
        if what is None or what.file is None or self.dialog is not None:
            return
        from desktop.widgets.dialogs.reading_dialog import ReadingDialog  # not before it is first opened

        path = what.file.path
        self.dialog = ReadingDialog(what, self._parent, self._own_inputs)
        self.dialog.overrides_set.connect(lambda overrides: self.overrides_set.emit(path, overrides))
        self.dialog.finished.connect(self._forget)
        self._show_image()
        self.dialog.open()

    def _show_image(self) -> None:
        """Show the picture in the dialog if the dialog is about the open model."""
        if self.dialog is not None and self._source is not None and self._source.file is not None:
            picture = self._picture if self._source.path == self.dialog.file.path else None
            self.dialog.picture.set_image(None if picture is None else to_qimage(picture))

    def _forget(self) -> None:
        self.dialog = None
