"""Icons are drawn in the window's colours."""

import pytest
from PySide6.QtGui import QColor, QIcon, QPalette

from desktop.widgets.common.icons import line_icon

SIZE_PX = 32


@pytest.fixture
def button_text(qapp):
    """`button_text(name)`: set the colour of text on buttons; restored after the test."""
    before = qapp.palette()

    def set_color(name):
        palette = QPalette(before)
        palette.setColor(QPalette.ColorRole.ButtonText, QColor(name))
        qapp.setPalette(palette)

    yield set_color
    qapp.setPalette(before)


def colors(icon: QIcon) -> set[str]:
    """The colours of the opaque pixels."""
    image = icon.pixmap(SIZE_PX, SIZE_PX).toImage()
    places = [(x, y) for x in range(image.width()) for y in range(image.height())]
    return {image.pixelColor(x, y).name() for x, y in places if image.pixelColor(x, y).alpha() == 255}


def test_an_icon_has_the_colour_of_the_text(button_text):
    """The same icon changes its colour with the palette."""
    icon = line_icon("pencil-simple")
    for color in ("#204060", "#e0d0c0"):
        button_text(color)
        assert colors(icon) == {color}


def test_icons_differ(button_text):
    """Two names have different pictures."""
    button_text("#000000")
    pen, eraser = line_icon("pencil-simple"), line_icon("eraser")
    assert pen.pixmap(SIZE_PX).toImage() != eraser.pixmap(SIZE_PX).toImage()
