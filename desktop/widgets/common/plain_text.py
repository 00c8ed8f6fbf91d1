"""Strangers' texts in the places of a window where Qt would read more into them than their letters."""

import re

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from desktop.base.words import one_line

WORD_JOINER = "\u2060"  # is not seen, and after a < there is no tag
ZERO_WIDTH_SPACE = "\u200b"  # is not seen, and a line may break there
TAG = re.compile(r"[<&](?=[\w!/?#])")  # what Qt takes for the beginning of markup
LONG_WORD = re.compile(r"\S{24}(?=\S)")
MENU_CHARS = 90


def tip_text(text: str) -> str:
    """A tool tip that Qt shows letter by letter; its lines stay lines."""
    text = "\n".join(one_line(line) for line in text.split("\n"))
    return TAG.sub(lambda found: found[0] + WORD_JOINER, text)


def menu_text(text: str) -> str:
    """An entry of a menu, or a button's text, in which & is no shortcut."""
    return one_line(text, MENU_CHARS).replace("&", "&&")


def title_text(text: str) -> str:
    """A window's title, in which [*] is no sign of changes."""
    return one_line(text, MENU_CHARS).replace("[*]", "[*][*]")


def breakable(text: str) -> str:
    """A text in which long words may be broken, because otherwise they would widen the window."""
    return LONG_WORD.sub(lambda found: found[0] + ZERO_WIDTH_SPACE, text)


class ElidedLabel(QLabel):
    """A line of plain text that leaves out its middle where it does not fit, and never widens the window."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._whole = ""

    def show_text(self, text: str) -> None:
        """Show another text."""
        self._whole = one_line(text)
        self._elide()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show as much as fits now."""
        super().resizeEvent(event)
        self._elide()

    def _elide(self) -> None:
        middle = Qt.TextElideMode.ElideMiddle
        shown = self.fontMetrics().elidedText(self._whole, middle, max(0, self.width() - 2))
        if shown != self.text():
            self.setText(shown)
        self.setToolTip(tip_text(self._whole) if shown != self._whole else "")
