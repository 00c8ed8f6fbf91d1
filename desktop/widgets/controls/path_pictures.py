"""Decodes what a path needs before it is played, and asks first if that takes long."""

import math
from collections.abc import Iterator

from PySide6.QtCore import QObject, Signal

from desktop.app.explorer import Explorer
from desktop.app.walk import frame_steps, walk_steps
from desktop.app.worker import Priority
from desktop.jobs.cost import ASK_FROM_S, Cost, Progress
from desktop.jobs.path_frames import PathFrames
from desktop.jobs.route import Route
from desktop.latent.paths import CurveZ, Walk
from desktop.widgets.common.cost_bar import CostBar

PATH_JOB = "path pictures"


class PathPictures(QObject):
    """Finds the pace of a path, and the pictures of a slow decoder along it.

    Args:
        explorer: its worker decodes.
        bar: shows the cost and the progress.
    """

    walk_found = Signal(object)  # Walk
    ready = Signal()  # the path can be played

    def __init__(self, explorer: Explorer, bar: CostBar, parent: QObject) -> None:
        super().__init__(parent)
        self._explorer, self._bar = explorer, bar
        self._wanted: tuple[Route, float] | None = None
        self._walk: Walk | None = None
        self._frames: PathFrames | None = None
        bar.start_wanted.connect(lambda: self._go_on(math.inf))
        bar.stop_wanted.connect(self._stop)

    def play(self, route: Route, walk: Walk | None, duration_s: float) -> None:
        """Emit `ready` once a route can be played; `walk` has its pace, or is None if the pace is unknown."""
        is_same = self._wanted == (route, duration_s) and self._walk is walk and self._frames is not None
        if is_same and self._bar.is_running:  # what is still missing is on its way
            self.ready.emit()
            return
        self._wanted, self._walk, self._frames = (route, duration_s), walk, None
        self._go_on(ASK_FROM_S)

    def place(self, share: float) -> CurveZ | None:
        """Return the place of the picture nearest to a share; None if any z can be decoded in time."""
        return None if self._frames is None else self._frames.nearest(share)

    def clear(self) -> None:
        """Stop decoding and forget the pictures, because the path or the model is another one."""
        self._wanted = self._walk = self._frames = None
        self._explorer.worker.cancel(PATH_JOB)
        self._bar.hide()

    def _stop(self) -> None:
        self._go_on(0.0)

    def _go_on(self, most_s: float) -> None:
        """Find the pace if it is not known, then the pictures; ask first if they take more than `most_s`."""
        if self._wanted is None:
            return
        self._bar.hide()
        route, duration_s = self._wanted
        steps: Iterator[object] | None
        if self._walk is None:
            steps = walk_steps(self._explorer, route, most_s)
        else:
            steps = frame_steps(self._explorer, route, self._walk, duration_s, most_s)
            if steps is None:
                self.ready.emit()
        if steps is not None:
            self._explorer.worker.request(
                PATH_JOB,
                Priority.GRID,
                steps,
                lambda step: self._on_step(step, most_s),
                self._on_error,
                self._on_end,
            )
            self._explorer.interrupt()  # what a slow decoder does now can wait

    def _on_step(self, step: object, most_s: float) -> None:
        if isinstance(step, Walk):
            self._walk = step
            self.walk_found.emit(step)
            self._go_on(most_s)
        elif isinstance(step, PathFrames):
            is_first = self._frames is None
            if len(step.shares) > 1:
                self._frames = step
                if is_first:
                    self.ready.emit()
        elif isinstance(step, Progress):
            self._bar.show_progress(step)
        elif isinstance(step, Cost):
            self._bar.ask(step)

    def _on_end(self) -> None:
        self._bar.finish()

    def _on_error(self, error: Exception) -> None:
        self._bar.hide()
        self._explorer.failed.emit(error)
