"""The points of a path have the inputs that they were added with; playing and films blend them."""

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QApplication

from desktop.base.vector import Vector
from desktop.jobs.thumbnails import thumbnails
from desktop.reading.input_values import InputValue, taken
from desktop.view.state_json import state_from_dict, state_to_dict
from desktop.widgets.dialogs.command_palette import commands_of
from tests.desktop.foreign_models import conditional
from tests.waiting import SOON_MS

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
ALL, CHOSEN = (f"Path › Use the current inputs for {what}" for what in ("all points", "the chosen point"))


def labels(window):
    """The class of each point of the path."""
    return [each[0].value for each in window.explorer.state.path_inputs]


def test_each_point_has_the_class_that_it_was_added_with(open_window, qtbot, tmp_path):
    """The list shows the class, going to a point sets it, playing blends it, and commands change it."""
    window = open_window(conditional(tmp_path / "model.onnx", one_hot=True))
    explorer, panel = window.explorer, window.panel.path

    def set_label(value):
        explorer.change(inputs=taken(explorer.inputs, (InputValue("label", value),)))

    for label, z in ((1, (-1.0, 0.0)), (1, (0.0, 1.0)), (3, (1.0, 0.0))):
        set_label(label)
        window.path_control.append(Vector(z))
    assert labels(window) == [1, 1, 3]
    assert [panel.points.item(row, 1).text() for row in range(3)] == ["label 1", "label 1", "label 3"]
    assert "its own inputs" in panel._inputs.text()
    qtbot.waitUntil(lambda: explorer.worker.is_idle, timeout=SOON_MS)

    window.path_control._go_to(0)
    assert explorer.state.inputs[0] == InputValue("label", 1)
    assert "moving the cursor" in window.history.undo.text()
    window.history.undo.trigger()
    assert explorer.state.inputs[0].value == 3

    window.path_control._insert(2, Vector((0.75, 0.25)))
    here = explorer.state.path_inputs[2][0]
    assert dict(here.mix) == pytest.approx({1: 0.25, 3: 0.75}, abs=0.01)
    assert explorer.state.inputs[0] == here
    window.history.undo.trigger()
    assert labels(window) == [1, 1, 3]

    window.path_control._play_or_pause()
    window.path_control._on_played(0.75)
    window.path_control.player.stop()
    half = explorer.state.inputs[0]
    assert dict(half.mix) == pytest.approx({1: 0.5, 3: 0.5})
    assert explorer.state.z.array.tolist() == pytest.approx([0.5, 0.5])
    with qtbot.waitSignal(explorer.picture_decoded, timeout=SOON_MS) as shown:
        explorer.change(z=Vector((0.25, 0.5)))
    ((_, pictures),) = thumbnails(explorer.decoder, np.float32([(0.25, 0.5)]))
    assert np.abs(shown.args[0].probabilities - pictures[0]).max() < 1e-5
    assert labels(window) == [1, 1, 3]
    assert state_from_dict(state_to_dict(explorer.state)) == explorer.state

    box = window.inputs.panel.boxes["label"]
    window.inputs._edit("label")
    assert box.text() == "1 · 50 %"
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert (explorer.state.inputs[0], box.text()) == (InputValue("label", 1), "1")

    commands = {command.text: command.action for command in commands_of(window)}
    set_label(2)
    window.path_control._chosen = 1
    window.path_control._show()
    commands[CHOSEN].trigger()
    assert labels(window) == [1, 2, 3]
    commands[ALL].trigger()
    assert labels(window) == [2, 2, 2]
    assert panel.points.columnCount() == 1
    assert "The whole path is decoded with label 2" in panel._inputs.text()
    assert not commands[ALL].isEnabled()
    window.history.undo.trigger()
    assert labels(window) == [1, 2, 3]

    window.path_control._go_to(1)
    place = panel.points.visualItemRect(panel.points.item(2, 1)).center()
    qtbot.mouseClick(panel.points.viewport(), Qt.MouseButton.RightButton, pos=place)
    right = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, panel.points.mapToGlobal(place))
    QApplication.sendEvent(panel.points.viewport(), right)
    menu = QApplication.activePopupWidget()
    entries = {entry.text(): entry for entry in menu.actions()}
    assert "Point 3 of the path" in entries
    entries["Use the current &inputs here"].trigger()
    assert labels(window) == [1, 2, 2]
    menu.close()


def test_a_path_of_bookmarks_has_the_classes_of_these(open_window, qtbot, tmp_path):
    """No message says any more that the whole path has one class."""
    window = open_window(conditional(tmp_path / "model.onnx"))
    explorer = window.explorer
    for label, z in ((2, (-1.0, 0.0)), (0, (1.0, 0.0))):
        inputs = taken(explorer.inputs, (InputValue("label", label),))
        explorer.change(inputs=inputs, z=Vector(z))
        window.bookmarks._add()
    window.bookmarks._make_path(2.0)
    assert labels(window) == [2, 0]
    assert window.panel.path.points.item(0, 1).text() == "label 2"
    qtbot.waitUntil(lambda: explorer.worker.is_idle, timeout=SOON_MS)


def test_a_path_on_one_place_goes_from_class_to_class(open_window, qtbot, tmp_path):
    """Two bookmarks of the same z with different classes are a path; it is played, and can be a film."""
    window = open_window(conditional(tmp_path / "model.onnx", one_hot=True))
    explorer = window.explorer
    for label in (1, 3):
        explorer.change(inputs=taken(explorer.inputs, (InputValue("label", label),)))
        window.bookmarks._add()
    window.bookmarks._make_path(2.0)
    assert window.panel.path.strip.item(0).text() == "2.0 s →"
    window.path_control._play_or_pause()
    window.path_control._on_played(0.25)
    window.path_control.player.stop()
    assert dict(explorer.state.inputs[0].mix) == pytest.approx({1: 0.75, 3: 0.25})
    assert window.message.text() == ""
    qtbot.waitUntil(lambda: explorer.worker.is_idle, timeout=SOON_MS)
