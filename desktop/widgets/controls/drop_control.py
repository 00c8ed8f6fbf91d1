"""What dropped files are opened as: one by what it is, of several those that belong together."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from desktop.images.picture_set import MODEL_SUFFIXES, is_picture_set
from desktop.images.read_image import SUFFIXES
from desktop.widgets.controls.shell import Shell
from export.bundle import MANIFEST_FILE

ENCODER_NAME = re.compile(r"encoder|(^|[^a-z])enc([^a-z]|$)", re.IGNORECASE)
MAX_NAMED = 5


class DropControl(QObject):
    """Opens what belongs together, and says which of the dropped files were not opened."""

    path_wanted = Signal(object, bool)  # Path to open by what it is; whether any picture is to be encoded
    model_wanted = Signal(object, object)  # Path of a model, and its Overrides or None
    pictures_wanted = Signal(object, object)  # Path of a folder, and the Paths in it that are meant
    told = Signal(str)

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell.window)
        self._message = shell.message
        self._left = ""
        shell.explorer.opened.connect(self._on_opened)
        shell.explorer.open_failed.connect(self._forget)

    def open(self, paths: Sequence[Path], as_picture: bool = False) -> None:
        """Open dropped files; `as_picture` encodes a single picture whatever it carries.

        Of several, a decoder and its encoder open together, or else the first model. Without a model,
        pictures and folders of them become points together; without these the first file is opened.
        """
        self._forget()
        if len(paths) == 1:
            self.path_wanted.emit(paths[0], as_picture)
            return
        models = [path for path in paths if _is_model(path)]
        pictures = [path for path in paths if path.suffix.lower() in SUFFIXES or path.is_dir()]
        pair = _pair(models)
        if pair is not None:
            decoder, encoder = pair
            self._left = _left_text(paths, pair)
            self.model_wanted.emit(decoder, {"encoder": str(encoder.absolute())})
        elif models:
            self._left = _left_text(paths, models[:1])
            self.model_wanted.emit(models[0], None)
        elif len(pictures) > 1:
            self.told.emit(_left_text(paths, pictures))
            self.pictures_wanted.emit(Path(os.path.commonpath([path.parent for path in pictures])), pictures)
        else:
            first = (pictures or paths)[0]
            self.told.emit(_left_text(paths, [first]))
            self.path_wanted.emit(first, as_picture)

    def _on_opened(self) -> None:
        if self._left:
            said = f"{self._message.text()}; " if self._message.isVisible() else ""
            self._message.show_note(said + self._left)
            self._left = ""

    def _forget(self) -> None:
        self._left = ""


def _is_model(path: Path) -> bool:
    if path.is_dir():
        return not is_picture_set(path)
    return path.suffix.lower() in MODEL_SUFFIXES or path.name == MANIFEST_FILE


def _pair(models: Sequence[Path]) -> tuple[Path, Path] | None:
    """A decoder and its encoder, if two models' names tell which is which."""
    if len(models) != 2 or any(path.suffix.lower() != ".onnx" for path in models):
        return None
    encoders = [path for path in models if ENCODER_NAME.search(path.stem)]
    if len(encoders) != 1:
        return None
    (decoder,) = (path for path in models if path not in encoders)
    return decoder, encoders[0]


def _left_text(paths: Sequence[Path], opened: Sequence[Path]) -> str:
    """Say which files were not opened; empty if all were."""
    left = [path.name for path in paths if path not in opened]
    more = f" and {len(left) - MAX_NAMED} more" if len(left) > MAX_NAMED else ""
    return f"not opened, because they do not go together: {', '.join(left[:MAX_NAMED])}{more}" if left else ""
