"""Z as files of numbers that are dropped and saved, and as text that is copied and pasted."""

import json

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QGuiApplication
from PySide6.QtWidgets import QFileDialog, QMenu, QPushButton

from desktop.base.vector import Vector
from desktop.latent.nearest import Nearness
from desktop.view.state import Layer
from tests.waiting import SOON_MS

Z = (0.123456789, -1.5, 2.25)


@pytest.fixture
def window(open_window, make_bundle):
    return open_window(make_bundle(latent_dim=3))


def drop(window, path):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    none, left = Qt.KeyboardModifier.NoModifier, Qt.MouseButton.LeftButton
    window.event(QDropEvent(QPointF(50, 50), Qt.DropAction.CopyAction, data, left, none))


def entry(window, menu, text):
    """A menu's entry by its text, also within its submenus."""
    menus = [m for m in window.findChildren(QMenu) if m.title().replace("&", "") == menu]
    return next(a for m in menus for a in m.actions() if a.text().replace("&", "") == text)


def press(window, text):
    next(b for b in window.message.findChildren(QPushButton) if b.text() == text).click()


def test_a_dropped_z_moves_the_cursor_there(window, qtbot, tmp_path):
    """With all its digits; undo returns."""
    before = window.explorer.state
    np.save(tmp_path / "z.npy", Z)
    drop(window, tmp_path / "z.npy")
    qtbot.waitUntil(lambda: window.explorer.state.z == Z, timeout=SOON_MS)
    assert not window.message.isVisible()
    window.history.undo.trigger()
    assert window.explorer.state == before


def test_several_z_become_the_path(window, qtbot, tmp_path):
    """They do so if that is chosen; the cursor goes to the first, and one undo takes all back."""
    before = window.explorer.state
    points = np.arange(12.0).reshape(4, 3)
    np.savez(tmp_path / "walk.npz", z=points, other=np.zeros(7))
    drop(window, tmp_path / "walk.npz")
    qtbot.waitUntil(window.message.isVisible, timeout=SOON_MS)
    assert window.message.text() == "walk.npz: 4 points"
    assert window.explorer.state == before
    press(window, "Make them the path")
    assert window.explorer.state.path == tuple(map(tuple, points.tolist()))
    assert window.explorer.state.z == tuple(points[0])
    assert window.panel.path.isVisible()
    assert not window.message.isVisible()
    window.history.undo.trigger()
    assert window.explorer.state == before


def test_too_many_z_for_a_path_are_offered_in_part(window, qtbot, tmp_path):
    """A path is offered of evenly spaced points, or of the first points."""
    points = np.stack([np.arange(1000.0), np.zeros(1000), np.zeros(1000)], axis=1)
    np.save(tmp_path / "many.npy", points)
    for text, last in (("Path of 200, evenly spaced", 999.0), ("Path of the first 200", 199.0)):
        window.message.hide()
        drop(window, tmp_path / "many.npy")
        qtbot.waitUntil(window.message.isVisible, timeout=SOON_MS)
        assert window.message.text() == "many.npy: 1,000 points"
        press(window, text)
        assert len(window.explorer.state.path) == 200
        assert window.explorer.state.path[0] == (0.0, 0.0, 0.0)
        assert window.explorer.state.path[-1] == (last, 0.0, 0.0)


@pytest.fixture
def shown(window, qtbot, tmp_path):
    """The window after a JSON of twelve z was dropped and shown as points, with their thumbnails."""
    z = np.random.default_rng(0).normal(size=(12, 3))
    (tmp_path / "latents.json").write_text(json.dumps({"z": z.tolist(), "labels": [0] * 6 + [4] * 6}))
    drop(window, tmp_path / "latents.json")
    qtbot.waitUntil(window.message.isVisible, timeout=SOON_MS)
    press(window, "Show as points")
    assert window.explorer.points.posterior.mean == pytest.approx(z.astype(np.float32))
    qtbot.waitUntil(lambda: window.explorer.points.posterior.images is not None, timeout=SOON_MS)
    return window


def test_several_z_are_shown_as_points(shown, plain_decoder):
    """They have labels, and decoded pictures as thumbnails, but no posteriors."""
    explorer = shown.explorer
    assert shown.message.text() == "latents.json: 12 points shown, 2 labels"
    assert [button.text() for button in shown.panel.view.legend._buttons] == ["0", "4"]
    pictures = plain_decoder(explorer.source.path)(explorer.points.posterior.mean)
    assert np.abs(explorer.points.posterior.images / 255 - pictures).max() < 0.6 / 255
    held_out = shown.held_out._held_out(explorer.points.posterior, 7, pinned=True)
    assert (held_out.lines, held_out.curves) == (("#7",), ())
    enabled = {layer for layer, box in shown.panel.view.layers.items() if box.isEnabled()}
    assert {Layer.POINTS, Layer.THUMBNAIL} <= enabled
    assert not {Layer.ELLIPSE, Layer.DENSITY, Layer.HOLES} & enabled
    assert enabled == {layer for layer, entry in shown.layers_menu.entries.items() if entry.isEnabled()}
    assert shown.panel.view.layers[Layer.POINTS].text() == "Your points (latents.json) by label"
    assert explorer.points.text == "12 points of latents.json"


def test_a_click_on_a_point_goes_to_its_z(shown, qtbot):
    """The cursor has exactly this z, also off the plane; a click beside all points goes to the pointer."""
    for index in (3, 8):
        z = tuple(shown.explorer.points.posterior.mean[index].tolist())
        x, y = shown.plane.to_px(shown.explorer.state.plane.project(z)).tolist()
        qtbot.mouseClick(shown.plane, Qt.MouseButton.LeftButton, pos=QPoint(round(x), round(y)))
        assert shown.explorer.state.z == z
    qtbot.mouseClick(shown.plane, Qt.MouseButton.LeftButton, pos=QPoint(3, 3))
    assert shown.explorer.state.z != z


def test_the_nearest_points_are_found_by_z_and_by_picture(shown, qtbot):
    """The cursor is at one of the points, which is the nearest."""
    shown.explorer.set_state(
        shown.explorer.state.moved_to(tuple(shown.explorer.points.posterior.mean[5].tolist()))
    )
    buttons = shown.nearest.panel.buttons
    for nearness in Nearness:
        shown.explorer.change(nearness=nearness)
        qtbot.waitUntil(
            lambda: buttons[0].shown is not None and buttons[0].shown.title == "#5, 0", timeout=SOON_MS
        )
        assert shown.nearest.panel.isVisible()


def test_points_go_again_and_their_principal_plane_is_offered(shown):
    """The message has buttons for both."""
    plane = shown.explorer.state.plane
    press(shown, "Show their principal plane")
    assert shown.explorer.state.plane != plane
    assert shown.own_pictures.remove.text().replace("&", "") == "Remove your points"
    shown.own_pictures.remove.trigger()
    assert shown.explorer.points.posterior is None
    assert not shown.nearest.panel.isVisible()


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros(5), "found an array of shape [5], expected [3] or [n, 3]; save arrays whose last axis"),
        (np.full(3, np.nan), "found nan and 2 more, expected finite float32 numbers"),
        (np.array(["no"]), "found the type <U2, expected numbers"),
    ],
)
def test_what_does_not_fit_is_told_and_changes_nothing(window, qtbot, tmp_path, array, words):
    """One line says what was found and what was expected."""
    state = window.explorer.state
    np.save(tmp_path / "z.npy", array)
    drop(window, tmp_path / "z.npy")
    qtbot.waitUntil(window.message.isVisible, timeout=SOON_MS)
    assert words in window.message.text()
    assert window.explorer.state == state


def test_without_a_model_there_is_nowhere_to_go(open_window, tmp_path):
    """The message says that a model comes first."""
    window = open_window()
    np.save(tmp_path / "z.npy", Z)
    drop(window, tmp_path / "z.npy")
    assert window.message.text().endswith("found numbers, expected an open model; open one first")


def test_z_and_path_are_saved_as_float32(window, qtbot, tmp_path, monkeypatch):
    """The arrays are [d] and [n, d], and can be dropped again."""
    path = tmp_path / "saved.npy"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", staticmethod(lambda *_: (str(path), "")))
    entry(window, "File", "Save path…").trigger()
    assert not path.exists()
    points = (Z, (1.0, 2.0, 3.0))
    window.explorer.change(path=points)
    window.explorer.set_state(window.explorer.state.moved_to(Z))
    for text, expected in (("Save z…", Z), ("Save path…", points)):
        with qtbot.waitSignal(window.explorer.saved, timeout=SOON_MS):
            entry(window, "File", text).trigger()
        assert np.load(path).dtype == np.float32
        assert (np.load(path) == np.asarray(expected, np.float32)).all()


def test_what_a_file_of_z_has_no_room_for_is_said(window, qtbot, tmp_path, monkeypatch):
    """The status bar says that a path's times are not saved, and that another path has none."""
    path, points = tmp_path / "saved.npy", (Z, (1.0, 2.0, 3.0))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", staticmethod(lambda *_: (str(path), "")))
    window.explorer.change(path=points, path_times=(2.0,))
    with qtbot.waitSignal(window.explorer.saved, timeout=SOON_MS):
        entry(window, "File", "Save path…").trigger()
    assert (
        window.statusBar().currentMessage()
        == "saved.npy has the points' z alone; the path's times are not in it"
    )
    drop(window, path)
    qtbot.waitUntil(window.message.isVisible, timeout=SOON_MS)
    press(window, "Make them the path")
    assert window.statusBar().currentMessage() == (
        "saved.npy: its 2 points are now the path, without the times of the one before"
    )


@pytest.mark.parametrize("kind", ["Numbers", "JSON", "NumPy"])
def test_z_is_copied_in_full_and_pasted_back(window, kind):
    """Copy, go elsewhere, paste: the cursor is where it was, to the last bit."""
    window.explorer.set_state(window.explorer.state.moved_to(Z))
    entry(window, "Copy z as", kind).trigger()
    assert "0.123456789" in QGuiApplication.clipboard().text()
    window.explorer.set_state(window.explorer.state.moved_to((0.0, 0.0, 0.0)))
    entry(window, "Edit", "Paste").trigger()
    assert window.explorer.state.z == Z
    said = "z pasted; it was 2.25 off the plane, which now goes through it"
    assert window.statusBar().currentMessage() == said
    entry(window, "Edit", "Paste").trigger()
    assert window.statusBar().currentMessage() == "z pasted"
    window.panel.picture.z_typed.emit(Vector((1.0, 1.0, 3.25)))
    assert window.statusBar().currentMessage() == "it was 1 off the plane, which now goes through it"
    QGuiApplication.clipboard().clear()


@pytest.mark.parametrize(
    "text", ["1 2 3\n4 5 6", "[[1, 2, 3], [4, 5, 6]]", "np.array([[1, 2, 3], [4, 5, 6]])"]
)
def test_several_z_are_pasted(window, text):
    """A message asks what to do with them; a text with another count of numbers gives the usual error."""
    before = window.explorer.state
    QGuiApplication.clipboard().setText(text)
    window.clipboard.paste()
    assert window.message.text() == "the clipboard: 2 points"
    assert window.explorer.state == before
    press(window, "Make them the path")
    assert window.explorer.state.path == ((1, 2, 3), (4, 5, 6))
    assert window.explorer.state.z == (1, 2, 3)
    QGuiApplication.clipboard().setText("1 2\n4 5")
    window.clipboard.paste()
    assert "expected 3 numbers" in window.message.text()
