"""The dialog shows what is certain and what is a guess, and the picture follows each choice."""

from dataclasses import replace

import imageio.v3 as imageio
import numpy as np
import pytest
from onnx import helper
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QFileDialog, QLabel

from desktop.latent.prior import NORMAL, Prior, PriorKind
from desktop.reading.input_values import InputValue
from desktop.reading.reading import ValueRange
from desktop.reading.saved_overrides import saved_overrides
from desktop.view.first_view import first_view
from tests.desktop.foreign_models import FLOAT, conditional, decoder, encoder, graph
from tests.desktop.hostile_models import endless_loop
from tests.waiting import SOON_MS

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


@pytest.fixture
def window(open_window, tmp_path):
    """A window with an open bare decoder of logits."""
    return open_window(decoder(tmp_path / "model.onnx", last="", scale=5.0))


@pytest.fixture
def dialog(window, qtbot):
    """The dialog, opened by its shortcut."""
    qtbot.keyClick(window.plane, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
    yield window.reading.dialog
    if window.reading.dialog is not None:
        window.reading.dialog.done(0)


def choose(box, text, qtbot):
    """Choose an entry with the keyboard, as a person would."""
    box.setFocus()
    index = box.findText(text)
    assert index >= 0
    key = Qt.Key.Key_Down if index > box.currentIndex() else Qt.Key.Key_Up
    for _ in range(abs(index - box.currentIndex())):
        qtbot.keyClick(box, key)


def known(dialog):
    """Return what the dialog says about each part: option to "certain", "a guess" or "set by you"."""
    said = {}
    for option, field in dialog.fields.items():
        labels = field.parentWidget().findChildren(QLabel)
        beside = [w for w in labels if abs(w.geometry().center().y() - field.geometry().center().y()) < 4]
        said[option] = next((w.text() for w in beside if w.geometry().left() > field.geometry().left()), "")
    return said


def test_a_guess_is_said_when_the_model_opens(window, qtbot):
    """The bar above the plane says it without blocking anything, and a button opens the reading."""
    assert window.message.isVisible()
    assert "model.onnx was read with guesses: value range" in window.message.text()
    (review,) = window.message.action_buttons
    assert review.text() == "Review…"
    qtbot.mouseClick(review, Qt.MouseButton.LeftButton)
    assert window.reading.dialog.isVisible()
    window.reading.dialog.close()


def test_every_part_says_how_well_it_is_known(window, dialog, qtbot):
    """It is certain, a guess or, after a choice, set by the user."""
    qtbot.waitUntil(lambda: known(dialog).get("range") == "a guess", timeout=SOON_MS)
    assert known(dialog)["layout"] == known(dialog)["image-shape"] == known(dialog)["output"] == "certain"
    with qtbot.waitSignal(window.explorer.opened, timeout=SOON_MS):
        choose(dialog.fields["range"], ValueRange.SIGNED.value, qtbot)
    qtbot.waitUntil(lambda: known(dialog).get("range") == "set by you", timeout=SOON_MS)


def test_the_picture_changes_as_one_chooses_and_the_cursor_stays(window, dialog, qtbot, gray):
    """The same z is read differently, in the window and in the dialog; Cancel restores it."""
    z = window.explorer.state.at((0.5, 0.7)).z
    with qtbot.waitSignal(window.explorer.picture_decoded, timeout=SOON_MS):
        window.explorer.set_state(window.explorer.state.at((0.5, 0.7)))
    before = gray(window.panel.picture.picture.image())
    with qtbot.waitSignal(window.explorer.picture_decoded, timeout=SOON_MS):
        choose(dialog.fields["range"], ValueRange.UNIT.value, qtbot)
    after = gray(window.panel.picture.picture.image())
    assert window.explorer.source.reading.value_range is ValueRange.UNIT
    assert window.explorer.state.z == z
    assert (after != before).any()
    assert np.array_equal(gray(dialog.picture.image()), after)
    with qtbot.waitSignal(window.explorer.picture_decoded, timeout=SOON_MS):
        dialog.cancel.click()
    assert np.array_equal(gray(window.panel.picture.picture.image()), before)
    assert window.reading.dialog is None
    assert saved_overrides(window.explorer.source.sha256) == {}


def test_a_kept_choice_is_there_when_the_file_is_opened_again(window, dialog, qtbot, tmp_path):
    """All parts can be reset to guesses."""
    with qtbot.waitSignal(window.explorer.opened, timeout=SOON_MS):
        choose(dialog.fields["range"], ValueRange.UNIT.value, qtbot)
    dialog.ok.click()
    with qtbot.waitSignal(window.explorer.opened, timeout=SOON_MS):
        window.open_path(tmp_path / "model.onnx")
    assert window.explorer.source.reading.value_range is ValueRange.UNIT
    assert not window.message.isVisible()
    window.reading.open_dialog()
    with qtbot.waitSignal(window.explorer.opened, timeout=SOON_MS):
        window.reading.dialog.guess_again.click()
    assert window.explorer.source.reading.value_range is ValueRange.LOGITS
    window.reading.dialog.done(0)


def test_overrides_that_do_not_fit_are_told_in_the_dialog(window, dialog, qtbot):
    """The error names the field; the open model stays, and the field shows its actual value again."""
    line = dialog.fields["image-shape"]
    line.setFocus()
    line.selectAll()
    qtbot.keyClicks(line, "1, 9, 9")
    with qtbot.waitSignal(window.explorer.open_failed, timeout=SOON_MS):
        qtbot.keyClick(line, Qt.Key.Key_Tab)
    assert "no output is a picture with image shape 1, 9, 9" in dialog._error.text()
    assert "--" not in dialog._error.text()
    assert dialog._error.isVisible()
    assert dialog.fields["image-shape"].text() == "1, 8, 10"
    assert window.explorer.source.reading.image_shape == (1, 8, 10)


def test_the_encoder_is_set_there_and_further_inputs_are_not(open_window, qtbot, tmp_path, monkeypatch):
    """The encoder by its file; what the panel has set stays as it is, also if all parts are guessed again."""
    window = open_window(conditional(tmp_path / "model.onnx"))
    window.explorer.change(inputs=(InputValue("label", 1),))
    window.reading.open_dialog()
    dialog = window.reading.dialog
    assert not any(option.startswith("set ") for option in dialog.fields)
    path = encoder(tmp_path / "mine.onnx")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", staticmethod(lambda *_: (str(path), "")))
    with qtbot.waitSignal(window.explorer.opened, timeout=SOON_MS):
        dialog.fields["encoder"].click()
    assert window.explorer.source.encoder_reading.mean_output == "z_mean"
    assert window.explorer.source.overrides == {"set label": "1", "encoder": str(path)}
    with qtbot.waitSignal(window.explorer.opened, timeout=SOON_MS):
        dialog.guess_again.click()
    assert window.explorer.source.overrides == {"set label": "1"}
    assert window.explorer.state.inputs[0].value == 1
    dialog.done(0)


def test_tab_goes_on_to_the_next_field_after_a_value_was_typed(window, dialog, qtbot):
    """The fields are made anew meanwhile; what was begun in the next one is not lost."""
    line = dialog.fields["batch"]
    line.setFocus()
    line.selectAll()
    qtbot.keyClicks(line, "2")
    with qtbot.waitSignal(window.explorer.opened, timeout=SOON_MS):
        qtbot.keyClick(line, Qt.Key.Key_Tab)
    assert dialog.fields["output"].hasFocus()
    line = dialog.fields["image-shape"]
    line.setFocus()
    with qtbot.waitSignal(window.explorer.opened, timeout=SOON_MS):
        window.reading.dialog._set_override("range", "unit")
        line.selectAll()
        qtbot.keyClicks(line, "1, 8")
    assert dialog.fields["image-shape"].hasFocus()
    assert dialog.fields["image-shape"].text() == "1, 8"


def test_esc_goes_back_as_the_dialog_says(window, dialog, qtbot):
    """The words beside the picture say what OK keeps, and what Cancel and Esc do."""
    said = " ".join(label.text() for label in dialog.findChildren(QLabel))
    assert "OK keeps your choices for this file; Cancel, or Esc, goes back" in said
    with qtbot.waitSignal(window.explorer.opened, timeout=SOON_MS):
        choose(dialog.fields["range"], ValueRange.UNIT.value, qtbot)
    with qtbot.waitSignal(window.explorer.opened, timeout=SOON_MS):
        qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert window.explorer.source.reading.value_range is ValueRange.LOGITS
    assert saved_overrides(window.explorer.source.sha256) == {}


def test_a_bundle_has_nothing_to_read(open_window, make_bundle):
    """The menu entry is grey."""
    window = open_window(make_bundle())
    assert not window.reading.action.isEnabled()
    window.reading.open_dialog()
    assert window.reading.dialog is None


def test_a_model_that_hangs_holds_up_nothing(window, qtbot, tmp_path):
    """While a stranger's file is tried, the open model still decodes; then a message says why it failed."""
    path = tmp_path / "hangs.onnx"
    path.write_bytes(endless_loop())
    order = []
    window.explorer.picture_decoded.connect(lambda _: order.append("picture"))
    window.explorer.open_failed.connect(lambda *_: order.append("message"))
    with qtbot.waitSignal(window.explorer.open_failed, timeout=SOON_MS):
        window.open_path(path)
        window.explorer.set_state(window.explorer.state.at((1.0, 1.0)))
    assert order == ["picture", "message"]
    assert "its trial took longer than" in window.message.text()
    assert window.windowTitle() == "model — Latent Plane"
    with qtbot.waitSignal(window.explorer.picture_decoded, timeout=SOON_MS):
        window.explorer.set_state(window.explorer.state.at((0.0, 1.0)))


def test_a_dropped_picture_takes_the_cursor_to_its_mean(open_window, qtbot, tmp_path, bundle_path):
    """A dropped decoder output is thresholded and encoded; a file that is no picture is refused."""
    window = open_window(bundle_path)
    with qtbot.waitSignal(window.explorer.picture_decoded, timeout=SOON_MS):
        window.explorer.set_state(window.explorer.state.at((1.0, -0.5)))
    picture = window.picture_control.picture
    imageio.imwrite(tmp_path / "a.png", picture)
    mean, _ = window.explorer._opened.model.encode((picture[None, None] > 127).astype(np.float32))

    def drop(path):
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(path))])
        copy, no_keys = Qt.DropAction.CopyAction, Qt.KeyboardModifier.NoModifier
        window.event(QDropEvent(QPointF(50, 50), copy, data, Qt.MouseButton.LeftButton, no_keys))

    with qtbot.waitSignal(window.explorer.picture_decoded, timeout=SOON_MS):
        drop(tmp_path / "a.png")
    assert window.explorer.state.z == pytest.approx(mean[0], abs=1e-3)
    (tmp_path / "b.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(30))
    with qtbot.waitSignal(window.explorer.failed, timeout=SOON_MS):
        drop(tmp_path / "b.png")
    assert "found a damaged picture" in window.message.text()


def test_the_number_of_dimensions_is_there_where_the_model_leaves_it_open(open_window, tmp_path):
    """It can be set only if the model leaves it open."""
    window = open_window(decoder(tmp_path / "model.onnx", z_shape=["N", "d"], latent_dim=4))
    window.reading.open_dialog()
    dialog = window.reading.dialog
    assert dialog.fields["latent-dim"].text() == "4"
    assert dialog.fields["latent-dim"].isEnabled()
    dialog.done(0)


def test_numbers_that_are_none_are_said(open_window, qtbot, tmp_path):
    """Pictures that turn into NaN far from the middle are drawn black, and a note says so."""
    window = open_window(decoder(tmp_path / "model.onnx", last="Sqrt", scale=0.01, shift=0.5))
    with qtbot.waitSignal(window.explorer.picture_decoded, timeout=SOON_MS):
        window.explorer.set_state(window.explorer.state.at((500.0, 500.0)))
    assert "NaN in 1 of 1 pictures, drawn as 0" in window.message.text()


def set_text(dialog, option, text, qtbot):
    """Type into a field and leave it with Enter."""
    line = dialog.fields[option]
    line.setFocus()
    line.selectAll()
    qtbot.keyClicks(line, text)
    qtbot.keyClick(line, Qt.Key.Key_Return)


def test_what_the_file_settles_cannot_be_set_and_everything_else_can(open_window, tmp_path):
    """Every part is shown; those without a choice are grey."""
    window = open_window(decoder(tmp_path / "model.onnx", z_shape=[4, 5], latent_dim=5))
    window.reading.open_dialog()
    dialog = window.reading.dialog
    decoders = {"z-input", "latent-dim", "batch", "output", "layout", "image-shape", "range"}
    assert set(dialog.fields) == decoders | {"prior", "prior numbers", "encoder", "no encoder"}
    assert (dialog.fields["latent-dim"].text(), dialog.fields["batch"].text()) == ("5", "4")
    assert not dialog.fields["latent-dim"].isEnabled()
    assert not dialog.fields["batch"].isEnabled()
    dialog.done(0)


def test_a_free_batch_can_be_fixed_and_freed_again(window, dialog, qtbot):
    """Some graphs declare any batch size but cannot run it."""
    with qtbot.waitSignal(window.explorer.opened, timeout=SOON_MS):
        set_text(dialog, "batch", "2", qtbot)
    assert window.explorer.source.reading.batch == 2
    with qtbot.waitSignal(window.explorer.opened, timeout=SOON_MS):
        set_text(dialog, "batch", "any", qtbot)
    assert window.explorer.source.reading.batch is None
    assert window.explorer.source.overrides == {}


def test_a_map_of_open_sides_is_set_by_its_sizes(open_window, qtbot, tmp_path):
    """The sides need not be equal."""
    path = decoder(tmp_path / "model.onnx", z_shape=["N", 2, "h", "w"], latent_dim=32)
    window = open_window(path)
    assert window.explorer.source.reading.z_shape == (None, 2, 4, 4)
    window.reading.open_dialog()
    dialog = window.reading.dialog
    assert dialog.fields["z-shape"].text() == "2, 4, 4"
    with qtbot.waitSignal(window.explorer.opened, timeout=SOON_MS):
        set_text(dialog, "z-shape", "2, 2, 8", qtbot)
    assert window.explorer.source.reading.z_shape == (None, 2, 2, 8)
    dialog.done(0)


def test_a_conditional_encoder_shares_its_class_with_the_decoder(open_window, qtbot, tmp_path):
    """The class is set once for both, and the encoder can be removed."""
    more = [helper.make_tensor_value_info("cond", FLOAT, ["N", 10])]
    path = decoder(tmp_path / "decoder.onnx", more_inputs=more)
    encoder(tmp_path / "encoder.onnx", more_inputs=more)
    window = open_window(path)
    window.reading.open_dialog()
    dialog = window.reading.dialog
    window.inputs.panel.boxes["cond"].setValue(1)
    source = window.explorer.source
    assert source.reading.other_inputs[0].value == source.encoder_reading.other_inputs[0].value == 1
    with qtbot.waitSignal(window.explorer.opened, timeout=SOON_MS):
        dialog.fields["no encoder"].click()
    assert window.explorer.source.encoder_reading is None
    assert not dialog.fields["no encoder"].isEnabled()
    dialog.done(0)


def test_a_model_without_a_reading_is_set_by_hand(window, qtbot, tmp_path):
    """The message has a button; overrides add up until the model opens and its picture is shown."""
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
    """One click tries, and says what is missing; the dialog is one more click away."""
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


def test_the_prior_is_told_and_set(open_window, tmp_path, qtbot):
    """It is a guess until it is chosen; its numbers can be typed, and the view follows."""
    window = open_window(decoder(tmp_path / "model.onnx", latent_dim=20, metadata={}))
    assert "guesses: prior" in window.message.text()
    window.reading.open_dialog()
    dialog = window.reading.dialog
    assert (dialog.fields["prior"].currentText(), dialog.fields["prior numbers"].text()) == ("Normal", "1")
    qtbot.waitUntil(lambda: known(dialog).get("prior") == "a guess", timeout=SOON_MS)
    with qtbot.waitSignal(window.explorer.opened, timeout=SOON_MS):
        choose(dialog.fields["prior"], "Uniform", qtbot)
    qtbot.waitUntil(lambda: known(dialog).get("prior") == "set by you", timeout=SOON_MS)
    assert window.explorer.state == replace(
        first_view(20, Prior(PriorKind.UNIFORM)), layers=window.explorer.state.layers
    )
    assert dialog.fields["prior numbers"].text() == "−1,1"
    with qtbot.waitSignal(window.explorer.opened, timeout=SOON_MS):
        set_text(dialog, "prior numbers", "0, 3", qtbot)
    assert window.explorer.prior == Prior(PriorKind.UNIFORM, 1.5, 1.5)
    with qtbot.waitSignal(window.explorer.opened, timeout=SOON_MS):
        dialog.cancel.click()
    assert window.explorer.prior == NORMAL


def test_numbers_that_make_no_prior_are_told(open_window, tmp_path, qtbot):
    """The prior stays as it was, and the dialog says what it expects."""
    window = open_window(decoder(tmp_path / "model.onnx"))
    window.reading.open_dialog()
    dialog = window.reading.dialog
    with qtbot.waitSignal(window.explorer.open_failed, timeout=SOON_MS):
        set_text(dialog, "prior numbers", "wide", qtbot)
    assert any("found 'normal:wide' for the prior" in label.text() for label in dialog.findChildren(QLabel))
    assert dialog.fields["prior numbers"].text() == "1"
    dialog.done(0)
