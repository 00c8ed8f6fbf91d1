"""The reading dialog is opened from the menu, and from messages about a guessed or unread model."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog

from desktop.reading.reading import ValueRange
from tests.desktop.foreign_models import decoder, encoder, graph
from tests.desktop.widgets.reading_fields import choose, known, set_text
from tests.waiting import SOON_MS

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


@pytest.fixture
def window(bare_window):
    """A window with an open bare decoder of logits."""
    return bare_window


def test_a_guess_is_said_when_the_model_opens(window, qtbot):
    """The message bar says so without blocking anything, and a button opens the reading dialog."""
    assert window.message.isVisible()
    assert "model.onnx was read with guesses: value range" in window.message.text()
    (review,) = window.message.action_buttons
    assert review.text() == "Review…"
    qtbot.mouseClick(review, Qt.MouseButton.LeftButton)
    assert window.reading.dialog.isVisible()
    window.reading.dialog.close()


def test_a_bundle_has_nothing_to_read(open_window, make_bundle):
    """The menu entry is disabled."""
    window = open_window(make_bundle())
    assert not window.reading.action.isEnabled()
    window.reading.open_dialog()
    assert window.reading.dialog is None


def test_a_model_without_a_reading_is_set_by_hand(window, qtbot, tmp_path):
    """The message has a button for the dialog; overrides add up until the model opens with its picture."""
    path = decoder(tmp_path / "other.onnx", layout="flat", image_shape=(1, 8, 10), last="", scale=3.0)
    with qtbot.waitSignal(window.explorer.open_failed, timeout=SOON_MS):
        window.open_path(path)
    assert window.explorer.source.path.name == "model.onnx"
    (action,) = window.message.action_buttons
    assert action.text() == "How the model is read…"
    qtbot.mouseClick(action, Qt.MouseButton.LeftButton)
    dialog = window.reading.dialog
    assert dialog.file.path == path
    assert set(known(dialog).values()) <= {"not set", ""}
    with qtbot.waitSignal(window.explorer.open_failed, timeout=SOON_MS):
        choose(dialog.fields["range"], ValueRange.SIGNED.value, qtbot)
    assert "no output is a picture" in dialog._error.text()
    assert not dialog.ok.isEnabled()
    with qtbot.waitSignal(window.explorer.picture_decoded, timeout=SOON_MS):
        set_text(dialog, "image-shape", "8 x 10", qtbot)
    reading = window.explorer.source.reading
    assert window.explorer.source.path == path
    assert (reading.image_shape, reading.value_range) == ((1, 8, 10), ValueRange.SIGNED)
    assert dialog.picture.image() is not None
    assert not window.message.isVisible()
    dialog.cancel.click()
    assert window.explorer.source.path == path


def test_an_encoder_leads_to_its_decoder(open_window, qtbot, tmp_path, monkeypatch):
    """The message offers to choose the decoder: the pair opens."""
    window = open_window(decoder(tmp_path / "other.onnx"))
    path = encoder(tmp_path / "my_encoder.onnx", latent_dim=3)
    wanted = decoder(tmp_path / "my_decoder.onnx", latent_dim=3)
    with qtbot.waitSignal(window.explorer.open_failed, timeout=SOON_MS):
        window.open_path(path)
    assert "this looks like an encoder: it takes " in window.message.text()
    choose_its, anyway = window.message.action_buttons
    assert (choose_its.text(), anyway.text()) == ("Choose its decoder…", "Open anyway")
    asked = []
    chosen = lambda *question: asked.append(question) or (str(wanted), "")  # noqa: E731
    monkeypatch.setattr(QFileDialog, "getOpenFileName", staticmethod(chosen))
    with qtbot.waitSignal(window.explorer.opened, timeout=SOON_MS):
        qtbot.mouseClick(choose_its, Qt.MouseButton.LeftButton)
    assert asked[0][2] == str(wanted), "the dialog begins at the decoder that the name points to"
    assert window.explorer.source.path == wanted
    assert window.explorer.source.encoder_file.path == path


def test_what_looks_like_an_encoder_can_be_opened_anyway(window, qtbot, tmp_path):
    """One click opens it, with a note; the dialog shows which input is z."""
    path = graph(tmp_path / "odd.onnx", {"input": ["N", 3, 8, 8]}, {"y": ["N", 1, 4, 4]})
    with qtbot.waitSignal(window.explorer.open_failed, timeout=SOON_MS):
        window.open_path(path)
    with qtbot.waitSignal(window.explorer.opened, timeout=SOON_MS):
        qtbot.mouseClick(window.message.action_buttons[1], Qt.MouseButton.LeftButton)
    assert window.explorer.source.path == path
    assert window.explorer.source.overrides == {"z-input": "input"}
    assert "this looks like an encoder" in window.message.text()
    window.reading.open_dialog()
    assert window.reading.dialog.fields["z-input"].currentText() == "input"
    window.reading.dialog.done(0)


def test_what_cannot_be_opened_anyway_leads_to_the_dialog(window, qtbot, tmp_path):
    """One click tries, and the message says what is missing; another click opens the dialog."""
    path = graph(tmp_path / "odd.onnx", {"x": ["N", 3, 8, 8]}, {"y": ["N", 2]})
    with qtbot.waitSignal(window.explorer.open_failed, timeout=SOON_MS):
        window.open_path(path)
    with qtbot.waitSignal(window.explorer.open_failed, timeout=SOON_MS):
        qtbot.mouseClick(window.message.action_buttons[1], Qt.MouseButton.LeftButton)
    assert "no output is a picture" in window.message.text()
    assert [button.text() for button in window.message.action_buttons] == ["How the model is read…"]


def test_other_failures_offer_nothing_to_set(window, qtbot, tmp_path):
    """A file that is no model has no reading to set."""
    (tmp_path / "no.onnx").write_bytes(b"<html>")
    with qtbot.waitSignal(window.explorer.open_failed, timeout=SOON_MS):
        window.open_path(tmp_path / "no.onnx")
    assert window.message.isVisible()
    assert not window.message.action_buttons
