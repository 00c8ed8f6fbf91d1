"""The status bar shows the progress of a slow plane, and a button pauses it."""

import pytest
from PySide6.QtCore import Qt

from desktop.jobs.cost import Progress
from desktop.widgets.controls.plane_progress import PAUSE, RESUME
from tests.desktop.foreign_models import decoder
from tests.waiting import SOON_MS


@pytest.mark.parametrize(
    ("progress", "text"),
    [
        (Progress(9, 25, 40.4), "plane: 9 of 25 pictures, 40 s left"),
        (Progress(0, 300, 600.0), "plane: 0 of 300 pictures, 10 min left"),
    ],
)
def test_what_is_left_is_told_in_seconds_or_minutes(open_window, progress, text):
    """It is hidden when nothing is left."""
    bar = open_window().plane_progress
    assert not bar.isVisible()
    bar.show_progress(progress)
    assert bar.isVisible()
    assert bar.label.text() == text
    bar.show_progress(None)
    assert not bar.isVisible()


@pytest.fixture
def slow_window(open_window, tmp_path, monkeypatch):
    """A window with a slow decoder, its plane paused and another one wanted."""
    monkeypatch.setattr("desktop.vetting.trial.COUNTED_WEIGHTS_BYTES", 0)
    monkeypatch.setattr("desktop.vetting.trial.SLOW_MULTIPLY_ADDS", 0)
    window = open_window(decoder(tmp_path / "decoder.onnx", image_shape=(1, 24, 24)), (500, 400))
    monkeypatch.undo()
    window.explorer.tiles.set_paused(True)
    window.explorer.set_state(window.explorer.state.with_axes(1, 0))
    return window


def test_the_button_pauses_the_plane_and_goes_on(slow_window, qtbot):
    """While paused, the plane stays unfinished and says so; Resume finishes it and hides the progress."""
    bar, plane = slow_window.plane_progress, slow_window.plane
    assert bar.isVisible()
    assert bar.pause.text() == "Resume"
    assert bar.action.text() == RESUME
    assert plane.note.startswith("Paused at 0 of ")
    with qtbot.waitSignal(slow_window.explorer.backdrop_finished, timeout=SOON_MS):
        qtbot.mouseClick(bar.pause, Qt.MouseButton.LeftButton)
    assert not bar.isVisible()
    assert not bar.action.isEnabled()
    assert (bar.pause.text(), plane.note) == ("Pause", "")


def test_a_new_model_is_not_paused(slow_window, tmp_path, qtbot):
    """Its plane is decoded, and neither the button nor the menu offers to resume it."""
    bar, explorer = slow_window.plane_progress, slow_window.explorer
    with qtbot.waitSignal(explorer.backdrop_finished, timeout=SOON_MS):
        slow_window.open_path(decoder(tmp_path / "quick.onnx", image_shape=(1, 20, 20)))
    assert explorer.source.name == "quick"
    assert not explorer.tiles.is_paused
    assert (bar.pause.text(), bar.action.text()) == ("Pause", PAUSE)
    assert slow_window.plane.note == ""


def test_a_plane_that_nobody_sees_leaves_a_slow_decoder_to_the_page_in_front(slow_window, qtbot):
    """None of its tiles is decoded meanwhile, and decoding goes on when the plane is shown again."""
    explorer, tabs, bar = slow_window.explorer, slow_window.tabs, slow_window.plane_progress
    tabs.show_key("samples")
    explorer.tiles.set_paused(False)
    qtbot.waitUntil(lambda: explorer.worker.is_idle, timeout=SOON_MS)
    assert not explorer.tiles.is_complete
    assert not bar.isVisible()
    with qtbot.waitSignal(explorer.backdrop_finished, timeout=SOON_MS):
        tabs.show_key("plane")
