"""How the viewer's commands end: an error is one line on standard error and exit status 2."""

import errno
import io
import math
import os
import signal
import sys
import threading
from contextlib import suppress
from typing import Any, NoReturn

import click

from desktop.base.errors import ReportedError
from desktop.base.installed import as_called, message_of


class Finite(click.FloatRange):
    """A float range that rejects nan and infinity."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Convert as click does, then reject nan and infinity, which click accepts."""
        number = super().convert(value, param, ctx)
        return (
            number if math.isfinite(number) else self.fail(f"found {value}, expected a number.", param, ctx)
        )


def run_command(
    command: click.Command, expected_errors: tuple[type[Exception], ...], imports_more: bool = False
) -> None:
    """Run `command` with the process's arguments and exit.

    With `imports_more`, the command has more to import and calls `heed_ctrl_c` itself after that.

    A wrong option, an error of `expected_errors` and a file that cannot be read or written are each reported
    in one line on standard error, with exit status 2. If the command does not handle Ctrl-C itself, the
    status is 130.
    """
    prog = as_called(command.name or "latent-plane")
    open_streams()
    if not imports_more:
        heed_ctrl_c()
    try:
        status = command.main(prog_name=prog, standalone_mode=False)
    except click.Abort:
        with suppress(OSError):
            click.echo("interrupted", err=True)
        sys.exit(130)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        sys.exit(2)
    except click.ClickException as error:
        # For a wrong option of `desktop.render view`, refer to the help of that subcommand.
        context = error.ctx if isinstance(error, click.UsageError) else None
        _fail(prog, f"{message_of(error)} (see {context.command_path if context else prog} --help)")
    except expected_errors as error:
        _fail(prog, describe_error(error))
    except OSError as error:
        _fail(prog, describe_os_error(error))
    sys.exit(status if isinstance(status, int) else 0)


def heed_ctrl_c() -> None:
    """Let Ctrl-C raise KeyboardInterrupt from now on. During the imports it ended the process at once.

    If Ctrl-C is ignored, as in a script's background commands, it stays ignored.
    """
    if threading.current_thread() is threading.main_thread() and callable(signal.getsignal(signal.SIGINT)):
        signal.signal(signal.SIGINT, signal.default_int_handler)


def open_streams() -> None:
    """Make standard output and error accept any text: characters that their encoding lacks are escaped.

    A stream that is closed (`2>&-`) or missing (None, under pythonw) becomes the null device.
    """
    # Otherwise the next file that is opened would get the stream's descriptor, and libraries would print into
    # that file.
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            null = os.open(os.devnull, os.O_WRONLY)
            # Python warns about a file object that is never closed, but not about a file descriptor.
            setattr(sys, name, open(null, "w", encoding="utf-8", closefd=False))  # noqa: SIM115
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def say_on_stderr(text: str) -> None:
    """Announce a long task on standard error, so that standard output has only the result."""
    click.echo(f"{text} …", err=True)


def describe_error(error: Exception) -> str:
    """The error's text, with the option that it is about and the options that may help."""
    if not isinstance(error, ReportedError):
        return str(error)
    about = f"--{error.option}: " if error.option else ""
    options = [f"--{hint}" for hint in error.hints]
    advice = f"; use {' or '.join(filter(None, (', '.join(options[:-1]), options[-1])))}" if options else ""
    return f"{about}{error}{advice}"


def describe_os_error(error: OSError) -> str:
    """One line with the file, the operating system's message, and what to do."""
    advice = {
        errno.ENOSPC: "free some space and try again; no earlier file has changed",
        errno.EACCES: "choose another place or change its permissions",
        errno.EROFS: "choose a place that can be written",
        errno.ENOENT: "check the path",
        errno.ENOTDIR: "part of the path is a file; choose another",
        errno.EEXIST: "something else has that name; choose another",
        errno.EISDIR: "that is a folder; name a file",
        errno.ENAMETOOLONG: "choose a shorter name",
    }.get(error.errno or 0, "try another place")
    place = error.filename if error.filename is not None else "writing"
    return f"{place}: {error.strerror or error}; {advice}"


def printable(text: str) -> str:
    """A text, perhaps from a stranger, with all characters replaced that could control a terminal."""
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)


def _fail(prog: str, message: str) -> NoReturn:
    # If standard error cannot be written, the message is lost.
    with suppress(OSError):
        click.echo(f"{prog}: {printable(' '.join(message.split()))}", err=True)
    sys.exit(2)
