"""Asks where to save a file, and makes sure that its name has the right ending."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

from desktop.widgets.common import settings


def ask_where(
    parent: QWidget, title: str, name: str, kind: str, refuse: Callable[[str], object]
) -> Path | None:
    """Return the chosen path, with the ending of `name`; None if nothing was chosen.

    The dialog begins in the folder of the last export, with the name that was chosen last under this title.

    If adding the ending leads to an existing file, the dialog has not asked whether to replace it: then
    `refuse` gets a message, and None is returned.
    """
    ending = Path(name).suffix
    folder, last = settings.last_export(title)
    if last:
        name = Path(last).stem + ending  # the format may be another one now
    chosen, _ = QFileDialog.getSaveFileName(parent, title, str(folder / name) if folder else name, kind)
    if not chosen:
        return None
    path = Path(chosen)
    if path.suffix.lower() != ending:
        path = path.with_name(path.name + ending)
        if path.exists():
            refuse(f"{path}: found an existing file; choose it by its full name to replace it")
            return None
    settings.save_last_export(title, path.absolute())
    return path
