"""A message stays in the window until it is dismissed, and can be copied."""

from functools import partial

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from desktop.widgets.common.message_bar import MessageBar

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def bar(qtbot):
    """A message bar in a shown window."""
    window = QWidget()
    bar = MessageBar(window)
    QVBoxLayout(window).addWidget(bar)
    qtbot.addWidget(window)
    window.show()
    qtbot.waitExposed(window)
    yield bar


def button(bar, text):
    return next(button for button in bar.findChildren(QPushButton) if button.text() == text)


def test_it_is_hidden_until_there_is_something_to_say(bar):
    """A message shows it, and the next message replaces it."""
    assert not bar.isVisible()
    bar.show_message("found a, expected b")
    assert bar.isVisible()
    bar.show_message("found c, expected d")
    assert bar.text() == "found c, expected d"


def test_it_goes_away_when_it_is_dismissed_and_comes_back(bar, qtbot):
    """A dismissed bar shows the next message."""
    bar.show_message("found a, expected b")
    qtbot.mouseClick(button(bar, "Dismiss"), LEFT)
    assert not bar.isVisible()
    bar.show_message("found a, expected b")
    assert bar.isVisible()


def test_the_message_can_be_copied(bar, qtbot):
    """The clipboard holds the message, to paste into a report."""
    bar.show_message("found a, expected b")
    qtbot.mouseClick(button(bar, "Copy"), LEFT)
    assert QGuiApplication.clipboard().text() == "found a, expected b"
    QGuiApplication.clipboard().clear()


def test_an_error_is_told_in_its_own_words_and_a_fault_as_a_fault(bar):
    """The message is one line; Details has the rest."""
    asked = []
    bar.details_wanted.connect(asked.append)
    bar.show_error(ValueError("found a,\nexpected b"))
    assert bar.text() == "found a, expected b"
    for error, expected in ((KeyError("x"), True), (ValueError("y"), False)):
        bar.show_error(error, expected)
        assert bar.text().startswith(f"something unexpected went wrong ({type(error).__name__}: ")
        bar.details.click()
    assert "KeyError: 'x'" in asked[0]


def test_a_note_is_withdrawn_only_while_it_is_shown(bar):
    """A later message stays, even if it has the same words."""
    first = bar.show_note("opening")
    second = bar.show_note("opening")
    bar.replace_text(first, "still opening")
    bar.withdraw(first)
    assert not bar.isHidden()
    assert bar.text() == "opening"
    bar.replace_text(second, "still opening")
    assert bar.text() == "still opening"
    bar.withdraw(second)
    assert bar.isHidden()


def test_a_message_is_shown_as_it_is_written(bar):
    """A file name that looks like markup is shown as text, so that similar names look different."""
    bar.show_message("<i></i>bundle: found nothing")
    shown = bar.grab().toImage()
    bar.show_message("<u></u>bundle: found nothing")
    assert shown != bar.grab().toImage()


def test_a_question_is_not_replaced_by_what_ran_in_the_background(bar, qtbot):
    """A message waits until the question is answered or dismissed; without a question it comes at once."""
    said = []
    failure = partial(bar.show_message, "a run took too long")
    bar.show_message("its trial took too long", actions=[("Give it more time", lambda: said.append("more"))])
    bar.queue(failure)
    assert bar.text() == "its trial took too long"
    qtbot.mouseClick(bar.action_buttons[0], LEFT)
    assert said == ["more"]
    assert bar.isVisible()
    assert bar.text() == "a run took too long"
    bar.show_note("12 points", [("Show as points", lambda: None)], asks=True)
    bar.queue(failure)
    assert bar.text() == "12 points"
    bar.dismiss()
    assert bar.text() == "a run took too long"
    bar.show_note("read with guesses", [("Review…", lambda: None)])
    bar.queue(failure)
    assert bar.text() == "a run took too long"
    bar.dismiss()
    assert not bar.isVisible()


def test_no_message_that_waits_is_lost(bar):
    """Waiting messages are shown one after the other, however each is closed; opening a model drops them."""

    def wait_for(number):
        bar.queue(partial(bar.show_message, f"run {number} took too long"))

    question = bar.show_note("12 points", [("Show as points", lambda: None)], asks=True)
    for number in range(4):
        wait_for(number)
    assert bar.text() == "12 points"
    bar.withdraw(question)
    assert bar.text() == "run 0 took too long"
    wait_for(4)
    bar.hide_error()
    assert bar.text() == "run 1 took too long"
    bar.show_message("its trial took too long", actions=[("Give it more time", lambda: None)])
    bar.action_buttons[0].click()
    assert bar.text() == "run 2 took too long"
    bar.show_message("no such file", actions=[("Look", lambda: bar.show_note("looking"))])
    bar.action_buttons[0].click()
    assert bar.text() == "looking"
    bar.dismiss()
    assert bar.text() == "run 3 took too long"
    bar.clear()
    assert bar.isHidden()
    wait_for(5)
    assert bar.text() == "run 5 took too long"
    bar.dismiss()
    assert bar.isHidden()
