"""Errors in an input are written in red."""

from PySide6.QtGui import QColor
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop.widgets.common.error_label import ErrorLabel
from desktop.widgets.common.theme import DARK, LIGHT, apply_theme


def test_it_has_the_red_of_the_theme(themed, qtbot):
    """The red also follows a change of theme; `test_theme` checks that each red is readable."""
    parent = QWidget()
    qtbot.addWidget(parent)
    label = ErrorLabel()
    QVBoxLayout(parent).addWidget(label)
    label.setText("found z = 'x', expected 2 numbers")
    parent.show()
    for theme in (DARK, LIGHT):
        apply_theme(theme, themed)
        image = label.grab().toImage()
        found = {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())}
        assert QColor(theme.error).name() in found
