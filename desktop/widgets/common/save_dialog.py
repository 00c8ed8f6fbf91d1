"""Where to save: a file's name from the person, with the ending that its content has."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget


def ask_where(
    parent: QWidget, title: str, name: str, kind: str, refuse: Callable[[str], object]
) -> Path | None:
    """The chosen path, with the ending of `name`; None where nothing was chosen.

    A name that gets its ending only here could be that of another file, which the dialog has not asked
    about: then `refuse` is told, and there is no path.
    """
    chosen, _ = QFileDialog.getSaveFileName(parent, title, name, kind)
    if not chosen:
        return None
    path, ending = Path(chosen), Path(name).suffix
    if path.suffix.lower() == ending:
        return path
    path = path.with_name(path.name + ending)
    if path.exists():
        refuse(f"{path}: found a file there; choose it by its whole name to replace it")
        return None
    return path
