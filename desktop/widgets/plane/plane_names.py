"""The names of groups on a plane. Once the view and the cursor rest, they move away from boxes over them."""

from collections.abc import Sequence

from PySide6.QtCore import QObject, QRectF, QTimer, Signal
from PySide6.QtGui import QFont

from desktop.latent.chart import Projection
from desktop.view.state import Layer, ViewState
from desktop.widgets.plane.moving_points import MovingPoints
from desktop.widgets.plane.name_layouts import NameLayouts
from desktop.widgets.plane.placed_names import PlacedName

REST_MS = 200  # after this time without a change, view and cursor count as at rest


class PlaneNames(QObject):
    """Finds the names of the groups in view, and says when they may move.

    Args:
        layouts: lays the names out.
        points: the points of the groups.
    """

    rested = Signal()  # the view and the cursor rest, so that names may move

    def __init__(self, layouts: NameLayouts, points: MovingPoints, parent: QObject) -> None:
        super().__init__(parent)
        self._layouts, self._points = layouts, points
        self._found: list[PlacedName] = []  # the names as they were last laid out
        self._over: list[QRectF] = []  # the boxes that names should not cover
        self._rest = QTimer(self, singleShot=True, interval=REST_MS)
        self._rest.timeout.connect(self.rested)

    @property
    def are_waiting(self) -> bool:
        """Whether the names wait for a rest."""
        return self._rest.isActive()

    def wait(self) -> None:
        """Let the names stay for a moment, because the view or the cursor has changed."""
        self._rest.start()

    def keep_off(self, boxes: Sequence[QRectF]) -> None:
        """Set the boxes that names should not cover, from the next rest on."""
        if boxes != self._over:
            self._over = list(boxes)
            self.wait()

    def make_way(self, projection: Projection, ring: QRectF) -> bool:
        """Move names off the boxes and the cursor's ring; return whether any has to move."""
        self._rest.stop()
        return self._layouts.make_way(projection, [*self._over, ring])

    def find(self, font: QFont, projection: Projection, state: ViewState) -> list[PlacedName]:
        """Return the names of groups; until new points are drawn, those of the previous points."""
        if Layer.POINTS not in state.layers:
            return []
        placed = self._points.last_placed(projection.chart)
        if placed is not None:
            self._found = self._layouts.find(font, projection, placed, state.hidden_labels)
        return self._found
