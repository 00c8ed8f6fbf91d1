"""The process that tries a model: limits itself, loads it, runs it, answers `desktop.vetting.trial`.

Beside `desktop.models.model` the only one that imports ONNX Runtime. It ends when its input does.

It is started as a file by an isolated Python (`python -I`), so it imports nothing of this project.
"""

import contextlib
import json
import os
import sys
import time
from pathlib import Path
from typing import Any, BinaryIO

# Where this package is installed numpy and ONNX Runtime are too, even if that is the user's own folder,
# which an isolated Python leaves out. Last, so that nothing there stands in for another module.
sys.path.append(str(Path(__file__).resolve().parents[2]))

import numpy as np

MAX_LINE_BYTES = 1 << 20
MAX_OUTPUT_BYTES = 256 << 20
MAX_ERROR_CHARACTERS = 1000  # ONNX Runtime quotes all names of a node
FATAL = 4
# ONNX Runtime raises no exception of its own when memory runs out: the text is all that tells it apart.
OUT_OF_MEMORY = ("bad_alloc", "Failed to allocate", "bad allocation")


def main() -> None:
    """Serve the requests that come on standard input until it ends."""
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    # ONNX Runtime prints to standard output where some models fail: only answers go to the one who asked.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    limits = json.loads(requests.readline(MAX_LINE_BYTES))
    import onnxruntime as ort

    _limit(int(limits["memory_bytes"]), int(limits["cpu_s"]))
    _say(answers, {})
    session = None
    while line := requests.readline(MAX_LINE_BYTES):
        request = json.loads(line)
        start = time.perf_counter()
        arrays: list[Any] = []
        try:
            if "model_bytes" in request:
                session = _session(ort, _read(requests, int(request["model_bytes"])))
            else:
                feeds = {fact["name"]: _array(requests, fact) for fact in request["feeds"]}
                assert session is not None
                arrays = [_plain(array) for array in session.run(request["outputs"], feeds)]
            answer: dict[str, Any] = {
                "outputs": [{"dtype": str(a.dtype), "shape": list(a.shape)} for a in arrays]
            }
        except MemoryError:
            arrays, answer = [], {"error": _memory_in_words(limits)}
        except Exception as error:  # whatever it is, the one who asked is told
            text = _words(error)
            out_of_memory = any(word in text for word in OUT_OF_MEMORY)
            arrays, answer = [], {"error": _memory_in_words(limits) if out_of_memory else _first_line(text)}
        answer["seconds"] = time.perf_counter() - start
        answer["peak_memory_bytes"] = _peak_memory_bytes()
        _say(answers, answer)
        for array in arrays:
            answers.write(np.ascontiguousarray(array).tobytes())
        answers.flush()


def _session(ort: Any, model: bytes) -> Any:
    options = ort.SessionOptions()
    options.log_severity_level = FATAL
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def _plain(value: Any) -> Any:
    if not isinstance(value, np.ndarray) or value.dtype == object:
        raise ValueError("found an output that is no array of numbers, expected one")
    if value.nbytes > MAX_OUTPUT_BYTES:
        raise ValueError(f"found an output of {value.nbytes:,} bytes, expected at most {MAX_OUTPUT_BYTES:,}")
    return value


def _array(requests: BinaryIO, fact: dict[str, Any]) -> Any:
    dtype = np.dtype(fact["dtype"])
    size_bytes = int(dtype.itemsize * np.prod(fact["shape"], dtype=object))
    return np.frombuffer(_read(requests, size_bytes), dtype).reshape(fact["shape"])


def _read(requests: BinaryIO, size_bytes: int) -> bytes:
    data = requests.read(size_bytes)
    if len(data) != size_bytes:
        sys.exit(1)
    return data


def _say(answers: BinaryIO, answer: dict[str, Any]) -> None:
    answers.write(json.dumps(answer).encode() + b"\n")
    answers.flush()


def _words(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        # It is ONNX Runtime's own error that could not be read: it quotes a damaged name.
        return error.object.decode(errors="replace")
    return str(error).strip() or type(error).__name__


def _first_line(text: str) -> str:
    # "[ONNXRuntimeError] : 1 : FAIL : Load model failed: …" is for people from the third colon on.
    line = text.splitlines()[0][:MAX_ERROR_CHARACTERS]
    return line.split(" : ", 3)[-1] if line.startswith("[ONNXRuntimeError]") else line


def _memory_in_words(limits: dict[str, Any]) -> str:
    mib = int(limits["memory_bytes"]) >> 20
    return f"it needs more than {mib} MiB of memory, expected less; choose a smaller model"


def _limit(memory_bytes: int, cpu_s: int) -> None:
    """As far as the system has limits: Linux all, macOS no memory, Windows none (the parent has time)."""
    try:
        import resource
    except ImportError:
        return
    wanted = {"RLIMIT_CORE": 0, "RLIMIT_FSIZE": 0, "RLIMIT_CPU": cpu_s}
    with contextlib.suppress(OSError):  # what is mapped already, such as libraries, is not the model's
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        wanted["RLIMIT_AS"] = pages * resource.getpagesize() + memory_bytes
    for name, value in wanted.items():
        with contextlib.suppress(ValueError, OSError):
            hard = resource.getrlimit(getattr(resource, name))[1]
            value = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(getattr(resource, name), (value, value))


def _peak_memory_bytes() -> int:
    """The most that this process held; on Linux not by getrusage, which counts what its parent held, too."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) << 10 for line in lines if line.startswith("VmHWM"))
    try:
        import resource
    except ImportError:
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak if sys.platform == "darwin" else peak << 10)


if __name__ == "__main__":
    main()
