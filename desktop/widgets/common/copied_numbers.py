"""Numbers that are copied from the window have a hyphen for a minus, so that other programs read them."""

from PySide6.QtCore import QObject
from PySide6.QtGui import QClipboard, QGuiApplication

from desktop.base.minus import with_hyphen

ALONE = ("offscreen", "minimal")  # platforms that share their clipboard with no other program


class CopiedNumbers(QObject):
    """Watches what this program puts into the clipboard, from whatever field, label or dialog.

    Qt's own fields offer no way to change what they copy.
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
