"""Pastes a view, files, a picture or z from the clipboard, and copies the view as text."""

from pathlib import Path

import numpy as np
from PySide6.QtCore import QMimeData, QObject, Signal
from PySide6.QtGui import QGuiApplication, QImage

from desktop.app.saving import note_of
from desktop.latent.named_points import named_points
from desktop.latent.plane import parse_z
from desktop.view.provenance import fits_in_text, is_provenance
from desktop.view.z_text import plane_moved, without_numpy, z_texts
from desktop.widgets.common.actions import add_action
from desktop.widgets.controls.picture_control import NOTE_TYPE
from desktop.widgets.controls.shell import Shell

CLIPBOARD = "the clipboard"


class ClipboardControl(QObject):
    """Recognises a view, files, a picture or z in the clipboard.

    Args:
        shell: a pasted z moves the cursor of its explorer; this can be undone.

    Attributes:
        copy_entry: the menu's entry that copies the view as text.
    """

    view_pasted = Signal(str, str)  # the text of a view, and where it comes from
    image_pasted = Signal(object)  # QImage
    files_pasted = Signal(object)  # list[Path]
    points_pasted = Signal(object, str)  # NamedPoints, and where they come from
    told = Signal(str)

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell.window)
        self._message = shell.message
        self._explorer = shell.explorer
        edit = shell.menus["edit"]
        add_action(edit, "&Paste", "Ctrl+V", self.paste)
        self.copy_entry = add_action(edit, "Copy &view as text", "Ctrl+Shift+C", self.copy_text)

    def paste(self) -> None:
        """Paste from the clipboard: a view, z, a file or a picture."""
        # Qt gives None if the clipboard is empty, or on Wayland if another window has the keyboard.
        data = QGuiApplication.clipboard().mimeData() or QMimeData()
        note = bytes(data.data(NOTE_TYPE).data()).decode("ascii", errors="replace")
        text = note or data.text()
        urls = data.urls()
        image = QGuiApplication.clipboard().image() if data.hasImage() else QImage()
        if is_provenance(text):
            self.view_pasted.emit(text, CLIPBOARD)
        elif urls and urls[0].isLocalFile():
            self.files_pasted.emit([Path(url.toLocalFile()) for url in urls if url.isLocalFile()])
        elif not image.isNull():
            self.image_pasted.emit(image)
        elif text.strip() and self._explorer.latent_dim is not None:
            self._paste_z(without_numpy(text), self._explorer.latent_dim)
        else:
            self.told.emit("the clipboard has nothing that can be pasted here")

    def _paste_z(self, text: str, latent_dim: int) -> None:
        """Move the cursor to the z in a text; if there are several, ask what to do with them."""
        try:
            z = parse_z(text, latent_dim)
        except ValueError as error:
            try:
                points = [parse_z(part, latent_dim) for part in z_texts(text)]
            except ValueError:
                points = []
            if len(points) > 1:
                found = named_points({"z": np.array(points)}, latent_dim, CLIPBOARD)
                self.points_pasted.emit(found, CLIPBOARD)
            else:
                self._message.show_error(error)
        else:
            before = self._explorer.state
            self._explorer.set_state(before.moved_to(z))
            self.told.emit("; ".join(filter(None, ("z pasted", plane_moved(before, self._explorer.state)))))

    def copy_text(self) -> None:
        """Copy the view as a text that can be sent and pasted."""
        text = note_of(self._explorer, "view")
        if text and not fits_in_text(self._explorer.state):
            self.told.emit("the view has too many numbers for a text; File › Save z… saves the cursor")
        elif text:
            QGuiApplication.clipboard().setText(text)
            self.told.emit("view copied as text; paste it into this program to return to the view")
