"""A dropped folder of pictures becomes points with a legend; the messages say what to do."""

import shutil
from dataclasses import replace

import imageio.v3 as imageio
import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFileDialog, QWidget

from desktop.app.own_pictures import OwnPictures
from desktop.app.report import about_text
from desktop.jobs.own_pictures import Progress
from desktop.jobs.sheets import Order
from desktop.latent.nearest import Nearness
from desktop.view.state import Layer
from desktop.widgets.common.usable import NO_POINTS
from tests.desktop.dropping import drop
from tests.desktop.small_bundles import decoder_graph, encoder_graph
from tests.waiting import SOON_MS

SHAPE = (3, 12, 12)
COLORS = {"blue": (0, 0, 255), "green": (0, 255, 0), "red": (255, 0, 0)}


@pytest.fixture
def pictures(tmp_path):
    """Ten pictures of each of three colours, in folders with their names, and a broken one."""
    folder = tmp_path / "colours"
    draw = np.random.default_rng(0)
    for name, color in COLORS.items():
        (folder / name).mkdir(parents=True)
        for number in range(10):
            picture = (draw.integers(128, 256, (12, 12, 1)) * np.array(color) // 255).astype(np.uint8)
            imageio.imwrite(folder / name / f"{number}.png", picture, extension=".png", plugin="pillow")
    (folder / "red" / "broken.png").write_bytes(b"no picture")
    return folder


@pytest.fixture
def window(open_window, tmp_path):
    """The window with a bare decoder of colour pictures and its encoder."""
    (tmp_path / "decoder.onnx").write_bytes(decoder_graph(2, SHAPE))
    (tmp_path / "encoder.onnx").write_bytes(encoder_graph(SHAPE, 0))
    return open_window(tmp_path / "decoder.onnx")


@pytest.fixture
def shown(window, pictures, qtbot):
    """The window after the folder was dropped on it and encoded."""
    own = window.explorer.findChild(OwnPictures)
    with qtbot.waitSignal(own.shown, timeout=SOON_MS):
        drop(window, pictures)
    return window


def test_a_dropped_folder_becomes_points_with_a_legend(shown, pictures, qtbot):
    """The message says how many, how many labels, and which could not be read."""
    text = shown.message.text()
    assert text.startswith(
        "colours: 30 pictures shown as points, 3 labels; 1 of 31 could not be read, the first"
    )
    assert str(pictures / "red" / "broken.png") in text
    assert "--" not in text
    legend = shown.panel.view.legend
    assert [button.text() for button in legend._buttons] == ["blue", "green", "red"]
    assert [button.accessibleDescription() for button in legend._buttons] == ["10 pictures"] * 3
    assert shown.panel.view.principal.isEnabled()
    off = [layer for layer, entry in shown.layers_menu.entries.items() if not entry.isEnabled()]
    assert off == [Layer.TRUE_POSTERIOR], "the pixels are in colour"
    qtbot.waitUntil(lambda: not shown.own_pictures.progress.isVisible(), timeout=SOON_MS)


def texts(window):
    """All texts of the window: of widgets, menus and tool tips, and for screen readers."""
    said = set()
    for widget in window.findChildren(QWidget):
        said |= {widget.toolTip(), widget.accessibleName(), widget.accessibleDescription()}
        said.add(getattr(widget, "text", str)())
    return said | {action.text().replace("&", "") for action in window.findChildren(QAction)}


def test_the_window_calls_them_your_pictures(shown):
    """The words have the folder's name, and none says test images until the pictures are removed."""
    shown.show_page("reconstructions")
    said = texts(shown)
    assert not [text for text in said if "test image" in text.lower()]
    for text in (
        "Your pictures (colours) by label",
        "Your picture under the pointer",
        "Your nearest pictures",
        "Fit to your pictures",
        "Pin your nearest picture",
        "Show the mean of q(z|x) of each of your pictures.\nThey come from colours.",
    ):
        assert text in said
    assert shown.explorer.points.text == "30 pictures of colours"
    assert "Points on the plane: 30 pictures of colours" in about_text(None, "", shown.explorer.points.text)
    shown.own_pictures.remove.trigger()
    said = texts(shown) - {"Remove your pictures"}
    assert not [text for text in said if "your pictures" in text.lower()]
    assert {"Test images by label", "Fit to the test images", "Pin the nearest test image"} <= said


def test_the_picture_under_the_pointer_is_the_persons_own(shown, pixels, qtbot):
    """The card has its colours and its name, and so has the list of the nearest."""
    posterior = shown.explorer.points.posterior
    index = 25
    held_out = shown.held_out._held_out(posterior, index)
    assert held_out.lines[0] == "red/5.png"
    assert (pixels(held_out.image)[..., :3] == posterior.images[index].transpose(1, 2, 0)).all()
    shown.explorer.change(nearness=Nearness.Z)
    shown.explorer.set_state(shown.explorer.state.moved_to(tuple(map(float, posterior.mean[index]))))
    panel = shown.nearest.panel
    qtbot.waitUntil(
        lambda: any(t.shown is not None and t.shown.index == index for t in panel.buttons), timeout=SOON_MS
    )
    assert panel.buttons[0].shown.name == "red"


def test_nearest_by_picture_is_by_difference(shown, qtbot):
    """The model declares no likelihood that could be used instead."""
    shown.explorer.change(nearness=Nearness.PICTURE)
    panel = shown.nearest.panel
    words = "root mean square difference"
    qtbot.waitUntil(
        lambda: all(t.shown is not None and words in t.shown.distance for t in panel.buttons),
        timeout=SOON_MS,
    )
    picture = shown.explorer.model.decode(np.array([shown.explorer.state.z], np.float32))
    differences = np.sqrt(((shown.explorer.points.posterior.images / 255 - picture) ** 2).mean((1, 2, 3)))
    assert [t.shown.index for t in panel.buttons] == np.argsort(differences, kind="stable")[:5].tolist()


def test_reconstructions_come_worst_first(shown, qtbot):
    """They are ordered by the difference from the picture decoded at the mean."""
    shown.grids.order.setCurrentIndex(list(Order).index(Order.WORST))
    with qtbot.waitSignal(shown.grids.sheet_shown, timeout=SOON_MS):
        shown.show_page("reconstructions")
    sheet = shown.grids.reconstructions.sheet
    posterior, model = shown.explorer.points.posterior, shown.explorer.model
    errors = np.sqrt(((model.decode(posterior.mean) - posterior.images / 255) ** 2).mean((1, 2, 3)))
    worst = np.argsort(-errors)
    np.testing.assert_allclose(sheet.z, posterior.mean[worst][: len(sheet.z)])
    first = posterior.names[worst[0]]
    assert sheet.captions[0].startswith(f"{first}\ndifference {errors.max():.3f} (root mean square), rate ")


def test_they_are_removed_by_the_message_or_the_menu(shown, qtbot):
    """The model has no test images, so no points are left."""
    assert shown.own_pictures.remove.isEnabled()
    (button,) = shown.message.action_buttons
    assert button.text() == "Remove your pictures"
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert shown.explorer.points.posterior is None
    assert not shown.own_pictures.remove.isEnabled()
    assert not shown.panel.view.principal.isEnabled()
    assert not shown.panel.view.legend._buttons


def test_pictures_that_are_being_encoded_can_be_found_soon(shown):
    """Until an epoch has encoded them, the inputs stay enabled, so that a field keeps the keyboard."""
    explorer, panel = shown.explorer, shown.select.panel
    own = explorer.points.own
    explorer.show_pictures(replace(own, names=tuple(reversed(own.names))))
    assert explorer.points.posterior is None
    assert all(part.isEnabled() for part in (panel.box, panel.finder.field, panel.finder.next))
    assert panel.summary.text().startswith("Drag with a tool")
    explorer.show_pictures(None)
    assert panel.summary.text() == NO_POINTS
    assert not panel.box.isEnabled()


def test_a_folder_or_a_file_is_chosen_in_the_menu(window, pictures, qtbot, monkeypatch):
    """A cancelled dialog opens nothing."""
    own = window.explorer.findChild(OwnPictures)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", staticmethod(lambda *_: ""))
    window.own_pictures._choose_folder()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", staticmethod(lambda *_: str(pictures)))
    with qtbot.waitSignal(own.shown, timeout=SOON_MS):
        window.own_pictures._choose_folder()
    assert len(window.explorer.points.posterior.mean) == 30
    np.savez(pictures / "a.npz", images=np.zeros((7, 12, 12, 3), np.uint8))
    chosen = (str(pictures / "a.npz"), "")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", staticmethod(lambda *_: chosen))
    with qtbot.waitSignal(own.shown, timeout=SOON_MS):
        window.own_pictures._choose_file()
    assert window.message.text() == "a.npz: 7 pictures shown as points"


def test_progress_is_shown_and_can_be_cancelled(window, qtbot):
    """The progress is in the status bar, with a button that cancels."""
    strip = window.own_pictures.progress
    window.explorer.findChild(OwnPictures).progressed.emit(Progress(1200, 3000, "encoding pictures"))
    assert strip.isVisible()
    assert strip.label.text() == "encoding pictures: 1,200 of 3,000"
    assert (strip.bar.value(), strip.bar.maximum()) == (1200, 3000)
    qtbot.mouseClick(strip.cancel, Qt.MouseButton.LeftButton)
    assert not strip.isVisible()
    assert window.explorer.points.posterior is None


def test_without_an_encoder_it_says_what_to_do(open_window, make_bundle, pictures, qtbot, tmp_path):
    """The messages for a bundle and for a bare decoder differ."""
    window = open_window(make_bundle())
    drop(window, pictures)
    qtbot.waitUntil(window.message.isVisible, timeout=SOON_MS)
    assert window.message.text() == (
        f"{pictures}: pictures cannot be shown as points, because the open bundle has no encoder; export it "
        "again with its encoder, or open another"
    )
    (tmp_path / "alone").mkdir()
    (tmp_path / "alone" / "decoder.onnx").write_bytes(decoder_graph(2, SHAPE))
    with qtbot.waitSignal(window.explorer.opened, timeout=SOON_MS):
        window.open_path(tmp_path / "alone" / "decoder.onnx")
    window.own_pictures.show(pictures)
    assert window.message.text() == (
        f"{pictures}: pictures cannot be shown as points, because the open model has no encoder; open a "
        "model that has one, or choose its encoder in File › How the model is read…"
    )


def test_without_a_model_it_says_what_to_do(open_window, pictures):
    """A model must be opened first."""
    window = open_window()
    window.own_pictures.show(pictures)
    assert window.message.text() == (
        f"{pictures}: pictures need a model that has an encoder, and none is open; open one, then the "
        "pictures again"
    )


def test_what_cannot_be_read_is_told_in_the_message_bar(window, tmp_path, qtbot):
    """It is tested with an empty folder, a file that is no zip, and an `.npz` without images or z."""
    (tmp_path / "empty").mkdir()
    drop(window, tmp_path / "empty")
    qtbot.waitUntil(lambda: "found neither pictures nor" in window.message.text(), timeout=SOON_MS)
    (tmp_path / "a.zip").write_bytes(b"no zip")
    drop(window, tmp_path / "a.zip")
    qtbot.waitUntil(lambda: "found a file that is not a zip" in window.message.text(), timeout=SOON_MS)
    np.savez(tmp_path / "b.npz", x=np.zeros(3))
    drop(window, tmp_path / "b.npz")
    found = "found an array of shape [3], expected [2] or"
    qtbot.waitUntil(lambda: found in window.message.text(), timeout=SOON_MS)
    assert "--" not in window.message.text()


def test_a_dropped_zip_becomes_points_and_a_zipped_bundle_opens(window, pictures, make_bundle, qtbot):
    """A manifest in the zip tells them apart."""
    own = window.explorer.findChild(OwnPictures)
    zipped = shutil.make_archive(str(pictures), "zip", pictures.parent, pictures.name)
    with qtbot.waitSignal(own.shown, timeout=SOON_MS):
        drop(window, zipped)
    assert window.explorer.points.label_names == ("blue", "green", "red")
    assert len(window.explorer.points.posterior.mean) == 30
    bundle = make_bundle(name="zipped")
    with qtbot.waitSignal(window.explorer.opened, timeout=SOON_MS):
        drop(window, shutil.make_archive(str(bundle), "zip", bundle))
    assert window.explorer.source.name == "zipped"
    assert window.explorer.points.own is None


def test_the_density_goes_with_the_pictures(shown, qtbot):
    """Density and holes are computed from the shown pictures; without pictures there are none."""
    shown.explorer.set_state(shown.explorer.state.with_layer(Layer.DENSITY, True))
    qtbot.waitUntil(lambda: shown.map_control.is_current, timeout=SOON_MS)
    shown.own_pictures.remove.trigger()
    assert not shown.map_control.is_current


def test_pins_of_own_pictures_are_not_saved(shown):
    """At the next start their numbers would mean other images."""
    shown.explorer.change(pinned=(3,), hidden_labels=frozenset({1}), z=(0.5, 0.25))
    saved = shown.saved_control._now().state_of(shown.explorer.source.sha256, 2)
    assert (saved.pinned, saved.hidden_labels, saved.z) == ((), frozenset(), (0.5, 0.25))
    assert shown.explorer.state.pinned == (3,)
