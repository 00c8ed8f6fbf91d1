"""All maps of z as small pictures: few in one row, many in rows that scroll; a click chooses one."""

import numpy as np
import pytest
from PySide6.QtCore import Qt

from desktop.widgets.panels.map_strip import ROWS_SHOWN, MapStrip

LEFT = Qt.MouseButton.LeftButton
WIDTH_PX = 298


@pytest.fixture
def strip(qtbot):
    strip = MapStrip()
    qtbot.addWidget(strip)
    strip.resize(WIDTH_PX, 100)
    strip.show()
    qtbot.waitExposed(strip)
    return strip


def maps(count):
    """Every map has one number everywhere, from −1 to 1."""
    return np.linspace(-1, 1, count, dtype=np.float32)[:, None, None] * np.ones((6, 6), np.float32)


def test_four_maps_stand_in_one_row_and_a_click_chooses(strip, qtbot, pixels):
    """Each map is drawn at its position; a click beside the maps does nothing."""
    strip.set_maps(maps(4), 1.0)
    places = [strip.inside.place(channel).center() for channel in range(4)]
    assert len({place.y() for place in places}) == 1
    seen = pixels(strip.inside.grab().toImage())
    brightness = [int(seen[place.y(), place.x(), :3].sum()) for place in places]
    assert brightness == sorted(brightness)
    assert brightness[0] < brightness[-1]
    chosen = []
    strip.chosen.connect(chosen.append)
    qtbot.mouseClick(strip.inside, LEFT, pos=places[2])
    qtbot.mouseClick(strip.inside, LEFT, pos=strip.inside.place(4).center())
    assert chosen == [2]


def test_many_maps_scroll_to_the_chosen_one(strip, qtbot):
    """Two rows are in view, and no picture is cut off at the right."""
    strip.set_maps(maps(256), 1.0)
    assert strip.height() == ROWS_SHOWN * strip.inside.step().height()
    qtbot.waitUntil(lambda: strip.verticalScrollBar().maximum() > 0)
    assert all(strip.inside.place(c).right() < strip.viewport().width() for c in range(256))
    strip.set_channel(200)
    assert not strip.inside.visibleRegion().intersected(strip.inside.place(200)).isEmpty()
    strip.set_maps(maps(2), 1.0)
    assert strip.height() == strip.inside.step().height()
