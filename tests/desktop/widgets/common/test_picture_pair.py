"""Two pictures share a width; wide pictures, and those in a low window, take less height."""

import pytest
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop.widgets.common.picture_pair import LEAST_PX, MOST_ALONE_PX, PicturePair
from desktop.widgets.common.theme import GRID_PX

WIDTH_PX = 400
COLUMN_PX = (WIDTH_PX - GRID_PX) // 2


@pytest.fixture
def pair(qtbot):
    """A shown pair in a column of WIDTH_PX, with room below."""
    column, pair = QWidget(), PicturePair(QWidget())
    qtbot.addWidget(column)
    layout = QVBoxLayout(column)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.addWidget(pair)
    layout.addStretch(1)
    pair.set_second(QWidget())
    column.resize(WIDTH_PX, 800)
    column.show()
    qtbot.waitExposed(column)
    yield pair


@pytest.mark.parametrize(
    ("is_pair", "shape", "most_px", "height_px"),
    [
        (True, (28, 28), 999, COLUMN_PX),
        (True, (20, 40), 999, COLUMN_PX // 2),
        (True, (80, 40), 999, COLUMN_PX),
        (True, (1, 40), 999, LEAST_PX),
        (True, (28, 28), 150, 150),
        (False, (28, 28), 999, MOST_ALONE_PX),
        (False, (28, 28), 180, 180),
    ],
)
def test_the_height_is_what_the_pictures_need(pair, qtbot, is_pair, shape, most_px, height_px):
    """Pictures fill two columns of the same size, or one of the whole width."""
    first, second = pair.children()
    pair.set_pair(is_pair)
    pair.set_shape(*shape)
    pair.set_most_height(most_px)
    qtbot.waitUntil(lambda: pair.height() == height_px)
    width_px = COLUMN_PX if is_pair else WIDTH_PX
    assert (first.x(), first.width(), first.height()) == (0, width_px, height_px)
    assert second.isVisible() is is_pair
    if is_pair:
        assert (second.geometry().right(), second.size()) == (WIDTH_PX - 1, first.size())
