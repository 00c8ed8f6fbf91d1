"""The picture at the cursor: a typed z, the picture modes, copying, saving and dragging."""

import imageio.v3 as imageio
import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QImage, QMouseEvent
from PySide6.QtWidgets import QApplication

from desktop.images.note import read_note
from desktop.images.pixels import to_bytes
from desktop.latent.plane import format_z
from desktop.view.provenance import from_text
from desktop.widgets.controls.picture_control import dragged
from tests.desktop.foreign_models import decoder
from tests.desktop.widgets.on_plane import at, type_z
from tests.waiting import SOON_MS

LEFT = Qt.MouseButton.LeftButton
CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def window(home_window):
    """The window with the real bundle, looking at (−3, −3) to (3, 3) with its backdrop decoded."""
    return home_window


def test_a_typed_z_is_gone_to(window, qtbot, decoded, shows):
    """Numbers and Return move the cursor, also to places out of view."""
    for text, z in (("1.5, -2", (1.5, -2.0)), ("(−7 0.25)", (-7.0, 0.25))):
        type_z(window, qtbot, text)
        assert window.explorer.state.z == z
        qtbot.waitUntil(lambda z=z: shows(decoded(z)), timeout=SOON_MS)
        assert window.panel.picture.z.text() == format_z(z)


@pytest.mark.parametrize("text", ["1", "1, 2, 3", "a, b"])
def test_a_mistyped_z_is_told_and_changes_nothing(window, qtbot, text):
    """The field keeps the text, the message says what was expected, and z stays."""
    state = window.explorer.state
    type_z(window, qtbot, text)
    assert window.panel.picture.z_error.isVisible()
    assert (
        window.panel.picture.z_error.text()
        == f"found z = {text!r}, expected 2 numbers, such as 0.5000, 0.5000"
    )
    assert window.panel.picture.z.text() == text
    assert window.explorer.state == state
    qtbot.mouseClick(window.plane, LEFT, pos=at(window, 1, 1))
    assert not window.panel.picture.z_error.isVisible()
    assert window.panel.picture.z.text() != text


@pytest.mark.parametrize("text", ["1e30, 0", "3e38, -3e38"])
def test_far_out_there_is_still_a_picture(window, qtbot, text):
    """If the graph's numbers overflow, there is still a picture, NaN is reported, and z can be set back."""
    with qtbot.waitSignal(window.explorer.picture_decoded, timeout=SOON_MS):
        type_z(window, qtbot, text)
    window.plane.grab()
    assert not window.message.isVisible() or window.message.text() == "NaN in 1 of 1 pictures, drawn as 0"
    qtbot.mouseClick(window.plane, LEFT, pos=at(window, 1, 1))
    assert window.explorer.state.z == pytest.approx((1, 1), abs=0.01)


def test_letters_in_the_field_are_text_and_no_shortcuts(window, qtbot):
    """P, F and Home edit the field, and Esc takes that back; on the plane the same keys are shortcuts."""
    state = window.explorer.state
    window.panel.picture.z.setFocus()
    window.panel.picture.z.selectAll()
    qtbot.keyClicks(window.panel.picture.z, "pPf")
    qtbot.keyClick(window.panel.picture.z, Qt.Key.Key_Home)
    assert window.panel.picture.z.text() == "pPf"
    assert window.explorer.state == state
    window.message.show_note("a note")
    qtbot.keyClick(window.panel.picture.z, Qt.Key.Key_Escape)
    assert window.panel.picture.z.text() == format_z(state.z)
    assert window.plane.hasFocus()
    assert window.message.isVisible(), "Esc took back the typing, and did not hide the message"
    qtbot.keyClick(window.plane, Qt.Key.Key_P)
    assert len(window.explorer.state.path) == 1


def choose_mode(window, qtbot, text):
    """Choose with the keyboard, as a closed combo box allows it."""
    mode = window.panel.picture.mode
    mode.setFocus()
    while mode.currentText() != text:
        key = Qt.Key.Key_Down if mode.findText(text) > mode.currentIndex() else Qt.Key.Key_Up
        qtbot.keyClick(mode, key)


def test_the_picture_can_be_thresholded_or_sampled(window, qtbot, decoded, gray, shows):
    """Thresholded is black and white at a half; a sample is black and white by chance, the same each time."""
    z = window.explorer.state.z
    choose_mode(window, qtbot, "Thresholded")
    assert (gray(window.panel.picture.picture.image()) == np.where(decoded(z) > 127, 255, 0)).mean() > 0.98
    choose_mode(window, qtbot, "Sample")
    sample = gray(window.panel.picture.picture.image())
    assert set(np.unique(sample)) == {0, 255}
    assert sample.mean() == pytest.approx(decoded(z).mean(), abs=8)
    assert (sample != np.where(decoded(z) > 127, 255, 0)).any()
    choose_mode(window, qtbot, "Probabilities")
    assert shows(decoded(z))
    choose_mode(window, qtbot, "Sample")
    assert (gray(window.panel.picture.picture.image()) == sample).all()


def test_the_mode_holds_while_the_cursor_moves(window, qtbot, gray):
    """The next picture is drawn in the same way."""
    choose_mode(window, qtbot, "Thresholded")
    with qtbot.waitSignal(window.explorer.picture_decoded, timeout=SOON_MS):
        qtbot.mouseClick(window.plane, LEFT, pos=at(window, 2, -2))
    assert set(np.unique(gray(window.panel.picture.picture.image()))) <= {0, 255}


def test_the_picture_can_be_copied(window, qtbot, decoded, gray, same_picture):
    """Ctrl+C on the plane and the button both copy it, in the size in which it is saved."""
    clipboard = QGuiApplication.clipboard()
    for copy in (
        lambda: qtbot.keyClick(window.plane, Qt.Key.Key_C, CONTROL),
        lambda: qtbot.mouseClick(window.panel.picture.copy, LEFT),
    ):
        clipboard.clear()
        copy()
        copied = gray(clipboard.image())
        assert copied.shape == (280, 280)
        assert same_picture(copied, decoded(window.explorer.state.z).repeat(10, 0).repeat(10, 1))
    clipboard.clear()


@pytest.mark.parametrize("shape", [(3, 10, 16), (4, 12, 12), (1, 30, 10)])
def test_pictures_of_any_shape_are_shown(open_window, make_bundle, pixels, plain_decoder, shape):
    """Colour, transparency, wide and tall: the panel shows the decoder's bytes."""
    path = make_bundle(image_shape=shape)
    window = open_window(path)
    image = window.panel.picture.picture.image()
    assert (image.height(), image.width()) == shape[1:]
    expected = to_bytes(plain_decoder(path)([[0, 0]]))[0]
    found = pixels(image)[..., : shape[0]].reshape(expected.shape).astype(int)
    # In transparent pixels, Qt rounds a colour once more.
    assert np.abs(found - expected).max() <= 1
    window.plane.grab()


def test_a_picture_is_saved_as_it_is_when_somebody_asks(window, qtbot, tmp_path, monkeypatch):
    """Pictures that are decoded while the file dialog is open do not change the file."""
    explorer, expected, out = window.explorer, window.picture_control.picture, tmp_path / "a.png"
    z = explorer.state.z

    def ask(*_):
        with qtbot.waitSignal(explorer.picture_decoded, timeout=SOON_MS):
            explorer.set_state(explorer.state.at((1.0, 1.0)))
        return out

    monkeypatch.setattr("desktop.widgets.controls.picture_control.ask_save_path", ask)
    with qtbot.waitSignal(explorer.saved, timeout=SOON_MS):
        qtbot.keyClick(window.plane, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    assert from_text(read_note(out)).state.z == z
    saved = imageio.imread(out)
    scale = len(saved) // len(expected)
    assert (saved[::scale, ::scale] == expected).all()


def test_the_picture_is_dragged_out_as_a_file(window, qtbot, settings_folder, gray, decoded, same_picture):
    """A press alone writes nothing; a drag writes a PNG that carries the view, and gives the pixels too."""
    view = window.panel.picture.picture
    middle = view.rect().center()
    qtbot.mousePress(view, LEFT, pos=middle)
    send_move(view, middle + QPoint(2, 0))
    qtbot.mouseRelease(view, LEFT, pos=middle)
    send_move(view, middle + QPoint(60, 0))
    qtbot.mousePress(view, LEFT, pos=middle)
    with qtbot.waitSignal(view.drag_wanted, timeout=SOON_MS):
        send_move(view, middle + QPoint(60, 0))
    qtbot.waitUntil(lambda: any(settings_folder.rglob("picture.png")), timeout=SOON_MS)
    (file,) = settings_folder.rglob("picture.png")
    assert from_text(read_note(file)).state == window.explorer.state
    data = dragged(file, view.image())
    assert [url.toLocalFile() for url in data.urls()] == [str(file)]
    assert same_picture(gray(QImage(data.imageData())), decoded(window.explorer.state.z))
    qtbot.mouseRelease(view, LEFT, pos=middle)


def send_move(widget, point):
    """Move the pointer with the left button held."""
    spot = QPointF(point)
    kind, none = QMouseEvent.Type.MouseMove, Qt.KeyboardModifier.NoModifier
    event = QMouseEvent(kind, spot, widget.mapToGlobal(spot), Qt.MouseButton.NoButton, LEFT, none)
    QApplication.sendEvent(widget, event)


def test_numbers_that_are_none_are_said(open_window, qtbot, tmp_path):
    """Pictures that turn into NaN far from the middle are drawn black, and a note says so."""
    window = open_window(decoder(tmp_path / "model.onnx", last="Sqrt", scale=0.01, shift=0.5))
    with qtbot.waitSignal(window.explorer.picture_decoded, timeout=SOON_MS):
        window.explorer.set_state(window.explorer.state.at((500.0, 500.0)))
    assert "NaN in 1 of 1 pictures, drawn as 0" in window.message.text()
