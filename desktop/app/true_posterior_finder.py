"""Finds the true posterior of a drawing while it changes, with the decoder of an explorer."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from desktop.app.explorer import Explorer
from desktop.app.own_picture import has_true_posterior, likelihood_table, network_input
from desktop.app.worker import Priority
from desktop.images.drawing import Drawing
from desktop.jobs.encode import Located, locate
from desktop.latent.true_posterior import SIDE, LikelihoodTable

TABLE, POSTERIOR = "likelihood table", "true posterior"
SLOW_MS = 300


class TruePosteriorFinder(QObject):
    """Has log p(x|z) of a drawing computed over the plane, for models with two latent dimensions.

    Args:
        explorer: the explorer whose worker computes, after the work for the pictures in view.
        drawing: returns the drawing, or None if its true posterior is not wanted.

    Attributes:
        located: the true posterior of the last drawing, or None.
        side: how many points the plane's grid has along each dimension.
        table: the likelihoods on the plane's grid, or None while nothing is drawn.
    """

    changed = Signal(object)  # Located or None
    confirmed = Signal()  # `located` still holds for this drawing, although its encoding may have changed
    progressed = Signal(bool)  # whether the search has already taken long
    failed = Signal(object)  # Exception

    def __init__(self, explorer: Explorer, drawing: Callable[[], Drawing | None], parent: QObject) -> None:
        super().__init__(parent)
        self._explorer = explorer
        self._drawing_now = drawing
        self.table: LikelihoodTable | None = None
        self.located: Located | None = None
        self.side = SIDE
        self._is_first_due = self._is_stale = False
        self._asked: tuple[Any, ...] | None = None
        # Only the first drawing waits for the plane; later strokes mostly take less time than this.
        self._slow = QTimer(self, singleShot=True, interval=SLOW_MS)
        self._slow.timeout.connect(lambda: self.progressed.emit(True))
        explorer.opened.connect(self._start_over)
        explorer.model_changed.connect(self._start_over)
        explorer.closed.connect(self._drop)

    @property
    def drawing(self) -> Drawing | None:
        """The drawing; None if it is empty, or if its true posterior is not wanted."""
        drawing = self._drawing_now()
        return None if drawing is None or drawing.is_empty else drawing

    def update(self) -> None:
        """Find the posterior of the current drawing, unless that is being done already."""
        if self.drawing is None or not has_true_posterior(self._explorer):
            self._asked = None
            self._explorer.worker.cancel(POSTERIOR)
            self._is_first_due = self._is_stale = False
            self._slow.stop()
            self._show(None)
            self.progressed.emit(False)
            return
        if self.table is None:
            self.table = likelihood_table(self._explorer, self.side)
            if self.table is not None:
                build = self.table.build()
                self._explorer.worker.request(TABLE, Priority.TABLE, build, self._on_built, self._on_failed)
                self.confirmed.emit()
        self._locate()
        self.progressed.emit(False)

    def _start_over(self) -> None:
        """Drop what was computed with the previous decoder."""
        for name in (TABLE, POSTERIOR):
            self._explorer.worker.cancel(name)
        self.table = self._asked = None
        self._is_first_due = self._is_stale = False
        self._show(None)
        self.update()

    def _drop(self) -> None:
        """Free the table, about a hundred megabytes, when the window closes."""
        self.table = None

    def _on_built(self, is_finer: bool) -> None:
        if is_finer:
            self._asked = None
            self._locate()
        self.progressed.emit(True)  # smaller cells follow after the whole plane

    def _locate(self) -> None:
        """Request the posterior of the drawing once the previous request has given its first figures."""
        drawing = self.drawing
        if self.table is None or drawing is None:
            return
        asked = (drawing.pixels, drawing.known)
        if self._asked is not None and all(a is b for a, b in zip(asked, self._asked, strict=True)):
            self.confirmed.emit()
            return
        if self._is_first_due:
            self._is_stale = True
            return
        self._asked, self._is_first_due, self._is_stale = asked, True, False
        if self.table.share == 1:
            self._slow.start()
        job = locate(self.table, network_input(self._explorer, drawing), drawing.known)
        self._explorer.worker.request(
            POSTERIOR, Priority.GRID, job, self._on_located, self._on_failed, self._on_end
        )

    def _on_located(self, located: Located) -> None:
        self._show(located)
        self._next()

    def _on_end(self) -> None:
        self._slow.stop()
        self._next()
        self.progressed.emit(False)

    def _on_failed(self, error: Exception) -> None:
        """Stop the computation for this drawing; the next change of the drawing starts again."""
        for name in (TABLE, POSTERIOR):
            self._explorer.worker.cancel(name)
        self.table = self._asked = None
        self._is_first_due = self._is_stale = False
        self._slow.stop()
        self._show(None)
        self.progressed.emit(False)
        self.failed.emit(error)

    def _next(self) -> None:
        self._is_first_due = False
        if self._is_stale:
            self._locate()

    def _show(self, located: Located | None) -> None:
        self.located = located
        self.changed.emit(located)
