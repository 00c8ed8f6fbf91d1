"""A model that takes long to open: the window shows the step and the time, and a button stops it."""

import pytest
from PySide6.QtCore import Qt

from desktop.widgets.plane.empty_plane import TITLE
from tests.desktop.hostile_models import endless_loop
from tests.waiting import SOON_MS


@pytest.fixture
def loop(tmp_path, monkeypatch):
    """A model whose trial does not end for ten minutes."""
    monkeypatch.setattr("desktop.vetting.trial.TIME_LIMIT_S", 600.0)
    path = tmp_path / "loop.onnx"
    path.write_bytes(endless_loop())
    return path


def test_a_long_trial_is_shown_and_stopped_by_its_button(open_window, make_bundle, loop, qtbot):
    """The note names the file and counts seconds; after Stop it goes, and the open model stays.

    It comes back after an error about something else, and does not replace a question.
    """
    window = open_window(make_bundle(), (500, 400))
    title = window.windowTitle()
    window.open_path(loop)
    qtbot.waitUntil(window.message.isVisible, timeout=SOON_MS)
    assert window.message.text().startswith("Opening loop.onnx: decoding a first picture, ")
    assert window.message.text().endswith(" s so far")
    first = window.message.text()
    qtbot.waitUntil(lambda: window.message.text() != first, timeout=SOON_MS)
    message = window.message
    window.explorer.failed.emit(ValueError("a picture"))
    assert message.text() == "a picture"
    message.close_button.click()
    qtbot.waitUntil(lambda: message.text().startswith("Opening loop.onnx"), timeout=SOON_MS)
    message.show_note("Which?", [("One", lambda: None)], asks=True)
    window.opening._count()
    window.explorer.opening_told.emit("decoding a first picture")
    assert message.text() == "Which?"
    message.action_buttons[0].click()
    qtbot.waitUntil(lambda: message.text().startswith("Opening loop.onnx"), timeout=SOON_MS)
    (stop,) = (button for button in window.message.action_buttons if button.text() == "Stop")
    with qtbot.waitSignal(window.explorer.open_failed, timeout=SOON_MS):
        qtbot.mouseClick(stop, Qt.MouseButton.LeftButton)
    assert not window.message.isVisible()
    assert window.windowTitle() == title


def test_another_opening_takes_the_note_of_the_one_that_it_stops_away(
    open_window, make_bundle, loop, qtbot, tmp_path
):
    """If somebody drops another model meanwhile, no text and no button of the first opening is left."""
    window = open_window(make_bundle(), (500, 400))
    window.open_path(loop)
    qtbot.waitUntil(window.message.isVisible, timeout=SOON_MS)
    window.open_path(loop.rename(tmp_path / "other.onnx"))
    assert not window.message.isVisible()
    qtbot.waitUntil(lambda: window.message.text().startswith("Opening other.onnx"), timeout=SOON_MS)
    window.message.close_button.click()
    window.opening._count()
    window.explorer.failed.emit(ValueError("a picture"))
    window.message.close_button.click()
    window.opening._count()
    assert not window.message.isVisible(), "it was dismissed"


def test_a_trial_that_took_too_long_is_offered_more_time(open_window, make_bundle, loop, qtbot, monkeypatch):
    """The button opens the model again with ten times the time."""
    monkeypatch.setattr("desktop.vetting.trial.TIME_LIMIT_S", 0.2)
    window = open_window(make_bundle(), (500, 400))
    with qtbot.waitSignal(window.explorer.open_failed, timeout=SOON_MS):
        window.open_path(loop)
    (more,) = (button for button in window.message.action_buttons if button.text() == "Give it more time")
    with qtbot.waitSignal(window.explorer.open_failed, timeout=SOON_MS):
        qtbot.mouseClick(more, Qt.MouseButton.LeftButton)
    assert "its trial took longer than 2" in window.message.text()


def test_without_a_model_the_plane_says_what_is_opened_and_invites_another(open_window, loop, qtbot):
    """After the first model was stopped, a button opens the one that comes with the program."""
    window = open_window(None, (700, 500))
    window.open_path(loop)
    qtbot.waitUntil(window.empty.isVisible, timeout=SOON_MS)
    assert window.empty.title.text() == "Opening loop.onnx …"
    assert not window.empty.example.isVisible()
    assert window.empty.size() == window.plane.size()
    qtbot.waitUntil(window.message.isVisible, timeout=SOON_MS)
    with qtbot.waitSignal(window.explorer.open_failed, timeout=SOON_MS):
        window.explorer.stop_opening()
    assert window.empty.title.text() == TITLE
    with qtbot.waitSignal(window.explorer.opened, timeout=SOON_MS):
        qtbot.mouseClick(window.empty.example, Qt.MouseButton.LeftButton)
    assert not window.empty.isVisible()


def test_a_model_that_hangs_holds_up_nothing(bare_window, qtbot, tmp_path):
    """While a stranger's file is tried, the open model still decodes; then a message says why it failed."""
    window, path = bare_window, tmp_path / "hangs.onnx"
    path.write_bytes(endless_loop())
    order = []
    window.explorer.picture_decoded.connect(lambda _: order.append("picture"))
    window.explorer.open_failed.connect(lambda *_: order.append("message"))
    with qtbot.waitSignal(window.explorer.open_failed, timeout=SOON_MS):
        window.open_path(path)
        window.explorer.set_state(window.explorer.state.at((1.0, 1.0)))
    assert order == ["picture", "message"]
    assert "its trial took longer than" in window.message.text()
    assert window.windowTitle() == "model — Latent Plane"
    with qtbot.waitSignal(window.explorer.picture_decoded, timeout=SOON_MS):
        window.explorer.set_state(window.explorer.state.at((0.0, 1.0)))
