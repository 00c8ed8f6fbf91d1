"""Explore a model's latent space. Needs ONNX Runtime and Qt, but neither PyTorch nor `training`."""

import os
import sys

# `python -m` puts the current folder first on the path, and a stranger's folder may hold a `json.py`. So the
# folder is removed from the path, unless it is the checkout. `pathlib` would be imported from that folder, so
# it is not used here.
_CHECKOUT = os.path.dirname(os.path.dirname(__file__))  # noqa: PTH120
if sys.argv[:1] == ["-m"] and not sys.flags.safe_path and sys.path[:1] != [_CHECKOUT]:
    del sys.path[0]

import signal  # noqa: E402 - only after the current folder has left the path


def _leave(_number: int, _frame: object) -> None:
    """End at once, with the status of Ctrl-C."""
    try:
        os.write(2, b"\ninterrupted\n")
    finally:
        os._exit(130)


# Ctrl-C while a command is still importing ends the process at once: there is no work to clean up, and a
# KeyboardInterrupt would be raised inside a library's import. `run_command` restores KeyboardInterrupt.
if (
    sys.argv[:1] == ["-m"] or os.path.basename("".join(sys.argv[:1])).startswith("latent-plane")  # noqa: PTH119
) and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, _leave)

# Without this variable, ONNX Runtime writes paths and the processor's name into the user's cache and looks up
# a host. It reads the variable when it is imported, so it is set before any module of this package is
# imported.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

# By default, Qt fills large areas with a pool of threads. They wait for a core while the worker decodes, and
# the UI thread waits for them. On two cores, a drag takes a quarter longer with this pool, and a pan is no
# faster.
os.environ.setdefault("QT_NO_GUI_THREADPOOL", "1")
