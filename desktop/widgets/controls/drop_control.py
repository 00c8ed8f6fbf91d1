"""Opens dropped files: a single file as what it is, several files if they belong together."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QPoint, QRect, Signal
from PySide6.QtWidgets import QWidget

from desktop.base.words import NAME_CHARS, one_line
from desktop.images.picture_kinds import SUFFIXES
from desktop.images.picture_set import MODEL_SUFFIXES, is_picture_set
from desktop.widgets.common.drop_overlay import DropOverlay
from desktop.widgets.controls.shell import Shell
from export.bundle import MANIFEST_FILE

ENCODER_NAME = re.compile(r"encoder|(^|[^a-z])enc([^a-z]|$)", re.IGNORECASE)
MAX_NAMED = 5


class DropControl(QObject):
    """Opens dropped files that belong together, and says which files were not opened.

    While files are dragged over the window, it highlights the part that would take them.

    Args:
        shell: the window's parts.
        canvas: a picture that is dropped on it is encoded, even if it carries a view.
        compared: a model that is dropped on it is compared with the open one.

    Attributes:
        overlay: the highlight.
    """

    path_wanted = Signal(object, bool)  # Path to open; whether to encode a picture even if it carries a view
    model_wanted = Signal(object, object)  # Path of a model, and its Overrides or None
    comparison_wanted = Signal(object)  # Path of a model
    pictures_wanted = Signal(object, object)  # Path of a folder, and the dropped Paths in it
    told = Signal(str)

    def __init__(self, shell: Shell, canvas: QWidget, compared: QWidget) -> None:
        super().__init__(shell.window)
        self._window, self._canvas, self._compared = shell.window, canvas, compared
        self.overlay = DropOverlay(shell.window)
        self._message = shell.message
        self._left = ""
        shell.explorer.opened.connect(self._on_opened)
        shell.explorer.open_failed.connect(self._forget)

    def hover(self, paths: Sequence[Path], position: QPoint) -> None:
        """Highlight the part of the window at a position, and say what a drop there does."""
        is_canvas = self._is_canvas(paths, position)
        target, words = self._window.rect(), drop_words(paths, is_canvas)
        is_compared = len(paths) == 1 and _may_be_model(paths[0]) and self._is_over(self._compared, position)
        if is_compared:
            words = f"Compare with {one_line(paths[0].name, NAME_CHARS)}"
        if is_canvas or is_compared:
            part = self._canvas if is_canvas else self._compared
            target = QRect(part.mapTo(self._window, QPoint(0, 0)), part.size())
        self.overlay.show_over(target, words)

    def leave(self) -> None:
        """Remove the highlight, because nothing is dragged over the window any more."""
        self.overlay.hide()

    def drop(self, paths: Sequence[Path], position: QPoint, as_picture: bool) -> None:
        """Open files that were dropped at a position in the window."""
        self.overlay.hide()
        if len(paths) == 1 and self._is_over(self._compared, position) and _is_model(paths[0]):
            self.comparison_wanted.emit(paths[0])
        else:
            self.open(paths, as_picture or self._is_canvas(paths, position))

    def _is_canvas(self, paths: Sequence[Path], position: QPoint) -> bool:
        """Whether a single picture is over the canvas."""
        is_picture = len(paths) == 1 and paths[0].suffix.lower() in SUFFIXES
        return is_picture and self._is_over(self._canvas, position)

    def _is_over(self, part: QWidget, position: QPoint) -> bool:
        return part.isVisible() and part.visibleRegion().contains(part.mapFrom(self._window, position))

    def open(self, paths: Sequence[Path], as_picture: bool = False) -> None:
        """Open dropped files; `as_picture` encodes a single picture even if it carries a view.

        If there are several files, a decoder and its encoder are opened together, or else the first model.
        Without a model, pictures and folders of pictures are shown together as points. If there are fewer
        than two of these, one file is opened: the picture, or else the first file.
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


def drop_words(paths: Sequence[Path], is_canvas: bool) -> str:
    """Say what a drop of files would do, from their names alone, because a drag must not wait for a disk."""
    if len(paths) != 1:
        return f"Open {len(paths)} files"
    suffix, name = paths[0].suffix.lower(), one_line(paths[0].name, NAME_CHARS)
    if suffix in MODEL_SUFFIXES or name == MANIFEST_FILE:
        return f"Open the model {name}"
    if suffix in SUFFIXES:
        return f"Encode {name}" if is_canvas else f"Encode {name}, or show the view that it was exported from"
    return f"Open {name}"


def _may_be_model(path: Path) -> bool:
    """Whether the path may be a model, judged by its name alone; a folder's name says nothing."""
    return path.suffix.lower() in ("", *MODEL_SUFFIXES) or path.name == MANIFEST_FILE


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
