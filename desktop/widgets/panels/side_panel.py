"""The panel beside the plane: the picture at the cursor, and sections in tabs below it."""

from dataclasses import replace

from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop.view.state import ViewState
from desktop.widgets.common.keyed_tabs import KeyedTabs
from desktop.widgets.panels.path_panel import PathPanel
from desktop.widgets.panels.picture_panel import PicturePanel
from desktop.widgets.panels.view_panel import ViewPanel

WIDTH_PX = 316


class SidePanel(QWidget):
    """Holds the picture and the sections, and passes the ViewState on to them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedWidth(WIDTH_PX)
        self._state: ViewState | None = None
        self.picture = PicturePanel()
        self.view = ViewPanel()
        self.path = PathPanel()
        self.sections = KeyedTabs()
        self.sections.setDocumentMode(True)
        self.add_section("view", "View", self.view)
        self.add_section("path", "Path", self.path)
        layout = QVBoxLayout(self)
        layout.addWidget(self.picture)
        layout.addWidget(self.sections, 1)

    def add_section(self, key: str, title: str, section: QWidget) -> None:
        """Add a tab below the picture."""
        self.sections.add(key, title, section)

    def show_section(self, section: QWidget) -> None:
        """Bring a section to the front."""
        self.sections.setCurrentWidget(section)

    def set_model(self, latent_dim: int, label_names: tuple[str, ...], has_points: bool) -> None:
        """Adapt the controls to another model."""
        self._state = None
        self.picture.set_latent_dim(latent_dim)
        self.view.set_model(latent_dim, label_names, has_points)

    def set_state(self, state: ViewState) -> None:
        """Show a state."""
        old, self._state = self._state, state
        self.picture.set_state(state)
        if old is not None and replace(old, z=state.z, viewport=state.viewport) == state:
            return  # a drag changes nothing else, so the sections need no new layout
        self.view.set_state(state)
