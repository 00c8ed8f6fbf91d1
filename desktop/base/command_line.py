"""How this project's commands end: one line for an error and exit status 2."""

import errno
import sys
from typing import NoReturn

import click


def run_command(command: click.Command, expected_errors: tuple[type[Exception], ...]) -> None:
    """Run `command` with the process's arguments and exit.

    A wrong option, an error of `expected_errors` and a file that cannot be read or written become one
    line on standard error and status 2. Ctrl-C that the command does not handle itself exits with 130.
    """
    prog = command.name or "latent-plane"
    try:
        status = command.main(prog_name=prog, standalone_mode=False)
    except click.Abort:
        sys.exit(130)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        sys.exit(2)
    except click.ClickException as error:
        _fail(prog, f"{error.format_message()} (see {prog} --help)")
    except expected_errors as error:
        _fail(prog, str(error))
    except OSError as error:
        _fail(prog, describe_os_error(error))
    sys.exit(status if isinstance(status, int) else 0)


def describe_os_error(error: OSError) -> str:
    """One line: the file, what the system said, and what to do."""
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


def printable(text: str) -> str:
    """A text that may hold a stranger's words, without what would steer a terminal."""
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)


def _fail(prog: str, message: str) -> NoReturn:
    click.echo(f"{prog}: {printable(' '.join(message.split()))}", err=True)
    sys.exit(2)
