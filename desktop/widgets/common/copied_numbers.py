"""Writes a hyphen for the minus sign in copied numbers, so that other programs can read them."""

from PySide6.QtCore import QObject
from PySide6.QtGui import QClipboard, QGuiApplication

from desktop.base.minus import with_hyphen

ALONE = ("offscreen", "minimal")  # platforms whose clipboard no other program uses


class CopiedNumbers(QObject):
    """Watches the clipboard for text that this program copies from any field, label or dialog.

    Qt's fields offer no way to change the text that they copy.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._clipboard: QClipboard = QGuiApplication.clipboard()
        self._clipboard.dataChanged.connect(self._on_copied)

    def _on_copied(self) -> None:
        if not self._clipboard.ownsClipboard() and QGuiApplication.platformName() not in ALONE:
            return
        data = self._clipboard.mimeData()
        if data is None or not data.hasText() or data.hasImage() or data.hasUrls():
            return
        text = data.text()
        if text != (readable := with_hyphen(text)):
            self._clipboard.setText(readable)
