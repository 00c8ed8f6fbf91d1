"""Starts the isolated process that tries a model; a command that needs one can start it in advance."""

import importlib.util
import os
import subprocess
from pathlib import Path

from desktop.base.own_process import TRIAL, command_of

CHILD = Path(__file__).with_name("trial_child.py")
_early: list[subprocess.Popen[bytes]] = []


def package_folders() -> list[str]:
    """The folders of the packages that the child imports; an isolated Python may not search them itself."""
    specs = map(importlib.util.find_spec, ("numpy", "onnxruntime", "onnx"))
    return sorted({str(Path(spec.origin).parents[1]) for spec in specs if spec is not None and spec.origin})


def start_early() -> None:
    """Start the process of the next trial now.

    The child's imports take a third of a second, during which this process can do its own imports.
    """
    _early.append(_start())


def take_process() -> subprocess.Popen[bytes]:
    """A process that waits for a model on its standard input, and ends when this is closed."""
    while _early:
        child = _early.pop()
        if child.poll() is None:
            return child
    return _start()


def end_early() -> None:
    """End processes that were started early and are not needed."""
    while _early:
        child = _early.pop()
        child.kill()
        for pipe in (child.stdin, child.stdout):
            assert pipe is not None
            pipe.close()
        child.wait()


def environment() -> dict[str, str]:
    """The environment of the process."""
    variables = os.environ | {
        "OMP_NUM_THREADS": "1",
        "MALLOC_ARENA_MAX": "1",
        "ORT_DISABLE_TELEMETRY": "1",
    }
    variables.pop("ORT_LOAD_CONFIG_FROM_MODEL", None)  # a model must not configure its own session
    return variables


def _start() -> subprocess.Popen[bytes]:
    # Isolated (-I), because an untrusted folder may have a `json.py` beside the model: modules must not be
    # imported from the current folder or from PYTHONPATH.
    return subprocess.Popen(  # noqa: S603 (this program's own file)
        command_of(TRIAL, "-I", str(CHILD), *package_folders()),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment(),
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )
