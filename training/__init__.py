"""Train a convolutional variational autoencoder with PyTorch. Imports neither `export` nor `desktop`."""

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
