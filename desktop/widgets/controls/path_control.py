"""Edits the path by mouse, keys, panel and menu, and plays it."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from PySide6.QtCore import QObject, QPoint, QPointF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QMenu

from desktop.app.plane_subject import PlaneSubject
from desktop.base.vector import Vector
from desktop.jobs.route import Route, route_of, straight_walk
from desktop.latent.paths import CurveZ, PathKind, Walk
from desktop.latent.plane import decimals_in
from desktop.reading.input_values import InputValues
from desktop.view.state import ViewState
from desktop.widgets.common.actions import add_action
from desktop.widgets.common.commands import add_button, add_choice_menu, name_command
from desktop.widgets.common.usable import set_usable
from desktop.widgets.controls.path_pictures import PathPictures
from desktop.widgets.controls.path_player import PathPlayer
from desktop.widgets.controls.shell import Shell
from desktop.widgets.panels.path_panel import NEEDED
from desktop.widgets.plane.path_handles import PathHandles
from desktop.widgets.plane.plane_menu import add_title
from desktop.widgets.plane.plane_view import PlaneView
from desktop.widgets.plane.pointer import PointerHandler

# An inserted point gets the inputs at the nearest of so many places of the leg; long z have fewer places.
NEAREST_STEPS, NEAREST_NUMBERS = 201, 1 << 22


class PathControl(QObject, PointerHandler):
    """Connects the path's panel and menu, and mouse and keys on the plane, to the explorer.

    Attributes:
        handles: edits the path with the mouse on the window's own plane.
        player: plays the path.
        play_entry: the menu's entry that plays or pauses it.
    """

    copy_wanted = Signal(object)  # z of a point

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell.window)
        self._planes: list[PlaneView] = []
        self._message = shell.message
        self._explorer = explorer = shell.explorer
        self._panel = panel = shell.panel.path
        self._side = shell.panel
        self._section = shell.panel.sections.section("path")
        self._chosen: int | None = None
        self._root: object = None
        self._shown: object = None
        self._walk: Walk | None = None
        self._route: Route | None = None
        self._share = 0.0
        self._space_tapped = False
        self._played_z: Vector | None = None
        self.player = PathPlayer(self)
        self.handles = self.add_plane(PlaneSubject.of(explorer), shell.plane)
        self._pictures = PathPictures(explorer, panel.cost, self)
        self._pictures.walk_found.connect(self._on_walk)
        self._pictures.ready.connect(self._start)
        explorer.model_changed.connect(self._on_model)
        self._connect_panel()
        self.player.moved.connect(self._on_played)
        self.player.running_changed.connect(self._show_playing)
        explorer.opened.connect(self._on_opened)
        explorer.state_changed.connect(self._on_state)
        self._fill_menu(shell.menus["path"])
        self._show()

    def add_plane(self, subject: PlaneSubject, plane: PlaneView) -> PathHandles:
        """Let people edit the path on this plane too, which may show another model; return its handles."""
        handles = PathHandles(plane)
        self._planes.append(plane)
        subject.shown.state_changed.connect(handles.set_state)
        plane.path_point_wanted.connect(partial(self._add_at, subject))
        handles.point_chosen.connect(self._go_to)
        handles.point_dragged.connect(self._drag)
        handles.point_added.connect(self._visit_again)
        handles.point_inserted.connect(self._insert)
        handles.point_removed.connect(self._remove)
        return handles

    def press(self, event: QMouseEvent) -> bool:
        """Stop playing at any click on the plane; the click still has its usual effect."""
        self._space_tapped = False
        self.player.stop()
        return False

    def key_press(self, event: QKeyEvent) -> bool:
        """Stop playing at any key on the plane; Delete removes the chosen point.

        Space plays when it is released, because the mouse moves the plane while Space is held. If Space was
        held so long that it repeats, it was meant for moving the plane, and does not play.
        """
        if event.key() == Qt.Key.Key_Space and not event.modifiers():
            self._space_tapped = not event.isAutoRepeat()
            return False
        self._space_tapped = False
        self.player.stop()
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and self._chosen is not None:
            self._remove(self._chosen)
            return True
        return False

    def key_release(self, event: QKeyEvent) -> bool:
        """Play or pause if Space was tapped."""
        if event.key() == Qt.Key.Key_Space and self._space_tapped and not event.isAutoRepeat():
            self._space_tapped = False
            self._play_or_pause()
        return False

    def _connect_panel(self) -> None:
        panel, points = self._panel, self._panel.points
        points.chosen.connect(self._go_to)
        points.z_typed.connect(self._replace)
        points.move_wanted.connect(self._reorder)
        points.remove_wanted.connect(self._remove)
        points.menu_wanted.connect(self._open_menu)
        panel.add_wanted.connect(self._add)
        panel.remove_wanted.connect(self._remove)
        panel.clear_wanted.connect(self._clear)
        panel.move_wanted.connect(self._reorder)
        panel.closed_wanted.connect(
            lambda closed: self._explorer.set_state(self._explorer.state.with_path_closed(closed))
        )
        panel.kind_wanted.connect(lambda kind: self._explorer.change(path_kind=kind))
        panel.play_wanted.connect(self._play_or_pause)
        panel.playback_changed.connect(lambda: self.player.set_playback(panel.playback()))

    def _fill_menu(self, menu: QMenu) -> None:
        add = add_action(menu, "&Add the cursor", "P", self._add)
        remove = add_action(menu, "&Remove the last point", "Shift+P", self._remove_last)
        clear = add_action(menu, "&Clear", None, self._clear)
        self._of_chosen = add_action(
            menu,
            "Use the current &inputs for the chosen point",
            None,
            lambda: self._use_inputs(() if self._chosen is None else (self._chosen,)),
        )
        self._of_all = add_action(menu, "Use the current inputs for all p&oints", None, self._use_inputs)
        menu.addSeparator()
        play = add_action(menu, "&Play or pause", "Space", self._play_or_pause)
        # The menu only shows the shortcut: `key_release` plays, because a held Space is for moving the plane.
        play.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        menu.addSeparator()
        panel = self._panel
        for entry, button in ((add, panel.add), (clear, panel.clear), (play, panel.play)):
            name_command(entry, button)
        add_button(menu, "Remove the cho&sen point", panel.remove)
        add_button(menu, "Move the point &up", panel.order.up)
        add_button(menu, "Move the point &down", panel.order.down)
        add_choice_menu(menu, "&Kind of path", panel.kind)
        add_button(menu, "Closed: back to the &first point", panel.closed)
        add_button(menu, "&Loop", panel.loop)
        add_button(menu, "&There and back", panel.ping_pong)
        cost, reveal = panel.cost, partial(self._side.reveal, panel)
        add_button(menu, "Decode or stop the path's pictures", cost.button, within=[cost], reveal=reveal)
        menu.addSeparator()
        self.play_entry = play
        self._entries = ((remove, 1), (clear, 1), (play, 2))  # each with the number of points that it needs

    # ---- points

    def _set_path(
        self,
        path: tuple[Vector, ...],
        inputs: tuple[InputValues, ...],
        chosen: int | None,
        goes_there: bool = False,
    ) -> None:
        """Set the path's points with their inputs, and the chosen point; the view can go there."""
        self._chosen = chosen
        was_path = len(self._explorer.state.path) > 1
        state = self._explorer.state.with_path(path, inputs)
        if goes_there and chosen is not None:
            state = replace(state.moved_to(path[chosen]), inputs=inputs[chosen])
        self._explorer.set_state(state)
        if len(path) > 1 and not was_path:
            self._section.offer()
        self._show()

    def append(self, z: Vector, inputs: InputValues | None = None) -> None:
        """Add a point to the end of the path, by default with the view's inputs, and go there."""
        state = self._explorer.state
        added = (*state.inputs_on_path, state.inputs if inputs is None else inputs)
        self._set_path((*state.path, z), added, len(state.path), goes_there=True)

    def _visit_again(self, index: int) -> None:
        state = self._explorer.state
        self.append(state.path[index], state.inputs_on_path[index])

    def _add(self) -> None:
        self.append(self._explorer.state.z)

    def _add_at(self, subject: PlaneSubject, a: float, b: float) -> None:
        if subject.has_same_z:
            self.append(self._explorer.state.at((a, b)).z)

    def _insert(self, index: int, z: Vector) -> None:
        """Insert a point, with the inputs of the path at this place."""
        state = self._explorer.state
        path, inputs = state.path, state.inputs_on_path
        more = (*inputs[:index], self._inputs_between(index, z), *inputs[index:])
        self._set_path((*path[:index], z, *path[index:]), more, index, goes_there=True)

    def _inputs_between(self, index: int, z: Vector) -> InputValues:
        """The inputs on the leg that ends at point `index`, at the place nearest to z."""
        route = route_of(self._explorer.state)
        ends = [each[place % len(each)] for each in (route.inputs,) if each for place in (index - 1, index)]
        if len(set(ends)) < 2:
            return ends[0] if ends else ()
        t = np.linspace(index - 1, index, max(2, min(NEAREST_STEPS, NEAREST_NUMBERS // len(z))))
        away = np.linalg.norm(route.curve.at(t) - z.array, axis=1)
        return route.inputs_at(float(t[away.argmin()]), self._explorer.inputs)

    def _replace(self, index: int, z: Vector) -> None:
        state = self._explorer.state
        path, inputs = state.path, state.inputs_on_path
        if index < len(path):
            self._set_path((*path[:index], z, *path[index + 1 :]), inputs, index, goes_there=True)

    def _use_inputs(self, indices: Sequence[int] | None = None) -> None:
        """Give the view's present inputs to points of the path, by default to all."""
        state = self._explorer.state
        self._explorer.set_state(
            state.with_path_inputs(range(len(state.path)) if indices is None else indices)
        )

    def _drag(self, index: int, a: float, b: float) -> None:
        """Move a point to (a, b) and keep its distance from the plane."""
        plane, point = self._explorer.state.plane, self._explorer.state.path[index]
        by_a, by_b = np.array([a, b]) - plane.project(point)
        moved = point.array + by_a * plane.u.array.astype(np.float64) + by_b * plane.v.array
        self._replace(index, Vector(moved, is_own=True))

    def _remove(self, index: int | None = None) -> None:
        """Remove a point: by default the chosen one, or else the last.

        If it is the chosen one, the next one is chosen; the cursor goes there if it was at the removed one.
        """
        state = self._explorer.state
        path, inputs = state.path, state.inputs_on_path
        index = self._chosen if index is None else index
        index = len(path) - 1 if index is None else index
        if not path:
            return
        chosen, left = self._chosen, len(path) - 1
        is_chosen = chosen == index
        if is_chosen:
            chosen = min(index, left - 1) if left else None
        elif chosen is not None and chosen > index:
            chosen -= 1
        self._set_path(
            (*path[:index], *path[index + 1 :]),
            (*inputs[:index], *inputs[index + 1 :]),
            chosen,
            goes_there=is_chosen and state.z == path[index],
        )

    def _remove_last(self) -> None:
        if self._explorer.state.path:
            self._remove(len(self._explorer.state.path) - 1)

    def _reorder(self, start: int, to: int) -> None:
        path, inputs = list(self._explorer.state.path), list(self._explorer.state.inputs_on_path)
        if 0 <= start < len(path) and 0 <= to < len(path):
            path.insert(to, path.pop(start))
            inputs.insert(to, inputs.pop(start))
            self._set_path(tuple(path), tuple(inputs), to)

    def _clear(self) -> None:
        self._set_path((), (), None)

    def _go_to(self, index: int) -> None:
        """Choose a point and move the cursor there; its inputs become those of the view."""
        state = self._explorer.state
        if index < len(state.path):
            self._set_path(state.path, state.inputs_on_path, index, goes_there=True)

    def fill_menu(self, handles: PathHandles, menu: QMenu, position: QPointF) -> bool:
        """Add entries about the point of the path, or its line, under a pixel of a plane."""
        index = handles.point_at(position)
        found = None if index is not None else handles.line_at(position)
        if index is not None:
            self._fill_point_menu(menu, index)
        elif found is not None:
            add_title(menu, "Path")
            menu.addAction("&Insert a point here", lambda: self._insert(*found))
        else:
            return False
        menu.addSeparator()
        play = menu.addAction("&Play the path", self._play_or_pause)
        set_usable(play, "" if len(self._explorer.state.path) > 1 else NEEDED[2])
        menu.addAction("&Clear the path", self._clear)
        return True

    def _fill_point_menu(self, menu: QMenu, index: int) -> None:
        """Add entries about a point of the path."""
        z = self._explorer.state.path[index]
        add_title(menu, f"Point {index + 1} of the path")
        menu.addAction("&Go to this point", lambda: self._go_to(index))
        menu.addAction("Copy its &z", lambda: self.copy_wanted.emit(z))
        menu.addAction("&Visit it again at the end", lambda: self._visit_again(index))
        if self._explorer.inputs:
            use = menu.addAction("Use the current &inputs here", lambda: self._use_inputs((index,)))
            set_usable(use, self._why_not((index,)))
        menu.addAction("&Remove this point", lambda: self._remove(index))

    def _open_menu(self, index: int, place: QPoint) -> None:
        """Open the menu of a point in the list."""
        menu = QMenu(self._panel.window())
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._fill_point_menu(menu, index)
        menu.popup(place)

    # ---- playing

    def _play_or_pause(self) -> None:
        if self.player.is_running:
            self.player.stop()
            return
        state = self._explorer.state
        route = route_of(state)
        try:
            route.curve  # noqa: B018 - raises if there is nothing to walk along
        except ValueError as error:
            self._message.show_error(error)
            return
        if self._explorer.source is None:
            return
        if self._walk is None or route != self._route:
            self._route = route
            self._walk = None if route.kind is PathKind.VISUAL else straight_walk(route)
        self._pictures.play(route, self._walk, self._panel.playback().duration_s)

    def _show_playing(self, playing: bool) -> None:
        """Show a pause button while playing, and scroll to it unless the section is folded."""
        self._panel.set_playing(playing)
        if playing:
            self._side.sections.show_part(self._panel.play)

    def _on_walk(self, walk: Walk) -> None:
        self._walk = walk

    def _start(self) -> None:
        """Continue from the pause if the cursor has not moved since, or else start from the beginning."""
        paused = self._explorer.state.z == self._played_z and self._share < 1
        self.player.start(self._panel.playback(), self._share if paused else 0.0)

    def _on_played(self, share: float) -> None:
        assert self._walk is not None
        self._share = share
        # A slow decoder could not keep up, so its path is played with the pictures that are decoded already.
        place = self._pictures.place(share)
        if place is None:
            place = self._walk.along([share])
        self._played_z = Vector(place[0], is_own=True)
        self._explorer.set_state(self._at(place, self._played_z))

    def _at(self, place: CurveZ, z: Vector) -> ViewState:
        """The state at a place of the path: its z, with the inputs that the path has there."""
        state, route = self._explorer.state.moved_to(z), self._route
        inputs = () if route is None else route.inputs_at(float(place.t[0]), self._explorer.inputs)
        return replace(state, inputs=inputs) if inputs and inputs != state.inputs else state

    # ---- what is shown

    def _on_opened(self) -> None:
        self.player.stop()
        self._walk = None
        self._pictures.clear()

    def _on_model(self) -> None:
        """Drop the pictures of another epoch's model, and keep the pace; other inputs change nothing."""
        root = None if self._explorer.model is None else self._explorer.model.root
        if root is not self._root:
            self._root = root
            self._pictures.clear()

    def _on_state(self, state: ViewState) -> None:
        if self._route != route_of(state):
            if self._route is not None:
                self._pictures.clear()
            self._walk = self._route = None
        if self._walk is None or state.z != self._played_z:
            self.player.stop()
        if self._chosen is not None and self._chosen >= len(state.path):
            self._chosen = None
        self._show()

    def _show(self) -> None:
        state = self._explorer.state
        decimals = decimals_in(state.viewport.span)
        of_path = (state.path, state.path_closed, state.path_kind, state.path_inputs)
        shown = (of_path, self._chosen, decimals, state.inputs)
        if shown == self._shown:
            return  # only the cursor moved
        self._shown = shown
        for entry, needed in self._entries:
            set_usable(entry, "" if len(state.path) >= needed else NEEDED[needed])
        for plane in self._planes:
            plane.set_path_point(self._chosen)
        self._panel.set_state(state, self._chosen)
        for entry, indices in (
            (self._of_chosen, () if self._chosen is None else (self._chosen,)),
            (self._of_all, range(len(state.path))),
        ):
            entry.setVisible(bool(self._explorer.inputs))
            set_usable(entry, self._why_not(indices))

    def _why_not(self, indices: Sequence[int]) -> str:
        """Why these points cannot get the current inputs; empty if they can."""
        state = self._explorer.state
        if not state.path:
            return NEEDED[1]
        if not indices:
            return "No point is chosen."
        have = all(state.inputs_on_path[index] == state.inputs for index in indices)
        return ("It has" if len(indices) == 1 else "All have") + " the current inputs." if have else ""
