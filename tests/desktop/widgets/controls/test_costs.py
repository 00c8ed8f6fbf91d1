"""With a slow decoder, pages, paths and films say their cost, start by a button, and keep every picture."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt

from desktop.app.picture_decoder import PendingPicture
from desktop.base.vector import Vector
from desktop.jobs.decode import Decoded
from tests.desktop.foreign_models import decoder
from tests.waiting import SOON_MS

LEFT, CONTROL = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier
PATH = ((-2.0, 0.013), (2.0, 0.5))


@pytest.fixture
def window(request, open_window, tmp_path):
    """A window with a decoder whose pictures are expected to take five seconds each."""
    request.getfixturevalue("all_are_slow")
    window = open_window(decoder(tmp_path / "decoder.onnx", image_shape=(1, 24, 24)))
    window.explorer.model.picture_s = 5.0
    return window


def test_a_page_asks_and_its_pictures_come_when_they_are_wanted(window, qtbot):
    """A page has empty cells and cannot be saved before; a click on its button decodes all of it."""
    page = window.grids.samples
    qtbot.keyClick(window.plane, Qt.Key.Key_2, CONTROL)
    qtbot.waitUntil(lambda: page.cost.isVisible(), timeout=SOON_MS)
    assert page.cost.label.text() == "63 pictures, about 5 min"  # one was decoded in the model's trial
    assert page.sheet.missing == 63
    assert not page.save.isEnabled()
    with qtbot.waitSignal(window.grids.sheet_shown, timeout=SOON_MS):
        qtbot.mouseClick(page.cost.button, LEFT)
    assert not page.cost.isVisible()
    assert page.save.isEnabled()
    # The same number of other pictures needs no further question, until a run is stopped.
    window.explorer.model.picture_s = 5.0
    with qtbot.waitSignal(window.grids.sheet_shown, timeout=SOON_MS):
        qtbot.mouseClick(window.grids.resample, LEFT)
    assert not page.cost.isVisible()
    # Pictures that were decoded once are shown without a question.
    window.explorer.model.picture_s = 5.0
    with qtbot.waitSignal(window.grids.sheet_shown, timeout=SOON_MS):
        page.scale.setFocus()
        window.grids.samples_n.setValue(7)
    assert not page.cost.isVisible()


def test_a_stopped_page_keeps_its_pictures(window, qtbot):
    """The button asks for the rest, and their number is smaller."""
    page = window.grids.samples
    qtbot.keyClick(window.plane, Qt.Key.Key_2, CONTROL)
    qtbot.waitUntil(lambda: page.cost.isVisible(), timeout=SOON_MS)
    window.explorer.decoder.one(Vector(page.sheet.z[40]))
    page.cost.start_wanted.emit()
    page.cost.stop_wanted.emit()
    qtbot.waitUntil(lambda: page.cost.button.text() == "Decode the rest", timeout=SOON_MS)
    qtbot.waitUntil(lambda: page.sheet.missing < 63, timeout=SOON_MS)
    rest = f"{page.sheet.missing} pictures, about "
    qtbot.waitUntil(lambda: page.cost.label.text().startswith(rest), timeout=SOON_MS)  # a step later
    assert page.cost.isVisible()
    window.explorer.model.picture_s = 5.0
    window.grids.resample.click()
    qtbot.waitUntil(lambda: page.cost.label.text() == "64 pictures, about 5 min", timeout=SOON_MS)
    assert page.cost.button.text() == "Decode"


def test_a_page_that_failed_offers_the_rest(window, qtbot):
    """The error is reported, and the decoded pictures stay."""
    page = window.grids.samples
    qtbot.keyClick(window.plane, Qt.Key.Key_2, CONTROL)
    qtbot.waitUntil(lambda: page.cost.isVisible(), timeout=SOON_MS)
    page.cost.hide()
    window.grids._fill(most_s=1e9)
    window.grids._on_error("samples", ValueError("found a run that takes too long"))
    qtbot.waitUntil(lambda: page.cost.isVisible() and not page.cost.is_running, timeout=SOON_MS)
    assert page.cost.button.text() == "Decode the rest"
    assert page.sheet.missing
    assert window.message.isVisible()


def test_the_nearest_picture_is_drawn_once(window):
    """While the cursor moves and the same picture stays the nearest one, it is not converted again."""
    drawn, pictures = [], [np.full((1, 24, 24), gray, np.float32) for gray in (0.0, 1.0)]
    window.picture_control.shown.connect(drawn.append)
    for picture in (0, 0, 1, 1, 0):
        nearest = Decoded(window.explorer.state.z, pictures[picture], 5000.0)
        window.explorer.picture_pending.emit(PendingPicture(nearest, 5.0))
    assert [picture[0, 0] for picture in drawn] == [0, 255, 0]


def test_a_path_is_played_with_the_pictures_that_are_there(window, qtbot):
    """The panel asks first; its button decodes, and the cursor goes from picture to picture."""
    window.explorer.set_state(replace(window.explorer.state, path=PATH))
    panel, visited = window.panel.path, []
    window.panel.show_section(panel)
    qtbot.mouseClick(panel.play, LEFT)
    qtbot.waitUntil(lambda: panel.cost.isVisible(), timeout=SOON_MS)
    assert panel.cost.label.text() == "32 pictures, about 3 min"
    assert panel.play.text() == "Play"
    window.explorer.picture_pending.connect(visited.append)
    qtbot.mouseClick(panel.cost.button, LEFT)
    qtbot.waitUntil(lambda: panel.play.text() == "Pause", timeout=SOON_MS)
    qtbot.waitUntil(lambda: not panel.cost.isVisible(), timeout=SOON_MS)
    qtbot.mouseClick(panel.play, LEFT)
    assert visited == []


def test_the_export_dialog_tells_the_cost_and_what_is_too_large(window, qtbot, tmp_path):
    """Pictures that were decoded before a cancel need not be decoded again."""
    window.explorer.set_state(replace(window.explorer.state, path=PATH))
    control = window.film_control
    with qtbot.waitSignal(control.exports.cost_known, timeout=SOON_MS):
        control._ask()
    dialog = control.dialog
    assert dialog.cost.text() == "Still to decode: 80 pictures, about 7 min."
    dialog.scale.setValue(1)
    film = dialog.film()
    with qtbot.waitSignal(control.exports.told, timeout=SOON_MS, check_params_cb=lambda one: one.done > 2):
        control.exports.save(tmp_path / "a.gif", film)
    control.exports.cancel()
    with qtbot.waitSignal(control.exports.cost_known, timeout=SOON_MS) as known:
        control.exports.ask_cost(film)
    assert known.args[0].pictures < 118
    dialog.set_model((1024, 1024), 0)
    dialog.scale.setValue(64)
    assert "expected at most 32,767 per side; scale " in dialog.facts.text()
    assert not dialog.save.isEnabled()
    dialog.scale.setValue(1)
    assert dialog.save.isEnabled()
    dialog.reject()
