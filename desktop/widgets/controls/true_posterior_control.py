"""The true posterior of your image: a layer of the plane, log p(x), and the completed picture."""

import numpy as np
from PySide6.QtCore import QObject, Signal

from desktop.app.explorer import Explorer
from desktop.app.own_picture import has_true_posterior, network_input
from desktop.app.true_posterior_finder import TruePosteriorFinder
from desktop.base.vector import Vector
from desktop.base.words import in_nats
from desktop.images.drawing import Drawing
from desktop.images.pixels import to_bytes
from desktop.jobs.encode import Encoded, Located
from desktop.view.closer import closer_to
from desktop.view.state import ViewState
from desktop.widgets.common.qimage import to_qimage
from desktop.widgets.common.usable import set_usable
from desktop.widgets.panels.image_panel import NOTHING_DRAWN, ImagePanel
from desktop.widgets.plane.encoded_marks import EncodedMarks
from desktop.widgets.plane.plane_view import PlaneView
from desktop.widgets.plane.true_posterior_layer import TruePosteriorLayer

NOT_A_PLANE = "needs 2 dimensions"
TOO_SLOW = "needs 65,536 pictures, too many for this decoder"
TOO_LARGE = "needs smaller images"
NO_LIKELIHOOD = "needs a model that declares its likelihood"
# The place of log p(x) has room for a few words only; the tool tip has the whole reason.
SHORTLY = {NOT_A_PLANE: "only in 2-D", TOO_SLOW: "decoder too slow", TOO_LARGE: "images too large"}
COMPUTING = "computing …"


class TruePosteriorControl(QObject):
    """Shows the true posterior of your image, for models with two latent dimensions.

    Attributes:
        finder: computes the true posterior.
    """

    changed = Signal(object)  # Located or None
    went_on = Signal(object, object)  # ViewState before and after the zoom that follows a move to the mode

    def __init__(self, explorer: Explorer, plane: PlaneView, panel: ImagePanel, marks: EncodedMarks) -> None:
        super().__init__(plane)
        self._plane, self._marks = plane, marks
        self._explorer = explorer
        self._panel = panel
        self._encoded: Encoded | None = None
        # A coarse posterior to whose mode somebody went, and the view there, until the zoom; else None.
        self._gone: tuple[Located, ViewState] | None = None
        self._layer = TruePosteriorLayer(plane)
        self.finder = TruePosteriorFinder(explorer, panel.canvas.drawing, self)
        self.finder.changed.connect(self._show)
        self.finder.confirmed.connect(self._show_gap)
        self.finder.progressed.connect(self._show_progress)
        self.finder.failed.connect(explorer.failed)
        panel.mode_wanted.connect(self._go_to_mode)
        self._show_can_go()

    @property
    def located(self) -> Located | None:
        """The true posterior of the last drawing, or None."""
        return self.finder.located

    def set_encoded(self, encoded: Encoded | None) -> None:
        """Set the encoding of the drawing, and update the true posterior if the drawing has changed."""
        self._encoded = encoded
        self.finder.update()

    @property
    def _drawing(self) -> Drawing:
        return self._panel.canvas.drawing()

    @property
    def _waiting(self) -> str:
        """The text in place of log p(x) until its first value is known; empty if there will be none."""
        table = self.finder.table
        return "" if table is None or self._drawing.is_empty else f"decoding, {table.share:.0%}"

    def _show_progress(self, is_slow: bool) -> None:
        """Show how much of the plane is decoded; with `is_slow`, also that the posterior takes long."""
        table = self.finder.table
        is_wanted = table is not None and not self._drawing.is_empty
        share = table.share if table is not None and is_wanted else 1.0
        if is_slow and is_wanted and self.located is None:
            self._panel.set_figure("log_px", None, self._waiting)
        self._panel.show_progress(share if share < 1 or (is_wanted and is_slow) else None)
        self._show_can_go()

    def _show(self, located: Located | None) -> None:
        self.changed.emit(located)
        self._layer.show(located)
        self._marks.show_located(located)
        drawing, panel = self._drawing, self._panel
        mixture = None if located is None else located.posterior.mixture
        if mixture is None:
            panel.show_completed(None)
        else:
            completed = np.where(drawing.known, network_input(self._explorer, drawing), mixture)
            panel.show_completed(to_qimage(to_bytes(completed[None].astype(np.float32))[0]))
        self._show_gap()
        self._show_can_go()
        self._go_on_to_mode()

    def _show_can_go(self) -> None:
        """Enable the button that goes to the mode, or say why it cannot be used."""
        if self.located is not None:
            reason = ""
        elif why := self._why_none():
            reason = f"The true posterior {why}."
        else:
            reason = NOTHING_DRAWN if self._drawing.is_empty else "The true posterior is being computed."
        set_usable(self._panel.take_mode, reason)

    def _go_to_mode(self) -> None:
        if self.located is not None:
            self._explorer.set_state(self._at_mode(self.located))
            is_known_well = self.located.posterior.is_converged
            self._gone = None if is_known_well else (self.located, self._explorer.state)

    def _go_on_to_mode(self) -> None:
        """Zoom in to the mode once it is known well, unless the view or the image has changed meanwhile.

        A coarse posterior is too wide to zoom in to.
        """
        located = self.located
        if self._gone is None or (located is not None and not located.posterior.is_converged):
            return
        (before, state), self._gone = self._gone, None
        if located is not None and state is self._explorer.state and np.array_equal(before.x, located.x):
            self._explorer.set_state(self._at_mode(located), record=False)
            self.went_on.emit(state, self._explorer.state)

    def _at_mode(self, located: Located) -> ViewState:
        """The view with the cursor at the mode, near enough to see the posterior."""
        state = self._explorer.state.moved_to(Vector(located.posterior.mode))
        mean = state.cursor_ab if self._encoded is None else state.plane.project(self._encoded.mean)
        return closer_to(state, located.picture.outline, mean, self._plane.size_px())

    def _why_none(self) -> str:
        """Why the open model has no true posterior; an empty text if it has one."""
        explorer = self._explorer
        if explorer.latent_dim not in (None, 2):
            return NOT_A_PLANE
        if explorer.model is None or has_true_posterior(explorer):
            return ""
        if explorer.model.is_slow:
            return TOO_SLOW
        return NO_LIKELIHOOD if explorer.likelihood is None else TOO_LARGE

    def _show_gap(self) -> None:
        panel = self._panel
        if self.located is None:
            why = self._why_none()
            note = SHORTLY.get(why, "")
            panel.explain_log_px(f"Not available here: it {why}." if note else "")
            panel.set_figure("log_px", None, note or self._waiting)
            panel.set_figure("gap", None, "…" if not note and self._waiting and self._encoded else "")
            return
        panel.explain_log_px()
        posterior = self.located.posterior
        log_px = in_nats(posterior.log_px_nats)
        if self.located.is_too_low(self._encoded):
            log_px = COMPUTING
        elif not posterior.is_converged:
            log_px += " …"
        panel.set_figure("log_px", None, log_px)
        gap_nats = self.located.gap_nats(self._encoded)
        is_coming = gap_nats is None and self._encoded is not None and self._drawing.known.all()
        panel.set_figure("gap", gap_nats, "…" if is_coming else "")
