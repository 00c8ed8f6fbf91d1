"""Opens the folder of a file in the desktop's file manager."""

from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices


def open_folder_of(path: Path) -> None:
    """Open the folder that a file is in."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(path.absolute().parent)))
