"""The command palette finds every command of the menus, and runs the chosen one."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLineEdit, QMenu, QMenuBar, QTabBar

from desktop.images.drawing import Tool
from desktop.latent.nearest import Nearness
from desktop.latent.paths import PathKind
from desktop.view.state import Layer, PictureMode
from desktop.widgets.common.commands import command_of
from desktop.widgets.common.menus import menus_of, plain
from desktop.widgets.dialogs.command_palette import OTHER_WORDS, Command, CommandPalette, commands_of
from desktop.widgets.dialogs.command_words import MORE_WORDS, more_words
from desktop.widgets.panels.color_row import ColorRow
from desktop.widgets.panels.compare_page import NoSecondModel
from desktop.widgets.panels.legend import LabelSwitch
from desktop.widgets.panels.nearest_panel import NearestButton
from desktop.widgets.plane.cursor_arrow import CursorArrow
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
    """Each enabled entry of each menu is in the list, with the titles of its menus."""
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


def is_without(widget):
    """Whether a widget needs no command of its own; each line says why."""
    parent = widget.parentWidget()
    return (
        # There is one button for each label, for each colour of the data, or for each nearest image.
        isinstance(widget, LabelSwitch | NearestButton)
        or (isinstance(parent, ColorRow) and widget is not parent.more)
        # View › Show the cursor moves all planes to the cursor; only the main plane's arrow needs a command.
        or isinstance(widget, CursorArrow)
        # This bar only gives advice, and never shows its buttons.
        or isinstance(parent, NoSecondModel)
        # These set how another command works: how many dimensions it tries, or along which directions.
        or widget.accessibleName().startswith(("How many dimensions", "Direction "))
        # Qt's own: arrows of tabs, the rest of a menu bar, the corner of a table, the cross in a line.
        or isinstance(parent, QTabBar | QMenuBar | QLineEdit)
        or type(widget) is QAbstractButton
    )


def test_every_button_and_box_has_a_command(window):
    """Whatever can be clicked has a menu entry, which the palette finds while it is enabled."""
    widgets = [*window.findChildren(QAbstractButton), *window.findChildren(QComboBox)]
    wanted = [widget for widget in widgets if not is_without(widget)]
    assert len(wanted) > 60
    entries = {entry for _, menu in menus_of(window) for entry in menu.actions()}
    missing = [widget for widget in wanted if command_of(widget) not in entries]
    assert [(widget.accessibleName(), getattr(widget, "text", str)()) for widget in missing] == []
    found = {command.action for command in commands_of(window)}
    for widget in wanted:
        entry = command_of(widget)
        choices = entry.menu().actions() if isinstance(entry.menu(), QMenu) else [entry]
        if widget.isVisible() and widget.isEnabled() and entry.isEnabled():
            assert found & set(choices), entry.text()


OF_BUTTONS = {
    "eraser": lambda w: w.image.panel.canvas.tool is Tool.ERASER,
    "mark unknown": lambda w: w.image.panel.canvas.tool is Tool.UNKNOWN,
    "thresholded": lambda w: w.explorer.state.picture_mode is PictureMode.THRESHOLDED,
    "by picture": lambda w: w.explorer.state.nearness is Nearness.PICTURE,
    "slerp": lambda w: w.explorer.state.path_kind is PathKind.SPHERICAL,
    "first point": lambda w: w.explorer.state.path_closed,
    "loop": lambda w: w.panel.path.playback().loop,
    "new samples": lambda w: w.tabs.key() == "samples" and w.grids.seed.value() == 1,
    "directions here": lambda w: w.directions.directions is not None,
    "sections z": lambda w: w.panel.sections.section("z").is_open,
}


def test_what_buttons_and_boxes_do_is_run_by_its_words(window, qtbot):
    """The first match does what the button does; the button and the entry show the change."""
    for words, holds in OF_BUTTONS.items():
        assert not holds(window), words
        palette = CommandPalette(window)
        palette.line.setText(words)
        qtbot.keyClick(palette.line, Qt.Key.Key_Return)
        qtbot.waitUntil(lambda holds=holds: holds(window), timeout=SOON_MS)
    assert window.image.panel.tools[Tool.UNKNOWN].isChecked()
    checked = {plain(a.text()) for _, menu in menus_of(window) for a in menu.actions() if a.isChecked()}
    shown = {
        "Mark unknown",
        "Thresholded",
        "By picture",
        "Spherical",
        "Closed: back to the first point",
        "Loop",
    }
    assert shown <= checked
    assert not {"Pen", "Eraser", "Probabilities", "By z", "Straight"} & checked


def test_return_runs_the_chosen_command(window, palette, qtbot):
    """Arrow keys choose; the palette closes and the layer is shown."""
    qtbot.keyClicks(palette.line, "layers")
    qtbot.keyClick(palette.line, Qt.Key.Key_Down)
    assert palette.list.currentItem().text(0).startswith("View › Layers › Prior contours")
    qtbot.keyClick(palette.line, Qt.Key.Key_Return)
    assert Layer.PRIOR in window.explorer.state.layers
    qtbot.waitUntil(lambda: not window.findChildren(CommandPalette), timeout=SOON_MS)


def test_a_command_that_begins_with_the_words_comes_first(window, palette, qtbot):
    """Typing "home" finds that first; words that no command has run nothing; "zoom in" and Return zoom in."""
    qtbot.keyClicks(palette.line, "home")
    assert palette.shown()[0] == "View › Home"
    qtbot.keyClicks(palette.line, " zzz")
    assert palette.shown() == []
    qtbot.keyClick(palette.line, Qt.Key.Key_Return)
    assert palette.isVisible()
    palette.line.clear()
    qtbot.keyClicks(palette.line, "zoom in")
    span = window.explorer.state.viewport.span
    qtbot.keyClick(palette.line, Qt.Key.Key_Return)
    assert window.explorer.state.viewport.span == pytest.approx(span / 1.25)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("gif", "Path › Export animation"),
        ("svg", "File › Export the view"),
        ("figure", "File › Export the view"),
        ("contact sheet", "Pages › Save pictures › Samples as PNG"),
        ("html", "File › Share as a page"),
        ("gap", "View › Layers › True posterior of your image"),
        ("zoom", "View › Fit to the test images"),
        ("delete", "Path › Remove the last point"),
        ("sidepan", "View › Side panel"),
    ],
)
def test_people_find_a_command_by_their_own_words(qapp, words, text):  # noqa: ARG001 (actions need it)
    """Further words find a command, too; commands whose texts contain the words come first."""
    assert Command(text, "", QAction(), more_words(text)).rank(words) == OTHER_WORDS
    assert Command(text, "", QAction(), more_words(text)).rank(f"{words} zzz") is None


def test_every_further_word_belongs_to_a_command(window):
    """Each key of the table is a menu entry's text, or the beginning of one."""
    own = [plain(action.text()) for _, menu in menus_of(window) for action in menu.actions()]
    own += [f"{text} " for text in own]  # the entry is only "Undo" while there is nothing to undo
    beginnings = [start for start in MORE_WORDS if start.endswith(" ")]
    assert set(MORE_WORDS) - set(own) <= set(beginnings)
    assert not [start for start in beginnings if not any(text.startswith(start) for text in own)]
    assert more_words("File › Open something else") == ""
