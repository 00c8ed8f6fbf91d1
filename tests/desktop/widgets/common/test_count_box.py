"""widgets/common/count_box.py: the text of number boxes stands off their left edge."""

import pytest

from desktop.widgets.common.count_box import INDENT_PX, CountBox
from desktop.widgets.common.number_box import NumberBox


@pytest.mark.parametrize("box", [CountBox, NumberBox])
def test_the_text_of_a_box_is_indented_and_still_whole(qtbot, box):
    """Boxes of both kinds keep their text off the edge, and are wide enough for their longest number."""
    made = box()
    qtbot.addWidget(made)
    made.setRange(0, 9_999_999)
    made.setValue(9_999_999)
    made.show()
    line = made.lineEdit()
    assert line.textMargins().left() == INDENT_PX
    made.resize(made.sizeHint())
    assert line.fontMetrics().horizontalAdvance(made.text()) <= line.width() - INDENT_PX
