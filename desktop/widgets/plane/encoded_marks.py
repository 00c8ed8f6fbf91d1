"""Your image on a plane: its approximate posterior, and if it is known the mode of its true posterior."""

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter

from desktop.base.arrays import Doubles
from desktop.base.vector import Vector
from desktop.jobs.encode import Encoded, Located
from desktop.latent.chart import ToPx
from desktop.latent.plane import Plane
from desktop.view.state import Layer, ViewState
from desktop.widgets.common.terms import term_tip
from desktop.widgets.plane.axes import text_room
from desktop.widgets.plane.path_layer import POINT_RADIUS_PX
from desktop.widgets.plane.plane_view import PlaneView
from desktop.widgets.plane.posterior_marks import (
    Marks,
    draw_ellipses,
    draw_marks,
    lay_out_marks,
    mark_font,
)

LINE_PX = 2.0
NEAR_PX = 300.0  # texts are nearer to their marks


class EncodedMarks:
    """Draws the approximate posterior under the points, and the marks with their tool tips above the points.

    Attributes:
        shown: the marks as they were last painted.
    """

    def __init__(self, plane: PlaneView) -> None:
        self._plane = plane
        self._encoded: Encoded | None = None
        self._located: Located | None = None
        self._mode: Vector | None = None
        self.shown: Marks | None = None
        self._path: tuple[tuple[Vector, ...], Plane, Doubles] | None = None
        plane.add_under_points(self._paint)
        plane.add_over_points(self._paint_marks)
        plane.add_tips(self._tip_at)
        plane.move_shown.connect(self._keep_clear)

    def show(self, encoded: Encoded | None) -> None:
        """Show the encoding of your image, or nothing."""
        if encoded is not self._encoded:
            self._encoded = encoded
            self._plane.redraw_under_points()
            self._plane.redraw_over_points()

    def show_located(self, located: Located | None) -> None:
        """Mark the mode of the true posterior, and the gap between log p(x) and the ELBO; None shows neither.

        The region with nearly all of the posterior is kept clear of texts, and named.
        """
        if located is not self._located:
            self._located = located
            self._mode = None if located is None else Vector(located.posterior.mode)
            self._plane.redraw_over_points()

    def _paint(self, painter: QPainter, to_px: ToPx, state: ViewState) -> None:
        if self._encoded is not None and Layer.ENCODED in state.layers:
            draw_ellipses(painter, to_px, state.plane, self._encoded.mean, self._encoded.logvar)

    def _paint_marks(self, painter: QPainter, to_px: ToPx, state: ViewState) -> list[QRectF]:
        """Mark the encoder's mean and the true posterior's mode, with the gap between them."""
        self.shown = marks = self._laid_out(to_px, state)
        if marks is None:
            return []
        draw_marks(painter, marks)
        glow = [] if marks.glow is None else [marks.glow]
        return [*(box for boxes in marks.boxes.values() for box in boxes), *glow]

    def _laid_out(self, to_px: ToPx, state: ViewState) -> Marks | None:
        if self._encoded is None or Layer.ENCODED not in state.layers:
            return None
        mean = QPointF(*to_px(state.plane.project(self._encoded.mean)).tolist())
        mode = glow = gap_nats = None
        if (
            self._located is not None
            and self._mode is not None
            and Layer.TRUE_POSTERIOR in state.layers
            and state.plane.axes == (0, 1)
        ):
            mode = QPointF(*to_px(state.plane.project(self._mode)).tolist())
            glow = _around(to_px(self._located.picture.outline))
            gap_nats = self._located.gap_nats(self._encoded)
        plane = self._plane
        room = text_room(*plane.size_px())
        font, clear = mark_font(plane.font()), [*plane.axes_boxes]
        marks = [mark for mark in (mean, mode) if mark is not None]
        clear += [flag for flag in plane.flags(to_px, state) if _is_near(flag.center(), marks)]
        if state.path:
            clear += self._path_boxes(to_px, state, marks)
        return lay_out_marks(font, room, mean, mode, gap_nats, plane.ring, glow, clear)

    def _path_boxes(self, to_px: ToPx, state: ViewState, marks: Sequence[QPointF]) -> list[QRectF]:
        """Return the boxes of those of the path's points that are near marks; they are drawn above texts."""
        if self._path is None or self._path[0] is not state.path or self._path[1] != state.plane:
            self._path = state.path, state.plane, state.plane.project(state.path)
        px, radius = to_px(self._path[2]), POINT_RADIUS_PX
        ways = px[:, np.newaxis] - np.array([(mark.x(), mark.y()) for mark in marks])
        near = px[(np.abs(ways).max(axis=2) < NEAR_PX).any(axis=1)]
        return [QRectF(x - radius, y - radius, 2 * radius, 2 * radius) for x, y in near.tolist()]

    def _keep_clear(self) -> None:
        """Move texts away from the cursor, and back when it has left."""
        before = self.shown
        if before is None:
            return
        now = self._laid_out(self._plane.to_px, self._plane.state)
        if now != before:
            boxes = [text.area for marks in (before, now) if marks is not None for text in marks.texts]
            self._plane.redraw_over_points(boxes)

    def _tip_at(self, position: QPointF) -> str:
        """Explain the mark at a pixel."""
        boxes_of = {} if self.shown is None else self.shown.boxes
        found = (term for term, boxes in boxes_of.items() if any(box.contains(position) for box in boxes))
        return "".join(f"{term}: {term_tip(term)}" for term in list(found)[:1])


def _is_near(place: QPointF, marks: Sequence[QPointF]) -> bool:
    """Whether the text of one of these marks could reach a place."""
    ways = (place - mark for mark in marks)
    return any(max(abs(way.x()), abs(way.y())) < NEAR_PX for way in ways)


def _around(px: Doubles) -> QRectF:
    """Return the box around pixels [N, 2], including the width of lines."""
    (left, top), (right, bottom) = px.min(axis=0).tolist(), px.max(axis=0).tolist()
    return QRectF(left, top, right - left, bottom - top).adjusted(-LINE_PX, -LINE_PX, LINE_PX, LINE_PX)
