"""An export that is opened restores its view, or the message says which model it needs."""

import json
from dataclasses import replace

import imageio.v3 as imageio
import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QFileDialog, QPushButton

from desktop.images.note import read_note, webp_note
from desktop.render import command
from desktop.view.comparison import Other
from desktop.view.provenance import Beside, from_text, to_text
from tests.desktop.dropping import drop
from tests.desktop.foreign_models import decoder
from tests.desktop.widgets.on_plane import go_elsewhere
from tests.waiting import SOON_MS

LEFT = Qt.MouseButton.LeftButton
SHIFT, CONTROL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


def gif_note(text):
    """The options of `imageio.imwrite` for a GIF with this comment, like `webp_note` for a WebP."""
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


def press(window, text):
    button = next(b for b in window.message.findChildren(QPushButton) if b.text() == text)
    button.click()


def test_a_saved_picture_says_where_it_came_from(window, saved):
    """The note has the model, the state and the kind of export, but no folder."""
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
    """A GIF and a WebP with the same note restore the view too, whatever their names are."""
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
    """Page, count, seed and pictures are the same; a stranger's numbers are limited to the fields' ranges."""
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
    """Only an export's settings are restored, and not the path of a model to compare with."""
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
    """It happens if somebody drops another model while an export's model is being opened."""
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
    """The export's first model becomes A."""
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


def test_a_bare_model_that_was_only_b_is_found_again(window, saved, qtbot, make_bundle, tmp_path):
    """It is found even after another model was B."""
    carried, second = from_text(read_note(saved[0])), window.compare.comparison.second
    for path in (decoder(tmp_path / "bare.onnx"), make_bundle(name="other", seed=1)):
        with qtbot.waitSignal(second.opened, timeout=SOON_MS):
            window.compare.open_other(Other(path))
        if path.suffix:
            beside = Beside("bare", second.source.sha256)
    text = to_text(replace(carried, kind="view", details=beside.details()))
    with qtbot.waitSignal(second.opened, timeout=SOON_MS):
        window.provenance_control.restore_view(text, "a.png")
    assert second.source.path == tmp_path / "bare.onnx"
    assert not window.message.isVisible()


def test_a_second_model_that_was_replaced_is_told(window, saved, qtbot, make_bundle, monkeypatch):
    """The model that replaced it becomes B, and the message says that it is another one."""
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
    """If a model is opened at its path later, no message says that it is another one."""
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
    """The message has name and hash; a wrong model brings it back, and the right one restores the view."""
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
