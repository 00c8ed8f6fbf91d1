"""Presets of layers in the View menu, and the sliders of their opacities."""

from dataclasses import replace

from desktop.view.layer_presets import BUILT_IN
from desktop.view.state import Layer, Opacities
from desktop.widgets.common import settings
from desktop.widgets.controls.presets_menu import PresetsMenu


def entry(menu, text):
    """The entry with this text."""
    return next(action for action in menu.actions() if action.text() == text)


def test_layers_are_shown_saved_and_removed(open_window, make_bundle, labelled_posterior):
    """A preset changes layers and opacities in one step; a saved one is there at the next start."""
    window = open_window(make_bundle(posterior=labelled_posterior, labels=("a", "b", "c")))
    menu, explorer = window.presets_menu, window.explorer
    before = explorer.state
    entry(menu, "Density and holes").trigger()
    assert explorer.state == BUILT_IN[3].applied(before)
    window.history.undo.trigger()
    assert explorer.state == before
    slider = window.panel.view.opacities[Layer.POINTS]
    slider.setValue(30)
    assert explorer.state == replace(before, opacities=replace(before.opacities, points=0.3))
    entry(menu, "&Save as a preset…").trigger()
    menu.dialog.setTextValue("mine & yours")
    menu.dialog.accept()
    (saved,) = settings.layer_presets()
    assert (saved.name, saved.opacities) == ("mine & yours", replace(Opacities(), points=0.3))
    explorer.set_state(before)
    later = PresetsMenu(explorer, window)
    entry(later, "mine && yours").trigger()
    assert explorer.state.opacities.points == 0.3
    assert slider.value() == 30
    entry(entry(later, "&Remove").menu(), "mine && yours").trigger()
    assert settings.layer_presets() == []
