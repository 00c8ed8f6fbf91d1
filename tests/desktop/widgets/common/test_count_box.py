"""A box for a whole number reads typed text correctly and indents it."""

import pytest
from PySide6.QtCore import Qt

from desktop.widgets.common.count_box import INDENT_PX, CountBox
from desktop.widgets.common.number_box import NumberBox


@pytest.mark.parametrize("box", [CountBox, NumberBox])
def test_the_text_of_a_box_is_indented_and_still_whole(qtbot, box):
    """Boxes of both kinds indent their text, and are wide enough for their longest number."""
    made = box()
    qtbot.addWidget(made)
    made.setRange(0, 9_999_999)
    made.setValue(9_999_999)
    made.show()
    line = made.lineEdit()
    assert line.textMargins().left() == INDENT_PX
    made.resize(made.sizeHint())
    assert line.fontMetrics().horizontalAdvance(made.text()) <= line.width() - INDENT_PX


@pytest.mark.parametrize(
    ("typed", "value"), [("0.5", 4), ("1.5", 1), ("1,5", 1), ("12", 12), ("1,200", 1200)]
)
def test_a_decimal_is_not_read_as_a_whole_number(qtbot, typed, value):
    """Digits after a decimal point or comma are ignored, and no number below the minimum is accepted."""
    box = CountBox()
    qtbot.addWidget(box)
    box.setRange(1, 6000)
    box.setValue(4)
    box.selectAll()
    qtbot.keyClicks(box, typed)
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert (box.value(), box.text()) == (value, str(value))
