"""Every layer has a key, and a menu entry that shows whether it is on."""

import pytest
from PySide6.QtCore import Qt

from desktop.view.state import Layer
from desktop.widgets.panels.view_panel import NEED_POINTS


@pytest.fixture
def window(open_window, make_bundle, labelled_posterior):
    return open_window(make_bundle(posterior=labelled_posterior, labels=("a", "b", "c")))


@pytest.mark.parametrize("layer", Layer)
def test_a_digit_switches_a_layer(window, qtbot, layer):
    """It shows and hides the layer, in menu and panel too."""
    number = list(Layer).index(layer) + 1
    was_on = layer in window.explorer.state.layers
    for expected in (not was_on, was_on):
        qtbot.keyClick(window.plane, Qt.Key(Qt.Key.Key_0 + number))
        assert (layer in window.explorer.state.layers) == expected
        assert window.layers_menu.entries[layer].isChecked() == expected
        assert window.panel.view.layers[layer].isChecked() == expected


def test_a_digit_that_is_typed_is_no_switch(window, qtbot):
    """A digit that is typed into the field for z stays a digit."""
    layers = window.explorer.state.layers
    window.panel.picture.z.setFocus()
    window.panel.picture.z.selectAll()
    qtbot.keyClicks(window.panel.picture.z, "1, 2")
    assert window.panel.picture.z.text() == "1, 2"
    assert window.explorer.state.layers == layers


def test_without_held_out_images_their_layers_cannot_be_switched(open_window, make_bundle):
    """The decoded plane and the prior are always there."""
    entries = open_window(make_bundle()).layers_menu.entries
    assert {layer for layer, entry in entries.items() if not entry.isEnabled()} == set(NEED_POINTS)
    assert entries[Layer.BACKDROP].isEnabled()
    assert entries[Layer.PRIOR].isEnabled()
