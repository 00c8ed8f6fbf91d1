"""Layer presets: named choices of the plane's visible layers and their opacities. No Qt."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from desktop.base.structure import strict_converter, structure
from desktop.base.words import NAME_CHARS, one_line
from desktop.view.state import START_LAYERS, START_OPACITIES, Layer, Opacities, ViewState

MOST_PRESETS = 32


@dataclass(frozen=True)
class LayerPreset:
    """A named choice of layers and opacities."""

    name: str
    layers: frozenset[Layer]
    opacities: Opacities = START_OPACITIES

    def applied(self, state: ViewState) -> ViewState:
        """The state with these layers."""
        return replace(state, layers=self.layers, opacities=self.opacities)


MAPS = frozenset({Layer.DENSITY, Layer.HOLES, Layer.PRIOR})
OWN_IMAGE = frozenset({Layer.ENCODED, Layer.TRUE_POSTERIOR})
BUILT_IN = (
    LayerPreset("Pictures and points", START_LAYERS),
    LayerPreset("Pictures alone", OWN_IMAGE | {Layer.BACKDROP}, Opacities(backdrop=1.0)),
    LayerPreset("Points alone", START_LAYERS - {Layer.BACKDROP}),
    LayerPreset("Density and holes", MAPS | OWN_IMAGE | {Layer.BACKDROP}, Opacities(backdrop=0.3)),
)


def preset_of(state: ViewState, name: str) -> LayerPreset:
    """The layers and opacities of a state as a preset with this name."""
    return LayerPreset(one_line(name.strip(), NAME_CHARS), state.layers, state.opacities)


def with_preset(presets: Sequence[LayerPreset], preset: LayerPreset) -> list[LayerPreset]:
    """The presets with another one, which replaces one of the same name; only the last MOST_PRESETS stay."""
    others = [other for other in presets if other.name != preset.name]
    return [*others, preset][-MOST_PRESETS:]


def presets_to_json(presets: Sequence[LayerPreset]) -> list[Any]:
    """The presets as JSON values."""
    return [CONVERTER.unstructure(preset) for preset in presets]


def presets_from_json(data: object) -> list[LayerPreset]:
    """The presets that `presets_to_json` wrote; damaged ones are left out."""
    found: list[LayerPreset] = []
    for entry in data if isinstance(data, list) else []:
        try:
            preset = structure(CONVERTER, entry, LayerPreset)
        except ValueError:
            continue
        found = with_preset(found, replace(preset, name=one_line(preset.name, NAME_CHARS)))
    return found


CONVERTER = strict_converter()
