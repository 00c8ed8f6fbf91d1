"""Each part of a reading has a field, which says how certain it is and what can be set."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from desktop.latent.prior import NORMAL, Prior, PriorKind
from desktop.reading.reading import ValueRange
from desktop.view.first_view import first_view
from tests.desktop.foreign_models import decoder
from tests.desktop.widgets.reading_fields import choose, known, set_text
from tests.waiting import SOON_MS

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


def test_every_part_says_how_well_it_is_known(bare_window, reading_dialog, qtbot):
    """A part is certain, a guess or, after a choice, set by the user."""
    window, dialog = bare_window, reading_dialog
    qtbot.waitUntil(lambda: known(dialog).get("range") == "a guess", timeout=SOON_MS)
    assert known(dialog)["layout"] == known(dialog)["image-shape"] == known(dialog)["output"] == "certain"
    with qtbot.waitSignal(window.explorer.opened, timeout=SOON_MS):
        choose(dialog.fields["range"], ValueRange.SIGNED.value, qtbot)
    qtbot.waitUntil(lambda: known(dialog).get("range") == "set by you", timeout=SOON_MS)


def test_tab_goes_on_to_the_next_field_after_a_value_was_typed(bare_window, reading_dialog, qtbot):
    """The fields are rebuilt meanwhile, but text typed into the next field is not lost."""
    window, dialog = bare_window, reading_dialog
    with qtbot.waitSignal(window.explorer.opened, timeout=SOON_MS):
        set_text(dialog, "batch", "2", qtbot, Qt.Key.Key_Tab)
    assert dialog.fields["output"].hasFocus()
    line = dialog.fields["image-shape"]
    line.setFocus()
    with qtbot.waitSignal(window.explorer.opened, timeout=SOON_MS):
        window.reading.dialog._set_override("range", "unit")
        line.selectAll()
        qtbot.keyClicks(line, "1, 8")
    assert dialog.fields["image-shape"].hasFocus()
    assert dialog.fields["image-shape"].text() == "1, 8"


def test_the_number_of_dimensions_is_there_where_the_model_leaves_it_open(open_window, tmp_path):
    """The field for it can be edited."""
    window = open_window(decoder(tmp_path / "model.onnx", z_shape=["N", "d"], latent_dim=4))
    window.reading.open_dialog()
    dialog = window.reading.dialog
    assert dialog.fields["latent-dim"].text() == "4"
    assert dialog.fields["latent-dim"].isEnabled()
    dialog.done(0)


def test_what_the_file_settles_cannot_be_set_and_everything_else_can(open_window, tmp_path):
    """Every part is shown; those that the file defines are disabled."""
    window = open_window(decoder(tmp_path / "model.onnx", z_shape=[4, 5], latent_dim=5))
    window.reading.open_dialog()
    dialog = window.reading.dialog
    decoders = {"z-input", "latent-dim", "batch", "output", "layout", "image-shape", "range"}
    assert set(dialog.fields) == decoders | {"prior", "prior numbers", "encoder", "no encoder"}
    assert (dialog.fields["latent-dim"].text(), dialog.fields["batch"].text()) == ("5", "4")
    assert not dialog.fields["latent-dim"].isEnabled()
    assert not dialog.fields["batch"].isEnabled()
    dialog.done(0)


def test_a_free_batch_can_be_fixed_and_freed_again(bare_window, reading_dialog, qtbot):
    """Some graphs declare any batch size but cannot run every size."""
    window, dialog = bare_window, reading_dialog
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


def test_the_prior_is_told_and_set(open_window, tmp_path, qtbot):
    """The prior is a guess until it is chosen; its numbers can be typed, and the view follows."""
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
