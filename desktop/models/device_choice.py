"""Chooses a decoder's device by loading and running it there: only that shows where it really runs."""

import time
from dataclasses import dataclass
from typing import Literal

import numpy as np
import onnxruntime as ort

from desktop.base import machine
from desktop.base.errors import ModelError
from desktop.base.installed import install_line
from desktop.base.machine import Device, DeviceError, DeviceName
from desktop.base.vector import Vector
from desktop.latent.plane import sample_prior
from desktop.models import cuda_session
from desktop.models.cuda_session import CudaSession
from desktop.models.first_decode import FirstDecode
from desktop.models.pieces import chunk_size
from desktop.models.runtime import cuda_major, preload_cuda
from desktop.models.sessions import Session, Sessions
from desktop.models.source import Source
from desktop.reading.tensors import probabilities
from export.bundle import DECODER_FILE, BundleError

LONG_MS = 50.0  # in a first run at least this long, nearly all of the time is probably decoding
# ONNX Runtime records a CUDA graph in the first few runs of a size, after one that is not recorded.
RECORDING_RUNS = 6
RECORDED_DIFFERENCE = 1e-3  # TF32 causes half of it


@dataclass(frozen=True)
class Chosen:
    """Where a decoder runs, and what its first run showed.

    Attributes:
        device: where it runs.
        session: the decoder's session; None for a slow decoder on the CPU, which its first decode loads.
        chunk: how many pictures a run decodes.
        picture_s: how long the first picture took.
        first: the first picture, if it took long.
        is_quick_on_cuda: whether the decoder runs on CUDA and a picture does not take long there.
    """

    device: Device
    session: Session | None
    chunk: int
    picture_s: float
    first: FirstDecode | None
    is_quick_on_cuda: bool = False


@dataclass(frozen=True)
class _FirstRun:
    """The measurements of a run that needed no more preparation."""

    took_ms: float
    chunk: int
    first: FirstDecode | None


def choose_device(sessions: Sessions, source: Source, wanted: DeviceName) -> Chosen:
    """Load and run the decoder on the wanted device, or else on the CPU, with the reason why.

    Raises DeviceError if CUDA is wanted and cannot run it; BundleError or ModelError if the CPU cannot.
    """
    available = ort.get_available_providers()
    reason = "the CPU was requested" if wanted == "cpu" else machine.why_no_cuda(available)
    if not reason:
        on_cuda = _on_cuda(sessions, source)
        if isinstance(on_cuda, Chosen):
            return on_cuda
        reason = machine.missing_in_words(machine.missing_libraries(cuda_major())) or on_cuda
    if wanted == "cuda":
        raise DeviceError(
            f"{reason}; expected CUDA to run the model",
            option="device cuda",
            hints=("device auto", "device cpu"),
        )
    device = sessions.cpu_device(reason)
    if source.first is not None:
        return Chosen(device, None, 1, source.first.seconds, source.first)
    session = sessions.make(source.decoder, DECODER_FILE, "cpu")
    run = _first_run(sessions, source, session, "cpu")
    return Chosen(device, session, run.chunk, run.took_ms / 1e3, run.first)


def _on_cuda(sessions: Sessions, source: Source) -> Chosen | str:
    """The decoder on CUDA, or why it does not run there."""
    preload_cuda()
    try:
        sessions.device = Device("cuda", "CUDA")  # until a run shows where the nodes run
        session = sessions.make(source.decoder, DECODER_FILE, "cuda")
        assert isinstance(session, CudaSession)
        on_cuda, nodes = cuda_session.nodes_on_cuda(session.session)
        # Without CUDA's libraries all nodes are on the CPU, where a slow decoder was tried already.
        if not on_cuda:
            return f"ONNX Runtime runs none of the model's operators on CUDA: {install_line('cuda')}"
        run = _first_run(sessions, source, session, "cuda")
        if sessions.device.kind != "cuda":
            return sessions.device.reason
        is_quick = run.took_ms < LONG_MS
        # If a run is long, a CUDA graph saves nothing, and a second session would hold large weights twice.
        if on_cuda == nodes and is_quick and source.first is None:
            session = _recorded(sessions, source, session)
        first = None if is_quick else run.first or source.first
        device = Device("cuda", cuda_session.where_in_words(on_cuda, nodes))
        return Chosen(device, session, run.chunk, run.took_ms / 1e3, first, is_quick)
    except (BundleError, ModelError) as error:
        return f"CUDA failed at its first run ({error})"


def _first_run(
    sessions: Sessions, source: Source, session: Session, kind: Literal["cuda", "cpu"]
) -> _FirstRun:
    """Run and time the decoder's session. Raises BundleError or ModelError, also for a picture of NaN."""
    reading = source.reading
    # The sample at which the view of a new model starts. At z = 0 a decoder that normalises z gives NaN.
    z = sample_prior(1, reading.latent_dim, 0, reading.prior)
    picture = np.empty((1, *reading.image_shape), np.float32)
    # The first run allocates buffers; on CUDA it also loads libraries and plans convolutions, for up to 1 s.
    for _ in range(2):
        start = time.perf_counter()
        sessions.decode(session, reading, (reading.output,), probabilities, 1, z, picture)
        took_ms = 1e3 * (time.perf_counter() - start)
        if kind == "cpu" and took_ms >= LONG_MS:
            break  # a slow picture is not decoded a second time
    if np.isnan(picture).all():
        raise sessions.failure(DECODER_FILE, "found only NaN in its first picture, expected numbers")
    is_kept = took_ms >= LONG_MS and not np.isnan(picture).any()
    first = FirstDecode(Vector(z[0]), picture[0], took_ms / 1e3) if is_kept else None
    return _FirstRun(took_ms, chunk_size(reading, kind, took_ms), first)


def _recorded(sessions: Sessions, source: Source, plain: CudaSession) -> CudaSession:
    """A session that replays CUDA graphs if that gives the same pictures, or else the `plain` session."""
    reading = source.reading
    outputs = (reading.output,)
    shape = (1, *reading.image_shape)
    found, expected = np.empty(shape, np.float32), np.empty(shape, np.float32)
    try:
        made = sessions.make(source.decoder, DECODER_FILE, "cuda", is_recorded=True)
        assert isinstance(made, CudaSession)
        # ONNX Runtime records after some runs; the last ones are replays.
        for seed in range(RECORDING_RUNS):
            z = sample_prior(1, reading.latent_dim, seed, reading.prior)
            sessions.decode(made, reading, outputs, probabilities, 1, z, found)
        sessions.decode(plain, reading, outputs, probabilities, 1, z, expected)
    except (BundleError, ModelError):
        return plain
    finally:
        # That a decoder cannot be recorded does not mean that the device failed.
        if sessions.device.kind != "cuda":
            sessions.device = Device("cuda", "CUDA")
    is_same = made.is_on_device and np.allclose(found, expected, atol=RECORDED_DIFFERENCE, equal_nan=True)
    return made if is_same else plain
