"""A number box has one number format, whatever the system's language."""

import pytest
from PySide6.QtCore import QLocale, Qt
from PySide6.QtGui import QValidator
from PySide6.QtWidgets import QDoubleSpinBox

from desktop.widgets.common.number_box import NumberBox


@pytest.fixture
def german():
    """A system locale with a decimal comma."""
    before = QLocale()
    QLocale.setDefault(QLocale("de_DE"))
    yield
    QLocale.setDefault(before)


def typed(qtbot, box, text):
    """The box's number after its text was replaced by keys and Enter."""
    qtbot.addWidget(box)
    box.setRange(-1000, 1000)
    box.setDecimals(4)
    box.setValue(7)
    box.lineEdit().selectAll()
    qtbot.keyClicks(box.lineEdit(), text)
    qtbot.keyClick(box, Qt.Key.Key_Return)
    return box.value()


@pytest.mark.usefixtures("german")
@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0.5", 0.5),
        ("0,5", 0.5),
        ("1.25", 1.25),
        ("-1,25", -1.25),
        ("5e-1", 0.5),
        ("1E2", 100.0),
        (".5", 0.5),
        ("abc", 7.0),
        ("-", 7.0),
        ("2000", 200.0),  # the last digit would exceed the range, so it is refused
    ],
)
def test_a_number_is_read_as_it_is_meant(qtbot, text, number):
    """Point, comma and exponent give the same number; other text changes nothing."""
    assert typed(qtbot, NumberBox(), text) == number


def test_a_negative_number_has_a_minus_and_is_read_with_either_sign(qtbot):
    """U+2212 is shown, and either sign can be pasted; a lone sign is an unfinished number."""
    box = NumberBox()
    assert typed(qtbot, box, "-1.5") == -1.5
    assert box.text() == "−1.5000"
    for text in ("−2.25", "-2.25"):
        box.setValue(0)
        box.lineEdit().setText(text)
        box.interpretText()
        assert box.value() == -2.25
    assert box.validate("−", 1)[0] is QValidator.State.Intermediate
    box.show_decimals(2)
    box.setValue(-0.123456)
    assert (box.text(), box.value()) == ("−0.12", pytest.approx(-0.123456))
    box.interpretText()
    assert box.value() == pytest.approx(-0.123456), "nobody typed, so it is not rounded"


@pytest.mark.usefixtures("german")
def test_qts_own_box_reads_another_number(qtbot):
    """The test above can fail: in the same locale a plain box reads 0.5 as 5."""
    assert typed(qtbot, QDoubleSpinBox(), "0.5") == 5


@pytest.mark.usefixtures("german")
def test_a_number_is_shown_with_a_point_and_its_unit(qtbot):
    """The suffix is not part of the number, and as many decimals as set are shown."""
    box = NumberBox()
    qtbot.addWidget(box)
    box.setDecimals(1)
    box.setSuffix(" px")
    box.setValue(2.5)
    assert box.text() == "2.5 px"
    box.lineEdit().setText("3,5 px")
    box.interpretText()
    assert box.value() == 3.5


def test_a_number_is_kept_more_exactly_than_it_is_shown(qtbot):
    """Return on an unchanged text keeps the exact number, and a typed number keeps all its digits."""
    box = NumberBox()
    qtbot.addWidget(box)
    box.setKeyboardTracking(False)
    box.setRange(-1e9, 1e9)
    box.show_decimals(4)
    box.setValue(0.123456789)
    changes = []
    box.valueChanged.connect(changes.append)
    assert box.text() == "0.1235"
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert (box.value(), changes) == (0.123456789, [])
    box.show_decimals(8)
    assert (box.text(), changes) == ("0.12345679", [])
    box.selectAll()
    qtbot.keyClicks(box, "0.987654321")
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert box.value() == 0.987654321


def test_a_box_of_whole_numbers_emits_what_it_shows(qtbot):
    """A typed 3.5 is not shown as 4 while nothing, or 3.5, is emitted."""
    box = NumberBox()
    qtbot.addWidget(box)
    box.setKeyboardTracking(False)
    box.setDecimals(0)
    changes = []
    box.valueChanged.connect(changes.append)
    box.selectAll()
    qtbot.keyClicks(box, "3.5")
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert (box.text(), changes) == ("4", [4.0])
