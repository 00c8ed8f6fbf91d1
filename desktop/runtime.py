"""The only importer of ONNX Runtime: a bundle's two graphs, on CUDA or on the CPU."""

import contextlib
import ctypes
import io
import os
import sys
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from export.bundle import DECODER_FILE, ENCODER_FILE, Bundle, BundleError

Floats = NDArray[np.float32]
DeviceName = Literal["auto", "cuda", "cpu"]

# Transposed convolutions run image by image on the CPU: small chunks over single-threaded runs beat one
# large batch over many threads, and leave the caches warm.
CPU_CHUNK = 20
CUDA_CHUNK = 1024
MAX_CPU_THREADS = 8
FATAL = 4
DRIVER_LIBRARY = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
# ONNX Runtime's errors have no base class of their own.
ERRORS: tuple[type[Exception], ...] = (
    RuntimeError,
    ValueError,
    *(
        kind
        for kind in vars(ort.capi.onnxruntime_pybind11_state).values()
        if isinstance(kind, type) and issubclass(kind, Exception)
    ),
)


class DeviceError(Exception):
    """The device that was asked for cannot run the model."""


@dataclass(frozen=True)
class Device:
    """Where the model really runs.

    Attributes:
        kind: "cuda" or "cpu", as the session itself reports it after a first run.
        description: in words, for the status bar.
        reason: why it is not CUDA, or an empty string.
    """

    kind: Literal["cuda", "cpu"]
    description: str
    reason: str = ""


class Model:
    """An opened bundle whose decoder, and encoder if it has one, are ready to run.

    Any thread may decode; large batches are split over a few threads of the model's own. Raises
    BundleError when a graph cannot be loaded or is not the one that the manifest describes, DeviceError
    when CUDA was asked for and cannot run it.
    """

    def __init__(self, bundle: Bundle, device: DeviceName = "auto") -> None:
        self.bundle = bundle
        self.image_shape = bundle.image_shape
        self.latent_dim = bundle.latent_dim
        self._cpu_threads = min(MAX_CPU_THREADS, os.cpu_count() or 1)
        self._pool = ThreadPoolExecutor(self._cpu_threads, "decode")
        self._decoder, self.device = self._start(bundle.read(DECODER_FILE), device)
        self._encoder = (
            self._session(bundle.read(ENCODER_FILE), ENCODER_FILE, self.device.kind)
            if ENCODER_FILE in bundle.files
            else None
        )
        self.last_decode_ms = 0.0

    @property
    def has_encoder(self) -> bool:
        """Whether images can be encoded."""
        return self._encoder is not None

    def decode(self, z: Floats) -> Floats:
        """Probabilities float32 [N, C, H, W] at z float32 [N, d].

        Raises ValueError for z of another shape, BundleError when the graph fails or gives another shape.
        """
        if z.ndim != 2 or z.shape[1] != self.latent_dim:
            raise ValueError(f"found z of shape {z.shape}, expected (N, {self.latent_dim})")
        start = time.perf_counter()
        z = np.ascontiguousarray(z, np.float32)
        size = CUDA_CHUNK if self.device.kind == "cuda" else min(CPU_CHUNK, -(-len(z) // self._cpu_threads))
        chunks = [z[i : i + size] for i in range(0, len(z), max(1, size))]
        one_by_one = len(chunks) == 1 or self.device.kind == "cuda"
        each = map if one_by_one else self._pool.map
        parts: Iterable[Floats] = each(partial(self._decode_chunk, self._decoder), chunks)
        probabilities = (
            np.concatenate(list(parts)) if chunks else np.empty((0, *self.image_shape), np.float32)
        )
        self.last_decode_ms = 1e3 * (time.perf_counter() - start)
        return probabilities

    def encode(self, x: Floats) -> tuple[Floats, Floats]:
        """Mean and logvar float32 [N, d] of images x float32 [N, C, H, W] in [0, 1].

        Raises ValueError for x of another shape or a bundle without encoder, BundleError when it fails.
        """
        if self._encoder is None:
            raise ValueError(f"{self.bundle.name} has no {ENCODER_FILE}, expected one to encode an image")
        if x.shape[1:] != self.image_shape:
            raise ValueError(f"found images of shape {x.shape[1:]}, expected {self.image_shape}")
        mean, logvar = self._run(self._encoder, ENCODER_FILE, ["mean", "logvar"], {"x": x})
        return mean, logvar

    def close(self) -> None:
        """End the model's threads."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _decode_chunk(self, session: ort.InferenceSession, z: Floats) -> Floats:
        (probabilities,) = self._run(session, DECODER_FILE, ["probabilities"], {"z": z})
        if probabilities.shape != (len(z), *self.image_shape):
            raise BundleError(
                f"{self.bundle.path}: {DECODER_FILE}: found an output of shape {probabilities.shape}, "
                f"expected {(len(z), *self.image_shape)}"
            )
        return probabilities

    def _run(
        self, session: ort.InferenceSession, name: str, outputs: list[str], inputs: dict[str, Floats]
    ) -> list[Floats]:
        try:
            results: list[Floats] = session.run(outputs, inputs)
        except ERRORS as error:
            raise BundleError(f"{self.bundle.path}: {name}: {_first_line(error)}; export it again") from error
        return results

    def _start(self, decoder: bytes, device: DeviceName) -> tuple[ort.InferenceSession, Device]:
        """A session that has decoded once: only then is it known where it runs."""
        reason = "the CPU was asked for" if device == "cpu" else _why_no_cuda()
        if not reason:
            try:
                with contextlib.redirect_stdout(io.StringIO()):  # it prints what it does not find
                    ort.preload_dlls()
                session = self._warm_session(decoder, "cuda")
                if session.get_providers()[0] == "CUDAExecutionProvider":
                    return session, Device("cuda", "CUDA")
                reason = "the CUDA libraries did not load: pip install 'latent-plane[cuda]'"
            except BundleError as error:
                reason = f"CUDA failed at its first run ({error})"
        if device == "cuda":
            raise DeviceError(
                f"--device cuda: {reason}; expected CUDA to run; use --device auto or --device cpu"
            )
        plural = "s" if self._cpu_threads > 1 else ""
        cpu = Device("cpu", f"CPU, {self._cpu_threads} thread{plural}", reason)
        return self._warm_session(decoder, "cpu"), cpu

    def _warm_session(self, decoder: bytes, kind: Literal["cuda", "cpu"]) -> ort.InferenceSession:
        session = self._session(decoder, DECODER_FILE, kind)
        self._decode_chunk(session, np.zeros((1, self.latent_dim), np.float32))
        return session

    def _session(self, graph: bytes, name: str, kind: Literal["cuda", "cpu"]) -> ort.InferenceSession:
        options = ort.SessionOptions()
        options.log_severity_level = FATAL  # every failure is raised or looked for
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        # For every new batch size the default search tries all algorithms and takes longer than it saves.
        cuda = ("CUDAExecutionProvider", {"cudnn_conv_algo_search": "HEURISTIC"})
        providers: list[Any] = [cuda] if kind == "cuda" else []
        try:
            session = ort.InferenceSession(graph, options, providers=[*providers, "CPUExecutionProvider"])
        except ERRORS as error:
            raise BundleError(
                f"{self.bundle.path}: {name}: {_first_line(error)}; expected an ONNX graph; export it again"
            ) from error
        self._check_tensors(session, name)
        return session

    def _check_tensors(self, session: ort.InferenceSession, name: str) -> None:
        facts = self.bundle.manifest["tensors"][name]
        for side, tensors in (("inputs", session.get_inputs()), ("outputs", session.get_outputs())):
            found = [_in_words(t.name, t.type.removeprefix("tensor(").rstrip(")"), t.shape) for t in tensors]
            expected = [
                _in_words(t["name"], t["dtype"].replace("float32", "float"), t["shape"]) for t in facts[side]
            ]
            if found != expected:
                raise BundleError(
                    f"{self.bundle.path}: {name}: found {side} {', '.join(found)}, "
                    f"expected {', '.join(expected)} from the manifest; export it again"
                )


def _in_words(name: str, dtype: str, shape: list[int | str | None]) -> str:
    sizes = [size if isinstance(size, int) else "N" for size in shape]
    return f"{name} {dtype} {sizes}"


def _why_no_cuda() -> str:
    """Why CUDA cannot be tried, or an empty string when it can."""
    if "CUDAExecutionProvider" not in ort.get_available_providers():
        return "this ONNX Runtime is built without CUDA"
    try:
        ctypes.CDLL(DRIVER_LIBRARY)
    except OSError:
        return "found no NVIDIA driver"
    return ""


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__
