"""The path: from clicks and keys to the state, playing it, and its export."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent

from desktop.app.film_export import AnimationExport, epoch_shown
from desktop.app.worker import Priority
from desktop.film.captions import CaptionStrip
from desktop.film.film import Film, Route, Subject, caption, walk_route
from desktop.images.pixels import enlarge
from desktop.latent.paths import PathKind, Walk, even_walk
from desktop.view.state import ViewState
from desktop.widgets.common.actions import add_action
from desktop.widgets.common.qimage import to_qimage
from desktop.widgets.common.save_dialog import ask_where
from desktop.widgets.controls.path_player import PathPlayer
from desktop.widgets.dialogs.export_dialog import ExportDialog
from desktop.widgets.plane.path_handles import PathHandles
from desktop.widgets.plane.pointer import PointerHandler

if TYPE_CHECKING:
    from desktop.widgets.main_window import MainWindow

PACE = "path pace"


class PathControl(QObject, PointerHandler):
    """Wires the path's panel and menu, and the mouse on the plane, to the explorer.

    Attributes:
        handles: what hears the mouse on the path.
        player: what plays the path.
        exports: what makes animations.
        dialog: what asks for an animation, or None as long as nobody has wanted one.
    """

    def __init__(self, window: "MainWindow") -> None:
        super().__init__(window)
        self._window = window
        self._explorer = explorer = window.explorer
        self._panel = panel = window.panel.path
        self._chosen: int | None = None
        self._shown: object = None
        self._walk: Walk | None = None
        self._route: Route | None = None
        self._share = 0.0
        self._space_tapped = False
        self._played_z: tuple[float, ...] | None = None
        self.player = PathPlayer(self)
        self.exports = AnimationExport(explorer)
        self.dialog: ExportDialog | None = None
        self.handles = handles = PathHandles(window.plane)
        window.plane.path_point_wanted.connect(self._add_at)
        handles.point_chosen.connect(self._go_to)
        handles.point_dragged.connect(self._drag)
        handles.point_added.connect(lambda index: self._append(explorer.state.path[index]))
        handles.point_inserted.connect(self._insert)
        handles.point_removed.connect(self._remove)
        self._connect_panel()
        self.exports.progressed.connect(panel.set_progress)
        self.player.moved.connect(self._on_played)
        self.player.running_changed.connect(panel.set_playing)
        explorer.opened.connect(self._on_opened)
        explorer.state_changed.connect(self._on_state)
        self._make_menu()

    def press(self, event: QMouseEvent) -> bool:
        """Any click on the plane stops what is played, and still does what it does."""
        self._space_tapped = False
        self.player.stop()
        return False

    def key_press(self, event: QKeyEvent) -> bool:
        """Any key on the plane stops what is played; Delete there removes the chosen point.

        Space plays when it is let go: held down, it moves the plane with the mouse.
        """
        if event.key() == Qt.Key.Key_Space and not event.modifiers():
            self._space_tapped = self._space_tapped or not event.isAutoRepeat()
            return False
        self._space_tapped = False
        self.player.stop()
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and self._chosen is not None:
            self._remove(self._chosen)
            return True
        return False

    def key_release(self, event: QKeyEvent) -> bool:
        """Space was tapped: play, or pause."""
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
        panel.add_wanted.connect(self._add)
        panel.remove_wanted.connect(self._remove)
        panel.clear_wanted.connect(lambda: self._set_path((), None))
        panel.move_wanted.connect(self._reorder)
        panel.closed_wanted.connect(lambda closed: self._explorer.change(path_closed=closed))
        panel.kind_wanted.connect(lambda kind: self._explorer.change(path_kind=kind))
        panel.play_wanted.connect(self._play_or_pause)
        panel.playback_changed.connect(lambda: self.player.set_playback(panel.playback()))
        panel.export_wanted.connect(self._ask_film)
        panel.cancel_wanted.connect(self.exports.cancel)

    def _make_menu(self) -> None:
        menu = self._window.menus["path"]
        add_action(menu, "&Add the cursor", "P", self._add)
        add_action(menu, "&Remove the last point", "Shift+P", self._remove_last)
        add_action(menu, "&Clear", None, lambda: self._set_path((), None))
        menu.addSeparator()
        add_action(menu, "&Play or pause", None, self._play_or_pause)
        add_action(menu, "&Export animation…", "Ctrl+E", self._ask_film)

    # ---- points

    def _set_path(
        self, path: tuple[tuple[float, ...], ...], chosen: int | None, z: tuple[float, ...] | None = None
    ) -> None:
        """Another path, with one of its points chosen, and the cursor at z."""
        self._chosen = chosen
        state = replace(self._explorer.state, path=path)
        self._explorer.set_state(state if z is None else state.moved_to(z))
        self._show()

    def _append(self, z: tuple[float, ...]) -> None:
        path = (*self._explorer.state.path, z)
        self._set_path(path, len(path) - 1, z)

    def _add(self) -> None:
        self._append(self._explorer.state.z)

    def _add_at(self, a: float, b: float) -> None:
        self._append(self._explorer.state.at((a, b)).z)

    def _insert(self, index: int, z: tuple[float, ...]) -> None:
        path = self._explorer.state.path
        self._set_path((*path[:index], z, *path[index:]), index, z)

    def _replace(self, index: int, z: tuple[float, ...]) -> None:
        path = self._explorer.state.path
        if index < len(path):
            self._set_path((*path[:index], z, *path[index + 1 :]), index, z)

    def _drag(self, index: int, a: float, b: float) -> None:
        """Within the plane: what the point has beside it stays."""
        plane, point = self._explorer.state.plane, self._explorer.state.path[index]
        moved = np.asarray(point) + (np.array([a, b]) - plane.project(point)) @ np.array([plane.u, plane.v])
        self._replace(index, tuple(moved.tolist()))

    def _remove(self, index: int | None = None) -> None:
        """A point, by default the chosen one or the last."""
        path = self._explorer.state.path
        index = self._chosen if index is None else index
        index = len(path) - 1 if index is None else index
        if path:
            left = len(path) - 1
            self._set_path((*path[:index], *path[index + 1 :]), min(index, left - 1) if left else None)

    def _remove_last(self) -> None:
        path = self._explorer.state.path
        self._set_path(path[:-1], len(path) - 2 if len(path) > 1 else None)

    def _reorder(self, start: int, to: int) -> None:
        path = list(self._explorer.state.path)
        if 0 <= start < len(path) and 0 <= to < len(path):
            path.insert(to, path.pop(start))
            self._set_path(tuple(path), to)

    def _go_to(self, index: int) -> None:
        """Choose a point: the cursor goes there."""
        path = self._explorer.state.path
        if index < len(path):
            self._set_path(path, index, path[index])

    # ---- playing

    def _play_or_pause(self) -> None:
        if self.player.is_running:
            self.player.stop()
            return
        state, model = self._explorer.state, self._explorer.model
        route = Route(state.path, state.path_closed, state.path_kind)
        try:
            curve = route.curve
        except ValueError as error:
            self._window.show_error(error)
            return
        if model is None:
            return
        if self._walk is None or route != self._route:
            self._route = route
            self._walk = None if route.kind is PathKind.VISUAL else even_walk(curve, route.closed)
        if self._walk is not None:
            self._start()
            return
        steps = walk_route(model.decode, route)

        def walk() -> Iterator[float | Walk]:
            yield (yield from steps)

        self._explorer.worker.request(PACE, Priority.GRID, walk(), self._on_walk)

    def _on_walk(self, walk: object) -> None:
        if isinstance(walk, Walk):
            self._walk = walk
            self._start()

    def _start(self) -> None:
        """From where it was paused, if nothing has moved since; else from the beginning."""
        paused = self._explorer.state.z == self._played_z and self._share < 1
        self.player.start(self._panel.playback(), self._share if paused else 0.0)

    def _on_played(self, share: float) -> None:
        assert self._walk is not None
        self._share = share
        self._played_z = tuple(self._walk.at(share).tolist())
        self._explorer.set_state(self._explorer.state.moved_to(self._played_z))

    # ---- what is shown

    def _on_opened(self) -> None:
        self.player.stop()
        self._walk = None
        model, source = self._explorer.model, self._explorer.source
        if self.dialog is not None and model is not None and source is not None:
            self.dialog.reject()
            self._fit_dialog(self.dialog)

    def _on_state(self, state: ViewState) -> None:
        if self._route != Route(state.path, state.path_closed, state.path_kind):
            self._walk = None
            self._explorer.worker.cancel(PACE)
        if self._walk is None or state.z != self._played_z:
            self.player.stop()
        if self._chosen is not None and self._chosen >= len(state.path):
            self._chosen = None
        self.handles.set_state(state)
        self._show()

    def _show(self) -> None:
        state = self._explorer.state
        shown = (state.path, state.path_closed, state.path_kind, self._chosen)
        if shown == self._shown:
            return  # the cursor moved
        self._shown = shown
        self._window.plane.set_path_point(self._chosen)
        self._panel.set_state(state, self._chosen)

    # ---- export

    def _ask_film(self) -> None:
        if self._explorer.model is None:
            return
        if self.dialog is None:
            self.dialog = ExportDialog(self._window)
            self.dialog.wanted.connect(self._save)
            self.dialog.changed.connect(self._preview)
            self._fit_dialog(self.dialog)
        self._preview()
        self.dialog.open()

    def _fit_dialog(self, dialog: ExportDialog) -> None:
        model, source = self._explorer.model, self._explorer.source
        if model is not None and source is not None:
            height, width = model.image_shape[1:]
            dialog.set_model((width, height), len(source.bundle.epochs) if source.bundle else 0)

    def _preview(self) -> None:
        """The picture at the cursor as a frame of it would be."""
        dialog, picture, source = self.dialog, self._window.picture_control.picture, self._explorer.source
        if dialog is None or picture is None or source is None:
            return
        film = dialog.film()
        state = self._explorer.state
        width, height = (film.scale * side for side in dialog.picture_px())
        of_plane = film.subject is Subject.PLANE_EPOCHS
        epoch = epoch_shown(source, state.epoch)
        texts = [caption(film, source.name, epoch, () if of_plane else state.z)] if film.captions else []
        strip = CaptionStrip(texts, width)
        if of_plane:
            dialog.set_preview(None)
        else:
            dialog.set_preview(to_qimage(strip.under(enlarge(picture[np.newaxis], film.scale)[0], 0)))
        dialog.set_size(width, height + strip.height_px)

    def _save(self, film: Film) -> None:
        window, ending = self._window, film.format.ending
        name = f"walk{ending}" if film.subject is Subject.PATH else f"epochs{ending}"
        kind = f"{film.format.value} (*{ending})"
        path = ask_where(window, "Export animation", name, kind, window.message.show_message)
        if path is None:
            return
        try:
            self.exports.save(path, film)
        except ValueError as error:
            window.show_error(error)
