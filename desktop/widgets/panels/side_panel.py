"""The panel beside the plane: the picture at the cursor, the canvas for your image, and sections below."""

from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QImage, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from desktop.view.state import ViewState
from desktop.widgets.common.folding_sections import FoldingSections
from desktop.widgets.common.picture_pair import PicturePair
from desktop.widgets.common.steady_scroll import SteadyScroll
from desktop.widgets.common.theme import GRID_PX
from desktop.widgets.panels.image_panel import AT_CURSOR, RECONSTRUCTION
from desktop.widgets.panels.path_panel import PathPanel
from desktop.widgets.panels.picture_panel import PicturePanel
from desktop.widgets.panels.view_panel import ViewPanel

LEAST_WIDTH_PX, WIDTH_PX = 312, 352
# The order from the top down, whichever control adds its section first.
SECTIONS = ("inputs", "image", "view", "points", "bookmarks", "path", "z", "directions")
SHOWN, HIDDEN = "shown", "hidden"
OPEN_AT_FIRST = ("view",)
PICTURES_SHARE = 0.36  # of the panel's height, at most


class SidePanel(QWidget):
    """Holds the pictures, which are always in view, and the sections, and shows a ViewState in them.

    Attributes:
        picture: the picture at the cursor with its inputs.
        sections: the sections, which can be folded.
        scroll_area: the area in which the sections scroll.
    """

    switched = Signal(bool)  # whether the panel is shown now

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._is_shown = True
        self.setMinimumWidth(LEAST_WIDTH_PX)
        self._state: ViewState | None = None
        self.picture = PicturePanel()
        self.view = ViewPanel()
        self.path = PathPanel()
        self.sections = FoldingSections(SECTIONS)
        self.add_section("view", "View", self.view)
        self.add_section("path", "Path", self.path)
        self.scroll_area = SteadyScroll(self.sections.all)
        self._pair = PicturePair(self.picture.picture)
        self._drawing_title = QLabel()
        self._drawing_title.setTextFormat(Qt.TextFormat.PlainText)
        self._picture_title = QLabel(AT_CURSOR)
        self._tools = QVBoxLayout()
        self._lay_out()

    def _lay_out(self) -> None:
        titles, pictures, above = QHBoxLayout(), QVBoxLayout(), QVBoxLayout()
        titles.setSpacing(GRID_PX)
        titles.addWidget(self._picture_title, 1)
        titles.addWidget(self._drawing_title, 1)
        pictures.setSpacing(GRID_PX // 2)
        pictures.addLayout(titles)
        pictures.addWidget(self._pair)
        above.setContentsMargins(GRID_PX, GRID_PX, GRID_PX, GRID_PX)
        above.setSpacing(GRID_PX)
        above.addLayout(pictures)
        above.addLayout(self._tools)
        above.addWidget(self.picture)
        self.scroll_area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.scroll_area.setVerticalScrollBarPolicy(
            Qt.ScrollBarPolicy.ScrollBarAlwaysOn
        )  # so that nothing moves sideways
        self.scroll_area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inside = QWidget()
        self.scroll_area.setWidget(inside)
        self._scrolled = QVBoxLayout(inside)
        self._scrolled.setContentsMargins(GRID_PX, 0, GRID_PX // 2, GRID_PX)
        self._scrolled.setSpacing(GRID_PX)
        self._scrolled.addWidget(self.sections)
        self._scrolled.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(above)
        layout.addWidget(self._edge())
        layout.addWidget(self.scroll_area, 1)

    def _edge(self) -> QWidget:
        """Return a line that is visible while the sections are scrolled down."""
        line = QFrame()
        line.setObjectName("section_line")
        line.setFixedHeight(1)
        room = line.sizePolicy()
        room.setRetainSizeWhenHidden(True)
        line.setSizePolicy(room)
        line.hide()
        self.scroll_area.verticalScrollBar().valueChanged.connect(lambda top_px: line.setVisible(top_px > 0))
        return line

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Limit the pictures' height, which leaves most of it to the sections."""
        self._pair.set_most_height(round(PICTURES_SHARE * self.height()))

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll the sections from anywhere on the panel."""
        QApplication.sendEvent(self.scroll_area.verticalScrollBar(), event)

    def set_shown(self, is_shown: bool) -> None:
        """Show or hide the whole panel."""
        self._is_shown = is_shown
        self.setVisible(is_shown)
        self.switched.emit(is_shown)

    def saved_text(self) -> str:
        """Return whether the panel is shown."""
        return SHOWN if self._is_shown else HIDDEN

    def restore_text(self, text: str) -> None:
        """Show or hide the panel as it was at the end of the last session."""
        self.set_shown(text != HIDDEN)

    def add_above_sections(self, widget: QWidget) -> None:
        """Add a widget that scrolls with the sections, above them."""
        self._scrolled.insertWidget(self._scrolled.indexOf(self.sections), widget)

    def add_section(self, key: str, title: str, section: QWidget, tip: str = "") -> None:
        """Add a section that can be folded."""
        self.sections.add(key, title, section, is_open=key in OPEN_AT_FIRST, tip=tip)

    def show_section(self, section: QWidget | str) -> None:
        """Open a section, given by its body or its key, and scroll to it; a hidden panel stays hidden.

        This is for actions elsewhere in the window, such as selecting on the plane.
        """
        for each in self.sections.all():
            if section in (each.key, each.body):
                self.sections.show_key(each.key)

    def reveal(self, section: QWidget | str) -> None:
        """Show a section, and the panel if it is hidden."""
        if not self._is_shown:
            self.set_shown(True)
        self.show_section(section)

    def set_canvas(self, canvas: QWidget, tools: QWidget) -> None:
        """Add the canvas for your own image beside the picture, with its tools below."""
        self._canvas_tools = tools
        self._pair.set_second(canvas)
        self._tools.addWidget(tools)
        self.show_canvas("")

    def show_reconstruction(self, image: QImage | None) -> None:
        """Show the reconstruction beside your image, or with None the picture at the cursor again."""
        self._picture_title.setText(AT_CURSOR if image is None else RECONSTRUCTION)
        self.picture.show_reconstruction(image)

    @property
    def picture_title(self) -> str:
        """The title of the picture beside the canvas."""
        return self._picture_title.text()

    def show_canvas(self, title: str) -> None:
        """Show the canvas under a title that invites people to draw; an empty title hides the canvas."""
        self._drawing_title.setText(title)
        self._drawing_title.setVisible(bool(title))
        self._canvas_tools.setVisible(bool(title))
        self._pair.set_pair(bool(title))

    def set_image_shape(self, height_px: int, width_px: int) -> None:
        """Give the pictures the room that their shape needs."""
        self._pair.set_shape(height_px, width_px)

    @property
    def has_canvas(self) -> bool:
        """Whether the canvas is shown, because the model can use a drawing."""
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
