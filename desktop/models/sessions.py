"""Makes and runs the ONNX Runtime sessions for the graphs of one source."""

import functools
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any, Literal, TypeAlias

import onnxruntime as ort

from desktop.base import machine
from desktop.base.arrays import Array, Floats
from desktop.base.errors import ModelError
from desktop.base.machine import Device
from desktop.base.watchdog import Watchdog
from desktop.models import cuda_session
from desktop.models.cuda_session import CudaSession
from desktop.models.even_pads import with_even_pads
from desktop.models.pieces import equal_sizes, filled, pieces
from desktop.models.runtime import CUDA
from desktop.models.source import Source
from desktop.reading.reading import Reading
from desktop.reading.tensors import feeds
from desktop.vetting.onnx_file import Graph
from export.bundle import DECODER_FILE, ENCODER_FILE, BundleError

Session: TypeAlias = ort.InferenceSession | CudaSession
# A function that converts a decoder's output according to its reading and writes it to the last argument.
Take = Callable[[Reading, Array, Floats], object]

# The memory limit for all runs on the CPU together: a model that passed its trial may still request any
# amount at another z. A slow decoder has its own arena: all its shapes are known beforehand, and so are its
# requests.
CPU_ARENA_BYTES = 2**31
SAME_AS_REQUESTED = 1  # ONNX Runtime's number for how the arena grows
WHEN_QUIET = "try again when other programs use the processor less"
# ONNX Runtime has no exception type for a full arena: only this text identifies it.
ARENA_IS_FULL = "Available memory of"
# A slow decoder may take this many times as long as in its trial, because other programs may use the cores.
SLOW_RUN_LIMIT = 20.0
FATAL = 4
CPU = "CPUExecutionProvider"
# ONNX Runtime's exceptions have no common base class.
ERRORS: tuple[type[Exception], ...] = (
    RuntimeError,
    ValueError,
    *(
        kind
        for kind in vars(ort.capi.onnxruntime_pybind11_state).values()
        if isinstance(kind, type) and issubclass(kind, Exception)
    ),
)


class InterruptedDecodeError(ModelError):
    """`Model.interrupt` stopped a decode, because something more urgent is waiting."""


class Sessions:
    """Makes sessions for a source's graphs, on CUDA or on the CPU, and runs them.

    Any thread may run them. A run that takes longer than `limit_s` seconds is stopped; for a slow decoder the
    limit is at least 20 times as long as its trial. Raises BundleError (for a bundle) or ModelError (for a
    bare file) if a graph cannot be loaded or run.

    Attributes:
        device: where runs happen; after a failed run on CUDA it is the CPU.
        cpu_threads: how many threads may decode on the CPU at once.
        threads_per_run: how many of these threads one run uses.
    """

    def __init__(self, source: Source, limit_s: float) -> None:
        self._source = source
        self.cpu_threads = machine.cpu_threads()
        # With a slow decoder all cores work on one picture; with a fast one each core decodes its own.
        self.threads_per_run = 1 if source.first is None else self.cpu_threads
        self.device = self.cpu_device("")
        self._cuda_thread = ThreadPoolExecutor(1, "cuda")
        if source.first is not None:
            limit_s = max(limit_s, SLOW_RUN_LIMIT * source.first.seconds)
        self._watchdog = Watchdog(limit_s)
        self._interruptible: Any = None  # ONNX Runtime's options of the run that may be interrupted
        self._is_interruptible = False

    def make(
        self,
        graph: Graph,
        name: str,
        kind: Literal["cuda", "cpu"],
        is_exact: bool = False,
        is_recorded: bool = False,
    ) -> Session:
        """Make a session; `is_exact` if the graph's numbers are added up, `is_recorded` for CUDA graphs."""
        if kind == "cpu":
            return self._plain(graph, name, [CPU])
        likelihood = self._source.likelihood
        is_exact = is_exact or not (likelihood is None or likelihood.is_its_picture)
        settings = cuda_session.settings(is_exact, is_recorded, is_bounded=self._source.first is None)
        graph_there = with_even_pads(graph) if isinstance(graph, bytes) else graph
        session = self._plain(graph_there, name, [(CUDA, settings), CPU])

        def on_cpu(error: Exception) -> ort.InferenceSession:
            made = self._plain(graph, name, [CPU])
            self.device = self.cpu_device(f"CUDA failed ({_first_line(error)})")
            return made

        return CudaSession(session, self._cuda_thread, on_cpu, ERRORS, is_recorded=is_recorded)

    def run(
        self, session: Session, name: str, outputs: Sequence[str], inputs: Mapping[str, Array]
    ) -> list[Array]:
        """Run a session that was made for the file `name`, and return its outputs."""
        options: Any = ort.RunOptions()
        if self._is_interruptible:
            self._interruptible = options
        with self._watchdog.watch(partial(setattr, options, "terminate", True)) as guard:
            try:
                results: list[Array] = session.run(outputs, inputs, options)
            except ERRORS as error:
                # A run that took too long, or whose model was closed, is not an interrupted one to repeat.
                is_for_good = guard.expired or self.is_closed
                if self._interruptible is options and options.terminate and not is_for_good:
                    raise InterruptedDecodeError("the decode was interrupted") from error
                if ARENA_IS_FULL in str(error):
                    text = f"a run needs more than {CPU_ARENA_BYTES >> 20:,} MiB of memory, expected less"
                    raise self.failure(name, text) from error
                if not guard.expired:
                    raise self.failure(name, _first_line(error), "export it again") from error
                limit_s = self._watchdog.limit_s
                limit = f"{limit_s:.0f} s" if limit_s >= 10 else f"{limit_s:.1f} s"
                text = f"a run took longer than {limit} and was stopped, expected less; {WHEN_QUIET}"
                raise self.failure(name, text) from error
            finally:
                self._interruptible = None
        return results

    def decode(
        self,
        session: Session,
        reading: Reading,
        outputs: Sequence[str],
        take: Take,
        cuda_chunk: int,
        z: Floats,
        *results: Floats,
    ) -> None:
        """Decode z [N, d], and write each of `outputs` to the array in `results` at its place, by `take`.

        Fixed sizes may need several runs; on CUDA, no run has more than `cuda_chunk` z.
        """
        start = 0
        most = cuda_chunk if isinstance(session, CudaSession) else len(z)
        for part, size in pieces(z, run_sizes(session, reading.batch, len(z), most)):
            inputs = feeds(reading, filled(part, size))
            found = self.run(session, DECODER_FILE, outputs, inputs)
            try:
                for raw, result in zip(found, results, strict=True):
                    take(reading, raw, result[start : start + len(part)])
            except ModelError as error:
                raise self.failure(DECODER_FILE, str(error)) from error
            start += len(part)

    @contextmanager
    def interruptible(self, may_be: bool) -> Iterator[None]:
        """Within the block, `interrupt` stops a run, if `may_be` is true."""
        self._is_interruptible = may_be
        try:
            yield
        finally:
            self._is_interruptible = False

    def interrupt(self) -> None:
        """Stop the run that may be interrupted. Any thread may call it."""
        options = self._interruptible
        if options is not None:
            options.terminate = True

    def cpu_device(self, reason: str) -> Device:
        """The CPU as a device, with its description and the reason why it is not CUDA."""
        return Device("cpu", f"CPU, {self.cpu_threads} thread{'s' * (self.cpu_threads > 1)}", reason)

    def failure(self, name: str, text: str, to_do: str = "") -> BundleError | ModelError:
        """The error for a bundle, with `to_do` for people who make bundles, or for a bare model."""
        if self._source.bundle is not None:
            return BundleError(f"{self._source.path}: {name}: {text}" + (f"; {to_do}" if to_do else ""))
        part = "its encoder: " if name == ENCODER_FILE else ""
        return ModelError(f"{self._source.path}: {part}{text}")

    def stop_runs(self) -> None:
        """Stop the current run and prevent later ones: both raise errors. Any thread may call it."""
        self._watchdog.close()

    @property
    def is_closed(self) -> bool:
        """Whether runs are no longer possible."""
        return self._watchdog.is_closed

    def close(self) -> None:
        """Stop the current run, and end the threads."""
        self.stop_runs()
        self._cuda_thread.shutdown(wait=True, cancel_futures=True)

    def _plain(self, graph: Graph, name: str, providers: list[Any]) -> ort.InferenceSession:
        options = ort.SessionOptions()
        options.log_severity_level = FATAL  # this program raises or detects failures itself
        options.intra_op_num_threads = self.threads_per_run
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        if providers != [CPU]:
            options.add_session_config_entry(cuda_session.WHERE_IT_RUNS, "1")
        if self._source.first is None:
            _bound_memory()
            options.add_session_config_entry("session.use_env_allocators", "1")
        os.environ.pop("ORT_LOAD_CONFIG_FROM_MODEL", None)  # a model must not configure its own session
        # Without `enable_fallback=0`, ONNX Runtime would print a failure of CUDA and go on without CUDA.
        make = partial(
            ort.InferenceSession,
            graph if isinstance(graph, bytes) else str(graph),
            options,
            providers=providers,
            enable_fallback=0,
        )
        try:
            if self._source.first is not None:
                # The session's threads inherit the priority of the thread that makes the session.
                with ThreadPoolExecutor(1, initializer=machine.lower_priority) as maker:
                    made = maker.submit(make).result()
            else:
                made = make()
        except ERRORS as error:
            raise self.failure(
                name, f"{_first_line(error)}; expected an ONNX graph", "export it again"
            ) from error
        for file in (self._source.file, self._source.encoder_file):
            if file is not None:
                file.check_unchanged()  # so that the loaded file is the one that was tried
        return made


def run_sizes(session: Session, fixed: int | None, count: int, most: int) -> list[tuple[int, int]]:
    """The runs for `count` rows: the rows of each run, and the size to which it is padded."""
    if fixed is None and isinstance(session, CudaSession) and session.is_on_device:
        return cuda_session.batches(count, min(most, cuda_session.SIZES[-1]))
    return equal_sizes(count, fixed, most)


@functools.cache
def _bound_memory() -> None:
    """Create one arena of limited size for all CPU sessions; ONNX Runtime accepts one per process.

    The arena never shrinks; neither does a session's own arena while the session exists.
    """
    info = ort.OrtMemoryInfo("Cpu", ort.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, ort.OrtMemType.DEFAULT)
    arena = ort.OrtArenaCfg(CPU_ARENA_BYTES, SAME_AS_REQUESTED, -1, -1)
    ort.create_and_register_allocator(info, arena)


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__
