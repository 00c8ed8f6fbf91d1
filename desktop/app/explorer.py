"""Holds the open model and the view's state, and requests from the worker what the window shows."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from PySide6.QtCore import QObject, Signal

from desktop.app.opener import Opener
from desktop.app.picture_decoder import PictureDecoder
from desktop.app.points import Points
from desktop.app.tile_decoder import TileDecoder
from desktop.app.worker import Priority, Worker
from desktop.app.written_files import WrittenFiles
from desktop.base.machine import Device, DeviceName
from desktop.base.session_folder import remove_leftovers
from desktop.images.data_look import DataLook, data_look
from desktop.jobs.decoded_pictures import DecodedPictures
from desktop.jobs.kept_decoder import KeptDecoder
from desktop.latent.chart import Projection
from desktop.latent.likelihood import Likelihood
from desktop.latent.plane import Viewport
from desktop.latent.prior import NORMAL, Prior
from desktop.models.model import Model
from desktop.models.opened import Opened, same_images
from desktop.models.own_posterior import OwnPosterior
from desktop.models.source import Source
from desktop.reading.input_values import InputValues, taken, values_of, without
from desktop.reading.overrides import SET, Overrides
from desktop.reading.reading import OtherInput
from desktop.view.first_view import (
    home_view,
    is_fitted,
    is_on_samples,
    opened_view,
    random_view,
    samples_viewport,
)
from desktop.view.state import Layer, ViewState


class Explorer(QObject):
    """Holds one open model at a time. A failure leaves everything as it was and emits `failed`.

    Other modules send the background requests of their features to `worker` themselves.

    Attributes:
        device: where models run.
        state: the state of the view.
        worker: the thread that decodes, encodes and writes.
        tiles: the decoded plane.
        files: the files that are being written.
        given_inputs: the names of the further inputs whose values were given when the model was opened.
    """

    opened = Signal(object)  # Opened
    renewed = Signal(object)  # Opened: the same file, which has changed
    model_closed = Signal()  # no model is open any more; `points_changed` and `model_changed` follow
    points_changed = Signal()  # own pictures were added or removed; `model_changed` follows
    model_changed = Signal()
    opening_began = Signal(object)  # Path
    opening_told = Signal(str)  # the part of the opening that takes long now
    open_failed = Signal(object)  # Exception
    failed = Signal(object)  # Exception
    state_changed = Signal(object)  # ViewState
    stepped = Signal(object, object)  # ViewState before and after a change that can be undone
    picture_decoded = Signal(object)  # Decoded
    picture_pending = Signal(object)  # PendingPicture, of a slow decoder
    backdrop_finished = Signal()  # all tiles in view are decoded
    saved = Signal(object)  # Path
    closing = Signal()  # the worker starts no more steps; receivers must stop the runs of other models
    closed = Signal()  # all threads have ended

    def __init__(self, device: DeviceName, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.device: DeviceName = device
        self.worker = Worker(self)
        self.worker.failed.connect(self.failed)
        self._opener = Opener(device, self)
        self._opener.began.connect(self.opening_began)
        self._opener.told.connect(self.opening_told)
        self._opener.open_failed.connect(self.open_failed)
        self._opener.failed.connect(self.failed)
        self._opened: Opened | None = None
        self._now: Opened | None = None
        self._pictures = DecodedPictures()
        self._decoder: KeptDecoder | None = None
        self._own: OwnPosterior | None = None
        self.given_inputs: frozenset[str] = frozenset()
        self._look: tuple[Opened, DataLook] | None = None
        self._own_of: WeakKeyDictionary[Model, OwnPosterior] = WeakKeyDictionary()
        self._size_px = (1, 1)
        self._ratio = 1.0
        self.files = WrittenFiles(self)
        self.tiles = TileDecoder(self.worker)
        self.tiles.finished.connect(self.backdrop_finished)
        self._picture = PictureDecoder(self.worker, self._opener, self.tiles)
        self._picture.decoded.connect(self.picture_decoded)
        self._picture.pending.connect(self.picture_pending)
        self.state = ViewState()
        self.worker.request("leftovers", Priority.WATCH, _tidy(), lambda _: None, of_model=False)

    @property
    def opener(self) -> Worker:
        """The thread that opens models, so that a model that opens slowly or hangs delays nothing else."""
        return self._opener.worker

    @property
    def source(self) -> Source | None:
        """The source of the open model."""
        return None if self._opened is None else self._opened.model.source

    @property
    def whole(self) -> Opened | None:
        """The open model at its last epoch."""
        return self._opened

    @property
    def model(self) -> Model | None:
        """The model that decodes and encodes: the one of the state's epoch, once it is loaded.

        `model_changed` is emitted when it changes, also when the open file has changed on disk.
        """
        return None if self._now is None else self._now.model

    @property
    def decoder(self) -> KeptDecoder | None:
        """The decoder of `model`; the pictures of a slow decoder are kept for the session."""
        model = self.model
        if model is None:
            return None
        if self._decoder is None or self._decoder.model is not model:
            self._decoder = KeptDecoder(model, self._pictures)
        return self._decoder

    @property
    def inputs(self) -> tuple[OtherInput, ...]:
        """The further inputs of the open model, such as a class, with their values."""
        return () if self._opened is None else self._opened.model.source.further_inputs

    def decoder_with(self, inputs: InputValues) -> KeptDecoder | None:
        """The decoder with other values of the further inputs."""
        decoder = self.decoder
        if decoder is None or not inputs:
            return decoder
        model = decoder.model.with_inputs(taken(decoder.model.source.further_inputs, inputs))
        return decoder if model is decoder.model else KeptDecoder(model, self._pictures)

    @property
    def latent_dim(self) -> int | None:
        """How many numbers z has; None while nothing is open."""
        return None if self._now is None else self._now.model.latent_dim

    @property
    def image_shape(self) -> tuple[int, int, int] | None:
        """Channels, height and width of a decoded picture; None while nothing is open."""
        return None if self._now is None else self._now.model.image_shape

    @property
    def likelihood(self) -> Likelihood | None:
        """The likelihood that the open bundle gives for its decoder's output; None for a bare model."""
        return None if self.source is None else self.source.likelihood

    @property
    def look(self) -> DataLook:
        """What is known about the look of the open model's data."""
        opened = self._opened
        if opened is None:
            return DataLook()
        if self._look is None or self._look[0] is not opened:
            self._look = (opened, data_look(opened.model.source, opened.posterior))
        return self._look[1]

    @property
    def has_encoder(self) -> bool:
        """Whether the model that decodes also has an encoder."""
        return self._now is not None and self._now.model.has_encoder

    @property
    def running_on(self) -> Device | None:
        """Where the open model really runs; None while nothing is open."""
        return None if self._opened is None else self._opened.model.device

    @property
    def prior(self) -> Prior:
        """The prior of the open model's reading; normal while nothing is open."""
        return NORMAL if self._opened is None else self._opened.model.source.reading.prior

    @property
    def home(self) -> Viewport:
        """The viewport that Home shows on the current plane."""
        posterior = self.points.posterior
        return home_view(self.state, self._has_posterior, None if posterior is None else posterior.mean)

    @property
    def samples_viewport(self) -> Viewport | None:
        """The part of the plane, on linear axes, with the samples that span it; None on any other plane."""
        state = self.state
        if not is_on_samples(state, self._has_posterior):
            return None
        return samples_viewport(state.plane, state.prior, state.seed)

    @property
    def points(self) -> Points:
        """The points on the plane, encoded by the model that decodes."""
        own_now = None if self._now is None else self._own_of.get(self._now.model)
        return Points(self._opened, self._now, self._own, own_now)

    def open(self, path: Path, overrides: Overrides | None = None) -> None:
        """Open a bundle or a bare model; the current one stays open until the new one is ready.

        `overrides` are for a bare model's reading, as in `open_source`.
        """
        given = frozenset(name.removeprefix(SET) for name in overrides or () if name.startswith(SET))
        self._opener.open(path, overrides, partial(self._on_opened, given=given))

    def stop_opening(self) -> None:
        """Stop opening a model; the current model stays open, and `open_failed` is emitted."""
        self._opener.stop()

    def reload(self) -> None:
        """Open the current model again from disk; the view's state stays if it fits."""
        if self._opened is not None:
            source = self._opened.model.source
            self._opener.open(source.path, dict(source.overrides) or None, self.renew)

    def close_model(self) -> None:
        """Close the open model, so that no model is open, as at the start; the threads go on."""
        self._opener.stop()
        if self._opened is None:
            return
        for thread in (self.worker, self.opener):
            thread.cancel_of_model()
        self.files.drop_of_model()
        self._opened.model.close()
        self._opened = self._now = self._decoder = self._look = self._own = None
        self._own_of.clear()
        self.tiles.forget()
        self.tiles.set_paused(False)
        for told in (self.model_closed, self.points_changed, self.model_changed):
            told.emit()
        self.state_changed.emit(self.state)

    def renew(self, opened: Opened) -> None:
        """Replace the open model by a new version of the same file.

        If the view fitted the test images, it is fitted to the new ones; any other view stays. If the test
        images have changed, points are no longer pinned, selected or hidden. A model with other dimensions or
        another prior is opened like a different model.
        """
        old = self._opened
        if old is None or _space(old.model) != _space(opened.model):
            self._on_opened(opened)
            return
        opened = opened.with_inputs(self.state.inputs)
        # The old model is not closed: jobs that still use it may finish.
        is_shown, self._opened = self._now is old, opened
        shown = old.posterior if is_shown and self._own is None else None
        goes_on_fitting = shown is not None and is_fitted(self.state, shown.mean)
        if is_shown:
            self._now = opened
        self.state = self._with_path_inputs(replace(self.state, inputs=values_of(self.inputs)))
        self.renewed.emit(opened)
        if is_shown:
            self._use_model()
        if self._own is None and not same_images(old.posterior, opened.posterior):
            self.set_state(self.state.without_points(), record=False)
        if goes_on_fitting and opened.posterior is not None:
            viewport = self.state.around(opened.posterior.mean)
            self.set_state(replace(self.state, viewport=viewport), record=False)

    def take_over(self, opened: Opened | None) -> None:
        """Decode with the model of one epoch of the open bundle; None stands for the bundle's own model."""
        now = self._opened if opened is None else opened
        if now is not self._now:
            self._now = now
            self._use_model()

    def show_pictures(
        self, own: OwnPosterior | None, model: Model | None = None, keeps_view: bool = False
    ) -> None:
        """Show own pictures, encoded by `model`, instead of the test images; with None, the test images.

        The view is fitted to them, unless `keeps_view`, for a view that was saved with them.
        """
        is_new = own is None or self._own is None or own.names is not self._own.names
        if is_new:
            self._own_of.clear()
            self._own = own
        if own is not None and model is not None:
            self._own_of[model] = own
        if is_new:
            self.points_changed.emit()
        if is_new or model is self.model:
            self.model_changed.emit()
        if is_new:
            fresh, posterior = self.state.without_points(), self.points.posterior
            if posterior is not None and not keeps_view:
                fresh = replace(fresh.with_layer(Layer.POINTS, True), viewport=fresh.around(posterior.mean))
            self.set_state(fresh, record=not keeps_view)

    def close(self) -> None:
        """End all threads, also those of the models, except a thread that waits for a lost drive."""
        self.worker.stop(0)  # the worker starts no more steps
        for opened in (self._opened, self._now):
            if opened is not None:
                opened.model.stop_runs()  # a picture of a slow decoder takes seconds
        self.closing.emit()
        have_ended = self._opener.close()
        self.worker.stop()
        for opened in (self._opened, self._now):
            # A thread that has not ended may still use its model.
            if opened is not None and have_ended:
                opened.model.close()
        self._pictures.close()
        self.closed.emit()

    def set_state(self, state: ViewState, record: bool = True) -> None:
        """Change the view's state and decode what changed.

        `record` is false for changes that cannot be undone: playback, and undo itself. The prior in `state`
        is replaced by the prior of the open model's reading.
        """
        if state.prior != self.prior:
            state = replace(state, prior=self.prior)
        is_read_otherwise = state.inputs is not self.state.inputs and self._take_inputs(state.inputs)
        if state.inputs is not self.state.inputs and self._opened is not None:
            state = replace(state, inputs=values_of(self.inputs))
        if state.path_inputs is not self.state.path_inputs or len(state.path_inputs) != len(state.path):
            state = self._with_path_inputs(state)
        old, self.state = self.state, state
        if old == state:
            return
        moves = old.z != state.z
        # A quick picture is decoded while the window updates itself to the new state.
        is_early = moves and self.decoder is not None and not self.decoder.is_slow
        if is_early:
            self._request_picture()
        if record:
            self.stepped.emit(old, state)
        self.state_changed.emit(state)
        if is_read_otherwise:
            self._use_model()
            return
        needs_more = state.needs_parameters and not old.needs_parameters
        if (moves or needs_more) and not is_early:
            self._request_picture()
        if old.chart != state.chart or old.viewport != state.viewport:
            self._request_backdrop()

    def change(self, **changes: Any) -> None:
        """Change some fields of the view's state."""
        self.set_state(replace(self.state, **changes))

    def draw_z(self) -> None:
        """Move the cursor to another sample of the prior, the one of the next seed."""
        if self._opened is not None:
            self.set_state(random_view(self.state, self._has_posterior))

    def set_view_size(self, size_px: tuple[int, int], ratio: float = 1.0) -> None:
        """Set the size at which the plane is drawn, and its `ratio` of device pixels per pixel."""
        if (size_px, ratio) != (self._size_px, self._ratio):
            self._size_px, self._ratio = size_px, ratio
            self._request_backdrop()

    def interrupt(self) -> None:
        """Interrupt the decoder's current run, if its job can repeat it."""
        if self.model is not None:
            self.model.interrupt()

    def _request_picture(self) -> None:
        if self._now is None:
            return
        decoder, likelihood = self.decoder, self.likelihood
        assert decoder is not None
        more = self.state.needs_parameters and likelihood is not None and not likelihood.is_its_picture
        self._picture.request(decoder, self.state.z, with_parameters=more)

    def _use_model(self) -> None:
        assert self._now is not None and self.decoder is not None
        self.tiles.set_decoder(self.decoder)
        self.model_changed.emit()
        self._request_picture()
        # The old plane stays until the new one is complete, because it would flicker tile by tile. With a
        # slow decoder it would stay for a minute, so the new one is shown tile by tile.
        self._request_backdrop(coarse_first=self.decoder.is_slow)

    def _take_inputs(self, wanted: InputValues) -> bool:
        """Set the further inputs of the open model; return whether their values have changed."""
        if self._opened is None:
            return False
        before, had = self._opened, self.points.posterior
        after = before.with_inputs(wanted)
        if after is before:
            return False
        is_encoded_alike = before.model.source.encoder_reading == after.model.source.encoder_reading
        self._opened = self._now = after
        if isinstance(had, OwnPosterior) and is_encoded_alike and not had.is_z:
            self._own_of[after.model] = had  # their thumbnails are the pictures themselves, not decoded ones
        return True

    def _with_path_inputs(self, state: ViewState) -> ViewState:
        """The state with values of all inputs at each point of its path; unknown ones come from the view."""
        known = state.inputs_on_path if self.inputs else ()
        return replace(state, path_inputs=tuple(taken(self.inputs, each) for each in known))

    def _request_backdrop(self, coarse_first: bool = True) -> None:
        if self._now is not None and min(self._size_px) > 1:
            projection = Projection(self.state.chart, self.state.viewport, self._size_px)
            self.tiles.look(projection, self._ratio, coarse_first)

    @property
    def _has_posterior(self) -> bool:
        return self._opened is not None and self._opened.model.source.has_posterior

    def _on_opened(self, opened: Opened, given: frozenset[str] = frozenset()) -> None:
        self.worker.cancel_of_model()
        self.opener.cancel_of_model()
        self.files.drop_of_model()
        same_file = (
            self._opened is not None and self._opened.model.source.sha256 == opened.model.source.sha256
        )
        if self._opened is not None:
            self._opened.model.close()
        before, self.given_inputs = self.state, given
        if same_file:
            opened = opened.with_inputs(without(before.inputs, given))
        self._opened = self._now = opened
        self._own = None
        assert self.decoder is not None
        self.tiles.set_decoder(self.decoder)
        self.tiles.set_paused(False)  # the pause was for the last model's plane
        same_space = same_file and len(before.z) == opened.model.latent_dim
        if not same_space or before.prior != self.prior:  # a reading may have changed the prior
            self.state = opened_view(opened, before, same_space)
        self.state = self._with_path_inputs(replace(self.state, inputs=values_of(self.inputs)))
        if not self.decoder.is_slow:  # before the plane's first pictures, which the signals below request
            self._request_picture()
        self.opened.emit(opened)
        self.state_changed.emit(self.state)
        if self.decoder.is_slow:
            self._request_picture()
        self._request_backdrop()


def _tidy() -> Iterator[None]:
    remove_leftovers()
    yield None


def _space(model: Model) -> tuple[int, Prior, tuple[int, int, int]]:
    return model.latent_dim, model.source.reading.prior, model.image_shape
