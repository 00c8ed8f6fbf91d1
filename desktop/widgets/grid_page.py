"""A page that shows n × n pictures, of prior samples or of the manifold grid, and saves them."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSpinBox, QVBoxLayout, QWidget

from desktop.widgets.picture_view import PictureView

MAX_SIDE = 64
MAX_SEED = 2**31 - 1


class GridPage(QWidget):
    """Controls above a large picture.

    Args:
        n: pictures a side to begin with.
        seeded: whether there is a seed, and a button for the next one.
        hint: one line that says what is shown.
    """

    wanted = Signal()
    save_wanted = Signal(int)
    cell_clicked = Signal(int)

    def __init__(self, n: int, seeded: bool, hint: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.n = QSpinBox()
        self.n.setRange(1, MAX_SIDE)
        self.n.setValue(n)
        self.n.setAccessibleName("Pictures a side")
        self.seed = QSpinBox()
        self.seed.setRange(0, MAX_SEED)
        self.seed.setAccessibleName("Seed of the samples")
        self.resample = QPushButton("Resample")
        self.resample.setToolTip("Draw new samples: the next seed")
        self.scale = QSpinBox()
        self.scale.setRange(1, 16)
        self.scale.setValue(2)
        self.scale.setSuffix(" ×")
        self.scale.setAccessibleName("Scale of the saved picture")
        self.save = QPushButton("Save as PNG…")
        self.save.setEnabled(False)
        self.view = PictureView(side_px=560, smooth=True)
        self.view.setAccessibleName(hint)

        self.n.valueChanged.connect(self.wanted)
        self.seed.valueChanged.connect(self.wanted)
        self.resample.clicked.connect(lambda: self.seed.setValue((self.seed.value() + 1) % MAX_SEED))
        self.save.clicked.connect(lambda: self.save_wanted.emit(self.scale.value()))
        self.view.clicked.connect(self._clicked)

        controls = QHBoxLayout()
        parts: list[QWidget] = [QLabel("Pictures a side"), self.n]
        if seeded:
            parts += [QLabel("Seed"), self.seed, self.resample]
        for part in parts:
            controls.addWidget(part)
        controls.addStretch(1)
        for part in (QLabel("Scale"), self.scale, self.save):
            controls.addWidget(part)
        caption = QLabel(hint)
        caption.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.addLayout(controls)
        layout.addWidget(caption)
        layout.addWidget(self.view, 1)

    def set_image(self, image: QImage | None) -> None:
        """Show the sheet, or nothing while there is none."""
        self.view.set_image(image)
        self.save.setEnabled(image is not None)

    def _clicked(self, x_share: float, y_share: float) -> None:
        n = self.n.value()
        column, row = min(n - 1, int(x_share * n)), min(n - 1, int(y_share * n))
        self.cell_clicked.emit(row * n + column)
