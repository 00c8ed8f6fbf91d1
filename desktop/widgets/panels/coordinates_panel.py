"""The panel of the cursor's coordinates: a slider and a number box for each, or maps to paint on."""

from collections.abc import Iterable, Sequence

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from desktop.base.arrays import Doubles
from desktop.base.vector import Vector
from desktop.latent.kl import COLLAPSED_NATS, by_kl
from desktop.latent.plane import decimals_in
from desktop.latent.z_maps import MapShape
from desktop.models.point_words import TEST_IMAGES, PointWords
from desktop.widgets.common.slider_rows import RowSizes, RowText, SliderRows
from desktop.widgets.panels.maps_panel import MapsPanel

ROWS = 8
KL_HINT = (
    "The dimensions are sorted by their mean rate on {}, in nats. "
    f"Dimensions below {COLLAPSED_NATS:g} nats have collapsed and are grey: they say nothing about the image."
)
PLAIN_HINT = "The dimensions are sorted by number, because the model has no test images."


class CoordinatesPanel(QWidget):
    """Shows the cursor's z, one row per dimension; emits a signal when a person changes a coordinate.

    Attributes:
        maps: the panel that is shown instead if z is maps.
        heading: the heading over the rates of the dimensions.
    """

    coordinate_wanted = Signal(int, float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._order: Sequence[int] = range(2)
        self._kl: Doubles | None = None
        self._has_maps = False
        self._z = Vector((0.0, 0.0))
        self._hint = QLabel(PLAIN_HINT)
        self._hint.setWordWrap(True)
        self.heading = QLabel("Rate (KL) in nats")
        self.heading.setObjectName("muted")
        self.heading.setAlignment(Qt.AlignmentFlag.AlignRight)
        self._list = SliderRows(ROWS, "dimension", self._text, self._values, RowSizes(note_px=40))
        self._list.wanted.connect(self.coordinate_wanted)
        self.rows, self.scroll_bar = self._list.rows, self._list.scroll_bar
        self.maps = MapsPanel()
        self.maps.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 6, 0, 0)
        layout.addWidget(self.maps)
        layout.addWidget(self.heading)
        layout.addWidget(self._list)
        layout.addWidget(self._hint)
        layout.addStretch(1)
        self.set_model(2, None)

    @property
    def order(self) -> Sequence[int]:
        """The dimensions from the top row down."""
        return tuple(self._order)

    def set_model(self, latent_dim: int, kl_nats: Doubles | None, words: PointWords = TEST_IMAGES) -> None:
        """Adapt the rows to a model; `kl_nats` [d] are the rates of its dimensions, if they are known.

        `words` name the images over which the rates are averaged.
        """
        self._kl = kl_nats
        self._order = range(latent_dim) if kl_nats is None else by_kl(kl_nats).tolist()
        self._z = Vector(np.zeros(latent_dim))
        self._hint.setText(PLAIN_HINT if kl_nats is None else KL_HINT.format(words.many))
        self._show_heading()
        self._list.set_order(self._order)

    def set_maps(self, shape: MapShape | None, least_reach: float = 1.0) -> None:
        """Show maps of this shape instead of the rows, or the rows again for None.

        The colour scale of the maps spans at least ± `least_reach`.
        """
        if shape is not None:
            self.maps.set_model(shape, least_reach)
        for widget in (self._list, self._hint):
            widget.setVisible(shape is None)
        self.maps.setVisible(shape is not None)
        self._has_maps = shape is not None
        self._show_heading()

    def _show_heading(self) -> None:
        """Show the heading of the rates, if there are any."""
        self.heading.setVisible(self._kl is not None and not self._has_maps)

    def set_z(self, z: Vector, span: float = 1.0) -> None:
        """Show the cursor's z, with as many decimals as matter in a view of this span."""
        self._z = z
        self._list.set_decimals(decimals_in(span))
        if self._has_maps:
            self.maps.set_z(z)
        else:
            self._list.show_values()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll through the dimensions from anywhere in the panel."""
        if self._has_maps:
            super().wheelEvent(event)
        else:
            self._list.wheelEvent(event)

    def _text(self, dimension: int) -> RowText:
        """Return a dimension's name and rate; a collapsed dimension is grey."""
        name = f"z{dimension}"
        if self._kl is None:
            return RowText(name, tip=name)
        nats = float(self._kl[dimension])
        collapsed = nats < COLLAPSED_NATS
        rate = f"{nats:z.3f} nats{', collapsed' if collapsed else ''}"
        return RowText(name, f"{nats:z.2f}", rate, f"{name}, {rate}", collapsed)

    def _values(self, dimensions: Sequence[int]) -> Iterable[float]:
        # A z of another model may come before the model itself.
        return (self._z[dimension] for dimension in dimensions if dimension < len(self._z))
