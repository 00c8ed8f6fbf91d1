"""Makes other people's texts safe to show where Qt would interpret markup, shortcuts or [*]."""

import re
from bisect import bisect_right
from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from desktop.base.words import one_line

WORD_JOINER = "\u2060"  # invisible; Qt sees no tag if it follows a <
ZERO_WIDTH_SPACE = "\u200b"  # invisible; a line may break there
TAG = re.compile(r"[<&](?=[\w!/?#])")  # Qt takes these for the start of markup
LONG_WORD = re.compile(r"\S{24}(?=\S)")
MENU_CHARS = 90


def tip_text(text: str) -> str:
    """Return a tool tip that Qt shows without interpreting markup; line breaks are kept."""
    text = "\n".join(one_line(line) for line in text.split("\n"))
    return TAG.sub(lambda found: found[0] + WORD_JOINER, text)


def menu_text(text: str) -> str:
    """Return the text for a menu entry or a button; & marks no shortcut in it."""
    return one_line(text, MENU_CHARS).replace("&", "&&")


def title_text(text: str) -> str:
    """Return the text for a window's title; [*] is shown as it is."""
    return one_line(text, MENU_CHARS).replace("[*]", "[*][*]")


def breakable(text: str) -> str:
    """Return a text in which long words may break, because otherwise they would widen the window."""
    return LONG_WORD.sub(lambda found: found[0] + ZERO_WIDTH_SPACE, text)


class ElidedLabel(QLabel):
    """A line of plain text that is shortened in the middle if it does not fit, and never widens the window.

    A second text, such as a number, can follow that must not be cut: then only the first is shortened. If
    shorter wordings of the first are given, they are tried before anything is cut. The tool tip shows the
    whole text if it was shortened, and a further explanation below.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._text = self._kept = self._tip = ""
        self._shorter: tuple[str, ...] = ()
        self._numbers: tuple[str, ...] = ()
        self._count = 0

    def show_text(self, text: str, kept: str = "", shorter: Sequence[str] = (), tip: str = "") -> None:
        """Show a text, followed by a text that is `kept` whole if it fits alone.

        `shorter` are other wordings of the text, from long to short. `tip` is added to the tool tip.
        """
        self._text, self._kept, self._numbers, self._tip = one_line(text), one_line(kept), (), tip
        self._shorter = tuple(map(one_line, shorter))
        self._elide()

    def show_numbers(self, numbers: Sequence[str], count: int) -> None:
        """Show the first of `count` numbers; numbers at the end that do not fit are left out."""
        self._text, self._kept, self._shorter, self._tip = "", "", (), ""
        self._numbers, self._count = tuple(numbers), count
        self._elide()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show as much as fits now."""
        super().resizeEvent(event)
        self._elide()

    def _elide(self) -> None:
        metrics, mode = self.fontMetrics(), Qt.TextElideMode
        room_px = max(0, self.width() - 2)
        kept = f" {self._kept}" if self._text and self._kept else self._kept
        whole = self._text + kept
        if self._numbers:
            whole = self._first(len(self._numbers))
            fits = bisect_right(
                range(1, len(self._numbers) + 1),
                room_px,
                key=lambda first: metrics.horizontalAdvance(self._first(first)),
            )
            shown = self._first(max(1, fits))
        elif not kept:
            shown = metrics.elidedText(self._words(room_px), mode.ElideMiddle, room_px)
        elif (left_px := room_px - metrics.horizontalAdvance(kept)) >= 0:
            shown = metrics.elidedText(self._words(left_px), mode.ElideRight, left_px) + kept
        else:
            shown = metrics.elidedText(self._kept, mode.ElideRight, room_px)
        if shown != self.text():
            self.setText(shown)
        self.setToolTip(tip_text("\n".join(filter(None, (whole if shown != whole else "", self._tip)))))

    def _words(self, room_px: int) -> str:
        """The longest wording that fits, or else the shortest."""
        every = (self._text, *self._shorter)
        fitting = (words for words in every if self.fontMetrics().horizontalAdvance(words) <= room_px)
        return next(fitting, every[-1])

    def _first(self, first: int) -> str:
        """The text of the first numbers; it gives the count if some are left out."""
        text = ", ".join(self._numbers[:first])
        return text if first == self._count else f"{text}, … {self._count:,} numbers"
