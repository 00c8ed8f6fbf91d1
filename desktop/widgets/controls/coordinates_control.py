"""Connects the section of the cursor's coordinates to the explorer."""

from PySide6.QtCore import QObject

from desktop.app.explorer import Explorer
from desktop.latent.kl import kl_nats
from desktop.view.state import ViewState
from desktop.widgets.panels.coordinates_panel import CoordinatesPanel
from desktop.widgets.panels.side_panel import SidePanel


class CoordinatesControl(QObject):
    """Adds the section "z" and keeps it in step with the state."""

    def __init__(self, explorer: Explorer, side_panel: SidePanel) -> None:
        super().__init__(side_panel)
        self._explorer = explorer
        self.panel = CoordinatesPanel()
        side_panel.add_section("z", "z", self.panel)
        sections = side_panel.sections
        sections.setTabToolTip(sections.indexOf(self.panel), "Set the cursor's coordinates with sliders.")
        self.panel.coordinate_wanted.connect(self._go)
        self._explorer.opened.connect(self._on_opened)
        self._explorer.model_changed.connect(self._on_opened)
        self._explorer.state_changed.connect(self._on_state)

    def _on_opened(self) -> None:
        latent_dim, posterior = self._explorer.latent_dim, self._explorer.encoded
        if latent_dim is not None:
            kl = kl_nats(posterior) if posterior is not None and len(posterior.mean) else None
            self.panel.set_model(latent_dim, kl, self._explorer.encoded_words)
            self.panel.set_z(self._explorer.state.z)

    def _on_state(self, state: ViewState) -> None:
        self.panel.set_z(state.z)

    def _go(self, dimension: int, value: float) -> None:
        state = self._explorer.state
        z = (*state.z[:dimension], value, *state.z[dimension + 1 :])
        self._explorer.set_state(state.moved_to(z))
