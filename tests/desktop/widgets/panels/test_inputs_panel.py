"""The rows of a model's further inputs."""

import pytest
from PySide6.QtCore import Qt

from desktop.reading.input_values import InputValue
from desktop.reading.reading import OtherInput
from desktop.widgets.panels.inputs_panel import InputsPanel


@pytest.mark.parametrize(
    ("name", "most"), [("truncation", 1), ("Trunc_cutoff", 1), ("psi", 1), ("style_psi", 1), ("epsilon", 2)]
)
def test_only_a_truncation_goes_from_0_to_1(qtbot, name, most):
    """A truncation is recognized by its name; "epsilon" is none, although it contains "psi"."""
    panel = InputsPanel()
    qtbot.addWidget(panel)
    panel.set_inputs([OtherInput(name, "float32", (), 0.5)])
    slider = panel.sliders[name]
    slider.setValue(slider.maximum())
    with qtbot.waitSignal(panel.value_wanted) as heard:
        slider.valueChanged.emit(slider.maximum())
    assert heard.args == [name, most]


@pytest.mark.parametrize(
    ("text", "other", "words"),
    [
        ("12", OtherInput("label", "int64", (), 3, most=9), "found “12” for label, expected a whole number"),
        ("-1", OtherInput("label", "int64", (), 3, most=9), "a whole number from 0 to 9"),
        ("1e9", OtherInput("psi", "float32", (), 3), "“1e9” for psi, expected a number from −1,000,000"),
    ],
)
def test_a_number_out_of_range_is_told_once_with_what_is_allowed(qtbot, text, other, words):
    """The number before stays, whether Return or another field ends the typing."""
    panel = InputsPanel()
    qtbot.addWidget(panel)
    panel.set_inputs([other])
    panel.show_values((InputValue(other.name, 3),))
    panel.show()
    panel.activateWindow()
    qtbot.waitUntil(panel.isActiveWindow)
    box = panel.boxes[other.name]
    told = []
    panel.refused.connect(told.append)
    for leave in (lambda: qtbot.keyClick(box, Qt.Key.Key_Return), box.clearFocus):
        told.clear()
        box.setFocus()
        box.selectAll()
        qtbot.keyClicks(box, text)
        assert told == []
        leave()
        assert len(told) == 1
        assert words in told[0]
        assert box.value() == 3
