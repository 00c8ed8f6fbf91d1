"""Connects the section of the cursor's coordinates to the explorer."""

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QMenu

from desktop.app.explorer import Explorer
from desktop.latent.kl import kl_nats
from desktop.latent.z_maps import MapShape, map_shape
from desktop.models.source import Source
from desktop.reading.reading import Layout
from desktop.view.state import ViewState
from desktop.widgets.common.commands import add_button, add_choice_menu
from desktop.widgets.panels.coordinates_panel import CoordinatesPanel
from desktop.widgets.panels.side_panel import SidePanel


class CoordinatesControl(QObject):
    """Adds the section "z" and keeps it in step with the state.

    The changes between `stroke_began` and `stroke_ended` are one step that can be undone.
    """

    stroke_began = Signal()
    stroke_ended = Signal()

    def __init__(self, explorer: Explorer, side_panel: SidePanel, draw: QMenu) -> None:
        super().__init__(side_panel)
        self._explorer = explorer
        self.panel = CoordinatesPanel()
        side_panel.add_section("z", "z", self.panel, "Set the cursor's coordinates.")
        self.panel.coordinate_wanted.connect(self._go)
        maps = self.panel.maps
        maps.z_wanted.connect(lambda z: explorer.set_state(explorer.state.moved_to(z)))
        draw.addSeparator()
        add_choice_menu(draw, "&Brush on the maps of z", maps.tool, [maps])
        add_button(draw, "Paint on a&ll maps of z", maps.all_channels, within=[maps])
        maps.stroke_began.connect(self.stroke_began)
        maps.stroke_ended.connect(self.stroke_ended)
        self._explorer.opened.connect(self._on_opened)
        self._explorer.model_changed.connect(self._on_opened)
        self._explorer.state_changed.connect(self._on_state)

    def _on_opened(self) -> None:
        explorer = self._explorer
        latent_dim, posterior, source = explorer.latent_dim, explorer.points.encoded, explorer.source
        if latent_dim is not None and source is not None:
            kl = kl_nats(posterior) if posterior is not None and len(posterior.mean) else None
            self.panel.set_model(latent_dim, kl, explorer.points.encoded_words)
            self.panel.set_maps(maps_in(source), explorer.prior.reach)
            self._on_state(explorer.state)

    def _on_state(self, state: ViewState) -> None:
        self.panel.set_z(state.z, state.viewport.span)

    def _go(self, dimension: int, value: float) -> None:
        state = self._explorer.state
        self._explorer.set_state(state.moved_to(state.z.with_number(dimension, value)))


def maps_in(source: Source) -> MapShape | None:
    """The shape of the maps that a decoder takes as z; None if z is a vector, or so small that sliders do.

    A bundle's graphs take z as a row of numbers; its manifest may say which shape these numbers have.
    """
    reading, bundle = source.reading, source.bundle
    sizes = [size for size in reading.z_shape if size is not None] if bundle is None else bundle.latent_shape
    return map_shape(sizes, is_channel_last=reading.layout is Layout.NHWC)
