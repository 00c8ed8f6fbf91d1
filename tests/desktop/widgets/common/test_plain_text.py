"""Other people's texts are shown as they are written."""

import pytest
from PySide6.QtGui import QTextDocument

from desktop.widgets.common import plain_text
from desktop.widgets.common.plain_text import ElidedLabel, breakable, menu_text, tip_text, title_text

might_be_rich_text = pytest.importorskip("PySide6.QtGui").Qt.mightBeRichText


@pytest.mark.parametrize(
    "text",
    [
        "<b>bold</b>",
        "<img src=x> a",
        "a <b> c",
        "&lt;b&gt;",
        "<!DOCTYPE html>",
        "<?xml?><b>",
        "<p/>",
    ],
)
def test_a_tip_is_no_markup(text):
    """Qt takes the text for markup, but not the tip made of it; people see the same letters."""
    assert might_be_rich_text(text)
    tip = tip_text(text)
    assert not might_be_rich_text(tip)
    assert tip.replace(plain_text.WORD_JOINER, "") == text
    assert tip_text(f"first\n{text}").split("\n")[0] == "first"


def test_menus_and_titles_have_no_shortcuts_and_no_placeholders():
    """& is doubled for menus; [*] is doubled for titles."""
    assert menu_text("R&D") == "R&&D"
    assert title_text("a[*]") == "a[*][*]"
    assert len(menu_text("x" * 500)) == len(title_text("x" * 500)) == plain_text.MENU_CHARS


@pytest.mark.usefixtures("qapp")
def test_a_long_word_can_be_broken():
    """The visible letters stay the same."""
    word = "/a" * 200
    document = QTextDocument()
    document.setPlainText(breakable(word))
    document.setTextWidth(200)
    assert document.idealWidth() <= 260
    assert breakable(word).replace(plain_text.ZERO_WIDTH_SPACE, "") == word
    assert breakable("short words stay") == "short words stay"


def test_a_long_line_never_widens_the_window(qtbot):
    """A long text is shortened in the middle, with the whole in the tip; with more room it is whole again."""
    label = ElidedLabel()
    qtbot.addWidget(label)
    label.resize(120, 20)
    label.show()
    text = "<b>start</b>" + "x" * 100 + "end"
    label.show_text(text)
    assert label.minimumSizeHint().width() <= 120 or label.sizePolicy().horizontalPolicy().name == "Ignored"
    assert label.width() == 120
    assert label.text().startswith("<b>")
    assert label.text().endswith("end")
    assert label.toolTip().replace(plain_text.WORD_JOINER, "") == text
    label.resize(3000, 20)
    assert label.text() == text
    assert label.toolTip() == ""


def test_numbers_stay_whole_while_the_words_before_them_are_shortened(qtbot):
    """If not even the numbers fit, their beginning is shown; the tip has the whole text."""
    label = ElidedLabel()
    qtbot.addWidget(label)
    label.resize(600, 20)
    label.show()
    words, numbers = "ELBO of your image", "−1255.13 nats, 94.77 lower"
    label.show_text(words, numbers)
    assert label.text() == f"{words} {numbers}"
    assert label.toolTip() == ""
    numbers_px = label.fontMetrics().horizontalAdvance(f" {numbers}")
    for more_px in (4, 40):
        label.resize(numbers_px + more_px, 20)
        assert label.text().endswith(numbers)
        assert label.text() != f"{words} {numbers}"
        assert label.toolTip() == f"{words} {numbers}"
    label.resize(numbers_px * 2 // 3, 20)
    assert label.text().startswith("−1255")
    label.show_text("", numbers)
    label.resize(numbers_px + 4, 20)
    assert label.text() == numbers


@pytest.mark.parametrize("kept", ["", "0.024"])
def test_shorter_words_come_before_a_cut(qtbot, kept):
    """The longest wording that fits is shown; only the shortest is ever cut. The tip has the whole text."""
    label = ElidedLabel()
    qtbot.addWidget(label)
    label.show()
    every = "the picture at the cursor", "at the cursor", "here"
    label.show_text(every[0], kept, every[1:])
    after = f" {kept}" if kept else ""
    for words in every:
        label.resize(label.fontMetrics().horizontalAdvance(f"{words}{after}") + 4, 20)
        assert label.text() == f"{words}{after}"
        assert label.toolTip() == ("" if words == every[0] else f"{every[0]}{after}")
    label.resize(label.width() - 6, 20)
    assert "…" in label.text()


def test_of_many_numbers_whole_ones_are_shown_and_their_count(qtbot):
    """In a narrow line, no number loses digits, and the first one is always shown."""
    label = ElidedLabel()
    qtbot.addWidget(label)
    label.resize(3000, 20)
    label.show()
    numbers = [f"{number / 7:.4f}" for number in range(16)]
    label.show_numbers(numbers, 16)
    assert (label.text(), label.toolTip()) == (", ".join(numbers), "")
    for width in (500, 300, 200, 5):
        label.resize(width, 20)
        *shown, rest = label.text().split(", ")
        assert rest == "… 16 numbers"
        assert shown == numbers[: len(shown)]
        assert label.toolTip() == ", ".join(numbers)
    label.resize(3000, 20)
    label.show_numbers(numbers, 4096)
    assert label.text() == f"{', '.join(numbers)}, … 4,096 numbers"
