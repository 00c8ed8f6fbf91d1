"""The picture follows each choice in the dialog; OK keeps the choices, Cancel and Esc go back."""

import numpy as np
import pytest
from onnx import helper
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QLabel

from desktop.reading.input_values import InputValue
from desktop.reading.reading import ValueRange
from desktop.reading.saved_overrides import saved_overrides
from tests.desktop.foreign_models import FLOAT, conditional, decoder, encoder
from tests.desktop.widgets.reading_fields import choose, set_text
from tests.waiting import SOON_MS

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


@pytest.fixture
def window(bare_window):
    """A window with an open bare decoder of logits."""
    return bare_window


@pytest.fixture
def dialog(reading_dialog):
    """The dialog, opened by its shortcut."""
    return reading_dialog


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
    with qtbot.waitSignal(window.explorer.open_failed, timeout=SOON_MS):
        set_text(dialog, "image-shape", "1, 9, 9", qtbot, Qt.Key.Key_Tab)
    assert "no output is a picture with image shape 1, 9, 9" in dialog._error.text()
    assert "--" not in dialog._error.text()
    assert dialog._error.isVisible()
    assert dialog.fields["image-shape"].text() == "1, 8, 10"
    assert window.explorer.source.reading.image_shape == (1, 8, 10)


def test_the_encoder_is_set_there_and_further_inputs_are_not(open_window, qtbot, tmp_path, monkeypatch):
    """The encoder is set by its file; values set in the panel stay, even if all parts are guessed again."""
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


def test_esc_goes_back_as_the_dialog_says(window, dialog, qtbot):
    """The text beside the picture says what OK keeps, and what Cancel and Esc do."""
    said = " ".join(label.text() for label in dialog.findChildren(QLabel))
    assert "OK keeps your choices for this file; Cancel, or Esc, goes back" in said
    with qtbot.waitSignal(window.explorer.opened, timeout=SOON_MS):
        choose(dialog.fields["range"], ValueRange.UNIT.value, qtbot)
    with qtbot.waitSignal(window.explorer.opened, timeout=SOON_MS):
        qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert window.explorer.source.reading.value_range is ValueRange.LOGITS
    assert saved_overrides(window.explorer.source.sha256) == {}


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
