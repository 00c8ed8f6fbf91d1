"""Films of the plane over the epochs: each frame shows the layers as that epoch's model gives them. No Qt."""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from desktop.base.arrays import Bytes
from desktop.base.machine import DeviceName
from desktop.figure.figure import Subject as View
from desktop.film.film import Content, Film, Make, caption, epoch_order
from desktop.film.plane_stage import Stage, make_stage, stage_names, stage_z
from desktop.film.writer import Look, make_animation
from desktop.images.pixels import to_bytes
from desktop.jobs.cost import Cost, Progress
from desktop.jobs.decoded_pictures import DecodedPictures
from desktop.jobs.epoch_pictures import epoch_pictures_cost
from desktop.jobs.kept_decoder import KeptDecoder
from desktop.jobs.own_pictures import encode_again
from desktop.models.epochs import Epoch, load_epoch
from desktop.models.model import Model
from desktop.models.opened import Opened
from desktop.models.own_posterior import OwnPosterior

# The most memory for frames that are kept for the way back; further frames are drawn a second time.
KEPT_BYTES = 256 << 20
# The share of a frame's progress for decoding the plane.
DECODE_SHARE = 0.8


@dataclass(frozen=True, eq=False)
class PlaneEpochs:
    """Draws the plane of each epoch. Group names keep the offsets that they have at the last epoch.

    Attributes:
        whole: the open model, which has epochs.
        device: the device on which the epochs' models run.
        kept: the kept pictures of slow decoders.
        view: the view to draw. Test images are at each epoch's places, and own pictures are encoded again.
        film: the settings, of which content and scale are used.
        on_model: called with the model before it decodes, so that it can be interrupted, and with None
            afterwards.
    """

    whole: Opened
    device: DeviceName
    kept: DecodedPictures
    view: View
    film: Film
    on_model: Callable[[Model | None], object] = lambda _: None

    def frame(self, epoch: Epoch) -> Generator[float, None, Bytes]:
        """Draw a frame uint8 [H, W, 3], yielding the share done.

        Raises BundleError if the epoch cannot be loaded or decoded, FigureError if it cannot be drawn.
        """
        opened = load_epoch(self.whole, epoch, self.device)
        with closing(opened.model) as model:
            self.on_model(model)
            # The size of a slow decoder's pictures on the plane depends on this time, so that one value gives
            # the same size in all frames.
            model.picture_s = self.whole.model.picture_s
            try:
                view = yield from self._view_at(epoch, opened)
                view = replace(view, name_offsets=self._name_offsets)
                decoder = KeptDecoder(model, self.kept)
                stage = yield from _shares(make_stage(decoder, view, self.film.scale, self.film.plane_aspect))
                if self.film.content is not Content.BESIDE:
                    return stage.background
                z = np.array([view.state.z], np.float32)
                while (picture := decoder.try_decode(z)) is None:
                    yield 1.0
                frame: Bytes = stage.frames(z, to_bytes(picture))[0]
                return frame
            finally:
                self.on_model(None)

    def cost(self, decoder: KeptDecoder, epochs: Sequence[Epoch]) -> Cost:
        """The cost of decoding all frames; `decoder` may be that of any epoch. Raises FigureError."""
        z = stage_z(decoder, self.view, self.film.scale, self.film.plane_aspect)
        if self.film.content is Content.BESIDE:
            z = np.concatenate([z, np.array([self.view.state.z], np.float32)])
        return epoch_pictures_cost(decoder, z, epochs)

    @cached_property
    def _name_offsets(self) -> dict[str, tuple[float, float]]:
        """The offsets of names from their groups at the last epoch, or from own pictures as encoded now."""
        view = self.view
        if not isinstance(view.posterior, OwnPosterior):
            view = replace(view, posterior=self.whole.posterior)
        decoder = KeptDecoder(self.whole.model, self.kept)
        return stage_names(decoder, view, self.film.scale, self.film.plane_aspect)

    def _view_at(self, epoch: Epoch, opened: Opened) -> Generator[float, None, View]:
        """The view with the points of an epoch."""
        found = opened.posterior
        own = self.view.posterior
        state = replace(self.view.state, epoch=epoch.number)
        if not isinstance(own, OwnPosterior):
            return replace(self.view, state=state, posterior=found, encoded=found)
        if own.is_z:
            return replace(self.view, state=state, encoded=found)
        encoded: OwnPosterior | None = None
        if opened.model.has_encoder:
            for step in encode_again(opened.model, own):
                encoded = step if isinstance(step, OwnPosterior) else None
                yield 0.0
        return replace(self.view, state=state, posterior=encoded, encoded=encoded)


def plane_epochs_film(
    planes: PlaneEpochs,
    epochs: Sequence[Epoch],
    path: Path,
    name: str = "",
    comment: str = "",
    make: Make = make_animation,
) -> Iterator[float]:
    """Write one frame per epoch, there and back if the film says so, yielding the share done.

    Raises AnimationError, OSError, and the errors of `PlaneEpochs.frame`.
    """
    film = planes.film
    order = epoch_order(len(epochs), film.ping_pong)
    z = planes.view.state.z if film.content is Content.BESIDE else ()
    texts = [caption(film, name, str(epochs[place].number), z) for place in order] if film.captions else ()
    # The frames are enlarged already.
    look = Look(film.format, film.fps, 1, texts, comment)
    with closing(_Frames(planes, epochs, order)) as frames:
        told = 0.0
        # One frame at a time, because each takes long.
        for share in make(path, len(order), frames.take, look, 1):
            told = max(told, share, 0.99 * frames.share)
            yield told


class _Frames:
    """The frames of the film, each drawn when it is asked for.

    Attributes:
        share: the share of all frames that is drawn.
    """

    def __init__(self, planes: PlaneEpochs, epochs: Sequence[Epoch], order: Sequence[int]) -> None:
        self._planes, self._epochs, self._order = planes, epochs, order
        self._drawn: dict[int, Bytes] = {}
        self._drawing: Generator[float, None, Bytes] | None = None
        self.share = 0.0

    def take(self, indices: Sequence[int]) -> Bytes | None:
        """The frame [1, H, W, 3] for the single index; None if the caller has to ask again."""
        (index,) = indices
        place = self._order[index]
        if place in self._drawn:
            self.share = (index + 1) / len(self._order)
            return self._drawn[place][np.newaxis]
        if self._drawing is None:
            self._drawing = self._planes.frame(self._epochs[place])
        try:
            self.share = (index + next(self._drawing)) / len(self._order)
        except StopIteration as end:
            frame: Bytes = end.value
            self._drawing = None
            is_room = not self._drawn or (len(self._drawn) + 1) * frame.nbytes <= KEPT_BYTES
            if place in self._order[index + 1 :] and is_room:
                self._drawn[place] = frame
            return frame[np.newaxis]
        return None

    def close(self) -> None:
        """End the current drawing."""
        if self._drawing is not None:
            self._drawing.close()


def _shares(drawing: Generator[Progress | None, None, Stage]) -> Generator[float, None, Stage]:
    """Run the steps of a drawing, yielding the share done."""
    share = 0.0
    while True:
        try:
            step = next(drawing)
        except StopIteration as end:
            stage: Stage = end.value
            return stage
        if step is not None and step.total:
            share = DECODE_SHARE * step.done / step.total
        yield share
