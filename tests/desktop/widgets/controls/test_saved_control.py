"""Views and inputs are restored at the next start, whatever happened to the model and the file."""

import json
import shutil
import sys
import threading
from pathlib import Path

import imageio.v3 as imageio
import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QPushButton

from desktop.__main__ import command
from desktop.app import opener as opener_module
from desktop.app.own_pictures import OwnPictures
from desktop.app.saving import note_of, save_picture
from desktop.app.worker import Priority
from desktop.base import saved
from desktop.base.shipped import shipped_bundle
from desktop.latent.plane import Viewport
from desktop.latent.prior import Prior, PriorKind
from desktop.view.first_view import first_view
from desktop.view.saved_views import SavedViews, read_views
from desktop.view.state import Layer
from desktop.widgets.common import settings
from desktop.widgets.main_window import MainWindow
from desktop.widgets.panels.find_panel import Tour
from tests.desktop.foreign_models import decoder
from tests.desktop.small_bundles import decoder_graph, encoder_graph
from tests.desktop.widgets.on_plane import are_points_faint
from tests.waiting import SOON_MS, SOON_S

LEFT = Qt.MouseButton.LeftButton
SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def bundle(make_bundle, labelled_posterior):
    return make_bundle(name="first", posterior=labelled_posterior, labels=("a", "b", "c"))


@pytest.fixture
def start(open_window, qtbot):
    """`start(model, fresh)`: a window as a start of the program makes it, with its model open."""

    def begin(model=None, fresh=False):
        window = open_window()
        with qtbot.waitSignal(window.explorer.backdrop_finished, timeout=SOON_MS):
            window.saved_control.start(model, fresh=fresh)
        return window

    return begin


@pytest.fixture
def left(start, bundle, qtbot):
    """The state in which a first start was left."""
    window = start(bundle)
    qtbot.mouseClick(window.plane, LEFT, pos=QPoint(300, 250))
    qtbot.mouseClick(window.plane, LEFT, SHIFT, QPoint(350, 150))
    window.panel.view.layers[Layer.POINTS].click()
    window.panel.show_section(window.panel.path)
    state = window.explorer.state
    window.close()
    return state


def test_the_first_start_shows_the_bundle_that_ships(start):
    """There is no message about it."""
    window = start()
    assert window.explorer.source.path == shipped_bundle()
    assert not window.message.isVisible()


def test_the_next_start_goes_on(start, bundle, left):
    """The same model, cursor, path, view and layers; the same section; nothing to undo."""
    window = start()
    assert window.explorer.source.path == bundle
    assert window.explorer.state == left
    assert not window.panel.view.layers[Layer.POINTS].isChecked()
    assert window.panel.sections.open_keys() == ("view", "path")
    assert not window.history.undo.isEnabled()
    assert not window.message.isVisible()


def test_inputs_of_the_window_are_as_they_were_left(start, bundle, qtbot):
    """The panel that was hidden, epochs per second, the pen's radius, and which points one goes through."""
    window = start(bundle)
    window.time_control.bar.speed.setValue(11)
    window.image.panel.radius.setValue(1.5)
    finder = window.select.panel.finder
    finder.tour.setCurrentIndex(finder.tour.findData(Tour.MISPLACED.value))
    qtbot.keyClick(window, Qt.Key.Key_F9)
    assert not window.panel.isVisible()
    window.close()
    again = start()
    assert not again.panel.isVisible()
    assert not again.panel_control.action.isChecked()
    assert again.time_control.bar.speed.value() == 11
    assert again.image.panel.canvas.radius_px == again.image.panel.radius.value() == 1.5
    finder = again.select.panel.finder
    assert finder.chosen() is Tour.MISPLACED
    assert finder.place.isHidden()  # nothing is compared before somebody asks for it
    qtbot.keyClick(again.plane, Qt.Key.Key_Period)
    qtbot.waitUntil(lambda: "nearest" in finder.place.text(), timeout=SOON_MS)


def test_what_was_drawn_is_there_again(start, bundle, make_bundle, qtbot):
    """After another model and at the next start, with its true posterior, and no point is faint for it."""
    window = start(bundle)
    canvas = window.image.panel.canvas
    qtbot.mousePress(canvas, LEFT, pos=QPoint(40, 40))
    qtbot.mouseMove(canvas, QPoint(90, 60))
    qtbot.mouseRelease(canvas, LEFT, pos=QPoint(90, 60))
    drawn = window.image.drawing.pixels
    for path in (make_bundle(name="other", seed=3, image_shape=(1, 10, 10)), bundle):
        with qtbot.waitSignal(window.explorer.opened, timeout=SOON_MS):
            window.open_path(path)
        assert window.image.drawing.is_empty == (path != bundle)
    assert np.array_equal(window.image.drawing.pixels, drawn)
    window.close()
    again = start()
    assert np.array_equal(again.image.drawing.pixels, drawn)
    qtbot.waitUntil(lambda: again.true_posterior.located is not None, timeout=SOON_MS)
    qtbot.waitUntil(lambda: again.plane.is_settled, timeout=SOON_MS)
    assert not are_points_faint(again.plane)
    assert not again.history.undo.isEnabled()
    again.image.panel.clear.click()
    again.close()
    assert start().image.drawing.is_empty


def test_a_model_that_is_named_opens_where_it_was_left(start, bundle, left, make_bundle):
    """It holds even if another model was open last; a new model starts with the last layers."""
    other = start(make_bundle(name="other", latent_dim=3, seed=3))
    assert other.explorer.state.z == (0.0, 0.0, 0.0)
    assert Layer.POINTS not in other.explorer.state.layers
    other.close()
    assert start(bundle).explorer.state == left


def test_a_model_is_left_and_come_back_to_within_one_start(start, bundle, left, make_bundle, qtbot):
    """Each model gets its own view back."""
    window = start()
    for path in (make_bundle(name="other", seed=3), bundle):
        with qtbot.waitSignal(window.explorer.opened, timeout=SOON_MS):
            window.open_path(path)
    assert window.explorer.state == left


def test_two_windows_that_are_open_at_once_save_both_models(start, bundle, make_bundle, qtbot):
    """Each knew nothing of the other at its start; the window that is closed last says what was open last."""
    other = make_bundle(name="other", seed=3)
    windows = [start(bundle), start(other)]
    for window, x in zip(windows, (300, 350), strict=True):
        qtbot.mouseClick(window.plane, LEFT, pos=QPoint(x, 250))
    sources = [window.explorer.source for window in windows]
    states = [window.explorer.state for window in windows]
    for window in reversed(windows):
        window.close()
    views = read_views()
    assert [views.state_of(source.sha256) for source in sources] == states
    assert views.last_path == bundle
    assert set(settings.recent_models()) == {bundle, other}


@pytest.mark.usefixtures("left")
def test_a_fresh_start_takes_up_nothing(start, bundle):
    """Without a model it opens the bundle that ships; with one, its view is new. The rest stays saved."""
    window = start(fresh=True)
    assert window.explorer.source.path == shipped_bundle()
    assert window.panel.sections.open_keys() == ("view",)
    window.close()
    assert read_views().last_path == shipped_bundle()
    window = start(bundle, fresh=True)
    assert window.explorer.state.path == ()
    window.close()


def test_it_is_written_soon_and_not_only_at_the_end(start, bundle, qtbot):
    """If the program is killed, the view of a few seconds before is saved."""
    window = start(bundle)
    window.saved_control._later.stop()
    window.saved_control._later.setInterval(50)
    qtbot.mouseClick(window.plane, LEFT, pos=QPoint(300, 250))
    sha256 = window.explorer.source.sha256
    qtbot.waitUntil(lambda: read_views().state_of(sha256) == window.explorer.state, timeout=SOON_MS)


def test_a_window_that_was_not_started_saves_no_views(open_window, bundle):
    """A screenshot's window is such a window."""
    open_window(bundle).close()
    assert read_views() == SavedViews()


@pytest.mark.usefixtures("left")
def test_a_model_that_is_gone_is_told_and_the_bundle_that_ships_is_there(start, bundle):
    """One line names it."""
    shutil.rmtree(bundle)
    window = start()
    assert window.explorer.source.path == shipped_bundle()
    expected = f"{bundle}: the last model is no longer there; this is the bundle that ships"
    assert window.message.text() == expected
    assert window.message.isVisible()


@pytest.mark.usefixtures("left")
def test_a_model_on_a_drive_that_does_not_answer_is_told(open_window, bundle, qtbot, monkeypatch):
    """The window waits for it in the background, then shows the bundle that ships."""
    window, answers = open_window(), threading.Event()
    lost = window.explorer.opener
    # What it waits for first stands for a look at the model, which cannot be made to last.
    lost.request("lost", Priority.OPEN, (answers.wait(SOON_S) for _ in range(1)), pytest.fail, of_model=False)
    window.saved_control._unanswered.setInterval(50)
    with monkeypatch.context() as patch, qtbot.waitSignal(window.explorer.opened, timeout=SOON_MS):
        patch.setattr(opener_module, "LOST_S", 0)
        window.saved_control.start(None)
    assert window.explorer.source.path == shipped_bundle()
    expected = f"{bundle}: the last model's drive does not answer; this is the bundle that ships"
    assert window.message.text() == expected
    answers.set()
    assert lost.stop()


@pytest.mark.usefixtures("left")
def test_a_model_that_cannot_be_opened_any_more_is_told(start, bundle):
    """One line says what is wrong with the damaged bundle."""
    (bundle / "decoder.onnx").write_bytes(b"spoilt")
    window = start()
    assert window.explorer.source.path == shipped_bundle()
    text = window.message.text()
    assert text.startswith(f"the last model cannot be opened ({bundle}: ")
    assert text.endswith("; this is the bundle that ships")


@pytest.mark.parametrize("content", [b"", b"\x80garbage", b'{"format": 99}', b"[" * 100_000])
def test_a_start_survives_a_broken_file(start, content):
    """The bundle that ships is open, one line says why, and the next save is valid."""
    saved.place().write_bytes(content)
    window = start()
    assert window.explorer.source.path == shipped_bundle()
    assert window.message.text().startswith("the saved views and settings cannot be used (")
    window.close()
    assert read_views().last_path == shipped_bundle()


@pytest.mark.usefixtures("left")
def test_a_start_survives_a_state_that_cannot_be(start, bundle):
    """The model is open, and its view is new; controls of another kind stay as they are."""
    content = json.loads(saved.place().read_text())
    for model in content["models"].values():
        model["state"]["z"] = ["a", None]
    content["controls"] |= {"page": 7, "section": True}
    saved.place().write_text(json.dumps(content))
    window = start()
    assert window.explorer.source.path == bundle
    assert window.explorer.state.z == (0.0, 0.0)
    assert window.panel.sections.open_keys() == ("view",)


@pytest.mark.usefixtures("left")
def test_what_an_earlier_version_saved_is_understood(start):
    """It saved the tabs' texts."""
    content = json.loads(saved.place().read_text())
    assert content["controls"] | {"page": "plane", "section": "view,path"} == content["controls"]
    content["controls"] |= {"page": "Samples", "section": "Image"}
    saved.place().write_text(json.dumps(content))
    window = start()
    assert window.tabs.currentWidget() is window.grids.samples
    assert window.panel.sections.open_keys() == ("image",)


def test_where_nothing_can_be_written_nothing_is_saved(start, bundle, monkeypatch, tmp_path):
    """The window still closes."""
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(saved, "place", lambda: tmp_path / "file" / "saved.json")
    window = start(bundle)
    assert window.close()


def test_the_command_goes_on_unless_it_is_told_to_begin_anew(monkeypatch, bundle, left):
    """`python -m desktop` twice: with --fresh the bundle that ships, without what was left."""
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    seen = []

    def look():
        window = next(
            w for w in QApplication.topLevelWidgets() if isinstance(w, MainWindow) and w.isVisible()
        )
        if window.picture_control.decoded is None:
            QTimer.singleShot(20, look)
        else:
            seen.append((window.explorer.source.path, window.explorer.state))
            window.close()

    for arguments in (["--device", "cpu"], ["--device", "cpu", "--fresh"]):
        QTimer.singleShot(20, look)
        assert command.main(arguments, standalone_mode=False) == 0
    assert seen[0] == (bundle, left)
    assert seen[1][0] == shipped_bundle()


@pytest.fixture
def exported(start, bundle, left, tmp_path, qtbot):
    """A picture that was exported from the view `left`, which is not the saved view any more."""
    window = start(bundle)
    path, note = tmp_path / "a.png", note_of(window.explorer, "picture")
    with qtbot.waitSignal(window.explorer.saved, timeout=SOON_MS):
        save_picture(window.explorer, path, window.picture_control.picture, 2, note)
    assert window.explorer.state == left
    window.explorer.change(path=())
    window.close()
    return path


def test_a_start_with_an_export_goes_on_from_there(start, bundle, left, exported, qtbot):
    """The model that is needed is opened, and its state set."""
    window = start(exported)
    qtbot.waitUntil(
        lambda: window.explorer.source.path == bundle and window.explorer.state == left, timeout=SOON_MS
    )


def test_a_screenshot_of_an_export_shows_its_view(monkeypatch, bundle, left, exported, tmp_path):
    """`python -m desktop --screenshot F picture.png`: its model and view are shown, and no view is saved."""
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    before, windows = saved.place().read_text(), []

    def find():
        shown = (w for w in QApplication.topLevelWidgets() if isinstance(w, MainWindow) and w.isVisible())
        windows.append(next(shown))

    QTimer.singleShot(20, find)
    out = tmp_path / "window.png"
    arguments = [str(exported), "--screenshot", str(out), "--device", "cpu", "--size", "900", "800"]
    assert command.main(arguments, standalone_mode=False) == 0
    (window,) = windows
    assert (window.explorer.source.path, window.explorer.state) == (bundle, left)
    assert QImage(str(out)).size() == window.size()
    views = [json.loads(text) for text in (before, saved.place().read_text())]
    assert [content["models"] for content in views] == [views[0]["models"]] * 2
    assert views[1]["last"] == views[0]["last"]


def test_a_view_of_another_prior_is_not_taken_up(open_window, tmp_path, qtbot):
    """The view that was saved with the same prior is; after another one was set, the start is a sample."""
    path = decoder(tmp_path / "model.onnx", latent_dim=20, metadata={})

    def start(overrides):
        window = open_window()
        with qtbot.waitSignal(window.explorer.backdrop_finished, timeout=SOON_MS):
            window.saved_control.start(path, overrides)
        return window

    first = start({"prior": "normal"})
    first.explorer.draw_z()
    first.close()
    again = start({"prior": "normal"})
    assert again.explorer.state.seed == 1
    again.close()
    other = start({"prior": "uniform"})
    assert other.explorer.state.z == first_view(20, Prior(PriorKind.UNIFORM)).z


@pytest.fixture
def own_pictures(tmp_path, start, qtbot):
    """A folder of pictures that was open with a model, and the state in which that start was left."""
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
    """Quietly, and the view is that of the last start; when they are removed they stay away."""
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
    """In the status line, once."""
    shutil.rmtree(own_pictures[0])
    window = start()
    words = f"your pictures are not shown again: {own_pictures[0]} is no longer there"
    qtbot.waitUntil(lambda: window.statusBar().currentMessage() == words, timeout=SOON_MS)
    assert "holiday" not in window.message.text()
    window.close()
    assert read_views().pictures_of(read_views().last) is None


def test_pictures_that_were_dropped_one_by_one_are_shown_again(start, own_pictures, qtbot):
    """Those alone, and not all of their folder."""
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
    """Quietly, by a model without an encoder too; a file that is gone is told once."""
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
