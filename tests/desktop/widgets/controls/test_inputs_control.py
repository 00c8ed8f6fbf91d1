"""The section "Inputs" sets a class and other inputs at once; the view, bookmarks and exports have them."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSlider

from desktop.app.saving import note_of, save_picture
from desktop.reading.input_values import InputValue
from desktop.reading.saved_overrides import saved_overrides
from desktop.view.comparison import Other
from desktop.widgets.dialogs.command_palette import commands_of
from tests.desktop.foreign_models import conditional, decoder
from tests.waiting import SOON_MS

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


def texts(window):
    """The texts of the command palette."""
    return {command.text for command in commands_of(window)}


def label_of(window):
    """The class that the view has."""
    return window.explorer.state.inputs[0].value


def test_a_class_is_set_at_once_and_is_part_of_all_that_is_kept(open_window, qtbot, tmp_path, gray):
    """Keys set it without opening the file again; undo, a bookmark and a saved picture bring it back."""
    window = open_window(conditional(tmp_path / "model.onnx"))
    explorer, control = window.explorer, window.inputs
    commands = {command.text: command for command in commands_of(window)}
    commands["View › Model inputs › Set label"].action.trigger()
    box = control.panel.boxes["label"]
    assert box.hasFocus()
    assert (box.minimum(), box.maximum()) == (0, 3)
    box.selectAll()
    qtbot.keyClicks(box, "12")
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert window.message.text() == "found “12” for label, expected a whole number from 0 to 3"
    assert (label_of(window), box.text()) == (0, "0")
    model = explorer.model
    opened = []
    explorer.opened.connect(opened.append)
    with qtbot.waitSignal(explorer.picture_decoded, timeout=SOON_MS):
        qtbot.keyClick(box, Qt.Key.Key_Up)
    qtbot.waitUntil(lambda: explorer.worker.is_idle, timeout=SOON_MS)
    assert not opened
    assert (label_of(window), control.panel.sliders["label"].value()) == (1, 1)
    assert explorer.model._decoder is model._decoder
    assert "setting an input" in window.history.undo.text()
    one = gray(window.panel.picture.picture.image())
    window.bookmarks._add()
    note = note_of(explorer, "picture")
    save_picture(explorer, tmp_path / "one.png", window.picture_control.picture, 2, note)
    with qtbot.waitSignal(explorer.picture_decoded, timeout=SOON_MS):
        control.panel.sliders["label"].setValue(3)
    qtbot.waitUntil(lambda: explorer.worker.is_idle, timeout=SOON_MS)
    assert (label_of(window), box.value()) == (3, 3)
    assert (gray(window.panel.picture.picture.image()) != one).any()
    for back in (
        lambda: window.history.undo.trigger(),
        lambda: window.bookmarks._go(0),
        lambda: window.files.open(tmp_path / "one.png"),
    ):
        if label_of(window) != 3:
            with qtbot.waitSignal(explorer.picture_decoded, timeout=SOON_MS):
                explorer.change(inputs=(InputValue("label", 3),))
        with qtbot.waitSignal(explorer.picture_decoded, timeout=SOON_MS):
            back()
        assert label_of(window) == 1
        assert (gray(window.panel.picture.picture.image()) == one).all()
    assert window.bookmarks.marks[0].picture
    assert saved_overrides(explorer.source.sha256) == {}, "the view has it, and not the reading of the file"


def test_a_class_that_the_model_refuses_is_said_and_the_one_before_stays(open_window, qtbot, tmp_path):
    """If the graph does not say which classes there are, a class is tried first."""
    window = open_window(conditional(tmp_path / "model.onnx", table=False))
    control, explorer = window.inputs, window.explorer
    assert "label" not in control.panel.sliders
    assert isinstance(control.panel.sliders["strength"], QSlider)
    with qtbot.waitSignal(explorer.state_changed, timeout=SOON_MS):
        control.panel.boxes["label"].setValue(2)
    assert label_of(window) == 2

    control.panel.boxes["label"].setValue(40)
    qtbot.waitUntil(lambda: "does not take label 40" in window.message.text(), timeout=SOON_MS)
    assert "it stays label 2, strength 1" in window.message.text()
    assert (label_of(window), control.panel.boxes["label"].value()) == (2, 2)


def test_what_is_changed_while_a_class_is_tried_stays(open_window, qtbot, tmp_path):
    """Another input keeps its new value. The tried value is set, unless its input was changed meanwhile."""
    window = open_window(conditional(tmp_path / "model.onnx", table=False))
    panel, explorer = window.inputs.panel, window.explorer
    panel.boxes["label"].setValue(2)
    panel.boxes["strength"].setValue(0.5)
    assert panel.boxes["label"].value() == 2, "the box shows what is tried"
    qtbot.waitUntil(lambda: label_of(window) == 2, timeout=SOON_MS)
    assert explorer.state.inputs[1].value == 0.5

    panel.boxes["label"].setValue(3)
    window.history.undo.trigger()
    assert (label_of(window), panel.boxes["label"].value()) == (0, 0)
    qtbot.waitUntil(lambda: explorer.worker.is_idle, timeout=SOON_MS)
    assert label_of(window) == 0
    assert window.history.redo.isEnabled(), "what was undone is not lost"


def test_a_model_without_further_inputs_has_no_section(open_window, qtbot, tmp_path):
    """It comes and goes with the models. Without an encoder, the menu Draw is hidden, too."""
    window = open_window(decoder(tmp_path / "plain.onnx"))
    section = window.panel.sections.section("inputs")
    assert not section.isVisible()
    assert not window.inputs.menu.menuAction().isVisible()
    shown = [entry.text() for entry in window.menuBar().actions() if entry.isVisible()]
    assert "&Path" in shown
    assert "&Draw" not in shown
    assert not {"View › Sections › Inputs", "View › Labels › Show all labels"} & texts(window)
    with qtbot.waitSignal(window.explorer.opened, timeout=SOON_MS):
        window.open_path(conditional(tmp_path / "model.onnx"))
    assert section.isVisible()
    assert section.is_open
    assert "View › Sections › Inputs" in texts(window)


def test_what_only_model_b_takes_is_set_where_b_is_read(open_window, qtbot, tmp_path):
    """The panel has the inputs of A; B's inputs of the same names follow them and have no fields."""
    window = open_window(decoder(tmp_path / "plain.onnx"))
    window.tabs.show_key("compare")
    second = window.compare.comparison.second
    path = conditional(tmp_path / "model.onnx")
    with qtbot.waitSignal(second.opened, timeout=SOON_MS):
        window.compare.comparison.open(Other(path, None))
    window.compare.reading.open_dialog()
    dialog = window.compare.reading.dialog
    with qtbot.waitSignal(second.opened, timeout=SOON_MS):
        dialog.fields["set label"].setValue(2)
    assert second.state.inputs[0] == InputValue("label", 2)
    assert second.model.source.reading.other_inputs[0].value == 2
    dialog.done(0)
    with qtbot.waitSignal(window.explorer.opened, timeout=SOON_MS):
        window.open_path(path)
    window.explorer.change(inputs=(InputValue("label", 1),))
    assert second.state.inputs[0] == InputValue("label", 1)
    window.compare.reading.open_dialog()
    assert not any(option.startswith("set ") for option in window.compare.reading.dialog.fields)
    window.compare.reading.dialog.done(0)
