"""A list of sliders shows some of many numbers, scrolls, and reports which number a person changed."""

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication

from desktop.widgets.common.slider_rows import RowSizes, RowText, SliderRows

COUNT = 3


@pytest.fixture
def numbers():
    return [index / 4 for index in range(10)]


@pytest.fixture
def rows(qtbot, numbers):
    """Three rows for ten numbers."""
    rows = SliderRows(
        COUNT,
        "number",
        lambda index: RowText(f"n{index}", note=f"{index}"),
        lambda indices: [numbers[index] for index in indices],
        RowSizes(note_px=20),
    )
    qtbot.addWidget(rows)
    rows.set_order(range(10))
    rows.show()
    qtbot.waitExposed(rows)
    return rows


def names(rows):
    return [row.name.text() for row in rows.rows if row.name.isVisible()]


def test_a_row_is_made_when_it_is_needed(rows, numbers):
    """Fewer numbers keep the rows; more numbers add rows, whose boxes leave letters to the window."""
    late = SliderRows(COUNT, "number", lambda index: RowText(f"n{index}"), lambda _: numbers, RowSizes())
    made = []
    for count in (0, 1, 2, 1, 10):
        late.set_order(range(count))
        made.append(len(late.rows))
    assert made == [0, 1, 2, 2, COUNT]
    for box in (late.rows[-1].box, rows.rows[-1].box):
        key = QKeyEvent(QEvent.Type.ShortcutOverride, Qt.Key.Key_R, Qt.KeyboardModifier.NoModifier, "r")
        QApplication.sendEvent(box, key)
        assert not key.isAccepted()


def test_the_wheel_and_the_scroll_bar_go_through_all_numbers(rows, turn_wheel):
    """Each row shows the name, note and value of its number."""
    assert names(rows) == ["n0", "n1", "n2"]
    turn_wheel(rows, QPoint(5, 5), -1)
    assert rows.scroll_bar.value() > 0
    rows.scroll_bar.setValue(rows.scroll_bar.maximum())
    assert names(rows) == ["n7", "n8", "n9"]
    assert [row.note.text() for row in rows.rows] == ["7", "8", "9"]
    assert [row.box.value() for row in rows.rows] == [1.75, 2.0, 2.25]


def test_a_change_tells_the_number_that_is_shown_in_the_row(rows, qtbot):
    """A change by box or slider reports the number's own index, not the row's."""
    rows.set_order([9, 4])
    with qtbot.waitSignal(rows.wanted) as told:
        rows.rows[0].box.setValue(-7.5)
    assert told.args == [9, -7.5]
    with qtbot.waitSignal(rows.wanted) as told:
        qtbot.keyClick(rows.rows[1].slider, Qt.Key.Key_Right)
    assert told.args == [4, pytest.approx(1.1)]


def test_showing_values_changes_nothing(rows, numbers, qtbot):
    """The box also shows a number beyond the slider's end."""
    numbers[1] = 8.5
    with qtbot.assertNotEmitted(rows.wanted):
        rows.show_values()
    assert rows.rows[1].box.value() == 8.5
    assert rows.rows[1].slider.value() == rows.rows[1].slider.maximum()


def test_fewer_numbers_than_rows_need_no_scroll_bar(rows):
    """The unused rows are hidden, and the list is scrolled to its top."""
    rows.scroll_bar.setValue(5)
    rows.set_order([2])
    assert names(rows) == ["n2"]
    assert not rows.scroll_bar.isVisible()
    assert rows.rows[0].box.value() == 0.5


def test_a_hidden_list_is_right_when_it_is_shown(rows, numbers):
    """A hidden list is not updated, but shows the current values when it is shown."""
    rows.hide()
    numbers[0] = 3.0
    rows.show_values()
    assert rows.rows[0].box.value() == 0
    rows.show()
    assert rows.rows[0].box.value() == 3.0


def test_a_name_that_is_too_long_is_elided_but_read_out_whole(qtbot):
    """The name's column keeps its width."""
    name = "a name that is much too long for its row"
    rows = SliderRows(1, "number", lambda _: RowText(name), lambda _: [0.0], RowSizes(name_px=60))
    qtbot.addWidget(rows)
    rows.set_order([0])
    row = rows.rows[0]
    assert "…" in row.name.text()
    assert row.box.accessibleName() == name
    assert row.note not in row.widgets
