"""Draws the layers under the points: the prior, and the worker's map of the aggregate posterior."""

from collections.abc import Iterator

from PySide6.QtCore import QObject, QRectF, Signal
from PySide6.QtGui import QImage, QPainter

from desktop.app.explorer import Explorer
from desktop.app.worker import Priority
from desktop.jobs.density_map import PosteriorMap, posterior_map
from desktop.latent.chart import Chart, Projection, ToPx
from desktop.latent.normals import PlaneNormals, project_normals, same_marginals
from desktop.latent.plane import Plane, Viewport
from desktop.latent.plane_prior import PriorOnPlane
from desktop.view.state import Layer, ViewState
from desktop.widgets.common.qimage import to_qimage
from desktop.widgets.plane.map_overlay import paint_density, paint_holes, paint_prior
from desktop.widgets.plane.plane_view import PlaneView
from export.bundle import Posterior

MAPPED = {Layer.DENSITY, Layer.HOLES}
NAME = "posterior map"  # of the window's own plane
Asked = tuple[Posterior, Chart, Viewport, tuple[int, int]]


class MapControl(QObject):
    """Draws density, holes and the prior under a plane's points while their layers are on.

    Args:
        explorer: the model and the state.
        plane: where to draw.
        name: the name of the worker's request; each plane of the same model has its own.
    """

    mapped = Signal(object)  # the map that arrived

    def __init__(self, explorer: Explorer, plane: PlaneView, name: str = NAME) -> None:
        super().__init__(plane)
        self._name = name
        self._plane_view = plane
        self._explorer = explorer
        self._map: PosteriorMap | None = None
        self._picture: QImage | None = None
        self._projected: tuple[Posterior, Plane, PlaneNormals] | None = None
        self._asked: Asked | None = None
        self._mapped: Asked | None = None
        self._plane_view.add_map(self._paint)
        self._plane_view.resized.connect(self._refresh)
        self._explorer.opened.connect(self._on_opened)
        self._explorer.points_changed.connect(self._on_points)
        self._explorer.state_changed.connect(self._refresh)
        self._explorer.model_changed.connect(self._refresh)

    @property
    def is_current(self) -> bool:
        """Whether the map that was requested last has arrived."""
        return self._map is not None and self._mapped is self._asked

    def _on_opened(self) -> None:
        self._map, self._picture, self._asked, self._mapped = None, None, None, None
        self._projected = None

    def _on_points(self) -> None:
        self._explorer.worker.cancel(self._name)
        self._on_opened()
        self._plane_view.redraw_maps()

    def _refresh(self) -> None:
        """Request the map of the part in view if a layer needs it, unless it was requested already."""
        state, posterior = self._explorer.state, self._explorer.points.encoded
        size_px = self._plane_view.size_px()
        if posterior is None or not MAPPED & state.layers or min(size_px) < 2:
            return
        if not self._plane_view.isVisible():  # `resized` calls this again when the plane is shown
            return
        if self._asked is not None:
            of, chart, *rest = self._asked
            same_axes = (chart.scale, chart.prior) == (state.scale, state.prior)
            same_chart = same_axes and same_marginals(chart.plane, state.plane)
            if of is posterior and same_chart and rest == [state.viewport, size_px]:
                return
        self._asked = posterior, state.chart, state.viewport, size_px
        self._explorer.worker.request(
            self._name, Priority.BACKDROP, self._steps(posterior, state, size_px), self._on_map
        )

    def _steps(
        self, posterior: Posterior, state: ViewState, size_px: tuple[int, int]
    ) -> Iterator[PosteriorMap | None]:
        """Project and map the posteriors. Only the worker, which runs this, uses `_projected`."""
        last = self._projected
        if last is None or last[0] is not posterior or not same_marginals(last[1], state.plane):
            normals = project_normals(state.plane, posterior.mean, posterior.logvar)
            last = self._projected = posterior, state.plane, normals
            yield None
        yield from posterior_map(last[2], Projection(state.chart, state.viewport, size_px))

    def _on_map(self, found: PosteriorMap | None) -> None:
        if found is not None:
            self._map, self._picture, self._mapped = found, to_qimage(found.picture), self._asked
            self._plane_view.redraw_maps()
            self.mapped.emit(found)

    def _paint(self, painter: QPainter, to_px: ToPx, state: ViewState) -> Iterator[None]:
        """Draw the layers that are on, in steps: on a large plane each of the three takes a frame's time."""
        # A map of another plane would be wrong, so nothing is drawn until the new map arrives.
        found, picture = self._map, self._picture
        if found is not None and picture is not None and same_marginals(found.plane, state.plane):
            if Layer.DENSITY in state.layers:
                (x0, y0), (x1, y1) = to_px(found.corners).tolist()
                painter.save()
                painter.setOpacity(state.opacities.of(Layer.DENSITY))
                paint_density(painter, picture, QRectF(x0, y0, x1 - x0, y1 - y0))
                painter.restore()
                yield
            if Layer.HOLES in state.layers:
                painter.save()
                paint_holes(painter, to_px, found.holes)
                painter.restore()
                yield
        if Layer.PRIOR in state.layers:
            yield from paint_prior(painter, to_px, PriorOnPlane(state.plane, state.prior))
