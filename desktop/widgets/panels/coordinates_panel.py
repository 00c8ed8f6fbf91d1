"""The cursor's coordinates, a slider and a box each: what the plane shows with the mouse, in numbers."""

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication, QPalette, QWheelEvent
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QDoubleSpinBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QScrollBar,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from desktop.base.arrays import Doubles
from desktop.latent.kl import COLLAPSED_NATS, by_kl

# More rows than a panel holds are scrolled through: only so many widgets are laid out at every drag.
ROWS = 8
SLIDER_REACH, SLIDER_STEPS = 4.0, 100  # to either side, in z; steps a unit
MAX_BOX = 1e9
STEP = 0.1
KL_HINT = (
    "Sorted by the rate of each dimension on the held-out images, in nats; "
    f"below {COLLAPSED_NATS:g} nats a dimension says nothing of the image, and is grey."
)
PLAIN_HINT = "In their own order: there are no held-out images to sort them by."


class CoordinatesPanel(QWidget):
    """Shows the cursor's z, one row a dimension; says by a signal which coordinate is wanted."""

    coordinate_wanted = Signal(int, float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._order: list[int] = [0, 1]
        self._kl: Doubles | None = None
        self._z: tuple[float, ...] = (0.0, 0.0)
        self._hint = QLabel(PLAIN_HINT)
        self._hint.setWordWrap(True)
        self._scroll = QScrollBar(Qt.Orientation.Vertical)
        self._scroll.setAccessibleName("First dimension that is shown")
        self._scroll.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._scroll.valueChanged.connect(self._show_rows)
        self.rows = [CoordinateRow(self) for _ in range(ROWS)]
        grid = QGridLayout()
        grid.setHorizontalSpacing(6)
        grid.setColumnStretch(1, 1)
        for place, row in enumerate(self.rows):
            for column, widget in enumerate(row.widgets):
                grid.addWidget(widget, place, column)
            row.wanted.connect(self.coordinate_wanted)
        beside = QHBoxLayout()
        beside.addLayout(grid, 1)
        beside.addWidget(self._scroll)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 6, 0, 0)
        layout.addLayout(beside)
        layout.addWidget(self._hint)
        layout.addStretch(1)
        self.set_model(2, None)

    @property
    def order(self) -> Sequence[int]:
        """The dimensions from the top row down."""
        return tuple(self._order)

    def set_model(self, latent_dim: int, kl_nats: Doubles | None) -> None:
        """Fit the rows to a model; `kl_nats` [d] are the rates of its dimensions, if they are known."""
        self._kl = kl_nats
        self._order = list(range(latent_dim)) if kl_nats is None else by_kl(kl_nats).tolist()
        self._z = (0.0,) * latent_dim
        self._hint.setText(PLAIN_HINT if kl_nats is None else KL_HINT)
        hidden = max(0, latent_dim - ROWS)
        self._scroll.setRange(0, hidden)
        self._scroll.setPageStep(ROWS)
        self._scroll.setValue(0)
        self._scroll.setVisible(hidden > 0)
        self._show_rows()

    def set_z(self, z: tuple[float, ...]) -> None:
        """Show where the cursor is."""
        self._z = z
        if self.isVisible():
            for row in self.rows:
                if row.dimension < len(z):
                    row.set_value(z[row.dimension])

    def showEvent(self, event: object) -> None:
        """What changed while nobody looked is shown now."""
        self._show_rows()

    def changeEvent(self, event: QEvent) -> None:
        """Dark became light, or light dark."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._show_rows()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """The wheel goes through the dimensions."""
        if self._scroll.isVisible():
            self._scroll.event(event)
        else:
            super().wheelEvent(event)

    def _show_rows(self) -> None:
        first = self._scroll.value()
        shown = self._order[first : first + ROWS]
        for place, row in enumerate(self.rows):
            row.set_shown(place < len(shown))
            if place < len(shown):
                dimension = shown[place]
                kl = None if self._kl is None else float(self._kl[dimension])
                row.set_dimension(dimension, kl)
                row.set_value(self._z[dimension])


class CoordinateRow(QObject):
    """The widgets of one dimension: its name, a slider, a box, and its rate."""

    wanted = Signal(int, float)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.dimension = 0
        self.name = QLabel()
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(round(-SLIDER_REACH * SLIDER_STEPS), round(SLIDER_REACH * SLIDER_STEPS))
        self.slider.setSingleStep(round(STEP * SLIDER_STEPS))
        self.slider.setPageStep(5 * round(STEP * SLIDER_STEPS))
        self.box = QDoubleSpinBox()
        self.box.setDecimals(4)
        self.box.setRange(-MAX_BOX, MAX_BOX)
        self.box.setSingleStep(STEP)
        self.box.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
        self.box.setKeyboardTracking(False)
        self.box.setFixedWidth(76)
        self.kl = QLabel()
        self.kl.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.kl.setFixedWidth(40)
        self.widgets = (self.name, self.slider, self.box, self.kl)
        self.slider.valueChanged.connect(lambda step: self.wanted.emit(self.dimension, step / SLIDER_STEPS))
        self.box.valueChanged.connect(lambda value: self.wanted.emit(self.dimension, value))

    def set_shown(self, shown: bool) -> None:
        """Have a place in the panel, or none."""
        for widget in self.widgets:
            widget.setVisible(shown)

    def set_dimension(self, dimension: int, kl_nats: float | None) -> None:
        """Stand for a dimension; one that has collapsed is grey."""
        self.dimension = dimension
        name = f"z{dimension}"
        collapsed = kl_nats is not None and kl_nats < COLLAPSED_NATS
        rate = "" if kl_nats is None else f"{kl_nats:.3f} nats{', collapsed' if collapsed else ''}"
        self.name.setText(name)
        self.kl.setText("" if kl_nats is None else f"{kl_nats:.2f}")
        group = QPalette.ColorGroup.Disabled if collapsed else QPalette.ColorGroup.Active
        for label in (self.name, self.kl):
            palette = label.palette()
            color = QGuiApplication.palette().color(group, QPalette.ColorRole.WindowText)
            palette.setColor(QPalette.ColorRole.WindowText, color)
            label.setPalette(palette)
        self.slider.setAccessibleName(f"{name} slider")
        self.box.setAccessibleName(name)
        self.box.setAccessibleDescription(rate)
        for widget in self.widgets:
            widget.setToolTip(f"{name}{', ' * bool(rate)}{rate}")

    def set_value(self, value: float) -> None:
        """Show a coordinate; the slider ends before the numbers do."""
        at = round(float(np.clip(value, -SLIDER_REACH, SLIDER_REACH)) * SLIDER_STEPS)
        self.slider.blockSignals(True)
        self.slider.setValue(at)
        self.slider.blockSignals(False)
        self.slider.setAccessibleDescription(f"{value:.4f}")
        self.box.blockSignals(True)
        self.box.setValue(value)
        self.box.blockSignals(False)
