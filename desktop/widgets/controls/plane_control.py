"""Connects the plane and its section in the panel to the explorer."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QObject, QPointF, Signal
from PySide6.QtWidgets import QMenu

from desktop.app.plane_subject import PlaneSubject
from desktop.latent.chart import AxisScale
from desktop.latent.paths import point_name
from desktop.latent.plane import Plane, Viewport, plane_through
from desktop.latent.principal import principal_plane
from desktop.models.epochs import epochs_of
from desktop.models.point_words import TEST_IMAGES
from desktop.widgets.common.actions import add_action
from desktop.widgets.common.commands import add_button, name_command
from desktop.widgets.common.usable import NO_POINTS, set_usable
from desktop.widgets.controls.plane_content import PlaneContent
from desktop.widgets.controls.shell import Shell
from desktop.widgets.plane.default_handler import KEY_ZOOM
from desktop.widgets.plane.plane_view import PlaneView

Look = tuple[AxisScale, Viewport]
FIT = "&Fit to {}"


class PlaneControl(QObject):
    """Shows the model on the plane, and sets the state as mouse, keys and panel ask.

    Attributes:
        view_entries: the menu's entries that change what is in view.
        arrow: points to a cursor out of view.
    """

    told = Signal(str)
    copy_wanted = Signal(object)  # z of a place

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell.window)
        self._shell = shell
        self._explorer = explorer = shell.explorer
        # Scale and viewport before and after the last change of the scale.
        self._switched: tuple[Look, Look] | None = None
        plane, panel = shell.plane, shell.panel.view
        self.arrow = PlaneContent(explorer, plane).arrow
        self.arrow.clicked.connect(self._show_cursor)
        explorer.opened.connect(self._on_opened)
        explorer.points_changed.connect(self._name_points)
        plane.cursor_moved.connect(lambda a, b: explorer.set_state(explorer.state.at((a, b))))
        plane.nudged.connect(lambda a, b: explorer.set_state(explorer.state.nudged(a, b)))
        plane.viewport_wanted.connect(self._look_at)
        plane.zoom_ended.connect(self._say_zoom_ended)

        panel.scale_wanted.connect(self._set_scale)
        panel.axes_wanted.connect(self._set_axes)
        panel.principal_wanted.connect(self._set_principal_plane)
        panel.through_path_wanted.connect(self._set_plane_through_path)
        panel.layer_wanted.connect(lambda layer, on: explorer.set_state(explorer.state.with_layer(layer, on)))
        panel.opacity_wanted.connect(
            lambda layer, opacity: explorer.change(
                opacities=explorer.state.opacities.with_layer(layer, opacity)
            )
        )
        panel.legend.switched.connect(
            lambda label: explorer.set_state(explorer.state.with_label_switched(label))
        )
        home = add_action(shell.menus["view"], "&Home", "Home", lambda: self._look_at(explorer.home))
        # The keys are the plane's own.
        for text, key, factor in (("Zoom &in", "+", 1 / KEY_ZOOM), ("Zoom &out", "-", KEY_ZOOM)):
            zoom = add_action(shell.menus["view"], text, None, partial(self._zoom, factor))
            zoom.setToolTip(f"{key} on the plane, or the wheel.")
        show_cursor = add_action(shell.menus["view"], "Show the &cursor", "C", self._show_cursor)
        name_command(show_cursor, self.arrow)
        add_action(shell.menus["view"], "&Random z", "R", self._draw_z)
        self._fit_action = add_action(shell.menus["view"], FIT.format(TEST_IMAGES.many), "F", self._fit)
        quantiles = add_action(shell.menus["view"], "&Quantile axes", "Q", self._switch_scale)
        name_command(quantiles, panel.scale)
        add_button(shell.menus["view"], "Principal &axes", panel.principal, within=[panel.axes])
        add_button(shell.menus["view"], "Plane throu&gh the path", panel.through_path, within=[panel.axes])
        self.view_entries = [home, self._fit_action, quantiles]

    def _on_opened(self) -> None:
        self._switched = None
        self._name_points()
        self._shell.plane.setFocus()

    def fill_menu(self, subject: PlaneSubject, plane: PlaneView, menu: QMenu, position: QPointF) -> bool:
        """Add entries about the place under a pixel of a plane."""
        if subject.shown.source is None:
            return True
        a_b = plane.ab_at(position)
        z = subject.shown.state.at(a_b).z
        menu.addAction("Go &here", lambda: subject.go_to(z))
        if subject.has_same_z:
            menu.addAction("Add a point to the &path here", lambda: plane.path_point_wanted.emit(*a_b))
        menu.addAction("&Copy z of this place", lambda: self.copy_wanted.emit(z))
        return True

    def _name_points(self) -> None:
        points = self._explorer.points
        self._fit_action.setText(FIT.format(points.words.many))
        set_usable(self._fit_action, "" if points.exist else NO_POINTS)

    def _show_cursor(self) -> None:
        """Bring the cursor into the middle, with the same zoom."""
        self._explorer.set_state(self._explorer.state.with_cursor_in_view(0.0))

    def _draw_z(self) -> None:
        """Go to another sample of the prior, and tell its seed, which can bring it back."""
        if self._explorer.source is not None:
            self._explorer.draw_z()
            seed = self._explorer.state.seed
            self.told.emit(f"a sample of the prior, the first one of the page Samples with seed {seed}")

    def _look_at(self, viewport: Viewport) -> None:
        self._explorer.change(viewport=viewport)

    def _zoom(self, factor: float) -> None:
        """Zoom about the middle of the view."""
        state = self._explorer.state
        wanted, has_ended = state.chart.zoomed(state.viewport, factor, state.viewport.center)
        if has_ended:
            self._say_zoom_ended()
        self._look_at(wanted)

    def _fit(self) -> None:
        posterior = self._explorer.points.posterior
        if posterior is not None:
            self._look_at(self._explorer.state.around(posterior.mean))

    def _set_scale(self, scale: AxisScale) -> None:
        """Change the axes' scale. Changing it back before the view has moved restores the same view."""
        before = self._explorer.state
        after = before.with_scale(scale)
        if self._switched is not None and (before.scale, before.viewport) == self._switched[1]:
            old_scale, old_viewport = self._switched[0]
            if old_scale is scale:
                after = replace(after, viewport=old_viewport)
        if after != before:
            self._switched = (before.scale, before.viewport), (after.scale, after.viewport)
            self._explorer.set_state(after)

    def _switch_scale(self) -> None:
        linear = self._explorer.state.scale is AxisScale.LINEAR
        self._set_scale(AxisScale.QUANTILES if linear else AxisScale.LINEAR)

    def _say_zoom_ended(self) -> None:
        self.told.emit("cannot zoom in further, because closer z would be the same float32 numbers")

    def _set_axes(self, right: int, up: int) -> None:
        if right == up:
            self._shell.panel.view.set_state(self._explorer.state)
            self.told.emit("the plane needs two different axes")
        else:
            self._explorer.set_state(self._explorer.state.with_axes(right, up))

    def _set_principal_plane(self) -> None:
        posterior = self._explorer.points.posterior
        if posterior is not None:
            mean, of_what = posterior.mean, self._points_of
            self._set_plane(lambda: principal_plane(mean, of_what))

    @property
    def _points_of(self) -> str:
        """Words for the points that a plane is made from: own pictures, or an epoch's; empty for neither."""
        explorer, points = self._explorer, self._explorer.points
        if points.own is not None:
            return f"of {points.words.many}"
        epoch, epochs = explorer.state.epoch, epochs_of(explorer.source)
        if epoch is None and epochs:
            epoch = epochs[-1].number
        return "" if epoch is None else f"of epoch {epoch}"

    def _set_plane_through_path(self) -> None:
        path = self._explorer.state.path
        start, right, up = path[-3:]
        names = point_name(len(path) - 2), point_name(len(path) - 1)
        self._set_plane(lambda: plane_through(start, right, up, names))

    def _set_plane(self, make: Callable[[], Plane]) -> None:
        try:
            plane = make()
        except ValueError as error:
            self._shell.message.show_error(error)
            return
        state, posterior = self._explorer.state.with_plane(plane), self._explorer.points.posterior
        if posterior is not None:
            view = state.around(posterior.mean)
        else:
            view = state.chart.around(plane.project([*state.path, state.z]), share=1.0)
        self._explorer.set_state(replace(state, viewport=view))
