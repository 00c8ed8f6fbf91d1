"""Where the names of groups stand on the plane, so that other things keep clear of them."""

from collections.abc import Hashable

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QFont

from desktop.latent.chart import Projection
from desktop.widgets.plane.plane_layers import PlacedPoints, placed_names


class NameBoxes:
    """Places the names as `draw_points` does, anew only when more than a pan has changed."""

    def __init__(self) -> None:
        self._placed: PlacedPoints | None = None
        self._key: Hashable = None
        self._start = QPointF()
        self._boxes: list[QRectF] = []

    def find(
        self, font: QFont, projection: Projection, placed: PlacedPoints, hidden: frozenset[int]
    ) -> list[QRectF]:
        """Return the boxes of the names of these points in pixels."""
        key = projection.viewport.span, projection.size_px, hidden
        start = QPointF(*projection.view_px((0.0, 0.0)).tolist())
        if self._placed is not placed or self._key != key:
            self._placed, self._key, self._start = placed, key, start
            self._boxes = []
            for picture, middle in placed_names(font, 1.0, projection, placed, hidden):
                box = QRectF(QPointF(0, 0), picture.deviceIndependentSize())
                box.moveCenter(middle)
                self._boxes.append(box)
        return [box.translated(start - self._start) for box in self._boxes]
