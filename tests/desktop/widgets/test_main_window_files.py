"""Files that the window writes: pictures, sheets and animations; none is lost or left half-written."""

from pathlib import Path

import imageio.v3 as imageio
import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt

from desktop.film.formats import Format
from desktop.images.note import read_note
from desktop.images.pixels import tile, to_bytes
from desktop.latent.plane import manifold_grid, sample_prior
from desktop.view.provenance import from_text
from desktop.widgets.dialogs.export_dialog import NO_PATH
from tests.desktop.path_points import path_points
from tests.desktop.widgets.on_plane import make_path
from tests.waiting import SOON_MS

LEFT = Qt.MouseButton.LeftButton
SHIFT, CONTROL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


def names(folder):
    return sorted(file.name for file in folder.iterdir())


def saved_picture(window, qtbot, trigger):
    with qtbot.waitSignal(window.explorer.saved, timeout=SOON_MS) as heard:
        trigger()
    return heard.args[0]


def test_the_picture_is_saved_as_it_is_shown(window, qtbot, answer, tmp_path, decoded_first, same_picture):
    """Ctrl+S and the button write the panel's picture enlarged ten times; the status bar names the file."""
    qtbot.mouseClick(window.plane, LEFT, pos=QPoint(300, 200))
    with qtbot.waitSignal(window.explorer.picture_decoded, timeout=SOON_MS):
        qtbot.keyClick(window.plane, Qt.Key.Key_Right)
    expected = decoded_first([window.explorer.state.z])[0]
    for name, trigger in (
        ("key.png", lambda: qtbot.keyClick(window.plane, Qt.Key.Key_S, CONTROL)),
        ("button.png", lambda: qtbot.mouseClick(window.panel.picture.save, LEFT)),
    ):
        answer(tmp_path / name)
        assert saved_picture(window, qtbot, trigger) == tmp_path / name
        found = imageio.imread(tmp_path / name)
        assert found.shape == (120, 120)
        assert same_picture(found[::10, ::10], expected)
        assert window.status.saved.text() == f"saved {name}"
        assert str(tmp_path / name) in window.status.saved.toolTip()
        assert window.status.saved.isVisible()


def test_a_name_without_an_ending_gets_one(window, qtbot, answer, tmp_path):
    """The name `seven` becomes seven.png."""
    answer(tmp_path / "seven")
    saved_picture(window, qtbot, lambda: qtbot.mouseClick(window.panel.picture.save, LEFT))
    assert names(tmp_path) == ["seven.png"]


def test_a_dialog_that_is_left_writes_nothing(window, qtbot, answer, tmp_path, monkeypatch):
    """Cancelling the dialog for a picture, a sheet or a GIF writes no file."""
    monkeypatch.chdir(tmp_path)
    asked = answer(None)
    make_path(window, qtbot)
    qtbot.mouseClick(window.panel.picture.save, LEFT)
    save_film(window, qtbot)
    qtbot.keyClick(window.plane, Qt.Key.Key_2, CONTROL)
    qtbot.waitUntil(lambda: window.grids.samples.save.isEnabled(), timeout=SOON_MS)
    qtbot.mouseClick(window.grids.samples.save, LEFT)
    qtbot.wait(50)
    assert [name for _, name, _ in asked] == ["first-picture.png", "first-walk.gif", "first-samples.png"]
    assert names(tmp_path) == []
    assert not window.panel.path.progress.isVisible()


def test_a_place_that_cannot_be_written_is_told(window, qtbot, answer, tmp_path):
    """The message names the file and says what to do."""
    answer(tmp_path / "no" / "a.png")
    with qtbot.waitSignal(window.explorer.failed, timeout=SOON_MS):
        qtbot.mouseClick(window.panel.picture.save, LEFT)
    assert (
        window.message.text() == f"{tmp_path / 'no' / 'a.png'}: The directory does not exist; check the path"
    )
    assert window.message.isVisible()


def test_saving_before_anything_is_open_does_nothing(open_window, qtbot, answer):
    """Without a picture, no dialog opens."""
    window = open_window()
    asked = answer(Path("never.png"))
    for key in (Qt.Key.Key_S, Qt.Key.Key_C, Qt.Key.Key_F, Qt.Key.Key_Plus):
        qtbot.keyClick(window.plane, key, CONTROL if key in (Qt.Key.Key_S, Qt.Key.Key_C) else SHIFT)
    qtbot.mouseClick(window.panel.picture.save, LEFT)
    assert asked == []


def test_a_sheet_is_saved_at_its_scale(window, qtbot, answer, tmp_path, decoded_first, same_picture):
    """The PNG of the samples is the sheet, with each pixel enlarged by the page's scale."""
    qtbot.keyClick(window.plane, Qt.Key.Key_2, CONTROL)
    qtbot.waitUntil(lambda: window.grids.samples.save.isEnabled(), timeout=SOON_MS)
    window.grids.samples.scale.setValue(3)
    answer(tmp_path / "a.png")
    saved_picture(window, qtbot, lambda: qtbot.mouseClick(window.grids.samples.save, LEFT))
    found = imageio.imread(tmp_path / "a.png")
    assert found.shape == (8 * 12 * 3,) * 2
    assert same_picture(found[::3, ::3], tile(decoded_first(sample_prior(64, 2, 0)), 8))


def test_the_manifold_grid_is_saved_as_560_pixels(
    open_window, bundle_path, qtbot, answer, tmp_path, plain_decoder, same_picture
):
    """Twenty by twenty MNIST pictures at scale 1 have the decoder's pixels."""
    window = open_window(bundle_path)
    qtbot.keyClick(window.plane, Qt.Key.Key_3, CONTROL)
    qtbot.waitUntil(lambda: window.grids.manifold.save.isEnabled(), timeout=SOON_MS)
    window.grids.manifold.scale.setValue(1)
    answer(tmp_path / "manifold.png")
    saved_picture(window, qtbot, lambda: qtbot.mouseClick(window.grids.manifold.save, LEFT))
    found = imageio.imread(tmp_path / "manifold.png")
    assert found.shape == (560, 560)
    expected = to_bytes(plain_decoder(bundle_path)(manifold_grid(window.explorer.state.plane, 20)))
    assert same_picture(found, tile(expected, 20))


def save_film(window, qtbot, **settings):
    """Ask for an animation of the path by key and dialog."""
    qtbot.keyClick(window, Qt.Key.Key_E, CONTROL)
    dialog = window.film_control.dialog
    dialog.scale.setValue(settings.pop("scale", 23))
    for name, value in settings.items():
        box = getattr(dialog, name)
        box.setValue(value) if isinstance(value, int) else box.setCurrentText(value)
    qtbot.mouseClick(dialog.save, LEFT)


def test_the_path_is_saved_as_a_gif(window, qtbot, answer, tmp_path, gif_frames, decoded_first, same_picture):
    """Frames, speed and size are those of the dialog; the progress is shown until the end.

    The path and its film have the same duration: the dialog begins with the path's seconds, and the path then
    takes the film's.
    """
    panel = window.panel.path
    window.panel.show_section(panel)
    make_path(window, qtbot)
    panel.closed.click()
    seconds = panel.seconds.value()
    answer(None)  # the file dialog is cancelled
    save_film(window, qtbot, frames=30, fps=10)
    assert panel.seconds.value() == seconds
    asked = answer(tmp_path / "walk")
    shown = []
    window.film_control.exports.progressed.connect(
        lambda _: shown.append((panel.progress.isVisible(), panel.progress.value()))
    )
    saved_picture(window, qtbot, lambda: save_film(window, qtbot, frames=30, fps=10))
    assert asked == [("Export animation", "first-walk.gif", "GIF (*.gif)")] * 2
    assert names(tmp_path) == ["walk.gif"]
    frames = gif_frames(tmp_path / "walk.gif")
    assert frames.shape == (30, 12 * 23, 12 * 23)
    z = path_points(window.explorer.state.path, 30, True)
    assert same_picture(frames[:, ::23, ::23], decoded_first(z))
    with Image.open(tmp_path / "walk.gif") as gif:
        assert gif.info["duration"] == 100
    assert panel.seconds.value() == 3.0
    qtbot.mouseClick(panel.export, LEFT)
    dialog = window.film_control.dialog
    assert dialog.frames.value() == 30
    dialog.content.setCurrentText("Plane with picture")
    assert dialog.preview.text() == "Drawing …"
    plane = window.plane
    assert dialog.film().plane_aspect == pytest.approx(plane.width() / plane.height())
    dialog.content.setCurrentText("Picture")
    dialog.reject()
    panel.seconds.setValue(4)
    qtbot.mouseClick(panel.export, LEFT)
    assert "40 frames, 4.0 s" in window.film_control.dialog.facts.text()
    window.film_control.dialog.reject()
    assert all(visible for visible, _ in shown[:-1])
    values = [value for _, value in shown[:-1]]
    assert values == sorted(values)
    answer(tmp_path / "walk.apng")
    saved_picture(window, qtbot, lambda: save_film(window, qtbot, frames=2))
    assert names(tmp_path) == ["walk.apng", "walk.gif"], "the name's own ending stays"
    assert window.film_control.dialog.film().format is Format.APNG
    with Image.open(tmp_path / "walk.apng") as image:
        assert image.format == "PNG"
    assert (values[0], values[-1]) == (0, 100)
    assert not panel.progress.isVisible()
    assert panel.export.isVisible()


@pytest.mark.parametrize("kind", ["WebP", "APNG"])
def test_the_path_is_saved_in_the_format_that_was_chosen(window, qtbot, answer, tmp_path, kind):
    """The file has the format's ending, all frames, and the state in its metadata."""
    make_path(window, qtbot)
    answer(tmp_path / "walk")
    saved_picture(window, qtbot, lambda: save_film(window, qtbot, format=kind, frames=9, scale=2))
    place = tmp_path / f"walk.{kind.lower()}"
    with Image.open(place) as image:
        assert image.n_frames == 9
    assert from_text(read_note(place)).state == window.explorer.state


@pytest.mark.parametrize("at_share", [0.01, 0.3])
def test_a_cancelled_film_leaves_the_file_that_was_there(
    window, qtbot, answer, tmp_path, join_encoders, at_share
):
    """After a cancel, at the start or later, the old file is whole, and no other file is left."""
    place = tmp_path / "walk.gif"
    place.write_bytes(b"the one before")
    panel = window.panel.path
    window.panel.show_section(panel)
    make_path(window, qtbot)
    answer(place)
    with qtbot.waitSignal(
        window.film_control.exports.progressed,
        timeout=SOON_MS,
        check_params_cb=lambda share: share and share >= at_share,
    ):
        save_film(window, qtbot, frames=500, scale=50)
    assert panel.progress.isVisible()
    qtbot.mouseClick(panel.cancel, LEFT)
    assert not panel.progress.isVisible()
    assert panel.export.isEnabled()
    with qtbot.waitSignal(window.explorer.picture_decoded, timeout=SOON_MS):
        qtbot.keyClick(window.plane, Qt.Key.Key_Right)
    join_encoders()
    assert names(tmp_path) == ["walk.gif"]
    assert place.read_bytes() == b"the one before"
    assert not window.message.isVisible()


def test_a_film_cancelled_and_saved_again_is_whole(window, qtbot, answer, tmp_path, join_encoders):
    """If it is saved again under the same name at once, the file is the second film."""
    panel = window.panel.path
    window.panel.show_section(panel)
    make_path(window, qtbot)
    answer(tmp_path / "walk.gif")
    with qtbot.waitSignal(
        window.film_control.exports.progressed,
        timeout=SOON_MS,
        check_params_cb=lambda share: share and share > 0.2,
    ):
        save_film(window, qtbot, frames=500, scale=50)
    qtbot.mouseClick(panel.cancel, LEFT)
    saved_picture(window, qtbot, lambda: save_film(window, qtbot, frames=7, scale=1))
    join_encoders()
    assert names(tmp_path) == ["walk.gif"]
    with Image.open(tmp_path / "walk.gif") as gif:
        assert gif.n_frames == 7


def question(window, qtbot):
    """Close the window while a file is being written, and return the buttons of the dialog that asks."""
    assert not window.close()
    qtbot.waitUntil(lambda: window.quitting.question is not None, timeout=SOON_MS)
    box = window.quitting.question
    assert box.text() == "walk.gif is still being written."
    return {button.text(): button for button in box.buttons()}


def test_closing_the_window_asks_before_it_gives_a_film_up(window, qtbot, answer, tmp_path, join_encoders):
    """The window stays; quitting without the film leaves the folder as it was, without half a GIF."""
    make_path(window, qtbot)
    answer(tmp_path / "walk.gif")
    with qtbot.waitSignal(
        window.film_control.exports.progressed, timeout=SOON_MS, check_params_cb=lambda share: share
    ):
        save_film(window, qtbot, frames=500, scale=50)
    assert window.film_control.progress.isVisible()
    assert window.film_control.progress.label.text() == "writing walk.gif"
    qtbot.mouseClick(question(window, qtbot)["&Do not quit"], LEFT)
    assert window.isVisible()
    qtbot.mouseClick(question(window, qtbot)["Quit with&out it"], LEFT)
    assert not window.isVisible()
    join_encoders()
    assert names(tmp_path) == []


def test_a_window_that_is_closed_waits_for_its_film(window, qtbot, answer, tmp_path):
    """It closes by itself once the file is whole."""
    make_path(window, qtbot)
    answer(tmp_path / "walk.gif")
    save_film(window, qtbot, frames=300, scale=40)
    qtbot.mouseClick(question(window, qtbot)["&Wait, then quit"], LEFT)
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=SOON_MS)
    with Image.open(tmp_path / "walk.gif") as gif:
        assert gif.n_frames == 300


def test_a_film_that_another_model_ends_is_told(window, qtbot, answer, tmp_path, make_bundle):
    """The message names the file."""
    make_path(window, qtbot)
    answer(tmp_path / "walk.gif")
    save_film(window, qtbot, frames=500, scale=50)
    window.open_path(make_bundle(name="other"))
    qtbot.waitUntil(lambda: "walk.gif was not written" in window.message.text(), timeout=SOON_MS)
    assert window.explorer.files.paths == ()


def test_a_path_that_stands_still_is_no_path_to_save(window, qtbot, answer, tmp_path):
    """If the path has the same point twice, the dialog says what is missing, and nothing is written."""
    answer(tmp_path / "walk.gif")
    for _ in range(2):
        qtbot.keyClick(window.plane, Qt.Key.Key_P)
    save_film(window, qtbot)
    dialog = window.film_control.dialog
    assert dialog.facts.text() == NO_PATH
    assert not dialog.save.isEnabled()
    assert names(tmp_path) == []
    dialog.reject()


def test_the_sheet_that_is_saved_is_the_one_that_is_shown(window, qtbot, answer, tmp_path, gray):
    """After resampling, the file holds the new samples."""
    page = window.grids.samples
    qtbot.keyClick(window.plane, Qt.Key.Key_2, CONTROL)
    qtbot.waitUntil(lambda: page.save.isEnabled(), timeout=SOON_MS)
    with qtbot.waitSignal(window.grids.sheet_shown, timeout=SOON_MS):
        qtbot.mouseClick(window.grids.resample, LEFT)
    page.scale.setValue(1)
    answer(tmp_path / "a.png")
    saved_picture(window, qtbot, lambda: qtbot.mouseClick(page.save, LEFT))
    assert np.array_equal(imageio.imread(tmp_path / "a.png"), gray(page.view.image()))
