"""The true posterior of your image: a layer of the plane, log p(x), and the completed picture."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QPainter, QPen, QPolygonF

from desktop.app.explorer import Explorer
from desktop.app.own_picture import has_true_posterior, likelihood_table, network_input
from desktop.app.worker import Priority
from desktop.base.arrays import Doubles
from desktop.base.vector import Vector
from desktop.base.words import in_nats
from desktop.images.drawing import Drawing
from desktop.images.pixels import to_bytes
from desktop.jobs.encode import Encoded, Located, locate
from desktop.latent.chart import AxisScale
from desktop.latent.true_posterior import SIDE, LikelihoodTable
from desktop.view.closer import closer_to
from desktop.view.state import Layer, ViewState
from desktop.widgets.common import colors
from desktop.widgets.common.qimage import to_qimage
from desktop.widgets.panels.image_panel import ImagePanel
from desktop.widgets.plane.encoded_marks import EncodedMarks
from desktop.widgets.plane.plane_view import PlaneView

TABLE, POSTERIOR = "likelihood table", "true posterior"
NOT_A_PLANE = "needs 2 dimensions"
TOO_SLOW = "needs 65,536 pictures, too many for this decoder"
TOO_LARGE = "the images are too large"
SLOW_MS = 300
SMALL_PX, RING_PX = 8.0, 6.0  # a posterior that is smaller than this gets a ring of this radius


class TruePosteriorControl(QObject):
    """Has log p(x|z) of your image computed over the plane, for models with two latent dimensions.

    Attributes:
        located: the true posterior of the last drawing, or None.
        side: points of the plane's grid along each dimension.
        table: the likelihoods on the plane's grid, or None while nothing is drawn.
    """

    changed = Signal(object)  # Located or None

    def __init__(self, explorer: Explorer, plane: PlaneView, panel: ImagePanel, marks: EncodedMarks) -> None:
        super().__init__(plane)
        self._marks = marks
        self._explorer = explorer
        self._plane = plane
        self._panel = panel
        self._encoded: Encoded | None = None
        self.table: LikelihoodTable | None = None
        self.located: Located | None = None
        self.side = SIDE
        self._picture: QImage | None = None
        self._is_first_due = self._is_stale = False
        self._asked: tuple[Any, ...] | None = None
        # Only the first drawing waits for the plane; another stroke mostly takes less than this.
        self._slow = QTimer(self, singleShot=True, interval=SLOW_MS)
        self._slow.timeout.connect(lambda: self._show_progress(is_slow=True))
        self._explorer.opened.connect(self._forget)
        self._explorer.model_changed.connect(self._forget)
        self._explorer.closed.connect(self._drop)
        plane.add_under_points(self._paint)
        panel.mode_wanted.connect(self._go_to_mode)
        panel.take_mode.setEnabled(False)

    def set_encoded(self, encoded: Encoded | None) -> None:
        """Set the encoding of the drawing, and update the true posterior if the drawing has changed."""
        self._encoded = encoded
        self._mark()
        self._on_changed()

    @property
    def _drawing(self) -> Drawing:
        return self._panel.canvas.drawing()

    def _forget(self) -> None:
        """Drop what was computed with the previous decoder."""
        for name in (TABLE, POSTERIOR):
            self._explorer.worker.cancel(name)
        self.table = None
        self._is_first_due = self._is_stale = False
        self._asked = None
        self._show(None)
        self._on_changed()

    def _drop(self) -> None:
        """Free the table's hundred megabytes when the window closes."""
        self.table = None

    def _on_changed(self) -> None:
        if self._drawing.is_empty or not has_true_posterior(self._explorer):
            self._asked = None
            self._explorer.worker.cancel(POSTERIOR)
            self._is_first_due = self._is_stale = False
            self._slow.stop()
            self._show(None)
            self._show_progress()
            return
        if self.table is None:
            self.table = likelihood_table(self._explorer, self.side)
            if self.table is not None:
                build = self.table.build()
                self._explorer.worker.request(TABLE, Priority.TABLE, build, self._on_built, self._on_failed)
                self._show_gap()
        self._locate()
        self._show_progress()

    def _on_built(self, is_finer: bool) -> None:
        if is_finer:
            self._asked = None
            self._locate()
        elif self.table is not None and self.located is None:
            self._panel.set_figure("log_px", None, self._waiting)
        self._show_progress(is_slow=True)  # smaller cells follow after the whole plane

    def _locate(self) -> None:
        """Request the posterior of the drawing once the previous request has given its first figures."""
        drawing = self._drawing
        if self.table is None or drawing.is_empty:
            return
        asked = (drawing.pixels, drawing.known)
        if self._asked is not None and all(a is b for a, b in zip(asked, self._asked, strict=True)):
            self._show_gap()
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

    def _on_located(self, located: Located | None) -> None:
        if located is not None:
            self._show(located)
            self._next()

    def _on_end(self) -> None:
        self._slow.stop()
        self._next()
        self._show_progress()

    @property
    def _waiting(self) -> str:
        """What stands in the place of log p(x) before there is a first figure; empty if none will come."""
        return "" if self.table is None or self._drawing.is_empty else f"decoding, {self.table.share:.0%}"

    def _show_progress(self, is_slow: bool = False) -> None:
        """Show how much of the plane is decoded; that a posterior takes long is seen too if it `is_slow`."""
        is_wanted = self.table is not None and not self._drawing.is_empty
        share = self.table.share if self.table is not None and is_wanted else 1.0
        self._panel.show_progress(share if share < 1 or (is_wanted and is_slow) else None)

    def _on_failed(self, error: Exception) -> None:
        """End what is computed for this drawing; the next change of it begins anew."""
        for name in (TABLE, POSTERIOR):
            self._explorer.worker.cancel(name)
        self.table = self._asked = None
        self._is_first_due = self._is_stale = False
        self._slow.stop()
        self._show(None)
        self._show_progress()
        self._explorer.failed.emit(error)

    def _next(self) -> None:
        self._is_first_due = False
        if self._is_stale:
            self._locate()

    def _show(self, located: Located | None) -> None:
        self.located = located
        self.changed.emit(located)
        self._picture = None if located is None else to_qimage(located.picture.picture[::-1])
        drawing, panel = self._drawing, self._panel
        panel.take_mode.setEnabled(located is not None)
        mixture = None if located is None else located.posterior.mixture
        if mixture is None:
            panel.show_completed(None)
        else:
            completed = np.where(drawing.known, network_input(self._explorer, drawing), mixture)
            panel.show_completed(to_qimage(to_bytes(completed[None].astype(np.float32))[0]))
        self._show_gap()
        self._panel.take_mode.setEnabled(located is not None)
        self._plane.redraw_under_points()

    def _go_to_mode(self) -> None:
        if self.located is not None:
            state = self._explorer.state.moved_to(Vector(self.located.posterior.mode))
            mean = state.cursor_ab if self._encoded is None else state.plane.project(self._encoded.mean)
            outline = self._outline
            if outline is not None:
                state = closer_to(state, outline, mean, self._plane.size_px())
            self._explorer.set_state(state)

    @property
    def _outline(self) -> Doubles | None:
        """Two corners (a, b) [2, 2] of the box around nearly all of the true posterior."""
        return None if self.located is None else self.located.picture.outline

    def _gap_nats(self) -> float | None:
        """Return log p(x) − ELBO, once the grid is fine enough to tell it."""
        elbo = None if self._encoded is None else self._encoded.elbo_nats
        if self.located is None or elbo is None or not self._drawing.known.all():
            return None
        posterior = self.located.posterior
        # On a coarse grid log p(x) can be wrong by some nats.
        return None if posterior.change_nats is None else posterior.log_px_nats - elbo

    def _mark(self) -> None:
        """Mark the mode on the plane, with the gap."""
        mode = None if self.located is None else Vector(self.located.posterior.mode)
        self._marks.show_mode(mode, self._gap_nats(), self._outline)

    def _show_gap(self) -> None:
        self._mark()
        panel, latent_dim = self._panel, self._explorer.latent_dim
        if self.located is None:
            note = "" if latent_dim in (None, 2) else NOT_A_PLANE
            if latent_dim == 2 and (model := self._explorer.model) is not None and model.is_slow:
                note = TOO_SLOW
            elif latent_dim == 2 and self._explorer.likelihood is not None:
                note = "" if has_true_posterior(self._explorer) else TOO_LARGE
            panel.set_figure("log_px", None, note or self._waiting)
            panel.set_figure("gap", None, "…" if not note and self._waiting and self._encoded else "")
            return
        posterior = self.located.posterior
        log_px = in_nats(posterior.log_px_nats)
        panel.set_figure("log_px", None, log_px if posterior.is_converged else f"{log_px} …")
        is_coming = posterior.change_nats is None and self._encoded is not None and self._drawing.known.all()
        panel.set_figure("gap", self._gap_nats(), "…" if is_coming else "")

    def _paint(self, painter: QPainter, to_px: Any, state: ViewState) -> None:
        """Draw p(z|x) as a glow, and the contours that hold half and nearly all of it."""
        if self.located is None or self._picture is None or Layer.TRUE_POSTERIOR not in state.layers:
            return
        if state.plane.axes != (0, 1):
            return
        picture = self.located.picture
        # Its rows and columns are uneven on quantile axes, so they are resampled evenly in pixels.
        columns, left, right = _even(to_px(np.stack([picture.a, picture.a * 0], axis=1))[:, 0])
        rows, bottom, top = _even(-to_px(np.stack([picture.b * 0, picture.b], axis=1))[:, 1])
        image = self._picture
        if state.scale is not AxisScale.LINEAR:
            image = to_qimage(picture.picture[np.ix_(rows, columns)][::-1])
        top, bottom = -top, -bottom
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(QRectF(left, top, right - left, bottom - top), image)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for curves, width in zip(picture.contours, (1.6, 1.0), strict=True):
            painter.setPen(QPen(colors.TRUE_POSTERIOR, width))
            for curve in curves:
                painter.drawPolyline(QPolygonF([QPointF(x, y) for x, y in to_px(curve).tolist()]))
        if max(right - left, bottom - top) < SMALL_PX:
            painter.setPen(QPen(colors.TRUE_POSTERIOR, 1.6))
            painter.drawEllipse(QPointF((left + right) / 2, (top + bottom) / 2), RING_PX, RING_PX)


def _even(px: Doubles) -> tuple[NDArray[np.intp], float, float]:
    """Return which line at ascending `px` [N] is nearest to each of N even places, and their two edges."""
    even = np.linspace(px[0], px[-1], len(px))
    nearest = np.rint(np.interp(even, px, np.arange(len(px)))).astype(np.intp)
    half = (px[-1] - px[0]) / max(1, len(px) - 1) / 2
    return nearest, float(px[0] - half), float(px[-1] + half)
