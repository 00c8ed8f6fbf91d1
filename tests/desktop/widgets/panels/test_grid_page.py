"""A page of pictures emits what the person wants."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QApplication, QSpinBox, QToolTip

from desktop.jobs.sheet_steps import Sheet
from desktop.jobs.sheets import Plan
from desktop.widgets.panels.grid_page import GridPage
from tests.waiting import SOON_MS

LEFT = Qt.MouseButton.LeftButton
# Four columns, and three of four cells in the last row.
SHEET = Sheet(
    np.zeros((16, 16), np.uint8),
    4,
    Plan(np.zeros((15, 2), np.float32), 4, tuple(f"cell {i}\nz = {i}" for i in range(15))),
)


@pytest.fixture
def page(qtbot):
    """A shown page with one control."""
    page = GridPage("Samples.", [("Pictures per side", QSpinBox())])
    qtbot.addWidget(page)
    page.resize(700, 700)
    page.show()
    qtbot.waitExposed(page)
    return page


def point(page, column, row):
    """Return the middle of a cell on the view."""
    side = min(page.view.width(), page.view.height())
    left, top = (page.view.width() - side) / 2, (page.view.height() - side) / 2
    return QPoint(round(left + (column + 0.5) * side / 4), round(top + (row + 0.5) * side / 4))


def test_only_what_is_there_can_be_saved(page, qtbot):
    """Without a sheet the button is disabled; with one it asks for a file of the chosen scale."""
    assert not page.save.isEnabled()
    page.set_sheet(SHEET)
    page.scale.setValue(5)
    with qtbot.waitSignal(page.save_wanted, timeout=SOON_MS) as heard:
        qtbot.mouseClick(page.save, LEFT)
    assert heard.args == [5]
    page.set_sheet(None)
    assert not page.save.isEnabled()


def test_what_is_said_of_a_picture_can_be_renewed(page, qtbot):
    """The note changes, too, if it describes the current picture; any other note stays."""
    page.set_sheet(SHEET)
    better = replace(SHEET, plan=replace(SHEET.plan, captions=tuple(f"better {i}" for i in range(15))))
    page.renew_captions(better)
    assert page.note() == "Samples."
    page.renew_captions(SHEET)
    qtbot.keyClick(page.view, Qt.Key.Key_Right)
    assert page.note() == "cell 0 · z = 0"
    page.renew_captions(better)
    assert page.note() == page.view.accessibleDescription() == "better 0"


def test_titles_can_be_left_out_where_there_are_some(page):
    """A sheet whose rows have titles is saved with them unless the box is switched off."""
    page.set_sheet(SHEET)
    assert not page.titles.isVisible()
    page.set_sheet(
        replace(SHEET, plan=replace(SHEET.plan, row_titles=tuple("abcd"), column_titles=tuple("1234")))
    )
    assert page.titles.isVisible() and page.titles.isChecked()


def test_a_page_says_what_it_shows_or_why_it_shows_nothing(page):
    """A note replaces the hint as long as it applies."""
    assert page.note() == "Samples."
    page.set_sheet(None, "No images.")
    assert page.note() == "No images."
    page.set_sheet(SHEET)
    assert page.note() == "Samples."


@pytest.mark.parametrize(("column", "row"), [(0, 0), (3, 0), (1, 2), (2, 3)])
def test_a_click_says_which_picture(page, qtbot, column, row):
    """Pictures are counted in reading order."""
    page.set_sheet(SHEET)
    with qtbot.waitSignal(page.cell_clicked, timeout=SOON_MS) as heard:
        qtbot.mouseClick(page.view, LEFT, pos=point(page, column, row))
    assert heard.args == [4 * row + column]


def test_a_place_without_a_picture_is_none(page, qtbot):
    """A click on a missing picture of the last row chooses nothing."""
    page.set_sheet(SHEET)
    with qtbot.assertNotEmitted(page.cell_clicked):
        qtbot.mouseClick(page.view, LEFT, pos=point(page, 3, 3))


def test_a_picture_under_the_pointer_is_named(page, qtbot):
    """Its caption is the tool tip."""
    page.set_sheet(SHEET)
    place = point(page, 2, 1)
    QApplication.sendEvent(
        page.view, QHelpEvent(QHelpEvent.Type.ToolTip, place, page.view.mapToGlobal(place))
    )
    assert QToolTip.text() == "cell 6\nz = 6"
    QToolTip.hideText()
    qtbot.waitUntil(lambda: not QToolTip.isVisible(), timeout=SOON_MS)


def test_a_control_bears_the_name_of_its_label(page):
    """Screen readers need the name."""
    assert page.findChild(QSpinBox).accessibleName() == "Pictures per side"


def test_arrow_keys_go_from_picture_to_picture_and_return_chooses(page, qtbot, pixels):
    """The keys stay within the sheet, emit the caption, and draw a frame around the picture."""
    page.set_sheet(SHEET)
    page.view.setFocus()
    heard = []
    page.cell_clicked.connect(heard.append)
    qtbot.keyClick(page.view, Qt.Key.Key_Return)
    assert heard == []
    for key, index in (
        (Qt.Key.Key_Right, 0),
        (Qt.Key.Key_Left, 0),
        (Qt.Key.Key_Right, 1),
        (Qt.Key.Key_Down, 5),
        (Qt.Key.Key_Down, 9),
        (Qt.Key.Key_Down, 13),
        (Qt.Key.Key_Right, 14),
        (Qt.Key.Key_Right, 14),
        (Qt.Key.Key_Up, 10),
    ):
        qtbot.keyClick(page.view, key)
        assert page.view.index == index
        assert page.view.accessibleDescription() == f"cell {index}\nz = {index}"
        assert page.note() == f"cell {index} · z = {index}"
    qtbot.keyClick(page.view, Qt.Key.Key_Return)
    assert heard == [10]
    seen = pixels(page.view.grab().toImage())[..., :3].max(axis=-1)
    middle, side = point(page, 2, 2), min(page.view.width(), page.view.height()) / 4
    assert seen[middle.y() - round(side / 2), middle.x()] > 60
    assert seen[middle.y(), middle.x()] < 60
    page.set_sheet(None)
    assert page.view.index is None
