"""The picture panel shows a state, and does not overwrite text that is being typed."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from desktop.view.state import PictureMode, ViewState
from desktop.widgets.panels.picture_panel import PicturePanel
from tests.waiting import SOON_MS


@pytest.fixture
def panel(qtbot):
    """A shown panel of a two-dimensional model."""
    panel = PicturePanel()
    qtbot.addWidget(panel)
    panel.set_latent_dim(2)
    panel.set_state(ViewState(z=(0.5, -0.25)))
    panel.show()
    qtbot.waitExposed(panel)
    return panel


def type_z(panel, qtbot, text):
    panel.z.setFocus()
    panel.z.selectAll()
    qtbot.keyClicks(panel.z, text)


def test_the_state_is_shown(panel):
    """It shows z and the mode."""
    panel.set_state(ViewState(z=(1.0, 2.0), picture_mode=PictureMode.THRESHOLDED))
    assert panel.z.text() == "1.0000, 2.0000"
    assert panel.mode.currentText() == "Thresholded"


def test_pictures_that_are_no_probabilities_are_called_so(panel):
    """The other modes are then disabled, and the picture is shown as it is."""
    panel.set_state(ViewState(z=(1.0, 2.0), picture_mode=PictureMode.THRESHOLDED))
    panel.set_modes(frozenset({PictureMode.PROBABILITIES}), None)
    assert panel.mode.currentText() == "Picture"
    enabled = [panel.mode.model().item(index).isEnabled() for index in range(3)]
    assert enabled == [True, False, False]
    panel.set_state(ViewState(z=(1.0, 2.0), picture_mode=PictureMode.SAMPLE))
    assert panel.mode.currentText() == "Picture"
    panel.set_modes(frozenset(PictureMode), None)
    panel.set_state(ViewState(z=(1.0, 2.0), picture_mode=PictureMode.SAMPLE))
    assert panel.mode.currentText() == "Sample"
    assert panel.mode.itemText(0) == "Probabilities"


def test_showing_a_state_wants_nothing(panel):
    """Showing a state emits no signal."""
    heard = []
    for name in ("z_typed", "mode_wanted"):
        getattr(panel, name).connect(lambda *_, name=name: heard.append(name))
    panel.set_state(ViewState(z=(1.0, 2.0), picture_mode=PictureMode.SAMPLE))
    assert heard == []


def test_typed_numbers_are_said_on_return(panel, qtbot):
    """They are emitted once, as numbers."""
    type_z(panel, qtbot, "1.5, -2")
    with qtbot.waitSignal(panel.z_typed, timeout=SOON_MS) as heard:
        qtbot.keyClick(panel.z, Qt.Key.Key_Return)
    assert heard.args == [(1.5, -2.0)]


def test_what_is_being_typed_is_not_overwritten(panel, qtbot):
    """While someone types, a new state keeps the text; after Return it replaces it."""
    type_z(panel, qtbot, "1.5, ")
    panel.set_state(ViewState(z=(9.0, 9.0)))
    assert panel.z.text() == "1.5, "
    qtbot.keyClicks(panel.z, "2")
    qtbot.keyClick(panel.z, Qt.Key.Key_Return)
    panel.set_state(ViewState(z=(1.5, 2.0)))
    assert panel.z.text() == "1.5000, 2.0000"


def test_a_mistyped_z_is_told_until_it_is_typed_again(panel, qtbot):
    """The error below the field quotes the text as typed, and disappears with the next key."""
    type_z(panel, qtbot, "<b>1")
    with qtbot.assertNotEmitted(panel.z_typed):
        qtbot.keyClick(panel.z, Qt.Key.Key_Return)
    assert panel.z_error.isVisible()
    assert panel.z_error.text() == "found z = '<b>1', expected 2 numbers, such as 0.5000, 0.5000"
    assert panel.z_error.textFormat() == Qt.TextFormat.PlainText
    qtbot.keyClicks(panel.z, "2")
    assert not panel.z_error.isVisible()


def test_a_mistyped_z_is_forgotten_with_the_text(panel, qtbot):
    """When the field shows a state again, the error about the old text is gone."""
    type_z(panel, qtbot, "1")
    qtbot.keyClick(panel.z, Qt.Key.Key_Return)
    panel.mode.setFocus()
    panel.set_state(ViewState(z=(9.0, 9.0)))
    assert panel.z.text() == "9.0000, 9.0000"
    assert not panel.z_error.isVisible()


def test_z_and_its_picture_are_painted_together(panel, qtbot):
    """The text is set at once, but painted together with its picture, or soon after if none comes."""
    QApplication.processEvents()
    panel.set_state(ViewState(z=(1.0, 2.0)))
    assert panel.z.text() == "1.0000, 2.0000"
    assert not panel.z.updatesEnabled()
    panel.show_picture(QImage(8, 8, QImage.Format.Format_Grayscale8))
    assert panel.z.updatesEnabled()
    panel.set_state(ViewState(z=(1.0, 3.0)))
    qtbot.waitUntil(panel.z.updatesEnabled, timeout=SOON_MS)


def test_z_is_shown_from_its_first_number_once_it_is_left(panel):
    """Tab selects the whole text with its end in view; leaving the line shows its start again."""
    panel.z.setFocus(Qt.FocusReason.TabFocusReason)
    assert panel.z.cursorPosition() > 0
    panel.mode.setFocus(Qt.FocusReason.TabFocusReason)
    assert panel.z.cursorPosition() == 0
