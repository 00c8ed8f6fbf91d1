"""Tabs are found by their keys, whatever their texts and positions are."""

from PySide6.QtWidgets import QWidget

from desktop.widgets.common.keyed_tabs import KeyedTabs


def test_a_tab_is_brought_to_the_front_by_its_key(qtbot):
    """A key that no tab has changes nothing."""
    tabs = KeyedTabs()
    qtbot.addWidget(tabs)
    assert tabs.key() == ""
    for key, title in (("one", "First"), ("two", "Second")):
        tabs.add(key, title, QWidget())
    assert tabs.key() == "one"
    assert tabs.show_key("two")
    assert tabs.tabText(tabs.currentIndex()) == "Second"
    assert not tabs.show_key("Second")
    assert tabs.key() == "two"
