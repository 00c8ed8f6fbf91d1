"""A second model beside the open one, at the same cursor and viewport, and their pictures' difference."""

from collections.abc import Iterator
from functools import partial
from itertools import chain

from PySide6.QtCore import QObject, Signal

from desktop.app.bundle_watch import BundleWatch
from desktop.app.drawing_encoder import DrawingEncoder
from desktop.app.explorer import Explorer
from desktop.app.timeline import Timeline
from desktop.app.true_posterior_finder import TruePosteriorFinder
from desktop.app.worker import Priority
from desktop.images.difference import Difference, difference
from desktop.images.drawing import Drawing
from desktop.jobs.decode import Decoded
from desktop.jobs.encode import Encoded
from desktop.models.epochs import Epoch, epochs_of
from desktop.models.opened import same_images
from desktop.reading.overrides import Overrides
from desktop.view.comparison import Other, followed
from desktop.view.state import Layer

NAME = "difference"
NO_IMAGES: tuple[tuple[object, ...], ...] = ((None,) * 4,) * 2


class Comparison(QObject):
    """Holds the second model, B, in a second explorer, which closes with the explorer of the open model, A.

    B's state is always derived from A's, and nothing is copied back: actions on either plane change the state
    of A. While the comparison is not shown, B stays as it is.

    Attributes:
        first: A's explorer.
        second: B's explorer.
        timeline: B's epochs.
        encoded: the drawing, encoded by B's encoder, or None.
        finder: finds the drawing's true posterior with B's decoder.
    """

    compared = Signal(object)  # Difference, or None while there is none
    encoded_changed = Signal()

    def __init__(self, first: Explorer, parent: QObject) -> None:
        super().__init__(parent)
        self.first = first
        self.second = second = Explorer(first.device, self)
        self.timeline = Timeline(second)
        BundleWatch(second)
        self.encoded: Encoded | None = None
        self._encoder = DrawingEncoder(second, self)
        self._is_shown = False
        self._wanted: Other | None = None  # to be opened, or being opened
        self._is_opening = False
        self._drawing: Drawing | None = None
        self._pictures: dict[Explorer, Decoded] = {}
        self._images = NO_IMAGES
        self._are_same_points = False
        self.finder = TruePosteriorFinder(second, self._located_drawing, self)
        self.finder.failed.connect(second.failed)
        self._is_located = False  # whether the layer of the true posterior was shown
        self._encoder.encoded.connect(self._on_encoded)
        self._encoder.failed.connect(second.failed)
        first.closed.connect(second.close)
        first.opened.connect(self._on_first_opened)
        first.state_changed.connect(self._follow)
        for explorer in (first, second):
            explorer.model_changed.connect(self._follow)
        second.opened.connect(self._on_second_opened)
        second.open_failed.connect(self._on_open_failed)
        second.model_changed.connect(self._encode)
        second.model_closed.connect(partial(self._drop_picture, second))
        for explorer in (first, second):
            explorer.opened.connect(partial(self._drop_picture, explorer))
            explorer.picture_pending.connect(partial(self._drop_picture, explorer))
            explorer.picture_decoded.connect(partial(self._on_picture, explorer))

    @property
    def is_shown(self) -> bool:
        """Whether both models are shown."""
        return self._is_shown

    @property
    def current(self) -> Other | None:
        """The second model that is open, or None."""
        source = self.second.source
        return None if source is None else Other(source.path.absolute(), self.second.state.epoch)

    @property
    def other(self) -> Other | None:
        """The second model: the one that is to be opened, or else the open one."""
        return self._wanted or self.current

    @property
    def is_opening(self) -> bool:
        """Whether a second model is being opened."""
        return self._is_opening

    @property
    def is_comparable(self) -> bool:
        """Whether ELBOs of the same image by the two models can be compared."""
        first, second = self.first, self.second
        return (
            first.likelihood is not None
            and first.likelihood == second.likelihood
            and first.image_shape == second.image_shape
        )

    @property
    def has_same_points(self) -> bool:
        """Whether a number refers to the same test image in both models; images are compared only once."""
        now = tuple(self._images_of(explorer) for explorer in (self.first, self.second))
        if any(a is not b for a, b in zip(chain(*now), chain(*self._images), strict=True)):
            self._images, self._are_same_points = now, same_points(self.first, self.second)
        return self._are_same_points

    @staticmethod
    def _images_of(explorer: Explorer) -> tuple[object, ...]:
        """The objects that identify a model's points; the epochs of a bundle share them."""
        posterior = explorer.points.posterior
        if posterior is None:
            return (None,) * 4
        return posterior.images, posterior.labels, explorer.points.own, explorer.source

    @property
    def first_epochs(self) -> tuple[Epoch, ...]:
        """The epochs of A, one of which can be B."""
        return epochs_of(self.first.source)

    def picture_of(self, explorer: Explorer) -> Decoded | None:
        """The last picture that the explorer of A or B decoded with the model that is open in it."""
        return self._pictures.get(explorer)

    def set_shown(self, is_shown: bool) -> None:
        """Show or hide the comparison: while it is shown, B follows A."""
        self._is_shown = is_shown
        self._open_wanted()
        self._follow()
        self._encode()
        self._compare()

    def keep(self, other: Other) -> None:
        """Open a model as B, instead of one that is being opened: now, or once the comparison is shown."""
        self._stop_opening()
        self._wanted = other
        self._open_wanted()

    def open(self, other: Other, overrides: Overrides | None = None) -> None:
        """Open a model as B; if its bundle is already open as B, only go to the epoch."""
        source = self.second.source
        has_bundle = source is not None and source.bundle is not None
        if source is not None and has_bundle and source.path.absolute() == other.path.absolute():
            self._stop_opening()
            self.second.change(epoch=other.epoch)
            return
        self._wanted, self._is_opening = other, True
        self.second.open(other.path, overrides)

    def open_epoch(self) -> None:
        """Open the first epoch of A after the start of training as B."""
        source, epochs = self.first.source, self.first_epochs
        if source is not None and len(epochs) > 1:
            self.open(Other(source.path, next(epoch.number for epoch in epochs if epoch.number > 0)))

    def close_second(self) -> None:
        """Close B, or stop opening it, so that there is no second model."""
        self._stop_opening()
        self.second.close_model()
        self._images, self._are_same_points = NO_IMAGES, False  # otherwise B's images would stay in memory

    def encode(self, drawing: Drawing) -> None:
        """Have B encode a drawing, now or once the comparison is shown."""
        self._drawing = drawing
        self._encode()

    def _stop_opening(self) -> None:
        self._wanted = None
        if self._is_opening:
            self._is_opening = False
            self.second.stop_opening()

    def _open_wanted(self) -> None:
        """Open the model that waits to become B, if A is open already: A is opened first."""
        can_open = self._is_shown and not self._is_opening and self.first.source is not None
        if self._wanted is not None and can_open:
            self.open(self._wanted)

    def _on_first_opened(self) -> None:
        self._open_wanted()
        self._follow()
        self._encode()

    def _on_second_opened(self) -> None:
        wanted, self._wanted, self._is_opening = self._wanted, None, False
        numbers = [epoch.number for epoch in self.timeline.epochs]
        if wanted is not None and wanted.epoch in numbers:
            self.second.change(epoch=wanted.epoch)
        self._follow()
        self._encode()

    def _on_open_failed(self) -> None:
        if self._is_opening:  # otherwise it was stopped, and another model may be waiting
            self._wanted, self._is_opening = None, False

    def _follow(self) -> None:
        """Give B the cursor and the viewport of A."""
        first, second = self.first, self.second
        if self._is_shown and first.source is not None and second.source is not None:
            has_same_labels = first.points.label_names == second.points.label_names
            state = followed(second.state, first.state, has_same_labels, self.has_same_points)
            second.set_state(state, record=False)
        if (Layer.TRUE_POSTERIOR in first.state.layers) is not self._is_located:
            self._is_located = not self._is_located
            self.finder.update()

    def _located_drawing(self) -> Drawing | None:
        """The drawing whose true posterior by B is shown, or None."""
        drawing = self._drawing
        is_wanted = self._is_shown and Layer.TRUE_POSTERIOR in self.first.state.layers
        if not is_wanted or drawing is None or drawing.pixels.shape != self.second.image_shape:
            return None
        return drawing

    def _encode(self) -> None:
        self.finder.update()
        if not self._is_shown or self._drawing is None:
            return
        if self._drawing.pixels.shape == self.second.image_shape:
            self._encoder.encode(self._drawing)
        else:
            self._on_encoded(None)

    def _on_encoded(self, encoded: Encoded | None) -> None:
        self.encoded = encoded
        self.encoded_changed.emit()

    def _drop_picture(self, explorer: Explorer, _: object = None) -> None:
        """Show no difference until the explorer has the picture at the cursor."""
        self._pictures.pop(explorer, None)
        self.second.worker.cancel(NAME)
        self.compared.emit(None)

    def _on_picture(self, explorer: Explorer, decoded: Decoded) -> None:
        self._pictures[explorer] = decoded
        self._compare()

    def _compare(self) -> None:
        """Compare the pictures if both are at the cursor; otherwise one of them is still being decoded."""
        a, b = self._pictures.get(self.first), self._pictures.get(self.second)
        if not self._is_shown or a is None or b is None:
            return
        if a.z != self.first.state.z or b.z != self.second.state.z:
            return

        def steps() -> Iterator[tuple[Difference | None]]:
            yield (difference(a.probabilities, b.probabilities),)

        self.second.worker.request(
            NAME, Priority.DRAWING, steps(), lambda found: self.compared.emit(found[0])
        )


def same_points(one: Explorer, other: Explorer) -> bool:
    """Whether two explorers show the same test images, even if their encoders put them in different places.

    Points without images are the same if they come from the same file.
    """
    points, others = one.points, other.points
    first, second = points.posterior, others.posterior
    if first is None or second is None or points.own is not others.own or not same_images(first, second):
        return False
    paths = [None if each.source is None else each.source.path for each in (one, other)]
    return first.images is not None or paths[0] == paths[1]
