"""Your image on the page Compare: how each of the two models encodes, rates and reconstructs it."""

from functools import partial

import numpy as np
from PySide6.QtCore import QObject

from desktop.app.comparison import Comparison
from desktop.app.explorer import Explorer
from desktop.base.words import in_nats
from desktop.images.drawing import Drawing
from desktop.images.pixels import to_bytes
from desktop.jobs.encode import Encoded, Located
from desktop.view.state import Layer
from desktop.widgets.common.qimage import to_qimage
from desktop.widgets.controls.compare_words import difference_of_elbos, elbo_words
from desktop.widgets.panels.compare_page import ComparePage
from desktop.widgets.plane.encoded_marks import EncodedMarks
from desktop.widgets.plane.true_posterior_layer import TruePosteriorLayer


class ComparedImage(QObject):
    """Shows the encodings and true posteriors of your image on both planes, and its ELBOs below them.

    A's encoding and true posterior are those of the window's own plane. B's are computed while the page is
    shown.
    """

    def __init__(self, comparison: Comparison, page: ComparePage) -> None:
        super().__init__(page)
        self._comparison = comparison
        self._page = page
        self._is_drawn = False
        self._first_encoded: Encoded | None = None
        self._marks = EncodedMarks(page.left), EncodedMarks(page.right)
        self._posteriors = TruePosteriorLayer(page.left), TruePosteriorLayer(page.right)
        self._located: list[Located | None] = [None, None]
        comparison.encoded_changed.connect(self.show)
        comparison.finder.changed.connect(partial(self._show_located, 1))
        self.show()

    def set_encoded(self, drawing: Drawing, encoded: Encoded | None) -> None:
        """Show A's encoding of a drawing, and have B encode the drawing too."""
        self._is_drawn, self._first_encoded = not drawing.is_empty, encoded
        self._comparison.encode(drawing)
        self.show()

    def set_located(self, located: Located | None) -> None:
        """Show the drawing's true posterior by A."""
        self._show_located(0, located)

    def _show_located(self, side: int, located: Located | None) -> None:
        self._located[side] = located
        self._posteriors[side].show(located)
        self._marks[side].show_located(located)
        self.show()

    def show(self) -> None:
        """Show how each open model encodes, rates and reconstructs your image now."""
        comparison, page = self._comparison, self._page
        second_shape = comparison.second.image_shape
        fits = second_shape is None or comparison.first.image_shape == second_shape
        for side, (explorer, encoded) in enumerate(self._encodings()):
            words, numbers = elbo_words(explorer, encoded, self._is_drawn, fits or side == 0)
            elbos = [None if each is None else each.elbo_nats for _, each in self._encodings()]
            if side == 1 and elbos[0] is not None and elbos[1] is not None:
                numbers += f", {difference_of_elbos(elbos[0], elbos[1], comparison.is_comparable)}"
            located = self._located[side]
            gap_nats = None if located is None else located.gap_nats(encoded)
            if gap_nats is not None and Layer.TRUE_POSTERIOR in comparison.first.state.layers:
                numbers += f", gap {in_nats(gap_nats).removesuffix(' nats')}"
            page.set_elbo(side, words, numbers)
            can_come = explorer.has_encoder and (fits or side == 0)
            self._show_reconstruction(side, encoded, "…" if can_come else "none")
            self._marks[side].show(encoded)

    def _show_reconstruction(self, side: int, encoded: Encoded | None, otherwise: str) -> None:
        """Show a model's reconstruction of your image, or the text `otherwise` if only the other has one."""
        image, text = None, ""
        if self._page.isVisible() and self._is_drawn and encoded is not None:
            image = to_qimage(to_bytes(encoded.reconstruction[np.newaxis])[0])
        elif self._is_drawn and any(each is not None for _, each in self._encodings()):
            has_model = self._encodings()[side][0].source is not None
            text = f"{'AB'[side]}: {otherwise}" if has_model else ""  # the line with the ELBO says why
        self._page.set_reconstruction(side, image, text)

    def _encodings(self) -> list[tuple[Explorer, Encoded | None]]:
        comparison = self._comparison
        return [(comparison.first, self._first_encoded), (comparison.second, comparison.encoded)]
