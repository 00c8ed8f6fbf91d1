"""The content of a plane: an explorer's decoded tiles, points and state."""

import numpy as np
from PySide6.QtCore import QObject, QTimer

from desktop.app.explorer import Explorer
from desktop.jobs.cost import Progress
from desktop.jobs.tiles import Tile
from desktop.latent.selection import within
from desktop.view.state import ViewState
from desktop.widgets.plane.cursor_arrow import CursorArrow
from desktop.widgets.plane.plane_view import PlaneView

# An old plane is marked after this time. Quick decoders have the new plane by then, and a mark would flicker.
OUTDATED_AFTER_MS = 250
FRAME_MS = 16
OUTDATED_PLANE = "Old plane, decoding the new one …"


class PlaneContent(QObject):
    """Keeps a plane up to date while it is visible, and has tiles decoded for it.

    Attributes:
        arrow: points to a cursor out of view.
    """

    def __init__(self, explorer: Explorer, plane: PlaneView) -> None:
        super().__init__(plane)
        self._explorer = explorer
        self._plane = plane
        self._points_plane = explorer.state.plane
        self._shown_only: tuple[int, ...] | None = None
        self._has_missed = False
        self._progress: Progress | None = None
        self.arrow = CursorArrow(plane)
        self._outdated_soon = QTimer(self, singleShot=True, interval=OUTDATED_AFTER_MS)
        self._outdated_soon.timeout.connect(self._mark_outdated)
        explorer.opened.connect(self._on_opened)
        explorer.model_changed.connect(self._on_model)
        explorer.state_changed.connect(self._on_state)
        explorer.tiles.decoded.connect(self._add_tiles)
        explorer.tiles.shown_changed.connect(self._show_tiles)
        explorer.tiles.progressed.connect(self._on_progress)
        explorer.tiles.paused_changed.connect(self._tell_progress)
        plane.resized.connect(self._on_resized)
        plane.pointer_moved.connect(self._on_pointer)
        # Qt repaints the place that the arrow leaves in a separate pass, so the arrow moves a frame after the
        # cursor.
        self._arrow_soon = QTimer(self, singleShot=True, interval=FRAME_MS)
        self._arrow_soon.timeout.connect(self._place_arrow)
        explorer.model_closed.connect(self._place_arrow)
        plane.move_shown.connect(self._move_arrow_soon)

    def _on_resized(self) -> None:
        """Catch up with what was missed, and have tiles decoded for this size."""
        if not self._plane.isVisible():
            return
        if self._has_missed:
            self._has_missed = False
            self._plane.set_state(self._explorer.state)
            self._show_tiles()
            self._project_points()
        self._place_arrow()
        self._explorer.set_view_size(self._plane.size_px(), self._plane.devicePixelRatioF())

    def _misses(self) -> bool:
        """Whether the plane is hidden and misses updates; it is brought up to date when it is shown."""
        self._has_missed = self._has_missed or not self._plane.isVisible()
        return self._has_missed

    def _on_opened(self) -> None:
        tiles = self._explorer.tiles
        self._outdated_soon.stop()
        self._plane.set_outdated_note("")
        # Another slot of `opened` may have set the state already.
        self._plane.set_backdrop(tiles.cache, tiles.shown if tiles.is_shown_current else None)
        if not self._misses():
            self._project_points()

    def _on_model(self) -> None:
        self._outdated_soon.start()
        if not self._misses():
            self._project_points(smoothly=True)

    def _on_state(self, state: ViewState) -> None:
        if self._misses():
            return
        if state.plane != self._points_plane or state.shown_only != self._shown_only:
            self._project_points()
        self._plane.set_state(state)
        if not self._plane.is_move_held:
            self._place_arrow()

    def _place_arrow(self) -> None:
        """Point to the cursor if a model is open and the cursor is out of view."""
        if self._explorer.source is None:
            self.arrow.hide()
        else:
            self.arrow.set_state(self._explorer.state)

    def _move_arrow_soon(self) -> None:
        if not self._arrow_soon.isActive():
            self._arrow_soon.start()

    def _add_tiles(self, tiles: list[Tile]) -> None:
        if not self._misses():
            self._plane.add_tiles(tiles)

    def _show_tiles(self) -> None:
        tiles = self._explorer.tiles
        self._outdated_soon.stop()
        self._plane.set_outdated_note("")
        self._plane.set_backdrop(tiles.cache, tiles.shown)

    def _mark_outdated(self) -> None:
        """Mark the plane as old, because the points and the picture are already new."""
        tiles = self._explorer.tiles
        if tiles.shown is not None and not tiles.is_shown_current:
            self._plane.set_outdated_note(OUTDATED_PLANE)

    def _on_progress(self, progress: Progress | None) -> None:
        self._progress = progress
        self._tell_progress()

    def _tell_progress(self) -> None:
        """Say on a plane of slow pictures how many are decoded, and whether decoding is paused."""
        found, text = self._progress, ""
        if found is not None and self._explorer.tiles.is_paused:
            text = f"Paused at {found.done:,} of {found.total:,} pictures"
        elif found is not None:
            text = f"Decoding the plane, {found.done + 1:,} of {found.total:,}"
        self._plane.set_note(text)

    def _on_pointer(self, ab: tuple[float, float] | None) -> None:
        """Have the tiles at the pointer decoded first."""
        view = None if ab is None else self._explorer.state.chart.view(ab).tolist()
        self._explorer.tiles.focus = None if view is None else (view[0], view[1])

    def _project_points(self, smoothly: bool = False) -> None:
        posterior = self._explorer.points.posterior
        self._points_plane = self._explorer.state.plane
        only = self._shown_only = self._explorer.state.shown_only
        if posterior is None:
            self._plane.set_points(np.empty((0, 2)), None, ())
        else:
            mean, labels = posterior.mean, posterior.labels
            if only is not None:
                rows = within(only, len(mean))
                mean, labels = mean[rows], None if labels is None else labels[rows]
            ab = self._points_plane.project(mean)
            self._plane.set_points(ab, labels, self._explorer.points.label_names, smoothly)
