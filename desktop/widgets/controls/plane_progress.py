"""How far a plane of slow pictures is, in the status bar, with a button that pauses it."""

from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QStatusBar, QWidget

from desktop.app.tile_decoder import TileDecoder
from desktop.jobs.cost import Progress


class PlaneProgressBar(QWidget):
    """Hidden unless a plane takes so long that one waits for it."""

    def __init__(self, tiles: TileDecoder, bar: QStatusBar) -> None:
        super().__init__()
        self._tiles = tiles
        self.label = QLabel()
        self.pause = QPushButton("Pause")
        self.pause.setCheckable(True)
        self.pause.setToolTip("Decode no more pictures of the plane until you press this again.")
        self.pause.toggled.connect(tiles.set_paused)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.label)
        layout.addWidget(self.pause)
        tiles.progressed.connect(self.show_progress)
        bar.addPermanentWidget(self)
        self.hide()

    def show_progress(self, progress: Progress | None) -> None:
        """Show how many pictures are there and how long the others take; hide for None."""
        self.setVisible(progress is not None)
        if progress is not None:
            self.label.setText(f"plane: {progress.in_words()}")
