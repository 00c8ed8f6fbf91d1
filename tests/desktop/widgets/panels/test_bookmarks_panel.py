"""The section of the bookmarks enables only the actions that the bookmarks allow."""

from dataclasses import replace

from PySide6.QtWidgets import QStyleOptionViewItem

from desktop.reading.input_values import InputValue
from desktop.view.bookmarks import bookmark
from desktop.view.state import ViewState, start_state
from desktop.widgets.panels.bookmarks_panel import BookmarksPanel


def test_a_button_that_cannot_be_used_says_why(qtbot):
    """One bookmark makes no path; with two of them the tip only says what the button does."""
    panel = BookmarksPanel()
    qtbot.addWidget(panel)
    one = bookmark(ViewState(), ())
    panel.show_bookmarks((one,))
    assert not panel.to_path.isEnabled()
    assert panel.to_path.toolTip().endswith("A path needs at least two bookmarks; add some with Ctrl+D.")
    panel.show_bookmarks((one, bookmark(ViewState(), (one,))))
    assert panel.to_path.isEnabled()
    assert "become the points of the path" in panel.to_path.toolTip()


def test_the_section_stays_as_high_when_the_last_bookmark_goes(qtbot):
    """The list stays, says how to add a bookmark, and takes the focus from the button that is disabled."""
    panel = BookmarksPanel()
    qtbot.addWidget(panel)
    panel.show_bookmarks((bookmark(ViewState(), ()),), 0)
    panel.show()
    panel.activateWindow()
    qtbot.waitUntil(panel.isActiveWindow)
    height, place = panel.sizeHint().height(), panel.remove.pos()
    panel.remove.setFocus()
    panel.show_bookmarks(())
    assert panel.sizeHint().height() == height
    assert panel.remove.pos() == place
    assert panel.list.hasFocus()


def test_the_chosen_bookmark_stays_chosen_wherever_it_goes(qtbot):
    """It may be moved, renamed or get another picture; if it is gone, its row stays chosen."""
    panel = BookmarksPanel()
    qtbot.addWidget(panel)
    one, two, three = (replace(bookmark(ViewState(), ()), name=name) for name in ("a", "b", "c"))
    elsewhere = replace(bookmark(start_state(2).at((1.0, 0.0)), ()), name="d")
    panel.show_bookmarks((one, two, three), 1)
    panel.show_bookmarks((two, one, three), 0)
    panel.show_bookmarks((one, replace(two, picture="new"), three))
    assert panel.list.currentItem().text() == "b"
    panel.show_bookmarks((one, replace(two, name="x"), three))
    assert panel.list.currentItem().text() == "x", "others have the same view"
    panel.show_bookmarks((one, two, three))
    panel.show_bookmarks((elsewhere, one, two))
    assert panel.list.currentItem().text() == "b"
    panel.list.setCurrentRow(0)
    panel.show_bookmarks((one, replace(elsewhere, name="e")))
    assert panel.list.currentItem().text() == "e"
    panel.show_bookmarks((one, two))
    assert panel.list.currentRow() == 1


def test_inputs_that_differ_are_below_the_names(qtbot):
    """The name alone is edited; the tool tip has all inputs, also those that are the same everywhere."""
    panel = BookmarksPanel()
    qtbot.addWidget(panel)

    def mark(label):
        inputs = InputValue("label", label), InputValue("truncation", 0.5)
        return bookmark(replace(ViewState(), inputs=inputs), ())

    def drawn(row):
        option = QStyleOptionViewItem()
        panel.list.itemDelegate().initStyleOption(option, panel.list.indexFromItem(panel.list.item(row)))
        return option.text.split("\u2028")

    panel.show_bookmarks((mark(3), mark(5)))
    assert [drawn(row) for row in range(2)] == [["Place 1", "label 3"], ["Place 1", "label 5"]]
    assert panel.list.item(1).text() == "Place 1"
    assert "label 5, truncation 0.5" in panel.list.item(1).toolTip()
    panel.show_bookmarks((mark(3), mark(3)))
    assert drawn(1) == ["Place 1"]
