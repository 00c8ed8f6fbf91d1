"""The process that tries a model for `desktop.vetting.trial`: it sets limits, loads the model and runs it.

Only this file and `desktop.models` import ONNX Runtime. The process ends when its input ends.

An isolated Python (`python -I`) runs this file, so it imports nothing of this project.
"""

import contextlib
import importlib.util
import json
import os
import re
import sys
import time
from pathlib import Path
from typing import Any, BinaryIO

# The folders of numpy and ONNX Runtime. They may be the user's own site-packages, which an isolated Python
# leaves out. They come last, so that nothing in them shadows another module.
sys.path.extend(sys.argv[1:])

import numpy as np

MAX_LINE_BYTES = 1 << 20
MAX_OUTPUT_BYTES = 256 << 20
MAX_ERROR_CHARACTERS = 1000  # ONNX Runtime quotes every name of a node
FATAL = 4
# ONNX Runtime's messages about models that are too new for it, and the places in its code that errors name.
NEWER_FORMAT = re.compile(r"Unsupported model IR version: (\d+), max supported IR version: (\d+)")
NEWER_OPSET = re.compile(
    r"Opset (\d+) is under development.* support for domain \S+ is till opset (\d+)", re.S
)
OWN_PLACE = re.compile(
    r"\S*[/\\]onnxruntime[/\\]\S+\.(?:cc|cpp|h):\d+ .*?\)(?: const)? (?=[A-Z\[({'\"]|\w+ [=!<>])"
)
# ONNX Runtime has no separate exception for too little memory, so the text is searched for these words.
OUT_OF_MEMORY = ("bad_alloc", "Failed to allocate", "bad allocation")


def main() -> None:
    """Answer requests from standard input until it ends."""
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    # For some models, ONNX Runtime prints to standard output, but the parent process must get only answers.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    import onnxruntime as ort

    limits: dict[str, Any] = {}
    session = None
    while line := requests.readline(MAX_LINE_BYTES):
        request = json.loads(line)
        start = time.perf_counter()
        arrays: list[Any] = []
        try:
            answer: dict[str, Any] = {}
            if "memory_bytes" in request:
                limits = request
                _limit(int(limits["memory_bytes"]), int(limits["cpu_s"]))
            elif "skeleton_bytes" in request:
                answer = _work(_read(requests, int(request["skeleton_bytes"])), request["shapes"])
            elif "model_bytes" in request:
                session = _session(ort, _read(requests, int(request["model_bytes"])), int(limits["threads"]))
            elif "model_path" in request:
                session = _session(ort, request["model_path"], int(limits["threads"]))
            else:
                feeds = {fact["name"]: _array(requests, fact) for fact in request["feeds"]}
                assert session is not None
                arrays = [_plain(array) for array in session.run(request["outputs"], feeds)]
                answer["outputs"] = [{"dtype": str(a.dtype), "shape": list(a.shape)} for a in arrays]
        except MemoryError:
            arrays, answer = [], {"error": _memory_in_words(limits)}
        except Exception as error:  # every failure is reported to the parent process
            text = _words(error)
            out_of_memory = any(word in text for word in OUT_OF_MEMORY)
            arrays, answer = [], {"error": _memory_in_words(limits) if out_of_memory else _first_line(text)}
        answer["seconds"] = time.perf_counter() - start
        answer["peak_memory_bytes"] = _peak_memory_bytes()
        _say(answers, answer)
        for array in arrays:
            answers.write(np.ascontiguousarray(array).tobytes())
        answers.flush()


def _work(skeleton: bytes, shapes: dict[str, list[int]]) -> dict[str, int]:
    """The work of one run of a model, given its skeleton; empty if the work is unknown."""
    import onnx

    # Loaded by its path, because an isolated Python does not find this project's packages.
    spec = importlib.util.spec_from_file_location("graph_work", Path(__file__).with_name("graph_work.py"))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    try:
        work = module.work_of(onnx.ModelProto.FromString(skeleton), shapes)
    except Exception:  # if something is wrong with the graph, ONNX Runtime reports it later
        return {}
    return {} if work is None else vars(work)


def _session(ort: Any, model: bytes | str, threads: int) -> Any:
    options = ort.SessionOptions()
    options.log_severity_level = FATAL
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def _plain(value: Any) -> Any:
    if not isinstance(value, np.ndarray) or value.dtype == object:
        raise ValueError("found an output that is not an array of numbers, expected one")
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
        # ONNX Runtime's error quotes a name that is not UTF-8, so Python could not decode the error's text.
        return error.object.decode(errors="replace")
    return str(error).strip() or type(error).__name__


def _first_line(text: str) -> str:
    for newer, what in ((NEWER_FORMAT, "format (IR version)"), (NEWER_OPSET, "operators (opset)")):
        if found := newer.search(text):
            version, most = found.groups()
            advice = "export it for an older opset, or with an older onnx"
            return f"found ONNX's {what} {version}, expected at most {most}; {advice}"
    # In "[ONNXRuntimeError] : 1 : FAIL : Load model failed: …", people need the part after the third colon.
    lines = text.splitlines()
    line = " ".join(lines[:2]) if lines[0].endswith("following indices") else lines[0]
    line = line.split(" : ", 3)[-1] if line.startswith("[ONNXRuntimeError]") else line
    return OWN_PLACE.sub("", line)[:MAX_ERROR_CHARACTERS]


def _memory_in_words(limits: dict[str, Any]) -> str:
    mib = int(limits["memory_bytes"]) >> 20
    return f"it needs more than {mib} MiB of memory, expected less; choose a smaller model"


def _limit(memory_bytes: int, cpu_s: int) -> None:
    """Set the limits that the system supports: all on Linux, all but memory on macOS, none on Windows.

    The parent process limits the time on every system.
    """
    try:
        import resource
    except ImportError:
        return
    limits = {"RLIMIT_CORE": 0, "RLIMIT_FSIZE": 0, "RLIMIT_CPU": cpu_s}
    with contextlib.suppress(OSError):  # memory that is mapped already, such as libraries, does not count
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        limits["RLIMIT_AS"] = pages * resource.getpagesize() + memory_bytes
    for name, value in limits.items():
        with contextlib.suppress(ValueError, OSError):
            hard = resource.getrlimit(getattr(resource, name))[1]
            value = value if hard == resource.RLIM_INFINITY else min(value, hard)
            # The hard limit stays, because the next soft limit may be higher, once the model's work is known.
            resource.setrlimit(getattr(resource, name), (value, hard))


def _peak_memory_bytes() -> int:
    """The peak memory of this process. On Linux, getrusage would include memory of the parent process."""
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
