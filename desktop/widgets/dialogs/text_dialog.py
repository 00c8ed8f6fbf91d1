"""A dialog that shows a text and copies all of it."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QDialogButtonBox, QPlainTextEdit, QVBoxLayout, QWidget

from desktop.widgets.common.fitting_dialog import FittingDialog

SIZE_PX = QSize(640, 460)


class TextDialog(FittingDialog):
    """Shows a text in a fixed-width font; the button Copy copies all of it. Deleted when it is closed."""

    def __init__(self, parent: QWidget, title: str, text: str) -> None:
        super().__init__(parent, SIZE_PX)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._text = QPlainTextEdit(text)
        self._text.setReadOnly(True)
        self._text.setTabChangesFocus(True)
        self._text.setAccessibleName(title)
        self._text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.copy = buttons.addButton("Copy", QDialogButtonBox.ButtonRole.ActionRole)
        self.copy.setToolTip("Copy the whole text.")
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.text()))
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(self._text)
        layout.addWidget(buttons)

    def text(self) -> str:
        """Return the text."""
        return self._text.toPlainText()

    def set_text(self, text: str) -> None:
        """Show another text."""
        self._text.setPlainText(text)
