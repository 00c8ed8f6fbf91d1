"""The row of colours lets people choose the pen's colour."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor

from desktop.widgets.panels.color_row import ColorRow
from tests.waiting import SOON_MS

COLORS = ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0), (1.0, 0.0, 0.0))


@pytest.fixture
def row(qtbot):
    """A shown row of three colours, none of which is chosen."""
    row = ColorRow()
    qtbot.addWidget(row)
    row.set_colors(COLORS)
    row.show()
    qtbot.waitExposed(row)
    return row


def test_a_click_chooses_a_colour(row, qtbot):
    """The colour is emitted, and only its button is checked."""
    with qtbot.waitSignal(row.chosen, timeout=SOON_MS) as heard:
        qtbot.mouseClick(row.buttons[2], Qt.MouseButton.LeftButton)
    assert heard.args == [(1.0, 0.0, 0.0)]
    assert [button.isChecked() for button in row.buttons] == [False, False, True]


def test_any_other_colour_is_shown_beside_them(row):
    """No button is checked, and the last button shows the other colour."""
    row.show_color((0.2, 0.5, 0.7))
    assert not any(button.isChecked() for button in row.buttons)
    assert not row.more.icon().isNull()
    row.show_color(COLORS[1])
    assert row.buttons[1].isChecked()
    assert row.more.icon().isNull()


def test_a_grey_level_stays_one_number(row):
    """The dialog's colour becomes its lightness for a model of grey levels."""
    row.set_colors(((0.0,), (1.0,)))
    row.show_color((1.0,))
    row._on_selected(QColor.fromRgbF(0.4, 0.4, 0.4))
    assert row.color == pytest.approx((0.4,), abs=0.01)
