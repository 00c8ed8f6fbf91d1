"""Requests the pictures of the path's points for its strip, and sets the times of its legs."""

from collections.abc import Iterator
from itertools import chain, groupby

import numpy as np
from PySide6.QtCore import QObject, QTimer

from desktop.app.worker import Priority
from desktop.base.arrays import Floats
from desktop.base.vector import Vector
from desktop.images.pixels import to_bytes
from desktop.jobs.route import Route, route_of, straight_walk
from desktop.jobs.thumbnails import thumbnails
from desktop.latent.paths import PathKind, leg_times
from desktop.view.state import ViewState
from desktop.widgets.common.qimage import to_qimage
from desktop.widgets.controls.shell import Shell
from desktop.widgets.panels.path_strip import MOST_SHOWN

NAME = "path strip"
SOON_MS = 80


class PathStripControl(QObject):
    """Keeps the strip of the Path section up to date."""

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell.window)
        self._explorer = explorer = shell.explorer
        self._panel = panel = shell.panel.path
        self._route = Route(())
        self._root: object = None
        self._even_s: float | None = None  # the duration before the first time was set, for undo
        self._soon = QTimer(self, singleShot=True, interval=SOON_MS)
        self._soon.timeout.connect(self._ask)
        panel.strip.chosen.connect(panel.points.chosen)
        panel.strip.remove_wanted.connect(panel.points.remove_wanted)
        panel.strip.time_typed.connect(self._set_time)
        panel.strip.refused.connect(shell.message.show_note)
        panel.playback_changed.connect(self._show_times)
        explorer.state_changed.connect(self._on_state)
        explorer.model_changed.connect(self._on_model)
        explorer.opened.connect(self._ask_soon)

    def _on_state(self, state: ViewState) -> None:
        route = route_of(state)
        if route == self._route:
            return
        old, self._route = self._route, route
        self._panel.strip.set_count(len(route.points))
        self._keep_pace(old, route)
        self._show_times()
        if (old.points, old.inputs) != (route.points, route.inputs):
            self._ask_soon()

    def _keep_pace(self, old: Route, new: Route) -> None:
        """Change the duration with the times, also by undo, so that the other legs take as long as before."""
        seconds, before_s, after_s = self._panel.seconds, sum(old.times), sum(new.times)
        if before_s > 0 and after_s > 0:
            seconds.setValue(seconds.value() * after_s / before_s)
        elif old.points == new.points and after_s > 0:
            self._even_s = seconds.value()
            seconds.setValue(after_s)
        elif old.points == new.points and before_s > 0 and self._even_s is not None:
            seconds.setValue(self._even_s)

    def _on_model(self) -> None:
        """Request other pictures, unless only the view's inputs have changed: each point has its own."""
        root = None if self._explorer.model is None else self._explorer.model.root
        if root is not self._root:
            self._root = root
            self._ask_soon()

    def _ask_soon(self) -> None:
        if not self._soon.isActive():  # a restart would postpone it for as long as a point is dragged
            self._soon.start()

    def _ask(self) -> None:
        """Request the pictures; a slow decoder's are shown only if they were decoded before."""
        points = self._route.points[:MOST_SHOWN]
        if self._explorer.decoder is not None and points and len(points[0]) == self._explorer.latent_dim:
            self._explorer.worker.request(NAME, Priority.GRID, self._pictures(points), self._on_pictures)

    def _pictures(self, points: tuple[Vector, ...]) -> Iterator[tuple[int, Floats] | None]:
        """Decode the points in steps; neighbours with the same inputs are decoded together."""
        inputs = self._route.inputs[: len(points)] or ((),) * len(points)
        parts, start = [], 0
        for values, same in groupby(inputs):
            end = start + len(list(same))
            decoder = self._explorer.decoder_with(values)
            assert decoder is not None
            z = np.stack([np.asarray(point, np.float32) for point in points[start:end]])
            parts.append(_from(start, thumbnails(decoder, z)))
            start = end
        return chain(*parts)

    def _on_pictures(self, piece: tuple[int, Floats]) -> None:
        start, pictures = piece
        for place, picture in enumerate(to_bytes(pictures), start):
            self._panel.strip.show_picture(place, to_qimage(picture))

    def _times(self) -> tuple[float | None, ...]:
        """The time of each leg at the duration that is set; None where it depends on the pictures."""
        route, total_s = self._route, self._panel.playback().duration_s
        try:
            legs = route.curve.legs
        except ValueError:
            return ()
        if len(route.times) == legs and sum(route.times) > 0:
            return tuple(time * total_s / sum(route.times) for time in route.times)
        if route.kind is PathKind.VISUAL:
            return (None,) * legs
        return leg_times(straight_walk(route), total_s)

    def _show_times(self) -> None:
        self._panel.strip.show_times(self._times())

    def _set_time(self, index: int, seconds: float | None) -> None:
        """Set the time of one leg, and with it the duration; None makes the pace even."""
        times = self._times()
        if seconds is None:
            self._even_s = None
            self._explorer.change(path_times=())
            return
        mean_s = self._panel.playback().duration_s / len(times)
        new = [mean_s if time is None else time for time in times]
        new[index] = seconds
        if sum(new) > 0:
            self._explorer.change(path_times=tuple(new))
            self._panel.seconds.setValue(sum(new))


def _from(start: int, pieces: Iterator[tuple[int, Floats] | None]) -> Iterator[tuple[int, Floats] | None]:
    """Renumber the pieces of pictures so that their first point has the number `start`."""
    return (None if piece is None else (start + piece[0], piece[1]) for piece in pieces)
