"""Every layer has a key, and a menu entry that shows whether it is on."""

import pytest
from PySide6.QtCore import Qt

from desktop.view.state import Layer

# The bundle has no encoder, so it has no posterior of one's own image.
THERE = [layer for layer in Layer if layer is not Layer.ENCODED]


@pytest.fixture
def window(open_window, make_bundle, labelled_posterior):
    return open_window(make_bundle(posterior=labelled_posterior, labels=("a", "b", "c")))


@pytest.mark.parametrize("layer", THERE)
def test_a_digit_switches_a_layer(window, qtbot, layer):
    """It shows and hides the layer; menu and panel follow, and the status bar says what happened."""
    number = list(Layer).index(layer) + 1
    was_on = layer in window.explorer.state.layers
    for expected in (not was_on, was_on):
        qtbot.keyClick(window.plane, Qt.Key(Qt.Key.Key_0 + number % 10))
        assert (layer in window.explorer.state.layers) == expected
        assert window.layers_menu.entries[layer].isChecked() == expected
        assert window.panel.view.layers[layer].isChecked() == expected
        told = window.statusBar().currentMessage()
        assert told.endswith(
            f"shown, {number % 10} hides it" if expected else f"hidden, {number % 10} shows it"
        )


def test_a_digit_that_is_typed_is_no_switch(window, qtbot):
    """A digit that is typed into the field for z stays a digit."""
    layers = window.explorer.state.layers
    window.panel.picture.z.setFocus()
    window.panel.picture.z.selectAll()
    qtbot.keyClicks(window.panel.picture.z, "1, 2")
    assert window.panel.picture.z.text() == "1, 2"
    assert window.explorer.state.layers == layers


def test_without_held_out_images_their_layers_cannot_be_switched(open_window, make_bundle):
    """The decoded plane, the prior and the bookmarks are always there."""
    entries = open_window(make_bundle()).layers_menu.entries
    enabled = {layer for layer, entry in entries.items() if entry.isEnabled()}
    assert enabled == {Layer.BACKDROP, Layer.PRIOR, Layer.TRUE_POSTERIOR, Layer.BOOKMARKS}


def test_what_a_model_cannot_have_cannot_be_switched(open_window, make_bundle):
    """In three dimensions there is no true posterior; panel and menu agree, and the panel says why."""
    window = open_window(make_bundle(latent_dim=3))
    box = window.panel.view.layers[Layer.TRUE_POSTERIOR]
    assert not window.layers_menu.entries[Layer.TRUE_POSTERIOR].isEnabled()
    assert not box.isEnabled()
    assert "two latent dimensions" in box.toolTip()
