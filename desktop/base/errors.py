"""Errors that people read, in the window or on the command line."""

from collections.abc import Sequence


class ReportedError(Exception):
    """An error that is shown as it is, in the window or on the command line.

    The text says what was found, what was expected and what to do. It names no command-line option, because
    the window has none; `desktop.base.command_line` adds the options in the attributes below.

    Attributes:
        option: the option whose value was refused, such as "layout", or an empty string.
        hints: options that may help, with a placeholder if they take a value: "patience SECONDS".
    """

    def __init__(self, text: str, *, option: str = "", hints: Sequence[str] = ()) -> None:
        super().__init__(text)
        self.option = option
        self.hints = tuple(hints)


class ModelError(ReportedError):
    """A model file was refused, or its graph does something other than it declares."""
