"""Asks where to save a file, and makes sure that its name has the right ending."""

from collections.abc import Callable, Collection
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

from desktop.models.source import Source
from desktop.widgets.common import settings


def ask_save_path(
    parent: QWidget,
    title: str,
    name: str,
    kind: str,
    show_message: Callable[[str], object],
    source: Source | None = None,
    others: Collection[str] = (),
) -> Path | None:
    """Return the chosen path, with the ending of `name` or one of the `others`; None if nothing was chosen.

    The dialog begins in the folder of the last export. It suggests the name last chosen under this
    title if that was for the same `source`, and otherwise the source's name followed by `name`.

    If adding the ending leads to an existing file, the dialog has not asked whether to replace it: then
    `show_message` is called with what is wrong, and None is returned.
    """
    ending = Path(f"x{name}").suffix  # also if `name` is only an ending, such as ".html"
    model = "" if source is None else source.sha256
    folder, last = settings.last_export(title, model)
    if last:
        name = Path(last).stem + ending  # the format may have changed since
    elif source is not None:
        name = name_after(source, name)
    chosen, _ = QFileDialog.getSaveFileName(parent, title, str(folder / name) if folder else name, kind)
    if not chosen:
        return None
    path = Path(chosen)
    if path.suffix.lower() not in (ending, *others):
        path = path.with_name(path.name + ending)
        if path.exists():
            show_message(f"{path}: found an existing file; choose it by its full name to replace it")
            return None
    settings.save_last_export(title, path.absolute(), model)
    return path


def name_after(source: Source, name: str) -> str:
    """Return a file's name after the model's name: "mnist-picture.png", or "mnist.html" for ".html"."""
    stem = source.path.stem or "model"
    return stem + name if name.startswith(".") else f"{stem}-{name}"
