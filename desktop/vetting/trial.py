"""Try a stranger's model in a process of its own, with limits on time and memory. No ONNX Runtime.

The child process runs `trial_child.py`. Each side sends a line of JSON and then raw numbers. Nothing that the
child sends is executed or unpickled, and the size of what is read from it is limited.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from desktop.base.arrays import Array
from desktop.base.errors import ModelError

TIME_LIMIT_S = 3.0  # for loading and all runs together; the start of the process does not count
START_LIMIT_S = 30.0
MEMORY_BYTES = 640 << 20  # in addition to three times the size of the model
MAX_OUTPUT_BYTES = 256 << 20
MAX_LINE_BYTES = 1 << 16
INTEGERS = [f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)]
DTYPES = frozenset(["float16", "float32", "float64", "bool", *INTEGERS])
CHILD = Path(__file__).with_name("trial_child.py")


class TrialEndedError(ModelError):
    """The process that tried a model has ended, because the model took too long or crashed it."""


class Trial:
    """A child process that loads a model and runs it.

    A context manager: leaving it ends the process. Entering raises ModelError if the model cannot be loaded
    within the limits.

    Args:
        data: the model.
        where: its path, for messages.
        time_limit_s: for loading the model and all its runs together.
        memory_bytes: how much it may use in addition to three times its own size.
    """

    def __init__(
        self, data: bytes, where: str, time_limit_s: float = TIME_LIMIT_S, memory_bytes: int = MEMORY_BYTES
    ) -> None:
        self._data = data
        self._where = where
        self._time_limit_s = time_limit_s
        self._memory_bytes = memory_bytes + 3 * len(data)
        self._left_s = time_limit_s
        self._late = False
        self._child: subprocess.Popen[bytes] | None = None
        self.peak_memory_bytes = 0

    def __enter__(self) -> "Trial":
        environment = os.environ | {
            "OMP_NUM_THREADS": "1",
            "MALLOC_ARENA_MAX": "1",
            "ORT_DISABLE_TELEMETRY": "1",
        }
        environment.pop("ORT_LOAD_CONFIG_FROM_MODEL", None)  # a model must not configure its own session
        # Isolated (-I), because a stranger's folder may hold a `json.py` beside the model: modules must be
        # imported neither from the current folder nor from PYTHONPATH.
        self._child = subprocess.Popen(  # noqa: S603 (this program's own file)
            [sys.executable, "-I", str(CHILD)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        try:
            limits = {"memory_bytes": self._memory_bytes, "cpu_s": int(self._time_limit_s) + 5}
            # The start of Python and ONNX Runtime does not count: a busy machine is not the model's fault.
            self._answer(START_LIMIT_S, limits)
            self._answer(None, {"model_bytes": len(self._data)}, [self._data])
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def run(self, feeds: Mapping[str, Array], outputs: Sequence[str]) -> dict[str, Array]:
        """Return the named outputs for `feeds`.

        Raises ModelError if the run fails, and TrialEndedError if the process has ended too.
        """
        facts = [
            {"name": name, "dtype": str(array.dtype), "shape": list(array.shape)}
            for name, array in feeds.items()
        ]
        parts = [np.ascontiguousarray(array).tobytes() for array in feeds.values()]
        answer = self._answer(None, {"feeds": facts, "outputs": list(outputs)}, parts)
        found = answer.get("outputs")
        if not isinstance(found, list) or len(found) != len(outputs):
            raise self._failure("its trial gave an invalid answer")
        return {name: self._array(fact) for name, fact in zip(outputs, found, strict=True)}

    def close(self) -> None:
        """End the process."""
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
        except (OSError, ValueError, RecursionError) as error:  # it died, or its answer is not valid
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
            raise self._failure("its trial gave an invalid answer") from error

    def _end_late(self) -> None:
        self._late = True
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
                f"its trial took longer than {self._time_limit_s:g} s, expected less; "
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
        return kind(f"{self._where}: {text}", hints=("patience SECONDS",) if self._late else ())
