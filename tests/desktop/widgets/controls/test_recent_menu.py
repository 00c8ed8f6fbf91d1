"""The menu of recently opened models."""

import pytest
from PySide6.QtCore import Qt

from desktop.widgets.common import settings
from desktop.widgets.controls.recent_menu import RecentMenu
from tests.waiting import SOON_MS

# A popup raises itself and takes the keyboard, which the offscreen plugin cannot do.
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


@pytest.fixture
def menu(qtbot):
    """The menu, not yet shown."""
    menu = RecentMenu()
    qtbot.addWidget(menu)
    return menu


@pytest.fixture
def entries(menu, qtbot):
    """`entries()`: the menu's texts as they are when it is shown."""

    def show():
        menu.popup(menu.pos())
        qtbot.waitExposed(menu)
        return [action.text() for action in menu.actions() if not action.isSeparator()]

    return show


def test_without_recent_models_it_says_so(menu, entries):
    """There is one disabled entry instead of an empty menu."""
    assert entries() == ["No recent models"]
    assert not menu.actions()[0].isEnabled()


def test_it_lists_the_bundles_newest_first(entries, tmp_path):
    """Their paths, and a way to forget them."""
    for name in "ab":
        settings.save_recent(tmp_path / name)
    assert entries() == [str(tmp_path / "b"), str(tmp_path / "a"), "Clear"]


def test_choosing_one_with_the_keyboard_says_its_path(menu, entries, qtbot, tmp_path):
    """Down twice and Return emit the second path, including its ampersand."""
    for name in ("salt & pepper", "b"):
        settings.save_recent(tmp_path / name)
    entries()
    qtbot.keyClick(menu, Qt.Key.Key_Down)
    qtbot.keyClick(menu, Qt.Key.Key_Down)
    with qtbot.waitSignal(menu.chosen, timeout=SOON_MS) as heard:
        qtbot.keyClick(menu, Qt.Key.Key_Return)
    assert heard.args == [tmp_path / "salt & pepper"]


def test_an_ampersand_is_part_of_the_path(entries, tmp_path):
    """Qt would take a single ampersand for a shortcut's mark and hide it."""
    settings.save_recent(tmp_path / "salt & pepper")
    assert entries()[0] == str(tmp_path / "salt && pepper")


def test_clear_forgets_them(menu, entries, tmp_path):
    """The next time, the menu is empty."""
    settings.save_recent(tmp_path)
    entries()
    menu.actions()[-1].trigger()
    menu.close()
    assert settings.recent_models() == []
    assert entries() == ["No recent models"]
