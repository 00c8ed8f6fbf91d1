"""Own pictures and z that were shown as points are shown again at the next start."""

import shutil
from pathlib import Path

import imageio.v3 as imageio
import numpy as np
import pytest
from PySide6.QtWidgets import QPushButton

from desktop.app.own_pictures import OwnPictures
from desktop.latent.plane import Viewport
from desktop.view.saved_views import read_views
from tests.desktop.small_bundles import decoder_graph, encoder_graph
from tests.waiting import SOON_MS


@pytest.fixture
def own_pictures(tmp_path, start, qtbot):
    """A folder of pictures that was open with a model, and the view's state when that start was closed."""
    (tmp_path / "decoder.onnx").write_bytes(decoder_graph(2, (3, 12, 12)))
    (tmp_path / "encoder.onnx").write_bytes(encoder_graph((3, 12, 12), 0))
    folder = tmp_path / "holiday"
    folder.mkdir()
    for number in range(5):
        picture = np.full((12, 12, 3), 50 * number, np.uint8)
        imageio.imwrite(folder / f"{number}.png", picture, extension=".png", plugin="pillow")
    window = start(tmp_path / "decoder.onnx")
    with qtbot.waitSignal(window.explorer.findChild(OwnPictures).shown, timeout=SOON_MS):
        window.own_pictures.show(folder)
    window.explorer.change(viewport=Viewport((0.25, 0.5), 3.0))
    state = window.explorer.state
    window.close()
    return folder, state


def test_own_pictures_are_shown_again(start, own_pictures, qtbot):
    """The status bar says so, and the view is that of the last start; removed pictures do not come back."""
    window = start()
    qtbot.waitUntil(lambda: window.explorer.points.own is not None, timeout=SOON_MS)
    words = "holiday: 5 pictures shown as points"
    qtbot.waitUntil(lambda: window.statusBar().currentMessage() == words, timeout=SOON_MS)
    assert window.explorer.state == own_pictures[1]
    assert not window.history.undo.isEnabled()
    assert "holiday" not in window.message.text()
    window.own_pictures.remove.trigger()
    window.close()
    assert read_views().pictures_of(read_views().last) is None


def test_own_pictures_that_are_gone_are_told_quietly(start, own_pictures, qtbot):
    """The status bar says so once."""
    shutil.rmtree(own_pictures[0])
    window = start()
    words = f"your pictures are not shown again: {own_pictures[0]} is no longer there"
    qtbot.waitUntil(lambda: window.statusBar().currentMessage() == words, timeout=SOON_MS)
    assert "holiday" not in window.message.text()
    window.close()
    assert read_views().pictures_of(read_views().last) is None


def test_pictures_that_were_dropped_one_by_one_are_shown_again(start, own_pictures, qtbot):
    """Only they are shown, and not all of their folder."""
    folder, _ = own_pictures
    window = start()
    qtbot.waitUntil(lambda: window.explorer.points.own is not None, timeout=SOON_MS)
    with qtbot.waitSignal(window.explorer.findChild(OwnPictures).shown, timeout=SOON_MS):
        window.drop.open([folder / "1.png", folder / "3.png"])
    window.close()
    again = start()
    qtbot.waitUntil(lambda: again.explorer.points.own is not None, timeout=SOON_MS)
    assert [Path(name).name for name in again.explorer.points.own.names] == ["1.png", "3.png"]


def test_z_that_were_shown_as_points_are_shown_again(start, tmp_path, qtbot):
    """The status bar says so, also without an encoder; a missing file is reported once."""
    (tmp_path / "decoder.onnx").write_bytes(decoder_graph(2, (3, 12, 12)))
    np.save(tmp_path / "z.npy", np.arange(8.0).reshape(4, 2))
    window = start(tmp_path / "decoder.onnx")
    window.z_control.open(tmp_path / "z.npy")
    qtbot.waitUntil(lambda: window.message.text() == "z.npy: 4 points", timeout=SOON_MS)
    buttons = window.message.findChildren(QPushButton)
    next(button for button in buttons if button.text() == "Show as points").click()
    assert len(window.explorer.points.own.names) == 4
    window.explorer.change(viewport=Viewport((0.25, 0.5), 3.0))
    state = window.explorer.state
    window.close()
    again = start()
    qtbot.waitUntil(lambda: again.explorer.points.own is not None, timeout=SOON_MS)
    assert again.explorer.points.own.is_z
    assert again.explorer.state == state
    assert "z.npy" not in again.message.text()
    again.close()
    (tmp_path / "z.npy").unlink()
    last = start()
    words = f"your points are not shown again: {tmp_path / 'z.npy'} is no longer there"
    qtbot.waitUntil(lambda: last.statusBar().currentMessage() == words, timeout=SOON_MS)
    last.close()
    assert read_views().pictures_of(read_views().last) is None
