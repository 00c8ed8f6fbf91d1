"""The rows of a model's further inputs."""

import pytest

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
