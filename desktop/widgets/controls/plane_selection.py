"""Boxes and lassos on one plane, and the rings around its selected points."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QPainter

from desktop.app.plane_subject import PlaneSubject
from desktop.base.arrays import Doubles
from desktop.images.dots import dot_coverage, draw_dots
from desktop.latent.chart import Chart, ToPx
from desktop.latent.selection import box_corners, in_polygon, within
from desktop.view.state import Layer, ViewState
from desktop.widgets.common import colors
from desktop.widgets.common.qimage import draw_words
from desktop.widgets.plane.plane_view import PlaneView
from desktop.widgets.plane.selector import Mode, Selector
from export.bundle import Posterior

RING_PX, RING_WIDTH_PX = 8.0, 1.3


class PlaneSelection(QObject):
    """Finds the points of a plane inside the box or lasso that is drawn there.

    Args:
        subject: the model on the plane, and the state that changes.
        plane: the plane.

    Attributes:
        selector: draws boxes and lassos.
    """

    found = Signal(object, object)  # set of numbers, Mode

    def __init__(self, subject: PlaneSubject, plane: PlaneView) -> None:
        super().__init__(plane)
        self.plane = plane
        self._explorer = subject.shown
        self._placed: tuple[Posterior, Chart, Doubles] | None = None
        self._posterior: Posterior | None = None
        self._selected: tuple[int, ...] = ()
        self.selector = Selector(plane, subject.has_same_points)
        self.selector.drawn.connect(self._on_drawn)
        plane.add_under_points(self._draw_rings)
        for changed in (subject.shown.opened, subject.shown.points_changed, subject.shown.model_changed):
            changed.connect(self._redraw)
        subject.shown.state_changed.connect(self._redraw)
        plane.resized.connect(self._redraw)

    def find_in_view(self) -> None:
        """Find the points in view."""
        self._on_drawn(box_corners((0, 0), self.plane.size_px()), Mode.REPLACE)

    def _on_drawn(self, polygon: Doubles, mode: Mode) -> None:
        posterior = self._explorer.points.posterior
        if posterior is not None:
            inside = in_polygon(self.plane.projection.view_px(self._view_of(posterior)), polygon)
            found = np.flatnonzero(inside & are_on_plane(posterior, self._explorer.state))
            self.found.emit(set(found.tolist()), mode)

    def _view_of(self, posterior: Posterior) -> Doubles:
        """The points in view coordinates [N, 2]."""
        chart, placed = self._explorer.state.chart, self._placed
        if placed is None or placed[0] is not posterior or placed[1] != chart:
            placed = self._placed = posterior, chart, chart.view_of(posterior.mean)
        return placed[2]

    def _redraw(self) -> None:
        """Redraw the rings if points or selection have changed; a hidden plane does so when it is shown."""
        posterior, selected = self._explorer.points.posterior, self._explorer.state.selected
        if not self.plane.isVisible():
            return
        if posterior is not self._posterior or selected != self._selected:
            self._posterior, self._selected = posterior, selected
            self.plane.redraw_under_points()

    def _draw_rings(self, painter: QPainter, to_px: ToPx, state: ViewState) -> Iterator[None]:
        """Draw a ring around each selected point that is shown; rings that meet become one outline."""
        posterior = self._explorer.points.posterior
        if posterior is None or not state.selected or Layer.POINTS not in state.layers:
            return
        rows = within(state.selected, len(posterior.mean))
        rows = rows[are_on_plane(posterior, state)[rows]]
        device = painter.device()
        ratio = device.devicePixelRatio()
        margin = 2 * RING_PX  # for rings that are cut off by an edge
        centers = (to_px(state.plane.project(posterior.mean[rows])) + margin) * ratio
        size = [round(side_px + 2 * margin * ratio) for side_px in (device.height(), device.width())]
        words = np.zeros(size, np.uint32)
        of_all = np.zeros(len(rows), np.intp)
        for color, diameter_px in ((colors.CURSOR, RING_PX), (colors.CANVAS, RING_PX - 2 * RING_WIDTH_PX)):
            palette = np.array([[color.red(), color.green(), color.blue()]], np.uint8)
            yield from draw_dots(words, centers, palette, of_all, dot_coverage(diameter_px * ratio))
        draw_words(painter, words, (round(-margin * ratio),) * 2, ratio)


def are_on_plane(posterior: Posterior, state: ViewState) -> NDArray[np.bool_]:
    """Whether each point is shown; none is while their layer is off."""
    if Layer.POINTS not in state.layers:
        return np.zeros(len(posterior.mean), np.bool_)
    return state.are_shown(len(posterior.mean), posterior.labels)
