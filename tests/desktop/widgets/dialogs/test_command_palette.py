"""The palette finds every command of the menus, and runs the one that is chosen."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction

from desktop.view.state import Layer
from desktop.widgets.common.menus import menus_of, plain
from desktop.widgets.dialogs.command_palette import OTHER_WORDS, Command, CommandPalette
from desktop.widgets.dialogs.command_words import MORE_WORDS, more_words
from tests.waiting import SOON_MS

# A dialog raises itself, which the offscreen plugin cannot do.
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


@pytest.fixture
def window(open_window, bundle_path, qtbot):
    window = open_window(bundle_path)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=SOON_MS)
    return window


@pytest.fixture
def palette(window, qtbot):
    qtbot.keyClick(window.plane, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    (palette,) = window.findChildren(CommandPalette)
    qtbot.waitUntil(palette.isVisible, timeout=SOON_MS)
    return palette


def test_every_command_that_can_be_used_is_found(window, palette, qtbot):
    """Each entry of each menu is in the list, with the menus above it; what cannot be used now is not."""
    actions = [(titles, action) for titles, menu in menus_of(window) for action in menu.actions()]
    expected = {
        " › ".join((*titles, plain(action.text())))
        for titles, action in actions
        if action.isEnabled() and action.isVisible() and not action.isSeparator() and not action.menu()
    }
    assert set(palette.shown()) == expected
    assert "View › Layers › Decoded plane" in expected
    assert "Edit › Undo" not in expected  # there is nothing to undo yet
    qtbot.keyClicks(palette.line, "prior cont")
    assert palette.shown() == ["View › Layers › Prior contours (50, 90, 99 %)"]
    palette.reject()


def test_return_runs_the_chosen_command(window, palette, qtbot):
    """Arrow keys choose; the palette closes and the layer is shown."""
    qtbot.keyClicks(palette.line, "layers")
    qtbot.keyClick(palette.line, Qt.Key.Key_Down)
    assert palette.list.currentItem().text(0).startswith("View › Layers › Prior contours")
    qtbot.keyClick(palette.line, Qt.Key.Key_Return)
    assert Layer.PRIOR in window.explorer.state.layers
    qtbot.waitUntil(lambda: not window.findChildren(CommandPalette), timeout=SOON_MS)


def test_a_command_that_begins_with_the_words_comes_first(palette, qtbot):
    """Typing "home" and Return goes home; words that no command has run nothing."""
    qtbot.keyClicks(palette.line, "home")
    assert palette.shown()[0] == "View › Home"
    qtbot.keyClicks(palette.line, " zzz")
    assert palette.shown() == []
    qtbot.keyClick(palette.line, Qt.Key.Key_Return)
    assert palette.isVisible()
    palette.reject()


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("gif", "Path › Export animation"),
        ("svg", "File › Export the view"),
        ("figure", "File › Export the view"),
        ("html", "File › Share as a page"),
        ("zoom", "View › Fit to the test images"),
        ("delete", "Path › Remove the last point"),
        ("sidepan", "View › Side panel"),
    ],
)
def test_people_find_a_command_by_their_own_words(qapp, words, text):  # noqa: ARG001 (actions need it)
    """Words that the text does not have find it too, after all commands whose texts have them."""
    assert Command(text, "", QAction(), more_words(text)).rank(words) == OTHER_WORDS
    assert Command(text, "", QAction(), more_words(text)).rank(f"{words} zzz") is None


def test_every_further_word_belongs_to_a_command(window):
    """What the table names is an entry of the menus, or the beginning of one that goes on."""
    own = [plain(action.text()) for _, menu in menus_of(window) for action in menu.actions()]
    own += [f"{text} " for text in own]  # "Undo" is alone as long as there is nothing to undo
    beginnings = [start for start in MORE_WORDS if start.endswith(" ")]
    assert set(MORE_WORDS) - set(own) <= set(beginnings)
    assert not [start for start in beginnings if not any(text.startswith(start) for text in own)]
    assert more_words("File › Open something else") == ""
