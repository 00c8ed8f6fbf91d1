"""Makes the points of planes faint while people look at your image."""

from collections.abc import Callable, Collection

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QMenu

from desktop.base.vector import Vector
from desktop.view.state import ViewState
from desktop.widgets.common import settings
from desktop.widgets.common.actions import add_action
from desktop.widgets.panels.draw_canvas import DrawCanvas
from desktop.widgets.plane.plane_view import PlaneView


class DimControl(QObject):
    """Dims from a stroke until the cursor is moved, and while the pointer rests on the canvas.

    Args:
        view: the menu with the switch; what is chosen there is saved.
        canvas: holds your image.
        places: returns the z of your image, such as its mean; moving the cursor there does not end it.
    """

    looked = Signal(bool)  # whether people look at your image; emitted whenever this may have changed

    def __init__(
        self, view: QMenu, canvas: DrawCanvas, places: Callable[[], Collection[Vector]] = tuple
    ) -> None:
        super().__init__(canvas)
        self._canvas, self._places = canvas, places
        self._z: Vector | None = None
        self._planes: list[PlaneView] = []
        self._is_looked_at = self._is_beside = False  # beside: its reconstruction is shown, too
        self._before_visit: tuple[bool, bool] | None = None  # both before a look that has no stroke yet
        self.action = add_action(view, "&Dim other points while drawing", None, self._switch)
        self.action.setCheckable(True)
        self.action.setChecked(settings.dims_points())
        canvas.changed.connect(self._look)
        canvas.visited.connect(self._visit)
        canvas.left.connect(self._leave)

    def add_plane(self, plane: PlaneView) -> None:
        """Make the points of this plane faint, too."""
        self._planes.append(plane)
        for moved in (plane.cursor_moved, plane.nudged, plane.path_point_wanted):
            moved.connect(self.look_away)

    def follow(self, state: ViewState) -> None:
        """Show the points as usual if the cursor has moved, by any means, to a z that is not your image's."""
        before, self._z = self._z, state.z
        self._is_beside = self._is_beside and before is state.z
        has_moved = before is not None and before is not state.z and before != state.z
        if has_moved and self._is_looked_at and state.z not in self._places():
            self.look_away()

    def look_away(self) -> None:
        """Show the points as usual until your image is drawn on or visited again."""
        self._before_visit = None
        if self._is_looked_at:
            self._is_looked_at = self._is_beside = False
            self._show()

    def _look(self) -> None:
        self._is_looked_at = self._is_beside = True
        self._before_visit = None
        self._show()

    def _visit(self) -> None:
        before = self._is_looked_at, self._is_beside
        self._look()
        self._before_visit = before

    def _leave(self) -> None:
        """Show everything as before the visit."""
        if self._before_visit is not None:
            self._is_looked_at, self._is_beside = self._before_visit
            self._before_visit = None
            self._show()

    def _switch(self) -> None:
        settings.save_dims_points(self.action.isChecked())
        self._show()

    def _show(self) -> None:
        has_image = not self._canvas.drawing().is_empty
        is_looked_at = self._is_looked_at and has_image
        for plane in self._planes:
            plane.set_points_dimmed(self.action.isChecked() and is_looked_at)
        self.looked.emit(is_looked_at and self._is_beside)
