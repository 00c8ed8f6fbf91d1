"""The stack of a plane's layers: tiles, maps, marks under the points, and the points."""

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np
from PySide6.QtCore import QRect, QRectF
from PySide6.QtGui import QPainter

from desktop.base.arrays import Doubles
from desktop.jobs.tiles import Cut, Tile, TileCache
from desktop.latent.chart import Projection, ToPx
from desktop.latent.paths import path_places
from desktop.latent.selection import within
from desktop.view.state import Layer, ViewState
from desktop.widgets.common import colors
from desktop.widgets.plane.layer import PlaneLayer
from desktop.widgets.plane.moving_points import MovingPoints
from desktop.widgets.plane.name_layouts import NameLayouts
from desktop.widgets.plane.point_layer import draw_points
from desktop.widgets.plane.tile_layer import draw_tiles

MAPS = {Layer.PRIOR, Layer.DENSITY, Layer.HOLES}
DIM_OPACITY = 0.45  # of the points while a person looks at something else

# Draws something, given a painter, the mapping (a, b) [..., 2] → pixels, and the state. A function that draws
# below the points may return an iterator of steps; one that draws above, a list of boxes to keep clear.
Paint = Callable[[QPainter, ToPx, ViewState], object]


class PlaneStack:
    """Draws into layers everything that does not move with the cursor, in short steps.

    While the view moves, the layers move with it until they are drawn again.

    Attributes:
        points: the points, which may be moving to new positions.
        names: the layout of the groups' names.
        maps: the functions that draw right above the tiles, which are slow and seldom change.
        under_points: the functions that draw between the maps and the points.
    """

    def __init__(self, points: MovingPoints) -> None:
        self.points = points
        self.names = NameLayouts()
        self.maps: list[Paint] = []
        self.under_points: list[Paint] = []
        self._state = ViewState()
        self._cache = TileCache()
        self._cut: Cut | None = None
        self._arrived: deque[Tile] = deque()
        self._backdrop = PlaneLayer(self._draw_backdrop, colors.CANVAS)
        self._maps = PlaneLayer(partial(self._draw_all, self.maps), keeps_size=True)
        self._below = PlaneLayer(partial(self._draw_all, self.under_points), keeps_size=True)
        self._dots = PlaneLayer(self._draw_points, keeps_size=True)

    def set_state(self, state: ViewState, has_cursor_moved_only: bool) -> None:
        """Draw another state."""
        old, self._state = self._state, state
        if old.path is not state.path or (not has_cursor_moved_only and _is_path_elsewhere(old, state)):
            self.names.keep_off(_path_places(state))
        if has_cursor_moved_only:
            return
        if old.chart != state.chart:
            self._forget(old, state)
        elif _content(old) != _content(state):
            for over in (self._maps, self._below, self._dots):
                over.redraw()
            if not MAPS & state.layers:
                self._maps.forget()
            if (Layer.BACKDROP in old.layers) != (Layer.BACKDROP in state.layers):
                self._backdrop.redraw()
        for layer, drawn in ((Layer.DENSITY, self._maps), (Layer.POINTS, self._dots)):
            if old.opacities.of(layer) != state.opacities.of(layer):
                drawn.redraw()

    def set_backdrop(self, cache: TileCache, cut: Cut | None) -> None:
        """Show the tiles of a cut that are decoded; None shows the empty canvas."""
        self._cache, self._cut = cache, cut
        self._arrived.clear()
        if cut is None:
            self._backdrop.forget()
        else:
            self._backdrop.redraw()

    def add_tiles(self, tiles: Sequence[Tile]) -> None:
        """Draw these tiles, which have just been decoded."""
        self._arrived.extend(tiles)

    def redraw_maps(self) -> None:
        """Draw the maps again."""
        self._maps.redraw()

    def redraw_under_points(self) -> None:
        """Draw the marks under the points again."""
        self._below.redraw()

    def redraw_points(self, at_once: bool = False) -> None:
        """Draw the points again; `at_once` at the next paint event, because they move."""
        if at_once:
            self._dots.redraw_at_once()
        else:
            self._dots.redraw()

    def is_due(self, projection: Projection, ratio: float) -> bool:
        """Whether there is something to draw before this part of the plane is complete."""
        return (
            bool(self._arrived)
            or self.points.is_moving
            or any(layer.is_due(projection, ratio) for layer in self._layers())
        )

    def advance(self, projection: Projection, ratio: float, deadline: float) -> tuple[list[QRect], bool]:
        """Draw until `deadline` (`time.perf_counter`).

        Returns the parts with new tiles, and whether whole layers have changed.
        """
        parts = []
        while self._arrived and time.perf_counter() < deadline:
            parts += self._draw_arrived(projection)
        has_news = False
        for layer in self._layers():
            if time.perf_counter() >= deadline:
                break
            if layer is not self._dots or not self.points.is_moving:
                has_news |= layer.advance(projection, ratio, deadline)
        return parts, has_news

    def complete(self, projection: Projection, ratio: float) -> None:
        """Draw everything now."""
        while self._arrived:
            self._draw_arrived(projection)
        self.points.finish()
        for layer in self._layers():
            layer.complete(projection, ratio)

    def paint(
        self,
        painter: QPainter,
        projection: Projection,
        ratio: float,
        area: QRectF,
        are_points_dimmed: bool,
        are_tiles_outdated: bool,
    ) -> bool:
        """Paint the layers at their current positions within an area; return whether one is due.

        Outdated tiles are shaded.
        """
        is_due = False
        for layer in self._layers():
            if layer.pixmap is None:
                layer.complete(projection, ratio)
            if layer is self._backdrop:  # the backdrop lies over the canvas colour alone
                painter.setOpacity(self._state.opacity(Layer.BACKDROP, len(self.points.now.ab) > 0))
            elif layer is self._dots and are_points_dimmed:
                painter.setOpacity(DIM_OPACITY)
            layer.paint(painter, projection, area)
            painter.setOpacity(1.0)
            if layer is self._backdrop and are_tiles_outdated:
                painter.fillRect(area, colors.SHADE)
            is_due |= layer.is_due(projection, ratio)
        return is_due

    def _layers(self) -> list[PlaneLayer]:
        """Return the layers from the lowest to the highest."""
        maps = [self._maps] if self.maps and MAPS & self._state.layers else []
        below = [self._below] if self.under_points else []
        return [self._backdrop, *maps, *below, self._dots]

    def _forget(self, old: ViewState, state: ViewState) -> None:
        """Drop the drawings of the old chart."""
        self._arrived.clear()
        parallel = old.scale == state.scale and (old.plane.u, old.plane.v) == (state.plane.u, state.plane.v)
        for layer in (self._backdrop, self._maps, self._below, self._dots):
            if parallel:  # a parallel plane has similar pictures, so they stay until the new ones arrive
                layer.redraw()
            else:
                layer.forget()

    def _draw_arrived(self, projection: Projection) -> list[QRect]:
        """Draw the next decoded tile into the backdrop's layer; return its box, if it is shown."""
        tile = self._arrived.popleft()
        cut = self._cut
        if cut is None or Layer.BACKDROP not in self._state.layers:
            return []
        if not self._backdrop.amend(
            lambda painter, drawn: draw_tiles(painter, drawn, self._cache, cut, [tile]), cut.chart
        ):
            return []
        left, bottom, right, top = cut.pyramid.edges(tile)
        corners = projection.view_px([(left, top), (right, bottom)])
        (x0, y0), (x1, y1) = np.clip(corners, -1e6, 1e6).tolist()
        return [QRectF(x0, y0, x1 - x0, y1 - y0).toAlignedRect().adjusted(-1, -1, 1, 1)]

    def _draw_backdrop(self, painter: QPainter, projection: Projection) -> Iterator[None]:
        if self._cut is None or Layer.BACKDROP not in self._state.layers:
            return
        if self._cut.chart != projection.chart:  # a parallel plane, whose own tiles are not decoded yet
            self._backdrop.paint(painter, projection, QRectF(0, 0, *projection.size_px))
            return
        yield from draw_tiles(painter, projection, self._cache, self._cut)

    def _draw_all(self, paints: Sequence[Paint], painter: QPainter, projection: Projection) -> Iterator[None]:
        for paint in paints:
            painter.save()
            steps = paint(painter, projection.px, self._state)
            painter.restore()
            if isinstance(steps, Iterator):  # the iterator leaves the painter as it was
                yield from steps
            yield

    def _draw_points(self, painter: QPainter, projection: Projection) -> Iterator[None]:
        if Layer.POINTS not in self._state.layers:
            return
        placed = self.points.placed(projection.chart)
        yield from draw_points(
            painter,
            projection,
            placed,
            self._state.hidden_labels,
            self._state.opacities.of(Layer.POINTS),
            # If only selected points are shown, their rows are others.
            None if self._state.only_selected else within(self._state.selected, len(placed.view)),
        )


def _path_places(state: ViewState) -> Doubles:
    """Return positions along the path in view coordinates, [K, 2]."""
    if not state.path:
        return np.empty((0, 2))
    places = path_places(state.path, state.path_kind, state.path_closed)
    return state.chart.view(state.plane.project(places))


def _is_path_elsewhere(old: ViewState, state: ViewState) -> bool:
    """Return whether a path of the same points is drawn elsewhere on the chart."""
    is_line_other = (old.path_kind, old.path_closed) != (state.path_kind, state.path_closed)
    return is_line_other or (bool(state.path) and old.chart != state.chart)


def _content(state: ViewState) -> tuple[object, ...]:
    """Return what determines the content of a chart's layers."""
    return state.layers, state.hidden_labels, state.plane, state.selected, state.only_selected
