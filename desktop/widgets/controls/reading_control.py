"""The menu entry that opens the reading dialog, and what goes between the dialog and the open model."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QFileDialog, QWidget

from desktop.base.arrays import Bytes
from desktop.models.source import Source, UnreadError, decoder_beside
from desktop.reading.what_it_is import LooksLike
from desktop.widgets.common.message_bar import Action
from desktop.widgets.common.qimage import to_qimage
from desktop.widgets.dialogs.reading_dialog import ReadingDialog


class ReadingControl(QObject):
    """Says by `wished` that a model is to be opened again with other wishes for its reading."""

    wished = Signal(object, object)  # Path, dict of options

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._parent = parent
        self._source: Source | None = None
        self._picture: Bytes | None = None
        self.dialog: ReadingDialog | None = None
        self.action = QAction("How the model is &read…", self)
        self.action.setShortcut(QKeySequence("Ctrl+R"))
        self.action.triggered.connect(lambda: self.open_dialog())
        self.action.setEnabled(False)

    def set_source(self, source: Source) -> None:
        """A model was opened, or the same one anew; a bundle leaves nothing to read."""
        self._source = source
        self.action.setEnabled(source.file is not None)
        if self.dialog is not None and (source.file is None or source.path != self.dialog.file.path):
            self.dialog.done(0)
        elif self.dialog is not None:
            self.dialog.set_source(source)
            self._show_image()

    def set_picture(self, picture: Bytes | None) -> None:
        """The picture at the cursor as it is read now, uint8 [H, W(, C)]."""
        self._picture = picture
        self._show_image()

    def show_error(self, error: Exception) -> bool:
        """Tell the open dialog that a wish could not be fulfilled; False where there is none to tell."""
        if self.dialog is None:
            return False
        self.dialog.show_error(error)
        return True

    def actions_for(self, error: UnreadError) -> list[Action]:
        """Buttons for a model that could not be read: what people can do about it."""
        dialog = partial(self.open_dialog, error)
        if error.looks_like is LooksLike.ENCODER:
            return [("Choose its decoder…", partial(self._choose_decoder, error)), ("Open anyway…", dialog)]
        return [("How is it read?" if error.looks_like is None else "Open anyway…", dialog)]

    def _choose_decoder(self, error: UnreadError) -> None:
        """Open a decoder with the file that looks like an encoder as its encoder."""
        encoder = error.file.path
        title, kinds = "Choose its decoder", "Models (*.onnx);;All files (*)"
        near = str(decoder_beside(encoder) or encoder.parent)
        chosen, _ = QFileDialog.getOpenFileName(self._parent, title, near, kinds)
        if chosen:
            self.wished.emit(Path(chosen), {"encoder": str(encoder.absolute())})

    def open_dialog(self, unread: UnreadError | None = None) -> None:
        """Show the dialog for the open model, if it is a bare one, or for one that could not be opened."""
        what = unread or self._source
        if what is None or what.file is None or self.dialog is not None:
            return
        path = what.file.path
        self.dialog = ReadingDialog(what, self._parent)
        self.dialog.wished.connect(lambda wishes: self.wished.emit(path, wishes))
        self.dialog.finished.connect(self._forget)
        self._show_image()
        self.dialog.open()

    def _show_image(self) -> None:
        """In the dialog, where the open model is the one that it is about."""
        if self.dialog is not None and self._source is not None and self._source.file is not None:
            picture = self._picture if self._source.path == self.dialog.file.path else None
            self.dialog.picture.set_image(None if picture is None else to_qimage(picture))

    def _forget(self) -> None:
        self.dialog = None
