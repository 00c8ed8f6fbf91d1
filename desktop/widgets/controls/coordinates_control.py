"""The section of the cursor's coordinates, wired to the explorer."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from desktop.latent.kl import kl_nats
from desktop.view.state import ViewState
from desktop.widgets.panels.coordinates_panel import CoordinatesPanel

if TYPE_CHECKING:
    from desktop.widgets.main_window import MainWindow


class CoordinatesControl(QObject):
    """Adds the section and keeps it and the state together."""

    def __init__(self, window: "MainWindow") -> None:
        super().__init__(window)
        self._explorer = window.explorer
        self.panel = CoordinatesPanel()
        window.panel.add_section("z", self.panel)
        sections = window.panel.sections
        sections.setTabToolTip(sections.indexOf(self.panel), "The cursor's coordinates on sliders")
        self.panel.coordinate_wanted.connect(self._go)
        self._explorer.opened.connect(self._on_opened)
        self._explorer.model_changed.connect(self._on_opened)
        self._explorer.state_changed.connect(self._on_state)

    def _on_opened(self) -> None:
        model, posterior = self._explorer.model, self._explorer.posterior
        if model is not None:
            kl = kl_nats(posterior) if posterior is not None and len(posterior.mean) else None
            self.panel.set_model(model.latent_dim, kl)
            self.panel.set_z(self._explorer.state.z)

    def _on_state(self, state: ViewState) -> None:
        self.panel.set_z(state.z)

    def _go(self, dimension: int, value: float) -> None:
        state = self._explorer.state
        z = (*state.z[:dimension], value, *state.z[dimension + 1 :])
        self._explorer.set_state(state.moved_to(z))
