"""How far a slow plane is stands in the status bar, and a button pauses it."""

import pytest
from PySide6.QtCore import Qt

from desktop.jobs.cost import Progress
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


def test_the_button_pauses_the_plane_and_goes_on(open_window, tmp_path, qtbot, monkeypatch):
    """Paused, the plane stays unfinished; pressed again, it is finished and the bar goes."""
    monkeypatch.setattr("desktop.vetting.trial.TOLD_WEIGHTS_BYTES", 0)
    monkeypatch.setattr("desktop.vetting.trial.SLOW_MULTIPLY_ADDS", 0)
    window = open_window(decoder(tmp_path / "decoder.onnx", image_shape=(1, 24, 24)), (500, 400))
    bar, explorer = window.plane_progress, window.explorer
    explorer.tiles.set_paused(True)
    bar.pause.setChecked(True)
    explorer.set_state(explorer.state.with_axes(1, 0))
    assert bar.isVisible()
    with qtbot.waitSignal(explorer.backdrop_finished, timeout=SOON_MS):
        qtbot.mouseClick(bar.pause, Qt.MouseButton.LeftButton)
    assert not bar.isVisible()
