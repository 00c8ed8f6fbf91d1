"""The page that compares two models: its colour legend, its texts, and the number under the pointer."""

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint
from PySide6.QtGui import QHelpEvent, QImage
from PySide6.QtWidgets import QApplication, QToolTip

from desktop.images.difference import difference
from desktop.widgets.panels.compare_page import ComparePage, DifferenceLegend


@pytest.fixture
def page(qtbot):
    page = ComparePage()
    qtbot.addWidget(page)
    page.resize(700, 600)
    page.show()
    return page


def test_the_legend_says_which_way_and_how_much(qtbot):
    """The legend gives the numbers at its ends, and which picture is lighter there."""
    legend = DifferenceLegend()
    qtbot.addWidget(legend)
    legend.set_reach(0.05)
    assert legend.texts() == ("+0.05\nB lighter", "0", "A lighter\n−0.05")
    assert "A lighter −0.05" in legend.accessibleDescription()


def test_pointing_at_the_difference_tells_its_number(page):
    """The tool tip gives the number at the pixel under the pointer, with its sign."""
    first, second = np.zeros((1, 2, 2), np.float32), np.zeros((1, 2, 2), np.float32)
    second[0, 1, 0], first[0, 0, 1] = 0.25, 0.5
    page.set_difference(difference(first, second))
    view = page.difference
    side = min(view.width(), view.height())
    for across, down, text in ((-1, 1, "B − A = +0.250"), (1, -1, "B − A = −0.500")):
        point = view.rect().center() + QPoint(across * side // 4, down * side // 4)
        QApplication.sendEvent(view, QHelpEvent(QEvent.Type.ToolTip, point, view.mapToGlobal(point)))
        assert QToolTip.text() == text
    QToolTip.hideText()


def test_the_pictures_are_the_cursors_and_the_elbos_your_images(page):
    """The captions say whose picture it is; the ELBOs are shown below the planes while there is an image."""
    image = QImage(4, 4, QImage.Format.Format_Grayscale8)
    page.set_picture(0, image)
    page.set_elbo(0, "ELBO of your image", "−160.37 nats")
    page.set_elbo(1, "")
    assert [text.text() for text in page.texts] == ["A at the cursor", "", ""]
    assert page.elbos[0].isVisible()
    assert not page.elbos[1].isVisible()


def test_no_words_are_cut_on_a_narrow_page(page):
    """Shorter wordings are used: at 530 pixels, as in a window of 900, all lines are whole words."""
    page.resize(530, 440)
    page.close_b.show()  # it narrows B's lines
    image = QImage(4, 4, QImage.Format.Format_Grayscale8)
    for side in (0, 1):
        page.set_picture(side, image)
        page.set_reconstruction(side, image)
        page.set_name(side, "emoji64", "epoch 20 of 40: test ELBO", "−9,010.7 ± 12.3 nats")
        page.set_elbo(side, "ELBO of your image", "−3,394.2 nats, 2,518.8 higher")
    page.set_difference_words("B − A, mean |B − A|", "0.024")
    QApplication.processEvents()
    lines = *page.texts, *page.reconstruction_texts, *page.figures, *page.elbos
    assert not [line.text() for line in lines if "…" in line.text()]
    assert page.reconstruction_texts[1].toolTip() == "B's reconstruction"


def test_the_errors_of_two_elbos_are_not_said_to_judge_their_difference(page):
    """The tool tip says what ± is, and that the difference on the same test images is more certain."""
    for elbo, has_tip in (("−144.30 ± 0.56 nats", True), ("−144.30 nats", False)):
        page.set_name(0, "film", "test ELBO", elbo)
        assert page.figures[0].text() == f"test ELBO {elbo}"
        assert ("It does not judge the difference" in page.figures[0].toolTip()) is has_tip


def test_a_long_name_leaves_the_numbers_whole(page):
    """A long name of the model does not shorten the numbers."""
    page.set_name(1, "a model with a long name " * 9, "epoch 96 of 320: test ELBO", "−144.30 nats")
    page.set_elbo(1, "ELBO of your image", "−255.13 nats, 94.77 lower")
    QApplication.processEvents()
    assert page.names[1].text().startswith("B  a model")
    page.set_name(1, "a model with a long name " * 9, "epoch 96 of 320: test ELBO", "−144.30 nats", True)
    QApplication.processEvents()
    assert page.names[1].text().startswith("B, another model:  a m")
    assert "…" in page.names[1].text()
    assert page.figures[1].text() == "epoch 96 of 320: test ELBO −144.30 nats"
    assert page.elbos[1].text().endswith("−255.13 nats, 94.77 lower")


def test_without_a_difference_there_is_neither_picture_nor_key(page):
    """If sizes differ or there is no B, both are hidden, and the other pictures keep their places."""
    picture = np.zeros((1, 2, 2), np.float32)
    page.set_difference(difference(picture, picture))
    before = page.difference.geometry()
    assert not page.difference_legend.isHidden()
    page.set_difference(None)
    QApplication.processEvents()
    assert page.difference.image() is None
    assert (page.difference_legend.isHidden(), page.difference.geometry()) == (True, before)
