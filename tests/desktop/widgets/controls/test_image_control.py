"""Your own image in the window: drawing, dropping and pasting it, and how the model encodes it."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt

from desktop.app.own_picture import network_input
from desktop.base.shipped import shipped_bundle
from desktop.images.pixels import to_bytes, write_png
from desktop.view.state import Layer, PictureMode
from desktop.widgets.common.commands import command_of
from desktop.widgets.common.usable import reason_of
from desktop.widgets.controls.image_control import NO_ENCODER, NO_ENCODER_OF_EPOCH
from desktop.widgets.panels.picture_panel import NOT_AT_CURSOR
from tests.desktop.photos import GRADIENT, HEIGHT, WIDTH, ink_of, page_of
from tests.desktop.small_bundles import encoder_graph
from tests.desktop.widgets.drawing import draw, encoded, paste, ready_to_draw
from tests.desktop.widgets.on_plane import are_points_faint
from tests.waiting import SOON_MS

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def window(open_window, bundle_path):
    """A window with the small fit's bundle."""
    return ready_to_draw(open_window(bundle_path, (1180, 900)))


def test_what_is_drawn_is_encoded(window, qtbot, gray, same_picture):
    """Reconstruction, ELBO, rate and distortion are those of exactly what is on the canvas."""
    draw(window, qtbot, [(8, 6), (20, 6), (13, 24)])
    found, panel = encoded(window, qtbot), window.image.panel
    mean, _ = window.explorer.model.encode(window.image.drawing.thresholded()[None])
    assert found.mean == pytest.approx(mean[0])
    assert panel.figures["elbo"].text() == f"{found.elbo_nats:.2f}\u00a0nats".replace("-", "−")
    assert panel.figures["rate"].text() == f"{found.rate_nats:.2f}\u00a0nats"
    assert "MNIST's digits stand in the middle" in panel.canvas.toolTip()
    assert "&Draw" in [entry.text() for entry in window.menuBar().actions() if entry.isVisible()]
    expected = to_bytes(window.explorer.model.decode(mean))[0]
    assert same_picture(gray(window.panel.picture.picture.image()), expected)


def test_the_encoders_ellipse_is_on_the_plane_and_can_be_switched_off(shipped_window, qtbot, seven, pixels):
    """It surrounds the mean, whose mark names it; the plane far from it does not change."""
    window = shipped_window
    off = {Layer.TRUE_POSTERIOR, Layer.ENCODED}
    window.explorer.change(layers=window.explorer.state.layers - off)
    paste(window, qtbot, seven)
    mean = encoded(window, qtbot).mean
    # Zoom in until the ellipse is higher than the text beside its mark.
    viewport = window.explorer.state.viewport
    window.explorer.change(viewport=viewport.zoomed(0.15, tuple(mean.tolist())))
    qtbot.waitUntil(lambda: window.picture_control.decoded.z == pytest.approx(mean), timeout=SOON_MS)
    without = pixels(window.plane.grab().toImage())
    window.explorer.set_state(window.explorer.state.with_layer(Layer.ENCODED, on=True))
    rows, columns = np.nonzero((pixels(window.plane.grab().toImage()) != without).any(-1))
    x, y = window.plane.to_px(window.explorer.state.plane.project(mean))
    assert abs(rows.mean() - y) < 15
    assert np.ptp(rows) < 120
    of_ellipse = np.abs(rows - y) > 12  # the text stands beside the mark
    assert abs(columns[of_ellipse].mean() - x) < 15
    assert np.ptp(columns) < 240
    window.explorer.set_state(window.explorer.state.with_layer(Layer.ENCODED, on=False))
    assert (pixels(window.plane.grab().toImage()) == without).all()


def test_a_dropped_picture_is_fitted_step_by_step_and_the_cursor_goes_to_its_mean(
    window, qtbot, seven, tmp_path, gray
):
    """The canvas shows it fitted like the data, and the panel shows the steps.

    Meanwhile the points are faint, until R moves the cursor to another z.
    """
    write_png(tmp_path / "a.png", (255 - 255 * seven[0]).astype(np.uint8).repeat(9, 0).repeat(9, 1))
    window.image.open_file(tmp_path / "a.png")
    qtbot.waitUntil(lambda: not window.image.drawing.is_empty, timeout=SOON_MS)
    mean = encoded(window, qtbot).mean
    assert window.explorer.state.z == pytest.approx(mean)
    panel = window.image.panel
    assert panel.steps.isVisible()
    assert panel.steps_text.text() == (
        "The image was inverted to light on dark, then scaled to 20 pixels and centred by mass, "
        "then thresholded at 0.5."
    )
    thresholded = gray(panel.step_views[2].image())
    assert (thresholded == 255 * window.image.drawing.thresholded()[0]).all()
    assert are_points_faint(window.plane)
    window.explorer.draw_z()
    assert not are_points_faint(window.plane)
    qtbot.mouseClick(panel.clear, LEFT)
    assert not panel.steps.isVisible()
    assert window.image.drawing.is_empty
    assert window.image.encoded is None
    assert panel.figures["elbo"].text() == "–"


def test_the_cursor_goes_to_the_mean_of_no_other_drawing(window, qtbot, seven, tmp_path):
    """If a stroke or undo replaces the opened picture, the cursor stays where it is."""
    canvas, z = window.image.panel.canvas, window.explorer.state.z
    other = np.roll(seven, 5, axis=1)

    def draw_another():
        canvas.stepped.disconnect(draw_another)
        canvas.set_drawing(replace(canvas.drawing(), pixels=other))

    canvas.stepped.connect(draw_another)
    write_png(tmp_path / "a.png", (255 * seven[0]).astype(np.uint8))
    window.image.open_file(tmp_path / "a.png")
    qtbot.waitUntil(lambda: np.array_equal(window.image.drawing.pixels, other), timeout=SOON_MS)
    encoded(window, qtbot)
    assert window.explorer.state.z == z


def test_a_photo_on_grey_paper_is_levelled_step_by_step(window, qtbot, seven, tmp_path):
    """Original, levelled, fitted and thresholded stand side by side, each with its name."""
    page = page_of(ink_of(seven[0]), GRADIENT, GRADIENT * 0.5, 0.02)
    write_png(tmp_path / "a.png", page)
    window.image.open_file(tmp_path / "a.png")
    qtbot.waitUntil(lambda: not window.image.drawing.is_empty, timeout=SOON_MS)
    encoded(window, qtbot)
    panel = window.image.panel
    assert "then levelled against its own background" in panel.steps_text.text()
    shown = [view for view in panel.step_views if view.isVisible()]
    assert [view.toolTip() for view in shown] == ["Original", "Levelled", "Fitted", "Thresholded"]
    assert all(view.image() is not None for view in shown)
    found = window.image.drawing.thresholded()[0]
    assert (found != seven[0]).mean() < 0.12  # no more than a shift by one pixel changes


def test_a_picture_without_anything_on_it_is_told_and_not_encoded(window, qtbot, seven, tmp_path):
    """An earlier drawing is removed, so that it does not look like the result."""
    paste(window, qtbot, seven)
    encoded(window, qtbot)
    write_png(tmp_path / "a.png", page_of(np.zeros((HEIGHT, WIDTH)), GRADIENT, GRADIENT, 0.02))
    z = window.explorer.state.z
    with qtbot.waitSignal(window.explorer.failed, timeout=SOON_MS):
        window.image.open_file(tmp_path / "a.png")
    panel = window.image.panel
    qtbot.waitUntil(lambda: window.image.encoded is None, timeout=SOON_MS)
    assert window.message.text().startswith("found a picture in which nothing stands out from the background")
    assert panel.steps_text.text() == "Nothing stands out from the background, so it is not encoded."
    assert [view.toolTip() for view in panel.step_views if view.isVisible()] == ["Original"]
    assert window.image.drawing.is_empty
    assert panel.figures["elbo"].text() == "–"
    assert window.explorer.state.z == z
    paste(window, qtbot, seven)
    assert not window.message.isVisible()


def test_undo_after_clear_brings_the_drawing_back_wherever_the_keyboard_is(window, qtbot):
    """Strokes, clearing and moves of the cursor are undone in the order in which they came."""
    panel, undo = window.image.panel, window.history.undo

    def undone():
        qtbot.keyClick(window.plane, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)

    assert not panel.clear.isEnabled() and not panel.take.isEnabled() and not panel.take_mode.isEnabled()
    draw(window, qtbot, [(8, 6), (20, 6)])
    first = window.image.drawing
    z = window.explorer.state.z
    qtbot.mouseClick(window.plane, LEFT, pos=window.plane.rect().center())
    draw(window, qtbot, [(20, 6), (13, 24)])
    second = window.image.drawing
    qtbot.mouseClick(panel.clear, LEFT)
    assert undo.text() == "&Undo clearing the drawing"
    undone()
    assert window.image.drawing is second
    assert undo.text() == "&Undo drawing"
    undone()
    assert window.image.drawing is first
    assert window.explorer.state.z != z
    undone()
    assert (window.image.drawing, window.explorer.state.z) == (first, z)
    undone()
    assert window.image.drawing.is_empty
    assert not undo.isEnabled()
    window.history.redo.trigger()
    assert window.image.drawing is first
    qtbot.waitUntil(panel.take.isEnabled, timeout=SOON_MS)


def test_a_picture_can_come_from_the_clipboard(window, qtbot, seven):
    """It is fitted like a file."""
    paste(window, qtbot, seven)
    assert (network_input(window.explorer, window.image.drawing) == seven).all()


def test_without_an_encoder_the_panel_says_so(open_window, make_bundle, qtbot):
    """Drawing and the true posterior still work; there is no ELBO."""
    window = open_window(make_bundle(image_shape=(1, 28, 28)))
    panel = window.image.panel
    window.panel.show_section(panel)
    assert panel.note.text() == NO_ENCODER
    assert not any(part.isVisible() for part in (panel.reconstruction, panel.take, panel.figures["elbo"]))
    assert panel.take_mode.isVisible() and panel.figures["log_px"].isVisible()
    draw(window, qtbot, [(8, 6), (20, 6)])
    qtbot.waitUntil(lambda: window.true_posterior.located is not None, timeout=SOON_MS)
    assert panel.figures["elbo"].text() == "–"


def test_a_drawing_is_marked_on_a_plane_of_more_dimensions(open_window, make_bundle, qtbot):
    """Hidden planes, such as those of the page Compare without a model, do not draw it."""
    shape = (1, 28, 28)
    window = open_window(
        make_bundle(latent_dim=3, image_shape=shape, encoder=encoder_graph(shape, 0, latent_dim=3))
    )
    draw(window, qtbot, [(8, 6), (20, 6)])
    encoded(window, qtbot)
    qtbot.waitUntil(lambda: window.plane.is_settled, timeout=SOON_MS)
    qtbot.wait(50)  # an error of a hidden plane would come now
    assert not window.message.isVisible()


def test_another_epochs_encoder_encodes_at_once(open_window, make_film, qtbot):
    """The mean and the ELBO follow the epoch."""
    window = open_window(make_film(2).path)
    window.panel.show_section(window.image.panel)
    draw(window, qtbot, [(8, 6), (20, 6), (13, 24)])
    last = encoded(window, qtbot)
    qtbot.keyClick(window.plane, "[")

    def is_anew():
        return window.image.encoded is not None and window.image.encoded is not last

    qtbot.waitUntil(is_anew, timeout=SOON_MS)
    mean, _ = window.explorer.model.encode(window.image.drawing.thresholded()[None])
    assert window.image.encoded.mean == pytest.approx(mean[0])
    assert window.image.encoded.mean != pytest.approx(last.mean)
    assert not window.image.panel.note.isVisible()


@pytest.fixture
def one_encoder(tmp_path):
    """The bundle that ships, but with the last epoch's encoder alone, as in older bundles."""
    path = tmp_path / "bundle"
    shutil.copytree(shipped_bundle(), path)
    manifest = json.loads((path / "manifest.json").read_text("utf-8"))
    for file in path.glob("epochs/*/encoder.onnx"):
        name = file.relative_to(path).as_posix()
        del manifest["files"][name], manifest["tensors"][name]
        file.unlink()
    (path / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    return path


def test_where_nothing_can_be_known_of_an_image_there_is_only_the_reason(open_window, make_bundle):
    """The section has no empty picture, no dashes, and no buttons that can never be used."""
    window = open_window(make_bundle(latent_dim=3, image_shape=(1, 28, 28)))
    panel = window.image.panel
    window.panel.reveal(panel)
    window.panel.sections.section("image").set_open(True)
    assert panel.note.isVisible()
    shown = [panel.take, panel.take_mode, panel.reconstruction, *panel.figures.values()]
    assert not any(part.isVisible() for part in shown)


def test_an_epoch_without_an_encoder_says_so(one_encoder, open_window, qtbot):
    """The note comes and goes with the epoch."""
    window = open_window(one_encoder, (1180, 900))
    draw(window, qtbot, [(8, 6), (20, 6), (13, 24)])
    encoded(window, qtbot)
    panel = window.image.panel
    qtbot.keyClick(window.plane, "[")
    qtbot.waitUntil(lambda: panel.note.text() == NO_ENCODER_OF_EPOCH, timeout=SOON_MS)
    assert panel.figures["elbo"].text() == "–"
    qtbot.keyClick(window.plane, "]")
    encoded(window, qtbot)
    assert not panel.note.isVisible()


def test_the_large_picture_is_the_reconstruction_until_the_cursor_moves(window, qtbot):
    """It appears with a stroke, with its name above; a move of the cursor shows the cursor's picture.

    The small picture shows the other one of the two, so that neither is shown twice.
    """
    panel, small = window.panel, window.image.panel.reconstruction
    at_cursor = panel.picture.picture.image()
    assert panel.picture_title == "At the cursor"
    draw(window, qtbot, [(8, 8), (18, 8), (12, 22)])
    qtbot.waitUntil(lambda: panel.picture_title == "Reconstruction", timeout=SOON_MS)
    assert panel.picture.picture.image() is not at_cursor
    assert (small.accessibleName(), small.image()) == ("At the cursor", at_cursor)
    window.explorer.change(picture_mode=PictureMode.THRESHOLDED)
    qtbot.waitUntil(lambda: small.image() != at_cursor, timeout=SOON_MS)
    encoded(window, qtbot)
    reconstruction = panel.picture.picture.image()
    buttons = panel.picture.copy, panel.picture.save
    for one in (*buttons, *map(command_of, buttons)):
        assert reason_of(one) == NOT_AT_CURSOR
    with qtbot.waitSignal(window.explorer.picture_decoded, timeout=SOON_MS):
        qtbot.keyClick(window.plane, Qt.Key.Key_Left)
    assert panel.picture_title == "At the cursor"
    assert all(one.isEnabled() for one in (*buttons, *map(command_of, buttons)))
    assert (small.accessibleName(), small.image()) == ("Reconstruction", reconstruction)
    assert panel.picture.picture.image() != reconstruction


def test_one_undo_takes_an_opened_picture_back(window, qtbot, seven):
    """The same step takes the cursor back from the picture's mean."""
    before = window.explorer.state.z
    paste(window, qtbot, seven)
    qtbot.waitUntil(lambda: window.explorer.state.z != before, timeout=SOON_MS)
    qtbot.keyClick(window.plane, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert window.image.drawing.is_empty
    assert window.explorer.state.z == before
