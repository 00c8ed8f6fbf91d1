"""python -m export.demo FOLDER: fit a model, export it as it is trained, and show its plane in the viewer."""

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import click

from export.manifest import MANIFEST_FILE
from training.command_line import run_command
from training.stop_requests import stop_requests

POLL_S = 0.1
# Seconds between snapshots, and so between changes of the plane, unless an export takes longer.
SNAPSHOT_S = 2
Command = Sequence[str | Path]
Process = subprocess.Popen[bytes]


def watch_fit(fit: Command, follow: Command, bundle: Path, view: Command, finish: Command) -> int:
    """Run a fit and its export, and open the viewer once the bundle exists. Returns the exit status.

    When the fit has been exported, `finish` runs, and the viewer stays open. If `fit`, `follow` or `finish`
    fails, or a signal asks to stop, all other processes are asked to end. The viewer may be closed, or fail,
    at any time: the others go on, and the exit status is the viewer's.

    Args:
        fit: the command that trains.
        follow: the command that writes `bundle`, and ends when the bundle is finished.
        bundle: a folder that does not exist yet.
        view: the command of the viewer.
        finish: a command for the finished bundle.
    """
    # The export's output is dropped: the fit prints a line for the same epochs.
    with stop_requests() as requests, ExitStack() as stack:

        def start(command: Command, output: int | None = None) -> Process:
            process = subprocess.Popen(command, stdout=output)  # noqa: S603 (this program's own commands)
            stack.callback(process.wait)
            stack.callback(lambda: _ask_to_end(process, requests))
            return process

        work, viewer = [start(fit), start(follow, subprocess.DEVNULL)], None
        while not requests:
            if viewer is None and (bundle / MANIFEST_FILE).is_file():
                viewer = start(view)
            states = [each.poll() for each in work]
            if failed := next((state for state in states if state), 0):
                return _status(failed)
            if states == [0, 0]:
                work.append(start(finish))
            elif None not in states and viewer is not None and viewer.poll() is not None:
                return _status(viewer.returncode)
            time.sleep(POLL_S)
        return 128 + requests[0]


def _ask_to_end(process: Process, requests: Sequence[int]) -> None:
    """Send SIGTERM, unless the terminal has sent SIGINT or SIGHUP to all of its programs already."""
    if not requests or requests[0] == signal.SIGTERM:
        process.terminate()


def _status(code: int) -> int:
    """The exit status that a shell reports for a process with this return code."""
    return 128 - code if code < 0 else code


@click.command(
    name="python -m export.demo",
    context_settings={
        "help_option_names": ["-h", "--help"],
        "max_content_width": 100,
        "ignore_unknown_options": True,
    },
)
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("finish", nargs=-1)
def command(folder: Path, finish: tuple[str, ...]) -> int:
    """Fit the default model, and view it while it is trained.

    FOLDER/run and FOLDER/bundle must not exist yet. FINISH is a command to run with the finished bundle.
    """
    python, run, bundle = (sys.executable, "-m"), folder / "run", folder / "bundle"
    # A fit takes all cores, so it gets a lower priority than the viewer.
    patiently = ("nice", "-n", "10") if shutil.which("nice") else ()
    return watch_fit(
        (*patiently, *python, "training.fit", "--snapshot-seconds", str(SNAPSHOT_S), "--out", run),
        (*python, "export.onnx", run, "--out", bundle, "--follow"),
        bundle,
        (*python, "desktop", bundle),
        finish,
    )


def main() -> None:
    """Run the command line and exit."""
    run_command(command, ())


if __name__ == "__main__":
    main()
