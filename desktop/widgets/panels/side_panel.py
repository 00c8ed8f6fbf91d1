"""The panel beside the plane: the picture at the cursor, the canvas for your own, and sections below them."""

from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from desktop.view.state import ViewState
from desktop.widgets.common.folding_sections import FoldingSections
from desktop.widgets.common.square_pair import SquarePair
from desktop.widgets.common.steady_scroll import SteadyScroll
from desktop.widgets.common.theme import GRID_PX
from desktop.widgets.panels.path_panel import PathPanel
from desktop.widgets.panels.picture_panel import PicturePanel
from desktop.widgets.panels.view_panel import ViewPanel

LEAST_WIDTH_PX, WIDTH_PX = 312, 352
# From the top down, whichever control adds its own first.
SECTIONS = ("image", "view", "points", "bookmarks", "path", "z", "directions")
OPEN_AT_FIRST = ("view",)


class SidePanel(SteadyScroll):
    """Holds the picture and the sections, and passes the ViewState on to them.

    Attributes:
        picture: the picture at the cursor with its inputs.
        sections: what can be folded.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(lambda: self.sections.all(), parent)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)  # so that nothing jumps
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setMinimumWidth(LEAST_WIDTH_PX)
        self._state: ViewState | None = None
        self.picture = PicturePanel()
        self.view = ViewPanel()
        self.path = PathPanel()
        self.sections = FoldingSections(SECTIONS)
        self.add_section("view", "View", self.view)
        self.add_section("path", "Path", self.path)
        self._pair = SquarePair(self.picture.picture)
        self._drawing_title = QLabel()
        self._drawing_title.setTextFormat(Qt.TextFormat.PlainText)
        self._tools = QVBoxLayout()
        self._titles = QHBoxLayout()
        self._titles.setSpacing(GRID_PX)
        self._titles.addWidget(QLabel("At the cursor"), 1)
        self._titles.addWidget(self._drawing_title, 1)
        inside = QWidget()
        self.setWidget(inside)
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(GRID_PX, GRID_PX, GRID_PX // 2, GRID_PX)
        layout.setSpacing(GRID_PX)
        pictures = QVBoxLayout()
        pictures.setSpacing(GRID_PX // 2)
        pictures.addLayout(self._titles)
        pictures.addWidget(self._pair)
        layout.addLayout(pictures)
        layout.addLayout(self._tools)
        layout.addWidget(self.picture)
        layout.addWidget(self.sections)
        layout.addStretch(1)

    def add_section(self, key: str, title: str, section: QWidget, tip: str = "") -> None:
        """Add a section that can be folded."""
        self.sections.add(key, title, section, is_open=key in OPEN_AT_FIRST, tip=tip)

    def show_section(self, section: QWidget) -> None:
        """Open a section and scroll to it."""
        self.sections.show_body(section)

    def set_canvas(self, canvas: QWidget, tools: QWidget) -> None:
        """Give the canvas for your own image its place beside the picture, with its tools below."""
        self._canvas_tools = tools
        self._pair.set_second(canvas)
        self._tools.addWidget(tools)
        self.show_canvas("")

    def show_canvas(self, title: str) -> None:
        """Show the canvas under a title that invites to draw; with an empty one, hide it."""
        self._drawing_title.setText(title)
        self._drawing_title.setVisible(bool(title))
        self._canvas_tools.setVisible(bool(title))
        self._pair.set_pair(bool(title))

    @property
    def has_canvas(self) -> bool:
        """Whether there is a canvas to draw on, because the model can do something with a picture."""
        return not self._canvas_tools.isHidden()

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
