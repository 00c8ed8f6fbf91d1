"""Presets of layers are applied, kept by name, and read even from damaged data."""

from dataclasses import replace

import pytest

from desktop.view.layer_presets import (
    BUILT_IN,
    MOST_PRESETS,
    LayerPreset,
    preset_of,
    presets_from_json,
    presets_to_json,
    with_preset,
)
from desktop.view.state import Layer, Opacities, ViewState
from desktop.view.state_json import state_from_dict, state_to_dict

STATE = ViewState(layers=frozenset({Layer.PRIOR, Layer.DENSITY}), opacities=Opacities(density=0.4))


@pytest.mark.parametrize("preset", BUILT_IN)
def test_a_preset_sets_layers_and_opacities_alone(preset):
    """Everything else of the view stays."""
    state = ViewState(epoch=3, pinned=(4,))
    found = preset.applied(state)
    assert (found.layers, found.opacities) == (preset.layers, preset.opacities)
    assert replace(found, layers=state.layers, opacities=state.opacities) == state


def test_what_is_saved_comes_back():
    """Presets survive JSON; their names become one line."""
    presets = [preset_of(STATE, "  mine\nand yours "), *BUILT_IN]
    assert presets_from_json(presets_to_json(presets)) == presets
    assert presets[0].name == r"mine\nand yours"
    assert presets[0].applied(ViewState()).opacities.of(Layer.DENSITY) == 0.4


def test_a_name_is_there_once_and_there_are_only_so_many():
    """A new preset replaces the one with the same name."""
    presets = with_preset(
        [LayerPreset("a", frozenset()), LayerPreset("b", frozenset())], preset_of(STATE, "a")
    )
    assert [preset.name for preset in presets] == ["b", "a"]
    for number in range(40):
        presets = with_preset(presets, preset_of(STATE, str(number)))
    assert len(presets) == MOST_PRESETS
    assert presets[-1].name == "39"


@pytest.mark.parametrize("data", [None, 3, [3], [{"name": 3}], [{"name": "a", "layers": ["prior"]}, "x"]])
def test_what_is_damaged_is_left_out(data):
    """Good entries stay."""
    assert [preset.name for preset in presets_from_json(data)] in ([], ["a"])


def test_the_decoded_plane_is_opaque_unless_something_lies_over_it_or_its_opacity_is_set():
    """Points and maps lie over it if there are points and the layers are shown."""
    bare = ViewState(layers=frozenset({Layer.BACKDROP, Layer.PRIOR}))
    pale = ViewState().opacity(Layer.BACKDROP, has_points=True)
    assert pale < 0.7
    assert ViewState().opacity(Layer.BACKDROP, has_points=False) == 1.0
    assert bare.opacity(Layer.BACKDROP, has_points=True) == 1.0
    for layer in (Layer.POINTS, Layer.DENSITY, Layer.HOLES):
        assert bare.with_layer(layer, True).opacity(Layer.BACKDROP, has_points=True) == pale
    chosen = replace(bare, opacities=bare.opacities.with_layer(Layer.BACKDROP, 0.62))
    assert chosen.opacity(Layer.BACKDROP, has_points=False) == 0.62
    assert state_from_dict(state_to_dict(bare), 2) == bare


@pytest.mark.parametrize(("opacity", "shown"), [(-1.0, 0.0), (0.3, 0.3), (7.0, 1.0)])
def test_an_opacity_is_drawn_within_its_range(opacity, shown):
    """A layer without an opacity of its own is opaque."""
    opacities = Opacities().with_layer(Layer.POINTS, opacity)
    assert opacities.of(Layer.POINTS) == shown
    assert opacities.of(Layer.PRIOR) == 1.0
