"""Opens a file or a folder as what it is: a model, an export, z, or pictures."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QFileDialog

from desktop.app.worker import Priority
from desktop.images.note import read_note
from desktop.images.picture_kinds import SUFFIXES, is_image
from desktop.images.picture_set import SET_SUFFIXES, is_picture_set
from desktop.latent.number_file import is_number_file
from desktop.widgets.common import settings
from desktop.widgets.common.actions import add_action
from desktop.widgets.controls.shell import Shell
from export.bundle import MANIFEST_FILE, bundle_of_file

OPEN_KINDS = (
    "Models, exports and z (manifest.json *.latent *.onnx *.png *.apng *.gif *.webp "
    "*.npy *.npz *.json *.csv);;"
    f"Pictures (*{' *'.join(SUFFIXES)});;All files (*)"
)


class FileControl(QObject):
    """Asks for files and folders, and looks into them in the background to find out what they are.

    Attributes:
        open_entry: the menu's entry that asks for a file.
    """

    model_wanted = Signal(object)  # Path
    view_found = Signal(str, str, object)  # an export's note, the file's name for people, and its Path
    picture_wanted = Signal(object)  # Path of a picture to encode
    numbers_wanted = Signal(object)  # Path of a file of z
    pictures_wanted = Signal(object)  # Path of many pictures to show as points

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell.window)
        self._window = shell.window
        self._message = shell.message
        self._explorer = shell.explorer
        menu = shell.menus["file"]
        self.open_entry = add_action(menu, "&Open…", QKeySequence.StandardKey.Open, self.choose)
        add_action(menu, "Open fold&er…", "Ctrl+Shift+O", self.choose_folder)

    def open(self, path: Path, as_picture: bool = False) -> None:
        """Open a model, z or many pictures, restore an export's view, or encode a picture.

        With `as_picture`, a picture is encoded even if it carries a view.
        """
        self._message.hide_error()
        if path.is_dir() or path.suffix.lower() in SET_SUFFIXES:

            def look() -> Iterator[tuple[bool, Path | None]]:
                yield is_picture_set(path), bundle_of_file(path)

            self._explorer.opener.request(
                "look into", Priority.OPEN, look(), partial(self._on_looked, path), of_model=False
            )
        elif is_number_file(path) and path.name != MANIFEST_FILE:
            self.numbers_wanted.emit(path)
        elif not is_image(path):
            self.model_wanted.emit(path)
        elif as_picture:
            self.picture_wanted.emit(path)
        else:

            def read() -> Iterator[tuple[str | None]]:
                yield (read_note(path),)  # the worker takes None for a step without a result

            self._explorer.worker.request(
                "note", Priority.PICTURE, read(), partial(self._on_read, path), of_model=False
            )

    def choose(self) -> bool:
        """Ask for a file and open it; False if none was chosen."""
        title = "Open a bundle, a decoder or an export"
        chosen, _ = QFileDialog.getOpenFileName(self._window, title, settings.last_folder(), OPEN_KINDS)
        if chosen:
            self.open(Path(chosen))
        return bool(chosen)

    def choose_folder(self) -> None:
        """Ask for a folder, and open the bundle or the pictures in it."""
        title = "Open a bundle's folder or a folder of pictures"
        chosen = QFileDialog.getExistingDirectory(self._window, title, settings.last_folder())
        if chosen:
            self.open(Path(chosen))

    def _on_looked(self, path: Path, found: tuple[bool, Path | None]) -> None:
        has_pictures, within = found
        if within is not None:
            self.model_wanted.emit(path)  # opening it says what the file is, and offers its bundle
        elif has_pictures:
            self.pictures_wanted.emit(path)
        elif is_number_file(path):
            self.numbers_wanted.emit(path)
        else:
            self.model_wanted.emit(path)

    def _on_read(self, path: Path, note: tuple[str | None]) -> None:
        (text,) = note
        if text is None:
            self.picture_wanted.emit(path)
        else:
            self.view_found.emit(text, path.name, path)
