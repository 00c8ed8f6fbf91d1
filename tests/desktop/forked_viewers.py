"""Runs `python -m desktop` in processes forked from one that has made its imports, which take a second.

    python -m tests.desktop.forked_viewers

For each line on standard input, a JSON list of the arguments, the environment and a folder for the output, it
forks a process that runs the command, prints its process id and, after it has ended, its exit status.
"""

import gc
import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.waiting import SOON_S

ROOT = Path(__file__).parents[2]
# The command imports all but the first only after it has parsed its options, or when a model is opened.
IMPORTED = ("desktop.__main__", "desktop.widgets.main_window", "desktop.models.early_source", "onnxruntime")


class ForkedViewers:
    """The server, which runs one viewer at a time."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.desktop.forked_viewers"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self, *arguments: object, environment: dict[str, str]) -> int:
        """Start a viewer with only this environment; return its process id."""
        job = [list(map(str, arguments)), environment, self._folder.name]
        self._server.stdin.write(json.dumps(job) + "\n")
        self._server.stdin.flush()
        return int(self._server.stdout.readline())

    def end(self) -> tuple[int, str, str]:
        """Wait until the viewer has ended; return its exit status, standard output and standard error."""
        status = int(self._server.stdout.readline())
        return status, *(Path(self._folder.name, name).read_text() for name in ("out", "err"))

    def close(self) -> None:
        """End the server."""
        self._server.stdin.close()
        self._server.wait()
        self._server.stdout.close()
        self._folder.cleanup()


def be_a_viewer(arguments: list[str], environment: dict[str, str], folder: str) -> None:
    """Run the command in this process, which has just been forked."""
    signal.alarm(round(SOON_S))
    os.environ.clear()
    os.environ.update(environment)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for stream, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(Path(folder, name), os.O_WRONLY | os.O_CREAT | os.O_TRUNC), stream)
    sys.argv = ["program", *arguments]
    sys.modules["desktop.__main__"].main()


def main() -> None:
    """Fork a viewer for each line on standard input."""
    for name in IMPORTED:
        importlib.import_module(name)
    # A forked process shares memory with this one while its garbage collector leaves the objects alone.
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            be_a_viewer(*json.loads(line))
        print(pid, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)


if __name__ == "__main__":
    main()
