"""The progress of a plane of slow pictures, in the status bar, with a button that pauses it."""

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QPushButton, QStatusBar, QWidget

from desktop.app.tile_decoder import TileDecoder
from desktop.jobs.cost import Progress
from desktop.widgets.common.actions import add_action
from desktop.widgets.common.commands import name_command
from desktop.widgets.common.usable import set_usable

PAUSE, RESUME = "Pause decoding the plane", "Resume decoding the paused plane"
NOTHING_TO_PAUSE = "No plane is being decoded."
PAUSE_TIP, RESUME_TIP = "Decode no more pictures of the plane for now.", "Decode the rest of the plane."


class PlaneProgressBar(QWidget):
    """The status bar's part for it; hidden unless a plane takes so long that people wait for it.

    Attributes:
        action: the menu's entry that does the same as the button, once `add_to` has made it.
    """

    def __init__(self, tiles: TileDecoder, bar: QStatusBar) -> None:
        super().__init__()
        self._tiles = tiles
        self.label = QLabel()
        self.pause = QPushButton()
        self.pause.clicked.connect(self._switch)
        self.action: QAction | None = None
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.label)
        layout.addWidget(self.pause)
        tiles.progressed.connect(self.show_progress)
        tiles.paused_changed.connect(self._show_paused)
        bar.addPermanentWidget(self)
        self._show_paused()
        self.hide()

    def add_to(self, menu: QMenu) -> None:
        """Add the entry to a menu, for the keyboard."""
        self.action = add_action(menu, PAUSE, None, self._switch)
        name_command(self.action, self.pause)
        self._show_paused()

    def show_progress(self, progress: Progress | None) -> None:
        """Show how many pictures are decoded and how long the others take; None hides the widget."""
        self.setVisible(progress is not None)
        if progress is not None:
            self.label.setText(f"plane: {progress.in_words()}")
        self._show_paused()

    def _switch(self) -> None:
        self._tiles.set_paused(not self._tiles.is_paused)

    def _show_paused(self) -> None:
        is_paused = self._tiles.is_paused
        self.pause.setText("Resume" if is_paused else "Pause")
        self.pause.setToolTip(RESUME_TIP if is_paused else PAUSE_TIP)
        if self.action is not None:
            self.action.setText(RESUME if is_paused else PAUSE)
            set_usable(self.action, "" if is_paused or not self.isHidden() else NOTHING_TO_PAUSE)
