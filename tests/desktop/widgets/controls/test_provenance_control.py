"""An export that is opened restores its view, or the message says which model it needs."""

import json
from dataclasses import replace

import imageio.v3 as imageio
import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QGuiApplication, QImage
from PySide6.QtWidgets import QFileDialog, QPushButton

from desktop.app.saving import note_of, save_picture
from desktop.images.note import read_note, webp_note
from desktop.render import command
from desktop.view.provenance import Beside, from_text, to_text
from tests.waiting import SOON_MS

LEFT, ALT = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.AltModifier
SHIFT, CONTROL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


def gif_note(text):
    """For `imageio.imwrite`, as `webp_note` is."""
    return {"comment": text.encode("ascii")}


@pytest.fixture
def bundle(make_bundle):
    return make_bundle(name="first")


@pytest.fixture
def window(open_window, bundle):
    return open_window(bundle)


@pytest.fixture
def saved(window, qtbot, monkeypatch, tmp_path):
    """A picture that was saved from a view with a path, and that view's state."""
    qtbot.mouseClick(window.plane, LEFT, pos=QPoint(300, 250))
    qtbot.mouseClick(window.plane, LEFT, SHIFT, QPoint(350, 150))
    path = tmp_path / "picture.png"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", staticmethod(lambda *_: (str(path), "")))
    with qtbot.waitSignal(window.explorer.saved, timeout=SOON_MS):
        qtbot.keyClick(window.plane, Qt.Key.Key_S, CONTROL)
    return path, window.explorer.state


def drop(window, path, modifiers=Qt.KeyboardModifier.NoModifier):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    window.event(QDropEvent(QPointF(50, 50), Qt.DropAction.CopyAction, data, LEFT, modifiers))


def go_elsewhere(window, qtbot):
    qtbot.mouseClick(window.plane, LEFT, pos=QPoint(100, 100))
    window.panel.path.clear.click()
    qtbot.keyClick(window.plane, Qt.Key.Key_Plus)


def press(window, text):
    button = next(b for b in window.message.findChildren(QPushButton) if b.text() == text)
    button.click()


def test_a_saved_picture_says_where_it_came_from(window, saved):
    """Its model, the state, and what was exported; no folder."""
    path, state = saved
    carried = from_text(read_note(path))
    assert carried.decoder_sha256 == window.explorer.source.sha256
    assert (carried.kind, carried.details) == ("picture", {"scale": 10})
    assert carried.state == state
    assert str(path.parent) not in read_note(path)


def test_dropped_back_in_the_program_goes_on_from_there(window, saved, qtbot):
    """Cursor, path and view are restored, as one step that can be undone."""
    path, state = saved
    go_elsewhere(window, qtbot)
    elsewhere = window.explorer.state
    with qtbot.waitSignal(window.provenance_control.page_wanted, timeout=SOON_MS) as restored:
        drop(window, path)
    assert restored.args == ["picture"]
    assert window.explorer.state == state
    qtbot.keyClick(window.plane, Qt.Key.Key_Z, CONTROL)
    assert window.explorer.state == elsewhere


@pytest.mark.parametrize(("ending", "note"), [(".gif", gif_note), (".webp", webp_note)])
def test_so_does_a_moving_picture(window, saved, qtbot, tmp_path, ending, note):
    """A GIF and a WebP with the same note do it too, whatever their names are."""
    path, state = saved
    frames = np.random.default_rng(0).integers(0, 255, (3, 20, 24), np.uint8)
    moving = tmp_path / f"walk{ending}"
    imageio.imwrite(moving, frames, plugin="pillow", is_batch=True, duration=100, **note(read_note(path)))
    moving = moving.rename(tmp_path / "walk.bin")
    go_elsewhere(window, qtbot)
    with qtbot.waitSignal(window.provenance_control.page_wanted, timeout=SOON_MS):
        drop(window, moving)
    assert window.explorer.state == state


def test_the_dialog_opens_it_too(window, saved, qtbot, monkeypatch):
    """Ctrl+O opens an export."""
    path, state = saved
    go_elsewhere(window, qtbot)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", staticmethod(lambda *_: (str(path), "")))
    with qtbot.waitSignal(window.provenance_control.page_wanted, timeout=SOON_MS):
        qtbot.keyClick(window.plane, Qt.Key.Key_O, CONTROL)
    assert window.explorer.state == state


def test_a_sheet_opens_again_as_it_was_made(window, qtbot, monkeypatch, tmp_path):
    """Its page, number and seed: the same pictures; a stranger's numbers end where the inputs do."""
    grids, path = window.grids, tmp_path / "samples.png"
    grids.samples_n.setValue(3)
    grids.seed.setValue(77)
    qtbot.keyClick(window.plane, Qt.Key.Key_2, CONTROL)
    qtbot.waitUntil(grids.samples.save.isEnabled, timeout=SOON_MS)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", staticmethod(lambda *_: (str(path), "")))
    with qtbot.waitSignal(window.explorer.saved, timeout=SOON_MS):
        qtbot.mouseClick(grids.samples.save, LEFT)
    carried = from_text(read_note(path))
    assert (carried.kind, carried.details) == ("samples", {"n": 3, "seed": 77, "scale": 2})
    grids.samples_n.setValue(5)
    grids.seed.setValue(1)
    qtbot.keyClick(grids.samples, Qt.Key.Key_1, CONTROL)
    assert window.plane.isVisible()
    with qtbot.waitSignal(window.provenance_control.page_wanted, timeout=SOON_MS):
        drop(window, path)
    assert window.tabs.currentWidget() is grids.samples
    assert (grids.samples_n.value(), grids.seed.value()) == (3, 77)
    text = to_text(replace(carried, details={"n": 10**9, "seed": "x"}))
    window.provenance_control.restore_view(text, "a stranger's")
    assert (grids.samples_n.value(), grids.seed.value()) == (grids.samples_n.maximum(), 77)


def test_a_strangers_file_opens_no_model(window, saved, tmp_path):
    """Its settings are those of an export, and not the path of a model to compare with."""
    carried = from_text(read_note(saved[0]))
    text = to_text(replace(carried, kind="compare", details={"other": f":{tmp_path / 'theirs.onnx'}"}))
    window.provenance_control.restore_view(text, "a stranger's")
    assert window.tabs.currentWidget() is window.compare.page
    assert window.compare.comparison.other is None


def test_a_sheet_that_was_rendered_without_a_window_opens_too(window, qtbot, tmp_path, bundle):
    """Sheets of python -m desktop.render use the same names."""
    path = tmp_path / "samples.png"
    arguments = ["samples", str(bundle), "--out", str(path), "--n", "4", "--seed", "9", "--device", "cpu"]
    command.main(arguments, standalone_mode=False)
    with qtbot.waitSignal(window.provenance_control.page_wanted, timeout=SOON_MS):
        drop(window, path)
    assert window.tabs.currentWidget() is window.grids.samples
    assert (window.grids.samples_n.value(), window.grids.seed.value()) == (4, 9)


def test_a_model_that_was_open_before_is_opened_again(window, saved, qtbot, make_bundle):
    """It is found by its hash, and the view is restored."""
    path, state = saved
    with qtbot.waitSignal(window.explorer.opened, timeout=SOON_MS):
        window.open_path(make_bundle(name="other", latent_dim=3, seed=1))
    with qtbot.waitSignal(window.provenance_control.page_wanted, timeout=SOON_MS):
        drop(window, path)
    assert window.explorer.source.name == "first"
    assert window.explorer.state == state


def test_a_model_that_is_opened_instead_is_not_asked_for_the_view(window, saved, qtbot, make_bundle):
    """As if somebody drops another model while that of an export is being opened."""
    others = make_bundle(name="other", seed=1), make_bundle(name="third", seed=2)
    with qtbot.waitSignal(window.explorer.opened, timeout=SOON_MS):
        window.open_path(others[0])
    with qtbot.waitSignal(window.explorer.opening_began, timeout=SOON_MS):
        drop(window, saved[0])
    with qtbot.waitSignal(window.explorer.opened, timeout=SOON_MS):
        window.open_path(others[1])
    assert window.explorer.source.name == "third"
    assert not window.message.isVisible()


def test_a_second_model_that_is_open_alone_becomes_b(window, saved, qtbot, make_bundle, bundle):
    """The first one takes its place."""
    carried, other = from_text(read_note(saved[0])), make_bundle(name="other", seed=1)
    with qtbot.waitSignal(window.explorer.opened, timeout=SOON_MS):
        window.open_path(other)
    beside = Beside("other", window.explorer.source.sha256)
    text = to_text(replace(carried, kind="view", details=beside.details()))
    second = window.compare.comparison.second
    with qtbot.waitSignal(window.explorer.opened, timeout=SOON_MS):
        window.provenance_control.restore_view(text, "a.png")
    qtbot.waitUntil(lambda: second.source is not None, timeout=SOON_MS)
    assert (window.explorer.source.path, second.source.path) == (bundle, other)


def test_a_second_model_that_was_replaced_is_told(window, saved, qtbot, make_bundle, monkeypatch):
    """Where it was there is another one, which is B then."""
    carried, other = from_text(read_note(saved[0])), make_bundle(name="other", seed=1)
    monkeypatch.setattr(window.provenance_control, "_path_of", lambda _: other)
    text = to_text(replace(carried, kind="view", details=Beside("b", "0" * 64).details()))
    with qtbot.waitSignal(window.compare.comparison.second.opened, timeout=SOON_MS):
        window.provenance_control.restore_view(text, "a.png")
    assert window.compare.page.isVisible()
    assert window.message.text().startswith("a.png: B was b (decoder 000000000000), which is not found")


def test_a_second_model_that_could_not_be_opened_is_expected_no_longer(
    window, saved, qtbot, make_bundle, monkeypatch, tmp_path
):
    """What is opened there later is what somebody chose."""
    carried, other = from_text(read_note(saved[0])), make_bundle(name="other", seed=1)
    second = window.compare.comparison.second
    monkeypatch.setattr(window.provenance_control, "_path_of", lambda _: other)
    text = to_text(replace(carried, kind="view", details=Beside("b", "0" * 64).details()))
    away = other.rename(tmp_path / "away")
    with qtbot.waitSignal(second.open_failed, timeout=SOON_MS):
        window.provenance_control.restore_view(text, "a.png")
    with qtbot.waitSignal(second.opened, timeout=SOON_MS):
        window.compare.open(away.rename(other))
    assert not window.message.isVisible()


def test_a_model_that_nobody_knows_is_named_and_can_be_opened(
    open_window, saved, qtbot, make_bundle, bundle, monkeypatch
):
    """The message gives name and hash; a wrong model brings it back, the right one restores the view."""
    path, state = saved
    sha256 = from_text(read_note(path)).decoder_sha256
    window = open_window(make_bundle(name="other", seed=1))
    before = window.explorer.state
    drop(window, path)
    qtbot.waitUntil(window.message.isVisible, timeout=SOON_MS)
    needed = (
        f"picture.png needs the model first (decoder {sha256[:12]}), which is not open; open it to continue"
    )
    assert window.message.text() == needed
    assert window.explorer.state == before
    for chosen in (make_bundle(name="third", seed=2), bundle):
        monkeypatch.setattr(QFileDialog, "getOpenFileName", staticmethod(lambda *_, c=chosen: (str(c), "")))
        with qtbot.waitSignal(window.explorer.opened, timeout=SOON_MS):
            press(window, "Open…")
        assert (window.message.isVisible() and window.message.text() == needed) == (chosen != bundle)
    assert window.explorer.state == state


def test_with_alt_the_picture_itself_is_encoded(open_window, bundle_path, qtbot, tmp_path):
    """Without Alt, a button offers to encode it."""
    window = open_window(bundle_path)
    start, note = window.explorer.state.z, note_of(window.explorer, "picture")
    save_picture(window.explorer, tmp_path / "a.png", window.picture_control.picture, 10, note)
    with qtbot.waitSignal(window.explorer.saved, timeout=SOON_MS):
        pass
    drop(window, tmp_path / "a.png", ALT)
    qtbot.waitUntil(lambda: window.explorer.state.z != start, timeout=SOON_MS)
    encoded = window.explorer.state.z
    with qtbot.waitSignal(window.provenance_control.page_wanted, timeout=SOON_MS):
        drop(window, tmp_path / "a.png")
    assert window.explorer.state.z == start
    assert window.message.text() == "a.png: this is the view that it was made from"
    press(window, "Encode the picture instead")
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


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"latent_plane": 2}, "found format 2 written by version"),
        ({"state": {"z": [1e300, 0]}}, "state.z[0]: found 1e+300, expected a finite number"),
        ({"state": {"z": [0, 0, 0]}}, "found z of 3 numbers, expected the model's 2"),
        ({"state": None}, "found no view, expected one; the view was too large to be saved in the file"),
    ],
)
def test_what_cannot_be_is_refused_in_the_bar(window, saved, qtbot, tmp_path, changes, words):
    """The view stays as it was."""
    text = json.dumps(json.loads(read_note(saved[0])) | changes, separators=(",", ":"))
    imageio.imwrite(tmp_path / "a.gif", np.zeros((9, 9), np.uint8), plugin="pillow", **gif_note(text))
    before = window.explorer.state
    drop(window, tmp_path / "a.gif")
    qtbot.waitUntil(window.message.isVisible, timeout=SOON_MS)
    assert window.message.text().startswith(f"a.gif: {words}")
    assert window.explorer.state == before


def test_a_view_is_copied_as_text_and_pasted(window, qtbot):
    """Ctrl+Shift+C copies it, and Ctrl+V restores it after the view has changed."""
    qtbot.mouseClick(window.plane, LEFT, SHIFT, QPoint(350, 150))
    state = window.explorer.state
    qtbot.keyClick(window.plane, Qt.Key.Key_C, CONTROL | SHIFT)
    go_elsewhere(window, qtbot)
    qtbot.keyClick(window.plane, Qt.Key.Key_V, CONTROL)
    assert window.explorer.state == state


def test_a_copied_picture_is_pasted_as_where_it_was_made(window, qtbot):
    """In this program it restores the view; other programs take the pixels."""
    state = window.explorer.state
    qtbot.keyClick(window.plane, Qt.Key.Key_C, CONTROL)
    assert QGuiApplication.clipboard().image().width() == 120
    go_elsewhere(window, qtbot)
    qtbot.keyClick(window.plane, Qt.Key.Key_V, CONTROL)
    assert window.explorer.state == state


def test_z_is_pasted(window, qtbot):
    """Two numbers move the cursor; for other texts there is a message."""
    QGuiApplication.clipboard().setText("0.5, −1.25")
    qtbot.keyClick(window.plane, Qt.Key.Key_V, CONTROL)
    assert window.explorer.state.z == (0.5, -1.25)
    QGuiApplication.clipboard().setText("a shopping list")
    qtbot.keyClick(window.plane, Qt.Key.Key_V, CONTROL)
    assert window.message.text().startswith("found z = 'a shopping list', expected 2 numbers")


def test_a_pasted_picture_is_handed_on(window, qtbot):
    """It is passed to the image section."""
    image = QImage(28, 28, QImage.Format.Format_Grayscale8)
    image.fill(99)
    QGuiApplication.clipboard().setImage(image)
    with qtbot.waitSignal(window.provenance_control.image_pasted, timeout=SOON_MS) as pasted:
        qtbot.keyClick(window.plane, Qt.Key.Key_V, CONTROL)
    assert pasted.args[0].pixelColor(0, 0).red() == 99
    QGuiApplication.clipboard().clear()


def test_an_empty_clipboard_is_told(window, qtbot):
    """Also one that says it has a picture and gives none."""
    told = []
    window.provenance_control.told.connect(told.append)
    for fill in (
        lambda: QGuiApplication.clipboard().clear(),
        lambda: QGuiApplication.clipboard().setImage(QImage()),
    ):
        fill()
        qtbot.keyClick(window.plane, Qt.Key.Key_V, CONTROL)
    assert told == ["the clipboard has nothing that can be pasted here"] * 2
    QGuiApplication.clipboard().clear()


def test_a_file_of_a_bundle_is_told_for_what_it_is_and_offers_the_bundle(window, qtbot, bundle, bundle_path):
    """Its posteriors are no z of one's own; the open model stays until the button is pressed."""
    for part in ("posterior.npz", "encoder.onnx"):
        with qtbot.waitSignal(window.explorer.open_failed, timeout=SOON_MS):
            window.drop.open([bundle_path / part])
        assert window.message.isVisible() and str(bundle_path) in window.message.text()
        assert window.explorer.source.path == bundle
    button = window.message.action_buttons[0]
    assert button.text() == "Open the bundle"
    with qtbot.waitSignal(window.explorer.opened, timeout=SOON_MS):
        qtbot.mouseClick(button, LEFT)
    assert window.explorer.source.path == bundle_path
