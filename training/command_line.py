"""Shared parts of the commands: number options, and how a command ends."""

import atexit
import errno
import gc
import math
import shlex
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import click

from training.installed import Choice, as_called, message_of
from training.output import OutputClosedError, open_streams, warn

# The status by which a shell reports that SIGPIPE ended a process.
MOST_WORDS = 3  # an error message repeats at most so many unexpected arguments
OUTPUT_CLOSED_STATUS = 128 + 13


class Finite(click.FloatRange):
    """A float range that rejects nan and infinity."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Convert as click does, then reject nan and infinity, which click accepts."""
        number = super().convert(value, param, ctx)
        return (
            number
            if math.isfinite(number)
            else self.fail(f"found {value}, expected a finite number.", param, ctx)
        )


class NumberList(click.ParamType[Any]):
    """Whole numbers within a range, one or more: "32 64" or "32,64" → (32, 64); see `CommandWithLists`."""

    name = "numbers"

    def __init__(self, least: int, most: int) -> None:
        self._one: click.ParamType[Any] = click.IntRange(least, most)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Convert each of the numbers as click does."""
        parts = value.replace(",", " ").split() if isinstance(value, str) else value
        return tuple(self._one.convert(part, param, ctx) for part in parts) or self.fail(
            "found no number, expected one or more.", param, ctx
        )


class DataCommand(click.Command):
    """A command that takes data, as --data or as its argument; an unexpected word may be meant as data."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse as click does; for unexpected arguments, the error says what was probably meant."""
        ctx.allow_extra_args = True
        words = super().parse_args(ctx, args)
        if words and not ctx.resilient_parsing:
            ctx.fail(self._too_many(ctx, words))
        return words

    def _too_many(self, ctx: click.Context, words: list[str]) -> str:
        """The error message for unexpected arguments, such as the file names that the shell made of `*`."""
        option = next((param.opts[0] + " " for param in self.params if "--data" in param.opts), "")
        given = ctx.params.get("data")
        named = [*([given] if given and Path(given).exists() else []), *words]
        if len(named) > 1 and all(Path(word).is_file() for word in named):
            folders = sorted({str(Path(word).parent) for word in named})
            return (
                f"found {len(named):,} file names, expected the folder that they are in; name it: "
                f"{option}{shlex.quote(folders[0])}"
            )
        said = f"Got unexpected extra argument{'s' * (len(words) > 1)} ({' '.join(words[:MOST_WORDS])}"
        said += f" and {len(words) - MOST_WORDS:,} more)" if len(words) > MOST_WORDS else ")"
        return (
            f"{said}. Did you mean {option}{shlex.quote(words[0])}?" if option and len(words) == 1 else said
        )


class CommandWithLists(DataCommand):
    """A command without arguments; its options of type `NumberList` take all words up to the next option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Join such words into one, then parse as click does."""
        names = {name for param in self.params if isinstance(param.type, NumberList) for name in param.opts}
        joined: list[str] = []
        for word in args:
            if len(joined) > 1 and joined[-2] in names and not word.startswith("-"):
                joined[-1] += f" {word}"
            else:
                joined.append(word)
        return super().parse_args(ctx, joined)


device_option = click.option(
    "--device",
    type=Choice(["auto", "cuda", "mps", "cpu"]),
    default="auto",
    show_default=True,
    help="Where to compute; 'auto' takes the best device available.",
)


def run_command(command: click.Command, expected_errors: tuple[type[Exception], ...]) -> None:
    """Run `command` with the process's arguments and exit.

    A wrong option, an error in `expected_errors`, a file that cannot be read or written, or too little memory
    is reported as one line on standard error, with exit status 2. Ctrl-C (if the command does not handle it),
    SIGTERM and SIGHUP first remove temporary files, then end the process with status 130, 143 and 129. If
    nobody reads standard output any more, the status is 141.
    """
    prog = as_called(command.name or "latent-plane")
    open_streams()
    heed_ctrl_c()
    # At exit, Python's garbage collector searches PyTorch's modules for cycles; this saves that second.
    atexit.register(gc.freeze)
    try:
        with _signals_that_exit():
            status = command.main(prog_name=prog, standalone_mode=False)
    except click.Abort:
        warn("interrupted")
        sys.exit(130)
    except OutputClosedError:
        sys.exit(OUTPUT_CLOSED_STATUS)
    except click.ClickException as error:
        _fail(prog, f"{message_of(error)} (see {prog} --help)")
    except expected_errors as error:
        _fail(prog, str(error))
    except OSError as error:
        _fail(prog, describe_os_error(error))
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        _fail(
            prog,
            "found too little memory for this; use a smaller network or smaller batches, or another device",
        )
    sys.exit(status if isinstance(status, int) else 0)


def heed_ctrl_c() -> None:
    """Let Ctrl-C raise KeyboardInterrupt from now on. During the imports it ended the process at once.

    If Ctrl-C is ignored, as in a script's background commands, it stays ignored.
    """
    if threading.current_thread() is threading.main_thread() and callable(signal.getsignal(signal.SIGINT)):
        signal.signal(signal.SIGINT, signal.default_int_handler)


def is_out_of_memory(error: Exception) -> bool:
    """Whether an error of Python or PyTorch says that there is too little memory."""
    words = ("can't allocate memory", "out of memory")
    return isinstance(error, MemoryError) or any(word in str(error).lower() for word in words)


@contextmanager
def _signals_that_exit() -> Iterator[None]:
    """Within the block, SIGTERM and SIGHUP raise SystemExit, so that temporary files are removed.

    Signals that are ignored, as SIGHUP is under nohup, stay ignored.
    """

    def leave(number: int, _frame: FrameType | None) -> NoReturn:
        sys.exit(128 + number)

    signals = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    if threading.current_thread() is not threading.main_thread():
        signals = []
    before = {number: signal.getsignal(number) for number in signals}
    before = {number: handler for number, handler in before.items() if handler is signal.SIG_DFL}
    for number in before:
        signal.signal(number, leave)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def describe_os_error(error: OSError) -> str:
    """An OSError as one line: the file, the system's message and what to do."""
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


def _fail(prog: str, message: str) -> NoReturn:
    warn(f"{prog}: {' '.join(message.split())}")
    sys.exit(2)
