"""The list of shortcuts is collected from the window: complete, free of conflicts, and searchable."""

import pytest
from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QAction, QShortcut
from PySide6.QtWidgets import QMenu, QWidget

from desktop.view.shortcuts import Shortcut
from desktop.widgets.common.actions import add_action
from desktop.widgets.common.terms import TERMS
from desktop.widgets.dialogs.shortcuts_dialog import ShortcutsDialog, shortcuts_of
from tests.waiting import SOON_MS

# A dialog raises itself, which the offscreen plugin cannot do.
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


@pytest.fixture
def window(open_window, qtbot):
    window = open_window()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=SOON_MS)
    return window


@pytest.fixture
def dialog(window, qtbot):
    qtbot.keyClick(window.plane, Qt.Key.Key_F1)
    (dialog,) = window.findChildren(ShortcutsDialog)
    qtbot.waitUntil(dialog.isVisible, timeout=SOON_MS)
    yield dialog
    dialog.close()


def all_keys(window):
    actions = [key for action in window.findChildren(QAction) for key in action.shortcuts()]
    return [key.toString() for key in actions] + [s.key().toString() for s in window.findChildren(QShortcut)]


def test_every_key_of_the_window_is_in_the_list(window):
    """The list has every key, whichever part added it."""
    listed = {key for shortcut in shortcuts_of(window) for key in shortcut.keys.split(", ")}
    assert set(all_keys(window)) <= listed
    assert {"Ctrl+Z", "Ctrl+Y", "F1", "Home", "Ctrl+1"} <= listed


def test_no_two_of_them_share_a_key(window):
    """Qt ignores a key with two actions; no shortcut takes a key that the plane needs either."""
    keys = all_keys(window)
    assert len(keys) > 15
    assert sorted(keys) == sorted(set(keys))
    assert not {"Left", "Right", "Up", "Down", "+", "-", "=", "Tab"} & set(keys)


def test_every_entry_says_what_it_does(window):
    """Each shortcut has a description and a group."""
    for shortcut in shortcuts_of(window):
        assert shortcut.keys
        assert shortcut.what, shortcut.keys
        assert shortcut.where, shortcut.keys


def test_gestures_of_the_mouse_are_in_the_list(window):
    """They are listed under the name of their widget."""
    gestures = [shortcut for shortcut in shortcuts_of(window) if shortcut.where == "Latent plane"]
    assert any("drag" in shortcut.keys for shortcut in gestures)
    assert len(gestures) >= len(window.plane.GESTURES)


def test_what_is_added_later_is_listed_too(window):
    """An action of a submenu and a widget with gestures are listed."""
    inner = QMenu("&Inner", window)
    window.menuBar().actions()[0].menu().addMenu(inner)
    add_action(inner, "&This && that…", "Ctrl+Alt+T", lambda: None)

    class Pad(QWidget):
        GESTURES = (("Draw", "Draws"),)

    pad = Pad(window)
    pad.setAccessibleName("Pad")
    found = shortcuts_of(window)
    assert Shortcut("Ctrl+Alt+T", "This & that", "Inner") in found
    assert Shortcut("Draw", "Draws", "Pad") in found


def test_the_filter_finds_keys_and_words(dialog, qtbot):
    """The filter has the focus; every word must match; empty groups are hidden."""
    whole = len(dialog.shown())
    looked_for = {"undo": ["Ctrl+Z"], "ctrl z": None, "WHEEL zoom": ["Wheel, + or -"], "xyz": []}
    for text, keys in looked_for.items():
        dialog.filter.clear()
        qtbot.keyClicks(dialog.filter, text)
        found = [shortcut.keys for shortcut in dialog.shown()]
        assert found == keys if keys is not None else "Ctrl+Z" in found
        assert dialog.nothing.isVisible() is (not found) and dialog.list.isVisible() is bool(found)
    dialog.filter.clear()
    assert len(dialog.shown()) == whole


def test_nothing_is_cut_off_in_a_small_window(window, qtbot):
    """The list fits the window, and long texts wrap."""
    window.resize(window.minimumSizeHint().expandedTo(QSize(480, 480)))
    window.help.show_shortcuts()
    (dialog,) = window.findChildren(ShortcutsDialog)
    qtbot.waitUntil(dialog.isVisible, timeout=SOON_MS)
    qtbot.wait(50)
    assert dialog.width() < window.width() and dialog.height() < window.height()
    metrics, view = dialog.list.fontMetrics(), dialog.list
    cut = []
    for place in range(view.topLevelItemCount()):
        for row in range(view.topLevelItem(place).childCount()):
            item = view.topLevelItem(place).child(row)
            for column in (0, 1):
                room = view.visualRect(view.indexFromItem(item, column))
                needed = metrics.boundingRect(
                    QRect(0, 0, room.width() - 6, 0), Qt.TextFlag.TextWordWrap, item.text(column)
                )
                if needed.height() > room.height() or needed.width() > room.width():
                    cut.append(item.text(column))
    assert cut == []
    dialog.close()


def test_the_keys_are_seen_after_a_resize(dialog, qtbot):
    """On a small screen, the window manager shrinks the dialog as it opens."""
    for height in (500, 460):
        dialog.resize(640, height)
        qtbot.waitUntil(lambda: dialog.height() == height, timeout=SOON_MS)  # noqa: B023
    longest = dialog.list.fontMetrics().horizontalAdvance("Ctrl+Shift+E")
    assert dialog.list.columnWidth(0) > longest


def test_escape_closes_it_and_nothing_is_left(window, qtbot):
    """The dialog is deleted, and the next one is new."""
    for _ in range(2):
        window.help.show_shortcuts()
        (dialog,) = window.findChildren(ShortcutsDialog)
        assert len(dialog.shown()) == len(shortcuts_of(window)) + len(TERMS)
        qtbot.keyClick(dialog, Qt.Key.Key_Escape)
        qtbot.waitUntil(lambda: not window.findChildren(ShortcutsDialog), timeout=SOON_MS)


def test_terms_are_explained_below_the_keys(dialog):
    """The filter finds terms by name and by meaning."""
    dialog.filter.setText("quadrature")
    assert {shortcut.keys for shortcut in dialog.shown()} >= {"Quadrature", "log p(x)"}
    assert all(shortcut.where == "Terms" for shortcut in dialog.shown())
    dialog.filter.setText("misplaced")
    assert [shortcut.keys for shortcut in dialog.shown()] == ["Misplaced"]
