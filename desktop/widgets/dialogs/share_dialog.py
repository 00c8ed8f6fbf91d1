"""The dialog before a page is saved: it lists what the page will contain, and what it will not."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialogButtonBox, QLabel, QVBoxLayout, QWidget

from desktop.base.words import one_line
from desktop.widgets.common.fitting_dialog import FittingDialog, Scrolled
from desktop.widgets.common.theme import heading_font

WIDTH_PX = 520
ABOUT = (
    "One HTML file that opens in any browser, on a phone too, and needs nothing else. The browser decodes. "
    "If the decoder is too large for that, the page has 24 × 24 pictures of the part in view, decoded "
    "beforehand, and nothing outside of it."
)


class ShareDialog(FittingDialog):
    """Lists the contents of a page; the button Save… accepts. Deleted when it is closed."""

    def __init__(self, parent: QWidget, along: Sequence[str], left_out: Sequence[str]) -> None:
        super().__init__(parent)
        self.setWindowTitle("Share as a page")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel
        )
        self.save = self.buttons.button(QDialogButtonBox.StandardButton.Save)
        self.save.setText("&Save…")
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        body = QVBoxLayout()
        body.addWidget(_text(ABOUT))
        for title, lines in (("In the page", along), ("Not in the page", left_out)):
            heading = _text(title)
            heading.setFont(heading_font(self.font()))
            body.addSpacing(8)
            body.addWidget(heading)
            for line in lines:
                body.addWidget(_text(f"•  {one_line(line)}"))
        body.addStretch(1)
        layout = QVBoxLayout(self)
        layout.addWidget(Scrolled(body), 1)
        layout.addWidget(self.buttons)

    def texts(self) -> list[str]:
        """Return the texts of the dialog."""
        return [label.text() for label in self.findChildren(QLabel)]


def _text(words: str) -> QLabel:
    """Return a label that wraps and shows names from files without interpreting markup."""
    label = QLabel(words)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setMinimumWidth(WIDTH_PX)
    return label
