"""Marks the bookmarks on a plane, in the shape of their icon."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen, QPolygonF

from desktop.base.arrays import Doubles
from desktop.latent.chart import ToPx
from desktop.latent.plane import Plane
from desktop.view.bookmarks import Bookmark, places_on
from desktop.view.state import Layer, ViewState
from desktop.widgets.common import colors
from desktop.widgets.common.plain_text import tip_text
from desktop.widgets.plane.plane_view import PlaneView

WIDTH_PX, HEIGHT_PX, NOTCH_PX = 11.0, 15.0, 4.0
REACH_PX = 2.0  # the distance from a mark at which the pointer hits it


class BookmarkMarks:
    """Draws the bookmarks that lie on the shown plane, and gives their names as tool tips.

    Args:
        plane: the plane.
        fits: returns whether the plane's z mean the same as those of the bookmarks.
    """

    def __init__(self, plane: PlaneView, fits: Callable[[], bool]) -> None:
        self._plane, self._fits = plane, fits
        self._marks: tuple[Bookmark, ...] = ()
        self._places: tuple[Plane, tuple[int, ...], Doubles] | None = None
        plane.add_over_points(self._paint)
        plane.add_flags(self._flags)
        plane.add_tips(self._tip_at)

    def show(self, marks: Sequence[Bookmark]) -> None:
        """Show those of these bookmarks that lie on the plane."""
        self._marks, self._places = tuple(marks), None
        self._plane.redraw_over_points()

    def index_at(self, position: QPointF) -> int | None:
        """Return the index of the bookmark under a pixel; of several, the one drawn last."""
        return next(reversed(self._indices_at(position)), None)

    def _indices_at(self, position: QPointF) -> list[int]:
        around = QRectF(position.x() - REACH_PX, position.y() - REACH_PX, 2 * REACH_PX, 2 * REACH_PX)
        boxes = self._boxes(self._plane.to_px, self._plane.state)
        return [index for index, box in boxes if box.intersects(around)]

    def _tip_at(self, position: QPointF) -> str:
        names = []
        for index in self._indices_at(position):
            mark = self._marks[index]
            epoch = "" if mark.view.epoch is None else f", epoch {mark.view.epoch}"
            names.append(f"{mark.name}{epoch}")
        return tip_text("\n".join(names))

    def _boxes(self, to_px: ToPx, state: ViewState) -> list[tuple[int, QRectF]]:
        """Return the boxes of the marks, with the bookmarks' indices."""
        if not self._marks or Layer.BOOKMARKS not in state.layers or not self._fits():
            return []
        if self._places is None or self._places[0] != state.plane:
            self._places = state.plane, *places_on(state.plane, self._marks)
        _, indices, ab = self._places
        half_x, half_y = WIDTH_PX / 2, HEIGHT_PX / 2
        return [
            (index, QRectF(x - half_x, y - half_y, WIDTH_PX, HEIGHT_PX))
            for index, (x, y) in zip(indices, to_px(ab).tolist(), strict=True)
        ]

    def _flags(self, to_px: ToPx, state: ViewState) -> list[QRectF]:
        return [box for _, box in self._boxes(to_px, state)]

    def _paint(self, painter: QPainter, to_px: ToPx, state: ViewState) -> list[QRectF]:
        boxes = self._flags(to_px, state)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(colors.BOOKMARK)
        painter.setPen(QPen(colors.CANVAS, 1.5, j=Qt.PenJoinStyle.RoundJoin))
        for box in boxes:
            notch = QPointF(box.center().x(), box.bottom() - NOTCH_PX)
            corners = box.topLeft(), box.topRight(), box.bottomRight(), notch, box.bottomLeft()
            painter.drawPolygon(QPolygonF(corners))
        return boxes
