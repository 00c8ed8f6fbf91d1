"""The dialog asks for an animation and shows what it will be."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage

from desktop.film import formats
from desktop.film.film import Caption, Film, Subject
from desktop.film.formats import Format
from desktop.widgets.dialogs.export_dialog import NO_PATH, ExportDialog
from tests.waiting import SOON_MS

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def dialog(qtbot):
    """A shown dialog for pictures of 28 × 28 and eleven epochs."""
    dialog = ExportDialog()
    qtbot.addWidget(dialog)
    dialog.set_model((28, 28), 11)
    dialog.show()
    qtbot.waitExposed(dialog)
    yield dialog
    dialog.close()


def test_the_film_is_wanted_as_it_was_set(dialog, qtbot):
    """The signal carries every setting."""
    dialog.format.setCurrentText("APNG")
    dialog.scale.setValue(3)
    dialog.frames.setValue(33)
    dialog.fps.setValue(12)
    dialog.ping_pong.click()
    dialog.captions[Caption.Z].click()
    with qtbot.waitSignal(dialog.wanted, timeout=SOON_MS) as heard:
        qtbot.mouseClick(dialog.save, LEFT)
    captions = frozenset({Caption.Z})
    assert heard.args == [Film(Subject.PATH, Format.APNG, 33, 12, 3, True, captions)]
    assert not dialog.isVisible()


def test_the_boxes_say_how_much_they_take(dialog):
    """A box refuses digits that would exceed its range, so the tool tip gives the range."""
    assert dialog.frames.toolTip() == "Number of frames, from 2 to 2,000."


def test_it_begins_with_pictures_of_some_280_pixels(dialog):
    """Small pictures are enlarged, and large ones are not made smaller."""
    assert dialog.film().scale == 10
    dialog.set_model((1024, 512), 0)
    assert dialog.film().scale == 1


def test_it_says_size_length_and_the_real_speed(dialog):
    """A GIF of thirty frames per second really plays thirty-three."""
    dialog.fps.setValue(20)
    dialog.set_size(280, 300)
    assert dialog.facts.text() == "280 × 300 px, 120 frames, 6.0 s"
    dialog.fps.setValue(30)
    dialog.set_size(280, 300)
    assert "GIF rounds frame times to 10 ms: 33.3 frames per second." in dialog.facts.text()
    dialog.format.setCurrentText("APNG")
    dialog.set_size(280, 300)
    assert dialog.facts.text() == "280 × 300 px, 120 frames, 4.0 s"


def test_epochs_are_offered_where_there_are_some(dialog):
    """Each epoch is a frame; a model without epochs goes back to the path."""
    dialog.subject.setCurrentText(Subject.EPOCHS.value)
    dialog.set_size(280, 280)
    assert "11 frames" in dialog.facts.text()
    assert not dialog.frames.isEnabled()
    assert dialog.film().fps == 4
    dialog.subject.setCurrentText(Subject.GRID_EPOCHS.value)
    assert dialog.picture_px() == (560, 560)
    assert dialog.film().scale == 1
    dialog.set_model((28, 28), 0)
    assert dialog.film().subject is Subject.PATH
    assert not dialog.subject.model().item(1).isEnabled()


@pytest.mark.parametrize("epochs", [0, 11])
def test_without_a_path_it_begins_with_the_epochs_or_says_how_to_make_one(dialog, epochs):
    """With epochs, Save is enabled; without epochs, or if the path is chosen, it is disabled."""
    dialog.set_model((28, 28), epochs)
    dialog.set_has_path(False)
    dialog.set_size(280, 280)
    if epochs:
        assert "11 frames" in dialog.facts.text()
        assert dialog.save.isEnabled()
        dialog.subject.setCurrentText(Subject.PATH.value)
        dialog.set_size(280, 280)
    assert dialog.facts.text() == NO_PATH
    assert not dialog.save.isEnabled()
    dialog.set_has_path(True)
    dialog.set_size(280, 280)
    assert dialog.film().subject is Subject.PATH
    assert dialog.save.isEnabled()


def test_epochs_that_somebody_chose_stay(dialog):
    """The dialog goes back to the path once there is one, unless somebody chose the epochs."""
    dialog.fps.setValue(12)
    dialog.set_has_path(False)
    assert dialog.film().fps == 4
    dialog.set_has_path(True)
    assert (dialog.film().subject, dialog.film().fps) == (Subject.PATH, 12)
    dialog.set_has_path(False)
    dialog.subject.activated.emit(dialog.subject.currentIndex())
    dialog.set_has_path(True)
    assert dialog.film().subject is Subject.EPOCHS


def test_epochs_that_stand_in_leave_the_settings_of_the_path(dialog, qtbot):
    """Closing the dialog restores the path's speed and scale, but exports the animation that was shown."""
    dialog.fps.setValue(12)
    dialog.scale.setValue(3)
    dialog.set_has_path(False)
    shown = dialog.film()
    assert (shown.subject, shown.fps, shown.scale) == (Subject.EPOCHS, 4, 10)
    with qtbot.waitSignal(dialog.wanted, timeout=SOON_MS) as heard:
        dialog.save.click()
    assert heard.args == [shown]
    assert (dialog.fps.value(), dialog.scale.value()) == (12, 3)


def test_what_cannot_be_written_here_cannot_be_chosen(qtbot, monkeypatch):
    """Without PyAV, MP4 is disabled and says what to install."""
    monkeypatch.setattr(formats, "find_spec", lambda _name: None)
    dialog = ExportDialog()
    qtbot.addWidget(dialog)
    mp4 = dialog.format.findText("MP4")
    assert not dialog.format.model().item(mp4).isEnabled()
    assert "pip install" in dialog.format.itemData(mp4, Qt.ItemDataRole.ToolTipRole)
    assert dialog.format.model().item(0).isEnabled()


def test_a_large_frame_is_shown_whole(dialog):
    """The preview is shrunk to fit."""
    image = QImage(900, 1800, QImage.Format.Format_Grayscale8)
    image.fill(120)
    dialog.set_preview(image)
    shown = dialog.preview.pixmap()
    assert shown.height() <= dialog.preview.height()
    assert shown.width() == pytest.approx(shown.height() / 2, abs=1)


def test_the_preview_plays_until_the_dialog_closes(dialog, qtbot):
    """The frames play in a loop; a change stops them."""
    images = [QImage(4, 4, QImage.Format.Format_RGB32) for _ in range(3)]
    for image, color in zip(images, (0xFF0000, 0x00FF00, 0x0000FF), strict=True):
        image.fill(color)
    dialog.play(images, 0.06)
    seen = []
    for _ in range(4):
        seen.append(dialog.preview.pixmap().toImage().pixelColor(1, 1).name())
        with qtbot.waitSignal(dialog._next.timeout, timeout=SOON_MS):
            pass
    assert set(seen) == {"#ff0000", "#00ff00", "#0000ff"}
    dialog.set_preview(images[0])
    assert not dialog._next.isActive()
    dialog.play(images, 0.06)
    dialog.reject()
    assert not dialog._next.isActive()


def test_it_opens_with_the_keyboard_on_save(dialog, qtbot):
    """Typing changes no number that was set last; without a path, what is animated has it."""
    dialog.frames.setFocus()
    for has_path, focused in ((True, dialog.save), (False, dialog.subject)):
        dialog.set_model((28, 28), 0)
        dialog.set_has_path(has_path)
        dialog.set_size(280, 280)
        dialog.open()
        qtbot.waitUntil(dialog.isVisible)
        assert dialog.focusWidget() is focused
        dialog.reject()


def test_frames_can_show_the_plane(dialog):
    """The frames of a path or of epochs fit in scale and size, with picture and plane or the plane alone."""
    dialog.content.setCurrentText("Plane with picture")
    assert dialog.film().with_plane
    assert dialog.film().scale == 16
    assert dialog.frame_px() == (896, 448)
    dialog.subject.setCurrentText("Epochs")
    assert dialog.film().with_plane
    assert dialog.frame_px() == (896, 448)
    dialog.content.setCurrentText("Plane")
    assert dialog.frame_px() == (560, 560)
    dialog.set_plane_aspect(1.5)
    assert dialog.frame_px() == (840, 560)
    assert dialog.picture_px() == (42, 28)
    dialog.set_plane_aspect(1.0)
    assert not dialog.captions[Caption.Z].isEnabled()
    dialog.subject.setCurrentText("Path")
    assert dialog.captions[Caption.Z].isEnabled()
    dialog.subject.setCurrentText("Epochs as manifold grids")
    assert not dialog.content.isEnabled()
    assert not dialog.film().with_plane
    assert dialog.frame_px() == (560, 560)
