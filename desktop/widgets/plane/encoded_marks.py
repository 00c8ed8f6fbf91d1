"""Your image on a plane: where an encoder puts it, and if it is known where its true posterior is highest."""

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter

from desktop.base.vector import Vector
from desktop.jobs.encode import Encoded
from desktop.latent.chart import ToPx
from desktop.view.state import Layer, ViewState
from desktop.widgets.common.terms import term_tip
from desktop.widgets.plane.plane_view import PlaneView
from desktop.widgets.plane.posterior_marks import draw_ellipses, draw_marks, text_room


class EncodedMarks:
    """Draws the approximate posterior under the points, and over them the marks with their tool tips."""

    def __init__(self, plane: PlaneView) -> None:
        self._plane = plane
        self._encoded: Encoded | None = None
        self._mode: Vector | None = None
        self._gap_nats: float | None = None
        self._boxes: dict[str, list[QRectF]] = {}  # of the last painting, by term
        plane.add_under_points(self._paint)
        plane.add_over_points(self._paint_marks)
        plane.add_tips(self._tip_at)

    def show(self, encoded: Encoded | None) -> None:
        """Show where an encoder puts your image, or nothing."""
        if encoded is not self._encoded:
            self._encoded = encoded
            self._plane.redraw_under_points()
            self._plane.redraw_over_points()

    def show_mode(self, mode: Vector | None, gap_nats: float | None) -> None:
        """Mark the mode of the true posterior, too, with the gap between log p(x) and the ELBO."""
        if (mode, gap_nats) != (self._mode, self._gap_nats):
            self._mode, self._gap_nats = mode, gap_nats
            self._plane.redraw_over_points()

    def _paint(self, painter: QPainter, to_px: ToPx, state: ViewState) -> None:
        if self._encoded is not None and Layer.ENCODED in state.layers:
            draw_ellipses(painter, to_px, state.plane, self._encoded.mean, self._encoded.logvar)

    def _paint_marks(self, painter: QPainter, to_px: ToPx, state: ViewState) -> list[QRectF]:
        """Mark the encoder's mean and the true posterior's mode, with the gap between them."""
        self._boxes = {}
        if self._encoded is None or Layer.ENCODED not in state.layers:
            return []
        mean = QPointF(*to_px(state.plane.project(self._encoded.mean)).tolist())
        mode = None
        if self._mode is not None and Layer.TRUE_POSTERIOR in state.layers and state.plane.axes == (0, 1):
            mode = QPointF(*to_px(state.plane.project(self._mode)).tolist())
        room = text_room(*self._plane.size_px())
        self._boxes = draw_marks(painter, room, mean, mode, self._gap_nats)
        return [box for boxes in self._boxes.values() for box in boxes]

    def _tip_at(self, position: QPointF) -> str:
        """Explain the mark at a pixel."""
        found = (term for term, boxes in self._boxes.items() if any(box.contains(position) for box in boxes))
        return "".join(f"{term}: {term_tip(term)}" for term in list(found)[:1])
