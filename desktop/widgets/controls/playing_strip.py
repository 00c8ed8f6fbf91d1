"""A pause button in the status bar while the path plays, because the panel may be hidden or folded."""

from PySide6.QtWidgets import QHBoxLayout, QLabel, QStatusBar, QWidget

from desktop.widgets.common.buttons import push_button
from desktop.widgets.controls.path_player import PathPlayer


class PlayingStrip(QWidget):
    """Says that the path plays, with the pause button; hidden otherwise."""

    def __init__(self, player: PathPlayer, bar: QStatusBar) -> None:
        super().__init__()
        tip = "Pause the path (Space on the plane); Play continues from there."
        self.pause = push_button("Pause", tip, icon="pause")
        self.pause.clicked.connect(player.stop)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(QLabel("Playing the path"))
        layout.addWidget(self.pause)
        player.running_changed.connect(self.setVisible)
        bar.addPermanentWidget(self)
        self.hide()
