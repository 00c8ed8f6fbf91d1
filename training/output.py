"""Prints for the commands: to any stream, in any encoding, and without an error if nobody reads it."""

import errno
import io
import os
import sys
from contextlib import suppress
from typing import TextIO

import click

# The errors of a pipe whose reader has ended, and of a terminal that was closed.
GONE = (errno.EPIPE, errno.EIO)


class OutputClosedError(Exception):
    """Nobody reads standard output any more, as after `… | head -1` has its line."""


def open_streams() -> None:
    """Make standard output and error accept every text: characters that their encoding lacks are escaped.

    A stream that is closed (`2>&-`) or missing (None, under pythonw) becomes the null device.
    """
    # Otherwise the next file that is opened would get the stream's file number, and libraries would print
    # into that file.
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            null = os.open(os.devnull, os.O_WRONLY)
            # Python warns of a file object that is never closed, but not of a bare file number.
            setattr(sys, name, open(null, "w", encoding="utf-8", closefd=False))  # noqa: SIM115
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def say(text: str) -> None:
    """Print lines on standard output. Control characters are escaped.

    Raises OutputClosedError if nobody reads it, OSError if it cannot be written.
    """
    try:
        click.echo(escaped(text), file=sys.stdout)
    except OSError as error:
        _drop(sys.stdout)
        if error.errno in GONE:
            raise OutputClosedError from error
        error.filename = "standard output"
        raise


def warn(text: str) -> None:
    """Print a line on standard error. If that fails, do nothing: there is nobody to report it to."""
    try:
        click.echo(escaped(text), file=sys.stderr)
    except OSError:
        _drop(sys.stderr)


def counted(count: int, one: str) -> str:
    """A count with its noun: "1 epoch", "1,000 epochs"."""
    return f"{count:,} {one}{'' if count == 1 else 's'}"


def escaped(text: str) -> str:
    """The text with control characters escaped, and also bytes of a file name that are not UTF-8."""
    return "".join(c if c.isprintable() or c in "\n\t" else c.encode("unicode_escape").decode() for c in text)


def _drop(stream: TextIO) -> None:
    """Send the rest of a stream's buffer to the null device: at exit Python would fail to write it."""
    null = os.open(os.devnull, os.O_WRONLY)
    with suppress(OSError):
        os.dup2(null, stream.fileno())
    os.close(null)
