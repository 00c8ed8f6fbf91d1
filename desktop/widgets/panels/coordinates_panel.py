"""The panel of the cursor's coordinates, with a slider and a number box for each."""

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
from desktop.models.point_words import TEST_IMAGES, PointWords

# Only this many rows exist, and they scroll through the dimensions, so that a drag updates few widgets.
ROWS = 8
SLIDER_REACH, SLIDER_STEPS = 4.0, 100  # the slider's range to either side in z; steps per unit
MAX_BOX = 1e9
STEP = 0.1
KL_HINT = (
    "The dimensions are sorted by their mean rate on {}, in nats. "
    f"Dimensions below {COLLAPSED_NATS:g} nats have collapsed and are grey: they say nothing about the image."
)
PLAIN_HINT = "The dimensions are sorted by number, because the model has no test images."


class CoordinatesPanel(QWidget):
    """Shows the cursor's z, one row per dimension; emits a signal when a coordinate is changed."""

    coordinate_wanted = Signal(int, float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._order: list[int] = [0, 1]
        self._kl: Doubles | None = None
        self._z: tuple[float, ...] = (0.0, 0.0)
        self._hint = QLabel(PLAIN_HINT)
        self._hint.setWordWrap(True)
        self._scroll = QScrollBar(Qt.Orientation.Vertical)
        self._scroll.setAccessibleName("First dimension shown")
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

    def set_model(self, latent_dim: int, kl_nats: Doubles | None, words: PointWords = TEST_IMAGES) -> None:
        """Adapt the rows to a model; `kl_nats` [d] are the rates of its dimensions, if they are known.

        `words` name the images that the rates are of.
        """
        self._kl = kl_nats
        self._order = list(range(latent_dim)) if kl_nats is None else by_kl(kl_nats).tolist()
        self._z = (0.0,) * latent_dim
        self._hint.setText(PLAIN_HINT if kl_nats is None else KL_HINT.format(words.many))
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
        """Show what changed while the panel was hidden."""
        self._show_rows()

    def changeEvent(self, event: QEvent) -> None:
        """Adapt when the system switches between light and dark."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._show_rows()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll through the dimensions."""
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
        """Show or hide the row."""
        for widget in self.widgets:
            widget.setVisible(shown)

    def set_dimension(self, dimension: int, kl_nats: float | None) -> None:
        """Set the row's dimension; a collapsed one is grey."""
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
        """Show a coordinate; the slider stops at its ends, the box shows any number."""
        at = round(float(np.clip(value, -SLIDER_REACH, SLIDER_REACH)) * SLIDER_STEPS)
        self.slider.blockSignals(True)
        self.slider.setValue(at)
        self.slider.blockSignals(False)
        self.slider.setAccessibleDescription(f"{value:.4f}")
        self.box.blockSignals(True)
        self.box.setValue(value)
        self.box.blockSignals(False)
