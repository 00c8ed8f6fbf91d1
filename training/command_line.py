"""Shared parts of the commands: number options, and errors as one line with exit status 2."""

import atexit
import errno
import gc
import math
import sys
from typing import Any, NoReturn

import click


class Finite(click.FloatRange):
    """A float range that rejects nan and infinity."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Convert as click does, which accepts nan, then reject what is not finite."""
        number = super().convert(value, param, ctx)
        return (
            number
            if math.isfinite(number)
            else self.fail(f"found {value}, expected a finite number.", param, ctx)
        )


device_option = click.option(
    "--device",
    type=click.Choice(["auto", "cuda", "mps", "cpu"]),
    default="auto",
    show_default=True,
    help="Where to compute; 'auto' takes the best device available.",
)


def run_command(command: click.Command, expected_errors: tuple[type[Exception], ...]) -> None:
    """Run `command` with the process's arguments and exit.

    A wrong option, an error in `expected_errors` or a file that cannot be read or written is reported as
    one line on standard error, with status 2. Ctrl-C that the command does not handle itself gives 130.
    """
    prog = command.name or "latent-plane"
    # At its end Python searches all of PyTorch's modules for cycles: a second in which nothing is to be won.
    atexit.register(gc.freeze)
    try:
        status = command.main(prog_name=prog, standalone_mode=False)
    except click.Abort:
        sys.exit(130)
    except click.ClickException as error:
        _fail(prog, f"{error.format_message()} (see {prog} --help)")
    except expected_errors as error:
        _fail(prog, str(error))
    except OSError as error:
        _fail(prog, describe_os_error(error))
    sys.exit(status if isinstance(status, int) else 0)


def describe_os_error(error: OSError) -> str:
    """An OSError as one line: the file, the system's message and what to do."""
    advice = {
        errno.ENOSPC: "free some space and try again; what was there before is untouched",
        errno.EACCES: "choose another place or change its permissions",
        errno.EROFS: "choose a place that can be written",
        errno.ENOENT: "check the path",
        errno.ENOTDIR: "part of the path is a file; choose another",
        errno.EEXIST: "something else has that name; choose another",
        errno.EISDIR: "that is a folder; name a file",
    }.get(error.errno or 0, "try another place")
    place = error.filename if error.filename is not None else "writing"
    return f"{place}: {error.strerror or error}; {advice}"


def _fail(prog: str, message: str) -> NoReturn:
    click.echo(f"{prog}: {' '.join(message.split())}", err=True)
    sys.exit(2)
