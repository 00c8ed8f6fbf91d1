"""The strip of the path: pictures, and times that are typed."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QStyle

from desktop.widgets.panels.path_strip import CELL_PX, MOST_S, MOST_SHOWN, PathStrip


@pytest.fixture
def strip(qtbot):
    strip = PathStrip()
    qtbot.addWidget(strip)
    strip.set_count(3)
    strip.show_times((1.5, None))
    return strip


def texts(strip):
    return [strip.item(row).text() for row in range(strip.count())]


def test_a_strip_shows_pictures_and_times(strip):
    """Each point has a cell, with the time to the next below it; a long path shows its beginning."""
    assert texts(strip) == ["1.5 s →", "", ""]
    image = QImage(4, 4, QImage.Format.Format_RGB888)
    image.fill(QColor("#ff0000"))
    strip.show_picture(2, image)
    for mode in (strip.item(2).icon().Mode.Normal, strip.item(2).icon().Mode.Selected):
        assert strip.item(2).icon().pixmap(40, mode).toImage().pixelColor(20, 20) == QColor("#ff0000")
    strip.set_count(5000)
    assert strip.count() == MOST_SHOWN
    strip.set_count(1)
    assert strip.isHidden()


def test_the_longest_time_is_not_cut(strip):
    """A cell has room for the longest time and for the style's margins."""
    strip.show_times((MOST_S, None))
    needed = strip.fontMetrics().horizontalAdvance(strip.item(0).text())
    assert needed + 2 * strip.style().pixelMetric(QStyle.PixelMetric.PM_FocusFrameHMargin) < CELL_PX


@pytest.mark.parametrize(
    ("row", "text", "told"),
    [
        (0, "2.5", (0, 2.5)),
        (0, "2,5 s →", (0, 2.5)),
        (1, "0", (1, 0.0)),
        (0, "", (0, None)),
        (0, "abc", None),
        (0, "-1", None),
        (0, "nan", None),
        (2, "3", None),
    ],
)
def test_a_time_is_typed(strip, row, text, told):
    """Seconds with a point or a comma; what is no time is refused; the last point of a line has none."""
    found, refused = [], []
    strip.time_typed.connect(lambda *what: found.append(what))
    strip.refused.connect(refused.append)
    strip.item(row).setText(text)
    assert found == ([] if told is None else [told])
    expected = f"found “{text}” for the time, expected seconds from 0 to 600"
    assert refused == ([expected] if told is None and row < 2 else [])
    assert texts(strip) == ["1.5 s →", "", ""]


def test_a_click_goes_to_a_point(strip, qtbot):
    """The strip shows the chosen point without emitting it again."""
    found = []
    strip.chosen.connect(found.append)
    strip.show()
    place = strip.visualItemRect(strip.item(1)).center()
    qtbot.mouseClick(strip.viewport(), Qt.MouseButton.LeftButton, pos=place)
    strip.set_current(2)
    assert found == [1]
    strip.close()
