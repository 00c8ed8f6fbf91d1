"""Runs a source's decoder and encoder with ONNX Runtime, on CUDA or on the CPU."""

import copy
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from functools import partial

import numpy as np

from desktop.base.arrays import Floats
from desktop.base.errors import ModelError
from desktop.base.machine import Device, DeviceName
from desktop.latent.elbo import logits_of
from desktop.latent.likelihood import Parameters
from desktop.models.cuda_session import CudaSession
from desktop.models.device_choice import choose_device
from desktop.models.logits import without_sigmoid
from desktop.models.pieces import chunk_size, filled, pieces
from desktop.models.sessions import Session, Sessions, Take, run_sizes
from desktop.models.source import Source
from desktop.reading.input_values import InputValues
from desktop.reading.tensors import encoder_feeds, logits, numbers, posterior, probabilities
from export.bundle import DECODER_FILE, ENCODER_FILE

# The time per picture is estimated from the last runs. A quick run may have waited for the processor, so the
# shortest of the last RUNS counts. For a slow decoder it is a moving average in which the last run has the
# weight SMOOTHING.
RUNS, SMOOTHING = 8, 0.3
ENCODER_CHUNK = 256
RUN_LIMIT_S = 20.0


class Model:
    """A source whose decoder, and encoder if it has one, are ready to run.

    Any thread may decode; large batches are split over a few threads of the model's own. A run that takes
    longer than `limit_s` seconds is stopped. Raises BundleError (for a bundle) or ModelError (for a bare
    file) if a graph cannot be loaded, differs from the manifest or the reading, or gives only NaN;
    DeviceError if CUDA was requested and cannot run it.

    Attributes:
        source: what was opened.
        image_shape: channels, height, width.
        latent_dim: d.
        warning: what was wrong with decoded pictures, or an empty string.
        last_decode_ms: how long the last decode took.
        picture_s: how long a picture takes, estimated from the last runs.
        first: a picture that was decoded while the model was opened, if it took long.
    """

    def __init__(self, source: Source, device: DeviceName = "auto", limit_s: float = RUN_LIMIT_S) -> None:
        self.source = source
        self.image_shape = source.reading.image_shape
        self.latent_dim = source.reading.latent_dim
        self.warning = ""
        self._shared: Model | None = None  # the model whose sessions it uses
        self._logits: Session | None = None
        self._logits_looked_for = False
        self._last_s: deque[float] = deque(maxlen=RUNS)
        self._sessions = Sessions(source, limit_s)
        self._pool = ThreadPoolExecutor(self._sessions.cpu_threads, "decode")
        self._loading = threading.Lock()
        try:
            chosen = choose_device(self._sessions, source, device)
            self._sessions.device = chosen.device
            self.first, self.picture_s = chosen.first, chosen.picture_s
            self.last_decode_ms = 1e3 * chosen.picture_s
            self._loaded, self._chunk = chosen.session, chosen.chunk
            self._is_quick_on_cuda = chosen.is_quick_on_cuda
            self._encoder = (
                self._sessions.make(source.encoder, ENCODER_FILE, self.device.kind, is_exact=True)
                if source.encoder is not None and source.encoder_reading is not None
                else None
            )
        except BaseException:
            self.close()
            raise

    def with_inputs(self, values: InputValues) -> "Model":
        """Return the model with other values of its further inputs, or this model if it has them already.

        Both models share their sessions, so closing one closes the other.
        """
        root = self._shared or self
        source = root.source.with_inputs(values)
        if source is root.source:
            return root
        if (source.reading, source.encoder_reading) == (self.source.reading, self.source.encoder_reading):
            return self
        other = copy.copy(root)
        other.source, other._shared = source, root
        other.first, other.warning = None, ""  # the root's belong to its own values
        other.last_decode_ms, other.picture_s = self.last_decode_ms, self.picture_s
        return other

    @property
    def root(self) -> "Model":
        """The model that owns the sessions: this one, unless `with_inputs` returned it."""
        return self._shared or self

    @property
    def device(self) -> Device:
        """Where it runs."""
        return self._sessions.device

    @property
    def is_slow(self) -> bool:
        """Whether a picture takes so long that people have to wait, and none may be decoded needlessly.

        On the CPU the amount of work in the graph decides, on CUDA the time of the first run.
        """
        is_quick_here = self._is_quick_on_cuda and self.device.kind == "cuda"
        return self.source.first is not None and not is_quick_here

    @property
    def has_encoder(self) -> bool:
        """Whether images can be encoded."""
        return self._encoder is not None

    def interrupt(self) -> None:
        """Stop a run of `decode` that may be interrupted. Any thread may call it."""
        self._sessions.interrupt()

    def decode(self, z: Floats, most_threads: int | None = None, may_be_interrupted: bool = False) -> Floats:
        """Probabilities float32 [N, C, H, W] in [0, 1] at z float32 [N, d], using at most `most_threads`.

        With `may_be_interrupted`, `interrupt` makes a slow decoder's run raise InterruptedDecodeError. NaN
        becomes 0 and sets `warning`. Raises ValueError for z of another shape, BundleError or ModelError
        if the graph fails, gives another shape or takes too long.
        """
        session, was_slow = self._decoder, self.is_slow
        start = time.perf_counter()
        with self._sessions.interruptible(may_be_interrupted and was_slow):
            decode_by = self._decoding(session, (self.source.reading.output,), probabilities)
            (result,) = self._in_pieces(z, decode_by, (self.image_shape,), most_threads)
        # min propagates NaN and is faster than checking each number.
        if len(result) and np.isnan(result.min()):
            result = self._without_nan(result)
        self.last_decode_ms = 1e3 * (time.perf_counter() - start)
        if len(z):
            self._last_s.append(self.last_decode_ms / 1e3 / len(z))
            if not self.is_slow:
                self.picture_s = min(self._last_s)
            elif not was_slow:  # CUDA failed in this decode: its times say nothing about the CPU
                self.picture_s = self._last_s[-1]
            else:
                self.picture_s += SMOOTHING * (self._last_s[-1] - self.picture_s)
        return result

    def decode_logits(self, z: Floats) -> Floats:
        """Logits float32 [N, C, H, W] at z float32 [N, d], for a decoder that gives Bernoulli probabilities.

        If the graph ends with a sigmoid, they are the sigmoid's input; else they are computed from the
        probabilities, within ±17.3. Raises the same errors as `decode`.
        """
        shared = self._shared or self
        if not shared._logits_looked_for:
            shared._logits_looked_for = True
            graph = self.source.decoder
            # A graph that stays on disk is too large to be loaded a second time.
            found = without_sigmoid(graph, self.source.reading.output) if isinstance(graph, bytes) else None
            if found is not None:
                shared._logits = self._sessions.make(found, DECODER_FILE, self.device.kind, is_exact=True)
        if shared._logits is None:
            return logits_of(self.decode(z))
        decode_by = self._decoding(shared._logits, (self.source.reading.output,), logits)
        return self._in_pieces(z, decode_by, (self.image_shape,))[0]

    def decode_parameters(self, z: Floats) -> Parameters:
        """The parameters of a bundle's likelihood at z float32 [N, d]. Raises the same errors as `decode`."""
        likelihood = self.source.likelihood
        assert likelihood is not None
        if likelihood.is_its_picture:
            return Parameters(self.decode_logits(z))
        shapes = self.source.parameter_shapes
        decode_by = self._decoding(self._decoder, tuple(shapes), numbers)
        return Parameters(*self._in_pieces(z, decode_by, tuple(shapes.values())))

    def _in_pieces(
        self,
        z: Floats,
        decode_by: Callable[..., None],
        shapes: Sequence[tuple[int, ...]],
        most_threads: int | None = None,
    ) -> list[Floats]:
        """Decode z [N, d] to arrays float32 [N, *shape], in chunks that a few threads share.

        `decode_by` gets the z of a chunk, and the part of each array to write the results to.
        """
        if z.ndim != 2 or z.shape[1] != self.latent_dim:
            raise ValueError(f"found z of shape {z.shape}, expected (N, {self.latent_dim})")
        z = np.ascontiguousarray(z, np.float32)
        alone = self.device.kind == "cuda"
        batch = self.source.reading.batch or 1
        cpu_threads = self._sessions.cpu_threads
        most_threads = min(cpu_threads // self._sessions.threads_per_run, most_threads or cpu_threads)
        share = -(-len(z) // most_threads)
        chunk = self._chunk
        if isinstance((self._shared or self)._loaded, CudaSession) and not alone:  # CUDA failed meanwhile
            chunk = chunk_size(self.source.reading, "cpu", 1e3 * self.picture_s)
        size = chunk if alone else min(chunk, -(-share // batch) * batch)
        size = max(1, size)
        results = [np.empty((len(z), *shape), np.float32) for shape in shapes]
        starts = iter(range(0, len(z), size))

        def work() -> None:
            for start in starts:  # the threads share this iterator: each takes the next chunk
                decode_by(z[start : start + size], *(result[start : start + size] for result in results))

        # This thread works too: handing over every chunk to other threads would cost a tenth of the time.
        threads = 1 if alone else min(most_threads, -(-len(z) // size))
        others = [self._pool.submit(work) for _ in range(threads - 1)]
        try:
            work()
        finally:
            for _ in starts:  # after an error the remaining chunks are dropped
                pass
            # Work that has not started has nothing left to do. If the model was closed, it never starts, and
            # waiting for it would never end.
            begun = [other for other in others if not other.cancel()]
            wait(begun)
        for other in begun:
            other.result()
        return results

    def encode(self, x: Floats) -> tuple[Floats, Floats]:
        """Mean and logvar float32 [N, d] of images x float32 [N, C, H, W] in [0, 1].

        Raises ValueError for x of another shape or a source without an encoder, BundleError or ModelError if
        the graph fails.
        """
        reading = self.source.encoder_reading
        if self._encoder is None or reading is None:
            raise ValueError(
                f"found no {ENCODER_FILE} for {self.source.name}, expected one to encode an image"
            )
        if x.shape[1:] != self.image_shape:
            raise ValueError(f"found images of shape {x.shape[1:]}, expected {self.image_shape}")
        names = list(dict.fromkeys(n for n in (reading.mean_output, reading.spread_output) if n is not None))
        means, logvars = [], []
        x = np.ascontiguousarray(x, np.float32)
        for part, size in pieces(x, run_sizes(self._encoder, reading.batch, len(x), ENCODER_CHUNK)):
            inputs = encoder_feeds(reading, filled(part, size))
            outputs = self._sessions.run(self._encoder, ENCODER_FILE, names, inputs)
            try:
                mean, logvar = posterior(reading, dict(zip(names, outputs, strict=True)))
            except ModelError as error:
                raise self._sessions.failure(ENCODER_FILE, str(error)) from error
            means.append(mean[: len(part)])
            logvars.append(logvar[: len(part)])
        if not means:
            return np.empty((0, reading.latent_dim), np.float32), np.empty(
                (0, reading.latent_dim), np.float32
            )
        return np.concatenate(means), np.concatenate(logvars)

    def stop_runs(self) -> None:
        """Stop the current run and prevent later ones: both raise errors. Any thread may call it."""
        self._sessions.stop_runs()

    @property
    def is_closed(self) -> bool:
        """Whether runs are no longer possible."""
        return self._sessions.is_closed

    def close(self) -> None:
        """End the model's threads and stop their runs."""
        self._sessions.close()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _decoding(self, session: Session, outputs: Sequence[str], take: Take) -> Callable[..., None]:
        """`Sessions.decode` for these outputs, as a function of z and the arrays to write to."""
        return partial(self._sessions.decode, session, self.source.reading, outputs, take, self._chunk)

    @property
    def _decoder(self) -> Session:
        """The decoder's session; for a slow decoder it is loaded at its first decode, not when it is opened.

        The trial has decoded a first picture, which people can see before the weights are loaded again.
        """
        shared = self._shared or self
        with self._loading:
            if shared._loaded is None:
                shared._loaded = self._sessions.make(self.source.decoder, DECODER_FILE, "cpu")
            return shared._loaded

    def _without_nan(self, pictures: Floats) -> Floats:
        broken = int(np.isnan(pictures).any((1, 2, 3)).sum())
        self.warning = f"NaN in {broken} of {len(pictures)} pictures, drawn as 0"
        return np.nan_to_num(pictures, nan=0.0)
