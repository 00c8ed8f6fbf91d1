"""The layers under the points: has the worker map the aggregate posterior in view, and draws it."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PySide6.QtCore import QObject, QRectF
from PySide6.QtGui import QImage, QPainter

from desktop.explorer import BACKDROP
from desktop.latent_plane import Plane
from desktop.plane_normals import PlaneNormals, project_normals
from desktop.posterior_map import PosteriorMap, posterior_map
from desktop.state import Layer, ViewState
from desktop.widgets.images import to_qimage
from desktop.widgets.map_overlay import paint_density, paint_holes, paint_prior
from export.bundle import Posterior

if TYPE_CHECKING:
    from desktop.widgets.main_window import MainWindow

MAPPED = {Layer.DENSITY, Layer.HOLES}
NAME = "posterior map"


class MapControl(QObject):
    """Draws density, holes and the prior under the plane's points while their layers are on."""

    def __init__(self, window: "MainWindow") -> None:
        super().__init__(window)
        self._plane_view = window.plane
        self._explorer = window.explorer
        self._map: PosteriorMap | None = None
        self._picture: QImage | None = None
        self._normals: PlaneNormals | None = None
        self._posterior: Posterior | None = None
        self._of_plane: Plane | None = None
        self._asked: object = None
        self._mapped: object = None
        self._plane_view.add_under_points(self._paint)
        self._plane_view.resized.connect(self._refresh)
        self._explorer.opened.connect(self._on_opened)
        self._explorer.state_changed.connect(self._refresh)
        self._explorer.model_changed.connect(self._refresh)

    @property
    def is_current(self) -> bool:
        """Whether the map that was asked for last is there."""
        return self._map is not None and self._mapped == self._asked

    def picture(self) -> QImage | None:
        """The density's picture, as it was mapped last."""
        return self._picture

    def _on_opened(self) -> None:
        self._map, self._picture, self._asked, self._mapped = None, None, None, None
        self._posterior, self._normals = None, None

    def _refresh(self) -> None:
        """Ask for the map of what is in view, if a layer needs it and it was not asked for already."""
        state, posterior = self._explorer.state, self._explorer.posterior
        size_px = self._plane_view.size_px()
        if posterior is None or not MAPPED & state.layers or min(size_px) < 2:
            return
        asked = (id(posterior), state.plane, state.viewport, size_px)
        if asked == self._asked:
            return
        self._asked = asked
        if self._normals is None or posterior is not self._posterior or state.plane != self._of_plane:
            self._normals = project_normals(state.plane, posterior.mean, posterior.logvar)
            self._posterior, self._of_plane = posterior, state.plane
        steps = posterior_map(self._normals, state.plane, state.viewport, size_px)
        self._explorer.run(NAME, BACKDROP, steps, self._on_map)

    def _on_map(self, found: PosteriorMap | None) -> None:
        if found is not None:
            self._map, self._picture, self._mapped = found, to_qimage(found.picture), self._asked
            self._plane_view.redraw_under_points()

    def _paint(
        self,
        painter: QPainter,
        to_px: Callable[[ArrayLike], NDArray[np.float64]],
        state: ViewState,
    ) -> None:
        # A map of another plane would lie: nothing is drawn until its own is there.
        if self._map is not None and self._picture is not None and self._map.plane == state.plane:
            if Layer.DENSITY in state.layers:
                size_px = self._plane_view.size_px()
                (x0, y0), (x1, y1) = state.viewport.to_px(size_px, self._map.corners).tolist()
                paint_density(painter, self._picture, QRectF(x0, y0, x1 - x0, y1 - y0))
            if Layer.HOLES in state.layers:
                paint_holes(painter, to_px, self._map.holes)
        if Layer.PRIOR in state.layers:
            paint_prior(painter, to_px, state.plane)
