"""Tries an untrusted model in a separate process, with limits on time and memory. No ONNX Runtime.

The child process runs `trial_child.py`. Each side sends a line of JSON and then raw numbers. The child's
answers are never executed or unpickled, and their size is limited.
"""

import contextlib
import json
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType, TracebackType
from typing import Any

import numpy as np

from desktop.base import machine
from desktop.base.arrays import Array
from desktop.base.errors import ModelError
from desktop.vetting.graph_work import Work
from desktop.vetting.onnx_file import Graph, ModelFile
from desktop.vetting.opening import Opening
from desktop.vetting.trial_process import take_process

# The time for loading and all runs together, without the start of the process. A graph whose work is known
# gets more, see `budget`.
TIME_LIMIT_S = 3.0
START_LIMIT_S = 30.0
MEMORY_BYTES = 640 << 20  # in addition to three times the size of the weights
# These speeds are lower than on any machine that people decode on, so that honest models stay in the limit.
LOADED_BYTES_A_SECOND = 30e6
MULTIPLY_ADDS_A_SECOND = 1.5e9  # on one core
# With more work, one run takes a tenth of a second or more: all cores share it, and unnecessary runs are
# avoided.
SLOW_MULTIPLY_ADDS = 4e9
# With fewer weights, running the model is faster than counting its work, so the work is not counted.
COUNTED_WEIGHTS_BYTES = 256 << 10
# Decoders do more multiply-adds than this per byte of activations. So a file that claims large activations
# but does no work gets no memory for them.
MULTIPLY_ADDS_A_BYTE = 16
LONG_S = 10.0  # a trial that may take longer is announced
MAX_OUTPUT_BYTES = 256 << 20
MAX_LINE_BYTES = 1 << 16
INTEGERS = [f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)]
DTYPES = frozenset(["float16", "float32", "float64", "bool", *INTEGERS])


class TrialEndedError(ModelError):
    """The process that tried a model has ended, because the model took too long or crashed the process.

    Attributes:
        limit_s: the time limit, if the model exceeded it; None if the process crashed.
    """

    limit_s: float | None = None


@dataclass(frozen=True)
class Budget:
    """The limits of a trial.

    Attributes:
        time_s: the time for loading the model and all its runs together.
        memory_bytes: the memory in addition to that of the process itself.
        threads: the number of threads for a run.
    """

    time_s: float
    memory_bytes: int
    threads: int = 1


def budget(weights_bytes: int, work: Work | None, cores: int) -> Budget:
    """The limits of a model's trial, from the size of its weights and the work of a run.

    A graph whose work is unknown, because of loops or computed shapes, has the limits of a small one.
    """
    memory_bytes = MEMORY_BYTES + 3 * weights_bytes
    time_s = TIME_LIMIT_S + weights_bytes / LOADED_BYTES_A_SECOND
    if work is None:
        return Budget(time_s, memory_bytes)
    time_s += work.multiply_adds / MULTIPLY_ADDS_A_SECOND
    threads = cores if work.multiply_adds > SLOW_MULTIPLY_ADDS else 1
    activation_bytes = min(work.activation_bytes, int(work.multiply_adds / MULTIPLY_ADDS_A_BYTE))
    return Budget(time_s, memory_bytes + 3 * activation_bytes, threads)


class Trial:
    """A child process that loads a model and runs it.

    A context manager: leaving it ends the process. Entering raises ModelError if the model cannot be loaded
    within the limits.

    Args:
        graph: the model, or its path.
        where: the model's path, for messages.
        time_limit_s: the time for loading the model and all its runs together; None computes it from the
            model.
        memory_bytes: the memory limit; None computes it from the model.
        file: the result of the inspection, from which the limits are computed.
        shapes: the shape of each input for one picture, to compute the work of a run.
        opening: gets reports of long steps, and can stop the trial.

    Attributes:
        work: the work of one run, or None if it is unknown.
        peak_memory_bytes: the peak memory of the process so far.
        last: the outputs of the last run.
        last_run_s: the duration of the last run.
    """

    def __init__(
        self,
        graph: Graph,
        where: str,
        time_limit_s: float | None = None,
        memory_bytes: int | None = None,
        file: ModelFile | None = None,
        shapes: Mapping[str, Sequence[int]] = MappingProxyType({}),
        opening: Opening | None = None,
    ) -> None:
        self._graph = graph
        self._where = where
        self._file = file
        self._shapes = shapes
        self._wished_time_s = time_limit_s
        self._wished_memory_bytes = memory_bytes
        self._opening = opening or Opening()
        self._budget = Budget(TIME_LIMIT_S if time_limit_s is None else time_limit_s, MEMORY_BYTES)
        self._left_s = self._budget.time_s
        self.work: Work | None = None
        self.last: dict[str, Array] | None = None
        self.last_run_s = 0.0
        self._late = False
        self._child: subprocess.Popen[bytes] | None = None
        self.peak_memory_bytes = 0

    def __enter__(self) -> "Trial":
        self._opening.check()
        self._child = take_process()
        self._opening.stop_with(self._end_stopped)
        try:
            # The start of Python and ONNX Runtime does not count, because the model has no part in it.
            self._answer(START_LIMIT_S, self._limits(Budget(TIME_LIMIT_S, MEMORY_BYTES)))
            self._set_budget()
            if isinstance(self._graph, bytes):
                self._answer(None, {"model_bytes": len(self._graph)}, [self._graph])
            else:
                self._answer(None, {"model_path": str(self._graph.absolute())})
        except BaseException:
            self.close()
            raise
        return self

    @property
    def is_slow(self) -> bool:
        """Whether a run takes so long that unnecessary runs should be avoided."""
        return self.work is not None and self.work.multiply_adds > SLOW_MULTIPLY_ADDS

    def _set_budget(self) -> None:
        """Let the process compute the work of a run, and set the limits from it."""
        weights_bytes = len(self._graph) if isinstance(self._graph, bytes) else 0
        if self._file is not None:
            weights_bytes = max(weights_bytes, self._file.weights_bytes)
            if self._file.weights_bytes >= COUNTED_WEIGHTS_BYTES:
                self.work = self._counted_work(self._file)
        found = budget(weights_bytes, self.work, machine.cpu_threads())
        self._budget = Budget(
            found.time_s if self._wished_time_s is None else self._wished_time_s,
            found.memory_bytes
            if self._wished_memory_bytes is None
            else self._wished_memory_bytes + 3 * weights_bytes,
            found.threads,
        )
        self._left_s = self._budget.time_s
        self._check_memory(weights_bytes)
        self._answer(START_LIMIT_S, self._limits(self._budget))
        if self._budget.time_s > LONG_S:
            self._opening.report(f"decoding a first picture{work_in_words(self.work)}")

    def _counted_work(self, file: ModelFile) -> Work | None:
        shapes = {name: list(sizes) for name, sizes in self._shapes.items()}
        request = {"skeleton_bytes": len(file.skeleton), "shapes": shapes}
        answer = self._answer(TIME_LIMIT_S, request, [file.skeleton])
        with contextlib.suppress(KeyError, TypeError, ValueError):
            return Work(int(answer["multiply_adds"]), int(answer["activation_bytes"]))
        return None

    def _check_memory(self, weights_bytes: int) -> None:
        """Raise ModelError if the machine has too little free memory for the model."""
        activation_bytes = 0 if self.work is None else self.work.activation_bytes
        needed, free = weights_bytes + activation_bytes, machine.free_memory_bytes()
        if needed > free and self._wished_memory_bytes is None:
            raise self._failure(
                f"it needs {needed / 2**30:.1f} GiB of memory, expected at most the {free / 2**30:.1f} GiB "
                "that are free; close other programs or choose a smaller model"
            )

    @staticmethod
    def _limits(budget: Budget) -> dict[str, Any]:
        cpu_s = int(budget.time_s * budget.threads) + 5
        return {"memory_bytes": budget.memory_bytes, "cpu_s": cpu_s, "threads": budget.threads}

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def run(self, feeds: Mapping[str, Array], outputs: Sequence[str]) -> dict[str, Array]:
        """Return the named outputs for `feeds`.

        Raises ModelError if the run fails, and TrialEndedError if the process has ended as well.
        """
        facts = [
            {"name": name, "dtype": str(array.dtype), "shape": list(array.shape)}
            for name, array in feeds.items()
        ]
        parts = [np.ascontiguousarray(array).tobytes() for array in feeds.values()]
        start = time.perf_counter()
        answer = self._answer(None, {"feeds": facts, "outputs": list(outputs)}, parts)
        self.last_run_s = time.perf_counter() - start
        found = answer.get("outputs")
        if not isinstance(found, list) or len(found) != len(outputs):
            raise self._failure("its trial gave an invalid answer")
        self.last = {name: self._array(fact) for name, fact in zip(outputs, found, strict=True)}
        return self.last

    def close(self) -> None:
        """End the process."""
        self._opening.stop_with(None)
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        child.wait()

    def _answer(
        self, limit_s: float | None, request: Mapping[str, Any], parts: Sequence[bytes] = ()
    ) -> dict[str, Any]:
        """Send a request and read the answer. None as `limit_s` means the trial's remaining time."""
        child = self._child
        assert child is not None and child.stdin is not None and child.stdout is not None
        timer = threading.Timer(self._left_s if limit_s is None else limit_s, self._end_late)
        timer.daemon = True
        timer.start()
        try:
            child.stdin.write(json.dumps(request).encode() + b"\n")
            for part in parts:
                child.stdin.write(part)
            child.stdin.flush()
            line = child.stdout.readline(MAX_LINE_BYTES)
            answer = json.loads(line)
            if not isinstance(answer, dict):
                raise ValueError
        except (OSError, ValueError, RecursionError) as error:  # the process died, or its answer is invalid
            self._opening.check()
            text = self._how_it_ended()
            has_ended = self._late or child.poll() is not None
            raise self._failure(text, TrialEndedError if has_ended else ModelError) from error
        finally:
            timer.cancel()
            timer.join()
        if limit_s is None:
            self._left_s = max(0.01, self._left_s - float(answer.get("seconds", 0.0)))
        self.peak_memory_bytes = int(answer.get("peak_memory_bytes", self.peak_memory_bytes))
        if "error" in answer:
            raise self._failure(" ".join(str(answer["error"]).split())[:300])
        return answer

    def _array(self, fact: Any) -> Array:
        child = self._child
        assert child is not None and child.stdout is not None
        try:
            dtype, shape = fact["dtype"], [int(size) for size in fact["shape"]]
            if dtype not in DTYPES or any(size < 0 for size in shape) or len(shape) > 32:
                raise ValueError(dtype)
            size_bytes = int(np.dtype(dtype).itemsize * np.prod(shape, dtype=object))
            if size_bytes > MAX_OUTPUT_BYTES:
                raise ValueError(size_bytes)
            data = child.stdout.read(size_bytes)
            return np.frombuffer(data, dtype).reshape(shape)
        except (KeyError, TypeError, ValueError, OSError) as error:
            if self._late:  # the time was over between the answer and the numbers
                raise self._failure(self._how_it_ended(), TrialEndedError) from error
            raise self._failure("its trial gave an invalid answer") from error

    def _end_late(self) -> None:
        self._late = True
        if self._child is not None:
            self._child.kill()

    def _end_stopped(self) -> None:
        if self._child is not None:
            self._child.kill()

    def _how_it_ended(self) -> str:
        child = self._child
        assert child is not None
        if not self._late:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(1.0)
        if self._late:
            return (
                f"its trial took longer than {self._budget.time_s:.3g} s, expected less; "
                "give it more time if you trust it"
            )
        code = child.poll()
        if code is None:
            return "its trial gave an invalid answer"
        if code < 0:
            name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
            return f"it crashed the process that tried it ({name}), expected it to run; do not trust it"
        return f"it ended the process that tried it (status {code}), expected it to run; do not trust it"

    def _failure(self, text: str, kind: type[ModelError] = ModelError) -> ModelError:
        error = kind(f"{self._where}: {text}", hints=("patience SECONDS",) if self._late else ())
        if isinstance(error, TrialEndedError) and self._late:
            error.limit_s = self._budget.time_s
        return error


def work_in_words(work: Work | None) -> str:
    """The amount of work as a text; empty for little work, which cannot be why a trial takes long."""
    count = 0 if work is None else work.multiply_adds
    if count < 1e6:
        return ""
    size, unit = (1e9, "billion") if count >= 1e9 else (1e6, "million")
    return f", {count / size:,.0f} {unit} multiply-adds"
