"""The panel beside the plane: the picture, its z, the layers and the path."""

from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from desktop.latent_plane import format_z, parse_z
from desktop.state import PictureMode, ViewState
from desktop.widgets.legend import Legend
from desktop.widgets.path_panel import PathPanel
from desktop.widgets.picture_view import PictureView

WIDTH_PX = 316
PICTURE_PX = 298


class SidePanel(QWidget):
    """Shows a ViewState and the decoded picture; says what the person wants by signals."""

    z_typed = Signal(object)
    mode_wanted = Signal(object)
    axes_wanted = Signal(int, int)
    principal_wanted = Signal()
    through_path_wanted = Signal()
    backdrop_wanted = Signal(bool)
    points_wanted = Signal(bool)
    copy_wanted = Signal()
    save_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedWidth(WIDTH_PX)
        self._latent_dim = 2
        self._state: ViewState | None = None
        self.picture = PictureView(PICTURE_PX)
        self.picture.setFixedHeight(PICTURE_PX)
        self.picture.setAccessibleName("Decoded picture")
        self.mode = QComboBox()
        self.mode.addItems([mode.value for mode in PictureMode])
        self.mode.setAccessibleName("How the picture is drawn")
        self.copy = QPushButton("Copy")
        self.save = QPushButton("Save…")
        self.z = QLineEdit()
        self.z.setAccessibleName("z")
        self.z.setToolTip("The cursor's z: type or paste numbers, Return moves there")
        self.z_error = QLabel()
        self.z_error.setWordWrap(True)
        self.z_error.setTextFormat(Qt.TextFormat.PlainText)
        self.z_error.setStyleSheet("color: #d9534f;")
        self.z_error.hide()
        self.right, self.up = QSpinBox(), QSpinBox()
        self.principal = QPushButton("Principal")
        self.principal.setToolTip("The plane of the two directions along which the held-out means vary most")
        self.through_path = QPushButton("Through path")
        self.through_path.setToolTip("The plane through the path's last three points")
        self.axes = QWidget()
        self.backdrop = QCheckBox("Decoded plane")
        self.points = QCheckBox("Held-out images by label")
        self.legend = Legend()
        self.path = PathPanel()

        self.mode.textActivated.connect(lambda text: self.mode_wanted.emit(PictureMode(text)))
        self.copy.clicked.connect(self.copy_wanted)
        self.save.clicked.connect(self.save_wanted)
        self.z.returnPressed.connect(self._z_entered)
        self.z.textEdited.connect(self.z_error.hide)
        self.backdrop.clicked.connect(self.backdrop_wanted)
        self.points.clicked.connect(self.points_wanted)
        self.principal.clicked.connect(self.principal_wanted)
        self.through_path.clicked.connect(self.through_path_wanted)
        for spin in (self.right, self.up):
            spin.valueChanged.connect(lambda: self.axes_wanted.emit(self.right.value(), self.up.value()))
        self._lay_out()

    def set_model(self, latent_dim: int, label_names: tuple[str, ...], has_points: bool) -> None:
        """Fit the controls to another model."""
        self._state = None
        self._latent_dim = latent_dim
        self.legend.set_labels(label_names if has_points else ())
        self.points.setEnabled(has_points)
        self.axes.setVisible(latent_dim > 2)
        self.principal.setEnabled(has_points)
        for spin in (self.right, self.up):
            spin.blockSignals(True)
            spin.setRange(0, latent_dim - 1)
            spin.blockSignals(False)

    def set_state(self, state: ViewState) -> None:
        """Show a state."""
        old, self._state = self._state, state
        if not self.z.hasFocus() or not self.z.isModified():
            self.z.setText(format_z(state.z))
            self.z.setCursorPosition(0)
            self.z_error.hide()
        for spin, axis in zip((self.right, self.up), state.plane.axes or (), strict=False):
            spin.blockSignals(True)
            spin.setValue(axis)
            spin.blockSignals(False)
        if old is not None and replace(old, z=state.z, viewport=state.viewport) == state:
            return  # a drag: the rest would be laid out anew for nothing
        self.mode.setCurrentText(state.picture_mode.value)
        self.backdrop.setChecked(state.show_backdrop)
        self.points.setChecked(state.show_points)
        self.legend.set_hidden(state.hidden_labels)
        self.path.set_point_count(len(state.path))
        self.through_path.setEnabled(len(state.path) > 2)

    def _z_entered(self) -> None:
        try:
            z = parse_z(self.z.text(), self._latent_dim)
        except ValueError as error:
            self.z_error.setText(str(error))
            self.z_error.show()
            return
        self.z.setModified(False)
        self.z_error.hide()
        self.z_typed.emit(z)

    def _lay_out(self) -> None:
        above = QHBoxLayout()
        above.addWidget(self.mode, 1)
        above.addWidget(self.copy)
        above.addWidget(self.save)
        z_row = QFormLayout()
        z_row.addRow("z", self.z)
        in_axes = QVBoxLayout(self.axes)
        in_axes.setContentsMargins(0, 0, 0, 0)
        axes_row, planes_row = QHBoxLayout(), QHBoxLayout()
        in_axes.addLayout(axes_row)
        in_axes.addLayout(planes_row)
        planes_row.addWidget(self.principal)
        planes_row.addWidget(self.through_path)
        for name, spin in (("Right z", self.right), ("Up z", self.up)):
            axes_row.addWidget(QLabel(name))
            axes_row.addWidget(spin, 1)
            spin.setAccessibleName(f"{name}: dimension")
        layers = QGroupBox("Layers")
        in_layers = QVBoxLayout(layers)
        in_layers.addWidget(self.backdrop)
        in_layers.addWidget(self.points)
        in_layers.addWidget(self.legend)
        layout = QVBoxLayout(self)
        layout.addWidget(self.picture)
        layout.addLayout(above)
        layout.addLayout(z_row)
        layout.addWidget(self.z_error)
        layout.addWidget(self.axes)
        layout.addWidget(layers)
        layout.addWidget(self.path)
        layout.addStretch(1)
