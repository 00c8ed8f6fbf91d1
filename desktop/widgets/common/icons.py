"""Line icons of the Phosphor set, drawn in the colours of the window.

QtAwesome ships the font. Its classes are not used: they import QtPy, whose imports of Qt modules would
add 0.17 s to a start of less than a second.
"""

import importlib.util
import json
from functools import cache
from pathlib import Path

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QFont, QFontDatabase, QIcon, QIconEngine, QPainter, QPalette, QPixmap
from PySide6.QtWidgets import QApplication

SHARE_OF_SIDE = 0.94  # of a glyph's size in pixels, so that no icon is cut off


class _Glyph(QIconEngine):
    """Draws one glyph in the palette colour of the current theme."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        """Draw the glyph in the middle of a rectangle."""
        family, codes = _font()
        is_disabled = mode == QIcon.Mode.Disabled
        group = QPalette.ColorGroup.Disabled if is_disabled else QPalette.ColorGroup.Active
        font = QFont(family)
        font.setPixelSize(max(1, round(min(rect.width(), rect.height()) * SHARE_OF_SIDE)))
        painter.save()
        painter.setFont(font)
        role = QPalette.ColorRole.ButtonText
        if state == QIcon.State.On:  # a checked button has the accent colour as its ground
            role = QPalette.ColorRole.HighlightedText
        painter.setPen(QApplication.palette().color(group, role))
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, codes[self._name])
        painter.restore()

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        """Return the glyph on a transparent ground."""
        pixmap = QPixmap(size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        self.paint(painter, QRect(QPoint(0, 0), size), mode, state)
        painter.end()
        return pixmap

    def clone(self) -> QIconEngine:
        """Return a copy, as QIcon asks when it is changed."""
        return _Glyph(self._name)


def line_icon(name: str) -> QIcon:
    """Return an icon by its name in the Phosphor set, such as "caret-right"."""
    return QIcon(_Glyph(name))


@cache
def _font() -> tuple[str, dict[str, str]]:
    """Load the font once; return its family, and the character of each icon by name."""
    found = importlib.util.find_spec("qtawesome")
    assert found is not None and found.origin is not None, "QtAwesome belongs to the extra `desktop`"
    folder = Path(found.origin).parent / "fonts"
    (file,) = folder.glob("phosphor-[0-9]*.ttf")
    (names,) = folder.glob("phosphor-charmap-[0-9]*.json")
    family = QFontDatabase.applicationFontFamilies(QFontDatabase.addApplicationFont(str(file)))[0]
    codes = json.loads(names.read_text("utf-8"))
    return family, {name: chr(int(code, 16)) for name, code in codes.items()}
