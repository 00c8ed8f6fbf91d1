"""Asks where to save a file, and makes sure that its name has the right ending."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget


def ask_where(
    parent: QWidget, title: str, name: str, kind: str, refuse: Callable[[str], object]
) -> Path | None:
    """Return the chosen path, with the ending of `name`; None if nothing was chosen.

    If adding the ending leads to an existing file, the dialog has not asked whether to replace it: then
    `refuse` gets a message, and None is returned.
    """
    chosen, _ = QFileDialog.getSaveFileName(parent, title, name, kind)
    if not chosen:
        return None
    path, ending = Path(chosen), Path(name).suffix
    if path.suffix.lower() == ending:
        return path
    path = path.with_name(path.name + ending)
    if path.exists():
        refuse(f"{path}: found an existing file; choose it by its full name to replace it")
        return None
    return path
