"""A file is opened as what it is, whether it is dropped or chosen in a dialog."""

import imageio.v3 as imageio
import numpy as np
import pytest
from PySide6.QtCore import Qt

from desktop.app.saving import note_of, save_picture
from tests.desktop.dropping import drop
from tests.waiting import SOON_MS

LEFT, ALT = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.AltModifier


def test_with_alt_the_picture_itself_is_encoded(open_window, bundle_path, qtbot, tmp_path):
    """Without Alt, a button offers to encode it."""
    window = open_window(bundle_path)
    start, note = window.explorer.state.z, note_of(window.explorer, "picture")
    save_picture(window.explorer, tmp_path / "a.png", window.picture_control.picture, 10, note)
    with qtbot.waitSignal(window.explorer.saved, timeout=SOON_MS):
        pass
    drop(window, tmp_path / "a.png", keys=ALT)
    qtbot.waitUntil(lambda: window.explorer.state.z != start, timeout=SOON_MS)
    encoded = window.explorer.state.z
    with qtbot.waitSignal(window.provenance_control.page_wanted, timeout=SOON_MS):
        drop(window, tmp_path / "a.png")
    assert window.explorer.state.z == start
    assert window.message.text() == "a.png: this is the view that it was made from"
    (encode,) = window.message.action_buttons
    assert encode.text() == "Encode the picture instead"
    encode.click()
    qtbot.waitUntil(lambda: window.explorer.state.z == encoded, timeout=SOON_MS)
    assert not window.message.isVisible()


def test_a_plain_picture_is_encoded(open_window, bundle_path, qtbot, tmp_path):
    """A picture without a note is encoded."""
    window = open_window(bundle_path)
    start = window.explorer.state.z
    image = np.full((28, 28), 200, np.uint8)
    image[6:22, 12:16] = 0
    imageio.imwrite(tmp_path / "plain.png", image)
    drop(window, tmp_path / "plain.png")
    qtbot.waitUntil(lambda: window.explorer.state.z != start, timeout=SOON_MS)


def test_a_file_of_a_bundle_is_told_for_what_it_is_and_offers_the_bundle(window, qtbot, first, bundle_path):
    """Its posteriors are not opened as own z; the open model stays until the button is pressed."""
    for part in ("posterior.npz", "encoder.onnx"):
        with qtbot.waitSignal(window.explorer.open_failed, timeout=SOON_MS):
            window.drop.open([bundle_path / part])
        assert window.message.isVisible() and str(bundle_path) in window.message.text()
        assert window.explorer.source.path == first
    button = window.message.action_buttons[0]
    assert button.text() == "Open the bundle"
    with qtbot.waitSignal(window.explorer.opened, timeout=SOON_MS):
        qtbot.mouseClick(button, LEFT)
    assert window.explorer.source.path == bundle_path


def test_a_dropped_picture_takes_the_cursor_to_its_mean(open_window, qtbot, tmp_path, bundle_path):
    """A dropped decoder output is thresholded and encoded; a file that is no picture is refused."""
    window = open_window(bundle_path)
    with qtbot.waitSignal(window.explorer.picture_decoded, timeout=SOON_MS):
        window.explorer.set_state(window.explorer.state.at((1.0, -0.5)))
    picture = window.picture_control.picture
    imageio.imwrite(tmp_path / "a.png", picture)
    mean, _ = window.explorer._opened.model.encode((picture[None, None] > 127).astype(np.float32))
    with qtbot.waitSignal(window.explorer.picture_decoded, timeout=SOON_MS):
        drop(window, tmp_path / "a.png")
    assert window.explorer.state.z == pytest.approx(mean[0], abs=1e-3)
    (tmp_path / "b.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(30))
    with qtbot.waitSignal(window.explorer.failed, timeout=SOON_MS):
        drop(window, tmp_path / "b.png")
    assert "found a damaged picture" in window.message.text()
