"""The path through clicked points, and its export as a GIF with progress and cancel."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from desktop.state import ViewState

MAX_FRAMES = 2000
MAX_FPS = 50


class PathPanel(QWidget):
    """Says what the person wants done with the path."""

    add_wanted = Signal()
    remove_wanted = Signal()
    clear_wanted = Signal()
    closed_wanted = Signal(bool)
    gif_wanted = Signal(int, int)
    cancel_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._count = QLabel()
        self._count.setWordWrap(True)
        self.add = QPushButton("Add point")
        self.add.setToolTip("Add the cursor to the path (P); or Shift-click on the plane")
        self.remove = QPushButton("Remove last")
        self.clear = QPushButton("Clear")
        self.frames = _spin("Frames in all", 2, MAX_FRAMES, 60)
        self.fps = _spin("Frames a second", 1, MAX_FPS, 20)
        self.closed = QCheckBox("Return to the first point")
        self.save = QPushButton("Save as GIF…")
        self.progress = QProgressBar()
        self.progress.setRange(0, 100)
        self.cancel = QPushButton("Cancel")

        self.add.clicked.connect(self.add_wanted)
        self.remove.clicked.connect(self.remove_wanted)
        self.clear.clicked.connect(self.clear_wanted)
        self.cancel.clicked.connect(self.cancel_wanted)
        self.closed.clicked.connect(self.closed_wanted)
        self.save.clicked.connect(lambda: self.gif_wanted.emit(self.frames.value(), self.fps.value()))

        buttons = QHBoxLayout()
        for button in (self.add, self.remove, self.clear):
            buttons.addWidget(button)
        form = QFormLayout()
        form.addRow("Frames", self.frames)
        form.addRow("Frames a second", self.fps)
        running = QHBoxLayout()
        running.addWidget(self.progress, 1)
        running.addWidget(self.cancel)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 6, 0, 0)
        layout.addWidget(self._count)
        layout.addLayout(buttons)
        layout.addLayout(form)
        layout.addWidget(self.closed)
        layout.addWidget(self.save)
        layout.addLayout(running)
        layout.addStretch(1)
        self.set_state(ViewState())
        self.set_progress(None)

    def set_state(self, state: ViewState) -> None:
        """Show how many points there are; a GIF needs two."""
        count = len(state.path)
        self.closed.setChecked(state.path_closed)
        hint = (
            "Shift-click on the plane to add points." if count == 0 else f"{count} point{'s' * (count > 1)}"
        )
        self._count.setText(hint)
        self.remove.setEnabled(count > 0)
        self.clear.setEnabled(count > 0)
        self.save.setEnabled(count > 1)

    def set_progress(self, share: float | None) -> None:
        """Show how much of the GIF is done, or with None that none is being made."""
        running = share is not None
        self.progress.setVisible(running)
        self.cancel.setVisible(running)
        self.save.setVisible(not running)
        if share is not None:
            self.progress.setValue(round(100 * share))


def _spin(name: str, low: int, high: int, value: int) -> QSpinBox:
    spin = QSpinBox()
    spin.setRange(low, high)
    spin.setValue(value)
    spin.setAccessibleName(name)
    return spin
