"""The page "Compare": two planes with one cursor and one zoom, by mouse and keys, and the page's words."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QApplication, QMenu

from desktop.images.pixels import to_bytes
from desktop.latent.plane import Viewport
from desktop.view.comparison import Other
from desktop.view.state import Layer
from desktop.widgets.common.saved_inputs import saved_values, set_saved_values
from desktop.widgets.plane.cursor_arrow import CursorArrow
from export.bundle import Posterior
from tests.desktop.dropping import drag, drop
from tests.desktop.hostile_models import endless_loop
from tests.waiting import SOON_MS

LEFT = Qt.MouseButton.LeftButton
CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
# A menu raises itself and takes the keyboard, which the offscreen plugin cannot do.
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


@pytest.fixture
def shows(qtbot, gray, same_picture):
    """`shows(window, film, epochs)` waits until the page has the pictures of these epochs at the cursor."""

    def wait(window, film, epochs):
        page = window.compare.page

        def are_there():
            for view, epoch in zip(page.pictures, epochs, strict=True):
                expected = to_bytes(film.decode(epoch, [window.explorer.state.z]))[0]
                assert view.image() is not None
                assert same_picture(gray(view.image()), expected)

        qtbot.waitUntil(are_there, timeout=SOON_MS)

    return wait


def test_two_epochs_side_by_side(open_window, make_film, qtbot, shows):
    """B is opened by a button. Mouse and keys on either plane move the cursor and the view of both."""
    film = make_film(3)
    window = open_window(film.path)
    page, explorer = window.compare.page, window.explorer
    qtbot.keyClick(window.plane, Qt.Key.Key_6, CONTROL)
    assert window.tabs.key() == "compare"
    assert page.empty.isVisible()
    qtbot.mouseClick(page.another_epoch, LEFT)
    shows(window, film, (3, 1))
    assert not page.empty.isVisible()
    assert page.names[1].text() == "B  film"
    assert [figure.text()[:7] for figure in page.figures] == ["epoch 3", "epoch 1"]

    qtbot.mouseClick(page.right, LEFT, pos=QPoint(page.right.width() // 4, page.right.height() // 3))
    assert explorer.state.z != (0.0, 0.0)
    shows(window, film, (3, 1))
    qtbot.keyClick(window, Qt.Key.Key_Z, CONTROL)
    assert explorer.state.z == (0.0, 0.0), "the click on B's plane is one step"

    page.left.setFocus()
    qtbot.keyClick(page.left, Qt.Key.Key_Tab)
    assert QApplication.focusWidget() is page.right
    before = explorer.state
    qtbot.keyClick(page.right, Qt.Key.Key_Right)
    qtbot.keyClick(page.right, Qt.Key.Key_Plus)
    assert explorer.state.z[0] > before.z[0]
    assert explorer.state.viewport.span < before.viewport.span
    assert page.left.viewport == page.right.viewport == explorer.state.viewport

    page.epochs.setValue(2)
    shows(window, film, (3, 2))
    assert saved_values(window)["compare.other"] == Other(film.path, 2).text
    qtbot.keyClick(page.right, Qt.Key.Key_1, CONTROL)
    assert window.plane.viewport == explorer.state.viewport, "the plane catches up when it is shown"


def test_the_second_model_of_the_last_start_comes_back(open_window, make_bundle, make_film, qtbot):
    """It is opened once the page is shown. A failure is reported; a model can be dropped on B's plane."""
    film = make_film(3)
    window = open_window(make_bundle())
    comparison, page = window.compare.comparison, window.compare.page
    assert not page.another_epoch.isEnabled(), "the open model has none"
    set_saved_values(window, {"compare.other": Other(film.path, 2).text})
    assert comparison.second.source is None
    with qtbot.waitSignal(comparison.second.opened, timeout=SOON_MS):
        window.show_page("compare")
    assert comparison.second.state.epoch == 2
    assert page.epochs.value() == 2
    with qtbot.waitSignal(comparison.second.open_failed, timeout=SOON_MS):
        comparison.open(Other(film.path.with_name("gone")))
    assert "gone" in window.message.text()
    assert saved_values(window)["compare.other"] == Other(film.path, 2).text

    place = page.right.mapTo(window, page.right.rect().center())
    other = make_bundle(seed=3, name="dropped")
    drag(window, place, other)
    assert window.drop.overlay.text() == "Compare with dropped"
    with qtbot.waitSignal(comparison.second.opened, timeout=SOON_MS):
        drop(window, other, at=place)
    assert comparison.second.source.path == other
    assert window.explorer.source.path != other


def test_your_image_is_reconstructed_by_both(open_window, make_film, make_bundle, qtbot, gray, same_picture):
    """Each is decoded at its encoder's mean, or the page says that there is none.

    While the layer of the true posterior is shown, its mode and the gap are on both planes.
    """
    film = make_film(3)
    window = open_window(film.path)
    page, comparison, canvas = window.compare.page, window.compare.comparison, window.image.panel.canvas
    qtbot.keyClick(window.plane, Qt.Key.Key_6, CONTROL)
    with qtbot.waitSignal(comparison.second.opened, timeout=SOON_MS):
        qtbot.mouseClick(page.another_epoch, LEFT)
    assert not page.reconstructions[0].isVisible()
    finders = window.true_posterior.finder, comparison.finder
    for finder in finders:
        finder.side = 32  # sooner decoded
    qtbot.mouseClick(canvas, LEFT, pos=canvas.rect().center())

    def are_there():
        for view, explorer, epoch in zip(
            page.reconstructions, (window.explorer, comparison.second), (3, 1), strict=True
        ):
            assert view.image() is not None
            assert explorer.model.has_encoder
            mean, _ = explorer.model.encode(window.image.drawing.thresholded()[None])
            assert same_picture(gray(view.image()), to_bytes(film.decode(epoch, mean))[0])

    qtbot.waitUntil(are_there, timeout=SOON_MS)
    assert all(view.isVisible() for view in page.reconstructions)
    page.right.grab()
    place = page.right.to_px(comparison.encoded.mean).tolist()
    assert page.right.tip_at(QPointF(*place)).startswith("Encoder's mean: ")

    def are_located():
        encodings = window.image.encoded, comparison.encoded
        for finder, elbo, encoded in zip(finders, page.elbos, encodings, strict=True):
            assert finder.located is not None
            posterior = finder.located.posterior
            assert posterior.is_converged
            assert elbo.text().endswith(f", gap {posterior.log_px_nats - encoded.elbo_nats:.2f}")

    qtbot.waitUntil(are_located, timeout=SOON_MS)
    for finder, plane in zip(finders, (page.left, page.right), strict=True):
        plane.grab()
        place = plane.to_px(finder.located.posterior.mode).tolist()
        assert plane.tip_at(QPointF(*place)).startswith("Mode: ")
    state = window.explorer.state
    window.explorer.set_state(state.with_layer(Layer.TRUE_POSTERIOR, on=False), record=False)
    assert comparison.finder.located is None
    assert not any("gap" in each.text() for each in page.elbos)
    window.compare.open(make_bundle())
    qtbot.waitUntil(lambda: page.reconstructions[1].image() is None, timeout=SOON_MS)
    assert page.reconstruction_texts[1].text() == "B: none"
    assert page.elbos[1].text() == "Your image: no encoder"
    assert page.reconstructions[0].image() is not None
    canvas.setFocus()
    assert window.history.undo.text() == "&Undo replacing B"
    window.history.undo.trigger()
    window.history.undo.trigger()
    qtbot.waitUntil(lambda: not page.reconstructions[0].isVisible(), timeout=SOON_MS)
    assert page.reconstruction_texts[1].text() == ""


def test_both_planes_take_the_gestures_of_the_windows_own(open_window, make_film, make_bundle, qtbot):
    """Pointing at, pinning, selecting and going to a point work on B if B has the same points or z as A."""
    film = make_film(3)
    window = open_window(film.path)
    page, explorer, second = window.compare.page, window.explorer, window.compare.comparison.second
    qtbot.keyClick(window.plane, Qt.Key.Key_6, CONTROL)
    qtbot.mouseClick(page.another_epoch, LEFT)
    mean = film.posterior(1).mean
    qtbot.waitUntil(
        lambda: second.points.posterior is not None and np.array_equal(second.points.posterior.mean, mean),
        timeout=SOON_MS,
    )

    def there(index):
        return QPoint(*np.rint(page.right.to_px(mean[index])).astype(int).tolist())

    def is_pointed_at():
        qtbot.mouseMove(page.right, there(35))  # again, because the page may still be laid out
        return window.compare.held_out[1].hovered == 35

    qtbot.waitUntil(is_pointed_at, timeout=SOON_MS)
    assert window.compare.held_out[0].hovered == 35, "where A has it"
    qtbot.mouseClick(page.right, LEFT, CONTROL, there(35))
    assert explorer.state.pinned == second.state.pinned == (35,)
    qtbot.keyClick(page.right, Qt.Key.Key_B)
    corners = there(39) + QPoint(9, -9), (there(35) + there(36)) / 2 + QPoint(0, 9)
    qtbot.mousePress(page.right, LEFT, pos=corners[0])
    qtbot.mouseMove(page.right, corners[1])
    qtbot.mouseRelease(page.right, LEFT, pos=corners[1])
    assert explorer.state.selected == second.state.selected == (36, 37, 38, 39)
    assert window.select.selector.tool is None
    qtbot.mouseClick(page.right, LEFT, SHIFT, there(0))
    assert second.state.path == explorer.state.path
    assert explorer.state.path[0] == pytest.approx(mean[0], abs=0.05)

    assert {"yes · #35", "Unpin it", "Add its mean to the path"} < menu_at(window, qtbot, there(35)).keys()
    menu_at(window, qtbot, there(35))["Go to its mean"].trigger()
    assert explorer.state.z == mean[35].tolist()
    window.history.undo.trigger()
    assert explorer.state.z == explorer.state.path[0]

    means = np.eye(3, dtype=np.float32)
    other = Posterior(means, np.zeros_like(means), np.ones((3, 1, 12, 12), np.uint8))
    window.compare.open(make_bundle(latent_dim=3, posterior=other))
    qtbot.waitUntil(lambda: second.latent_dim == 3, timeout=SOON_MS)
    mean = second.state.plane.project(means)
    assert list(menu_at(window, qtbot, there(1)))[:5] == [
        "#1",
        "Go to its mean",
        "Copy its z",
        "Go here",
        "Copy z of this place",
    ]
    menu_at(window, qtbot, there(1))["Go to its mean"].trigger()
    assert second.state.z == pytest.approx(means[1], abs=1e-6)
    assert second.state.pinned == second.state.selected == ()


def test_b_is_closed_by_button_and_key_and_comes_back(open_window, make_film, qtbot, shows):
    """Undo brings B back at its epoch, and so does the note's button; without B there is no comparison."""
    film = make_film(3)
    window = open_window(film.path)
    page, comparison = window.compare.page, window.compare.comparison
    qtbot.keyClick(window.plane, Qt.Key.Key_6, CONTROL)
    assert not page.close_b.isVisible()
    qtbot.mouseClick(page.another_epoch, LEFT)
    shows(window, film, (3, 1))
    page.epochs.setValue(2)
    shows(window, film, (3, 2))
    other = Other(film.path, 2)
    window.explorer.change(viewport=Viewport((50.0, 50.0), 1.0))
    (arrow,) = page.right.findChildren(CursorArrow)
    qtbot.waitUntil(arrow.isVisible, timeout=SOON_MS)
    qtbot.mouseClick(page.close_b, LEFT)
    assert page.empty.isVisible()
    assert not arrow.isVisible()
    assert not page.close_b.isVisible()
    assert not page.epochs.isVisible()
    assert page.names[1].text() == "B"
    assert page.pictures[1].image() is page.difference.image() is None
    assert comparison.second.source is comparison.second.tiles.shown is None
    assert saved_values(window)["compare.other"] == ""
    assert window.history.undo.text() == "&Undo closing B"
    qtbot.keyClick(page.left, Qt.Key.Key_Z, CONTROL)
    shows(window, film, (3, 2))
    assert not page.empty.isVisible()
    assert not window.message.isVisible()
    assert saved_values(window)["compare.other"] == other.text
    qtbot.keyClick(page.right, Qt.Key.Key_W, CONTROL)
    assert comparison.other is None
    qtbot.mouseClick(window.message.action_buttons[0], LEFT)
    shows(window, film, (3, 2))
    assert window.history.undo.text() == "&Undo opening B"


def test_opening_and_replacing_b_are_undone_in_order(open_window, make_bundle, qtbot, tmp_path, monkeypatch):
    """On another page, B is opened once Compare is shown. Closing B during an opening closes the old B."""
    window = open_window(make_bundle())
    comparison, undo = window.compare.comparison, window.history.undo
    first, second = make_bundle(seed=3, name="one"), make_bundle(seed=4, name="two")
    monkeypatch.setattr("desktop.vetting.trial.TIME_LIMIT_S", 600.0)
    endless = tmp_path / "endless.onnx"
    endless.write_bytes(endless_loop())
    window.show_page("compare")
    for path in (first, second):
        with qtbot.waitSignal(comparison.second.opened, timeout=SOON_MS):
            window.compare.open(path)
    assert undo.text() == "&Undo replacing B"
    window.show_page("plane")
    undo.trigger()
    assert comparison.second.source.path == second
    assert comparison.other == Other(first)
    with qtbot.waitSignal(comparison.second.opened, timeout=SOON_MS):
        window.show_page("compare")
    assert comparison.second.source.path == first
    assert undo.text() == "&Undo opening B"

    window.compare.open(endless)
    with qtbot.waitSignal(comparison.second.open_failed, timeout=SOON_MS):
        qtbot.keyClick(window.compare.page.left, Qt.Key.Key_W, CONTROL)
    assert window.message.text() == "B was closed: one"
    assert window.message.isVisible()
    assert undo.text() == "&Undo closing B"
    window.compare.open(endless)
    with qtbot.waitSignal(comparison.second.open_failed, timeout=SOON_MS):
        qtbot.mouseClick(window.compare.page.close_b, LEFT)
    assert undo.text() == "&Undo closing B", "nothing was open"
    with qtbot.waitSignal(comparison.second.opened, timeout=SOON_MS):
        undo.trigger()
    assert comparison.second.source.path == first
    undo.trigger()
    assert comparison.other is None


def menu_at(window, qtbot, pixel):
    """Click B's plane with the right button, and return the menu's entries by their texts."""
    for menu in window.findChildren(QMenu):
        menu.close()
    qtbot.mouseClick(window.compare.page.right, Qt.MouseButton.RightButton, pos=pixel)
    menu = next(each for each in window.findChildren(QMenu) if each.isVisible())
    entries = {action.text().replace("&", ""): action for action in menu.actions() if action.text()}
    menu.hide()
    return entries


def test_a_file_of_a_bundle_offers_the_bundle_as_b(open_window, make_bundle, qtbot):
    """The message is that of opening it as the model; after closing B, the note has the heading's name."""
    whole = make_bundle(name="whole")
    window = open_window(make_bundle(name="first"))
    second = window.compare.comparison.second
    window.show_page("compare")
    with qtbot.waitSignal(second.opened, timeout=SOON_MS):
        window.compare.open(whole / "decoder.onnx")
    assert window.message.text().startswith(
        f"B: decoder.onnx alone is open; it belongs to the bundle {whole.name}"
    )
    (bundle,) = (button for button in window.message.action_buttons if button.text() == "Open the bundle")
    with qtbot.waitSignal(second.opened, timeout=SOON_MS):
        bundle.click()
    assert window.compare.page.names[1].text() == "B  whole"
    window.compare.page.close_wanted.emit()
    assert window.message.text() == "B was closed: whole"


def test_a_note_about_b_goes_with_that_model(open_window, make_bundle, qtbot):
    """It goes if undo closes B, and if another model becomes B; nobody could use its buttons any more."""
    decoder, other = make_bundle(name="whole") / "decoder.onnx", make_bundle(name="other", seed=1)
    window = open_window(make_bundle(name="first"))
    second, message = window.compare.comparison.second, window.message
    window.show_page("compare")
    with qtbot.waitSignal(second.opened, timeout=SOON_MS):
        window.compare.open(decoder)
    assert message.isVisible()
    window.history.undo.trigger()
    assert second.source is None
    assert not message.isVisible()
    with qtbot.waitSignal(second.opened, timeout=SOON_MS):
        window.history.redo.trigger()
    assert message.isVisible()
    with qtbot.waitSignal(second.opened, timeout=SOON_MS):
        window.compare.open(other)
    assert not message.isVisible()
