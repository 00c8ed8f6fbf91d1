"""A page of n × n pictures says what is wanted of it."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt

from desktop.widgets.grid_page import MAX_SEED, GridPage
from desktop.widgets.images import to_qimage

LEFT = Qt.MouseButton.LeftButton
SHEET = np.zeros((16, 16), np.uint8)


@pytest.fixture
def page(qtbot):
    """A shown page of 4 × 4 seeded pictures."""
    page = GridPage(4, seeded=True, hint="Samples.")
    qtbot.addWidget(page)
    page.resize(700, 700)
    page.show()
    qtbot.waitExposed(page)
    return page


@pytest.mark.parametrize("control", ["n", "seed"])
def test_a_new_number_wants_a_new_sheet(page, qtbot, control):
    """Typing another count or seed asks once for it."""
    spin = getattr(page, control)
    spin.selectAll()
    with qtbot.waitSignal(page.wanted):
        qtbot.keyClicks(spin, "7")
        qtbot.keyClick(spin, Qt.Key.Key_Return)
    assert spin.value() == 7


def test_resampling_is_the_next_seed(page, qtbot):
    """A click asks for other samples, which the seed then names: they can be had again."""
    page.seed.setValue(41)
    with qtbot.waitSignal(page.wanted):
        qtbot.mouseClick(page.resample, LEFT)
    assert page.seed.value() == 42


def test_after_the_last_seed_comes_a_first_one(page, qtbot):
    """Resampling never gets stuck at the largest seed."""
    page.seed.setValue(MAX_SEED)
    with qtbot.waitSignal(page.wanted):
        qtbot.mouseClick(page.resample, LEFT)
    assert page.seed.value() < MAX_SEED


def test_a_page_without_seed_shows_none(qtbot):
    """The manifold grid is always the same, so there is nothing to resample."""
    page = GridPage(4, seeded=False, hint="The grid.")
    qtbot.addWidget(page)
    page.show()
    qtbot.waitExposed(page)
    assert page.n.isVisible()
    assert not page.seed.isVisible()
    assert not page.resample.isVisible()


def test_only_what_is_there_can_be_saved(page, qtbot):
    """Without a sheet the button is off; with one it asks for a file of the chosen scale."""
    assert not page.save.isEnabled()
    page.set_image(to_qimage(SHEET))
    page.scale.setValue(5)
    with qtbot.waitSignal(page.save_wanted) as heard:
        qtbot.mouseClick(page.save, LEFT)
    assert heard.args == [5]
    page.set_image(None)
    assert not page.save.isEnabled()


@pytest.mark.parametrize(("column", "row"), [(0, 0), (3, 0), (1, 2), (3, 3)])
def test_a_click_says_which_picture(page, qtbot, column, row):
    """Pictures are counted as they are read."""
    page.set_image(to_qimage(SHEET))
    side = min(page.view.width(), page.view.height())
    left, top = (page.view.width() - side) / 2, (page.view.height() - side) / 2
    point = QPoint(round(left + (column + 0.5) * side / 4), round(top + (row + 0.5) * side / 4))
    with qtbot.waitSignal(page.cell_clicked) as heard:
        qtbot.mouseClick(page.view, LEFT, pos=point)
    assert heard.args == [4 * row + column]
