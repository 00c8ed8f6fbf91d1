"""Views and inputs are restored at the next start."""

import json
import sys

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from desktop.__main__ import command
from desktop.app.saving import note_of, save_picture
from desktop.base import saved
from desktop.base.shipped import shipped_bundle
from desktop.latent.prior import Prior, PriorKind
from desktop.view.first_view import first_view
from desktop.view.saved_views import SavedViews, read_views
from desktop.view.state import Layer
from desktop.widgets.common import settings
from desktop.widgets.main_window import MainWindow
from desktop.widgets.panels.find_panel import Tour
from tests.desktop.foreign_models import decoder
from tests.desktop.widgets.on_plane import are_points_faint
from tests.waiting import SOON_MS

LEFT = Qt.MouseButton.LeftButton
SHIFT = Qt.KeyboardModifier.ShiftModifier


def test_the_first_start_shows_the_bundle_that_ships(start):
    """There is no message about it."""
    window = start()
    assert window.explorer.source.path == shipped_bundle()
    assert not window.message.isVisible()


def test_the_next_start_goes_on(start, first, left):
    """The same model, cursor, path, view and layers; the same section; nothing to undo."""
    window = start()
    assert window.explorer.source.path == first
    assert window.explorer.state == left
    assert not window.panel.view.layers[Layer.POINTS].isChecked()
    assert window.panel.sections.open_keys() == ("view", "path")
    assert not window.history.undo.isEnabled()
    assert not window.message.isVisible()


def test_inputs_of_the_window_are_as_they_were_left(start, first, qtbot):
    """These are the hidden panel, the epochs per second, the pen's radius, and the chosen tour of points."""
    window = start(first)
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


def test_what_was_drawn_is_there_again(start, first, make_bundle, qtbot):
    """It is there after another model and at the next start, with its true posterior; no point is faint."""
    window = start(first)
    canvas = window.image.panel.canvas
    qtbot.mousePress(canvas, LEFT, pos=QPoint(40, 40))
    qtbot.mouseMove(canvas, QPoint(90, 60))
    qtbot.mouseRelease(canvas, LEFT, pos=QPoint(90, 60))
    drawn = window.image.drawing.pixels
    for path in (make_bundle(name="other", seed=3, image_shape=(1, 10, 10)), first):
        with qtbot.waitSignal(window.explorer.opened, timeout=SOON_MS):
            window.open_path(path)
        assert window.image.drawing.is_empty == (path != first)
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


def test_a_model_that_is_named_opens_where_it_was_left(start, first, left, make_bundle):
    """It holds even if another model was open last; a new model starts with the last layers."""
    other = start(make_bundle(name="other", latent_dim=3, seed=3))
    assert other.explorer.state.z == (0.0, 0.0, 0.0)
    assert Layer.POINTS not in other.explorer.state.layers
    other.close()
    assert start(first).explorer.state == left


def test_a_model_is_left_and_come_back_to_within_one_start(start, first, left, make_bundle, qtbot):
    """Each model gets its own view back."""
    window = start()
    for path in (make_bundle(name="other", seed=3), first):
        with qtbot.waitSignal(window.explorer.opened, timeout=SOON_MS):
            window.open_path(path)
    assert window.explorer.state == left


def test_two_windows_that_are_open_at_once_save_both_models(start, first, make_bundle, qtbot):
    """Each started without the other's view; the window that is closed last decides which model was last."""
    other = make_bundle(name="other", seed=3)
    windows = [start(first), start(other)]
    for window, x in zip(windows, (300, 350), strict=True):
        qtbot.mouseClick(window.plane, LEFT, pos=QPoint(x, 250))
    sources = [window.explorer.source for window in windows]
    states = [window.explorer.state for window in windows]
    for window in reversed(windows):
        window.close()
    views = read_views()
    assert [views.state_of(source.sha256) for source in sources] == states
    assert views.last_path == first
    assert set(settings.recent_models()) == {first, other}


@pytest.mark.usefixtures("left")
def test_a_fresh_start_takes_up_nothing(start, first):
    """Without a model it opens the bundle that ships; a named model has a new view. The rest stays saved."""
    window = start(fresh=True)
    assert window.explorer.source.path == shipped_bundle()
    assert window.panel.sections.open_keys() == ("view",)
    window.close()
    assert read_views().last_path == shipped_bundle()
    window = start(first, fresh=True)
    assert window.explorer.state.path == ()
    window.close()


def test_it_is_written_soon_and_not_only_at_the_end(start, first, qtbot):
    """If the program is killed, the view of a few seconds before is saved."""
    window = start(first)
    window.saved_control._later.stop()
    window.saved_control._later.setInterval(50)
    qtbot.mouseClick(window.plane, LEFT, pos=QPoint(300, 250))
    sha256 = window.explorer.source.sha256
    qtbot.waitUntil(lambda: read_views().state_of(sha256) == window.explorer.state, timeout=SOON_MS)


def test_a_window_that_was_not_started_saves_no_views(open_window, first):
    """The window of a screenshot is an example."""
    open_window(first).close()
    assert read_views() == SavedViews()


@pytest.mark.usefixtures("left")
def test_what_an_earlier_version_saved_is_understood(start):
    """Earlier versions saved the tabs' texts."""
    content = json.loads(saved.place().read_text())
    assert content["controls"] | {"page": "plane", "section": "view,path"} == content["controls"]
    content["controls"] |= {"page": "Samples", "section": "Image"}
    saved.place().write_text(json.dumps(content))
    window = start()
    assert window.tabs.currentWidget() is window.grids.samples
    assert window.panel.sections.open_keys() == ("image",)


def test_the_command_goes_on_unless_it_is_told_to_begin_anew(monkeypatch, first, left):
    """A second `python -m desktop` restores the view; with --fresh it shows the bundle that ships instead."""
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
    assert seen[0] == (first, left)
    assert seen[1][0] == shipped_bundle()


@pytest.fixture
def exported(start, first, left, tmp_path, qtbot):
    """A picture that was exported from the view `left`, before the saved view changed."""
    window = start(first)
    path, note = tmp_path / "a.png", note_of(window.explorer, "picture")
    with qtbot.waitSignal(window.explorer.saved, timeout=SOON_MS):
        save_picture(window.explorer, path, window.picture_control.picture, 2, note)
    assert window.explorer.state == left
    window.explorer.change(path=())
    window.close()
    return path


def test_a_start_with_an_export_goes_on_from_there(start, first, left, exported, qtbot):
    """The export's model is opened, and its state is set."""
    window = start(exported)
    qtbot.waitUntil(
        lambda: window.explorer.source.path == first and window.explorer.state == left, timeout=SOON_MS
    )


def test_a_screenshot_of_an_export_shows_its_view(monkeypatch, first, left, exported, tmp_path):
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
    assert (window.explorer.source.path, window.explorer.state) == (first, left)
    assert QImage(str(out)).size() == window.size()
    views = [json.loads(text) for text in (before, saved.place().read_text())]
    assert [content["models"] for content in views] == [views[0]["models"]] * 2
    assert views[1]["last"] == views[0]["last"]


def test_a_view_of_another_prior_is_not_taken_up(open_window, tmp_path, qtbot):
    """A view with the same prior is restored; after another prior was set, the start is a sample."""
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
