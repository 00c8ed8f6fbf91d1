"""Formats a command's help with its options in titled groups, the most wanted ones first."""

from collections.abc import Callable
from enum import StrEnum
from functools import partial
from typing import Any

import click


class Group(StrEnum):
    """The groups of options in the order of the help; the values are the titles."""

    FILE = "The file"
    OWN = "Options"
    START = "Where it starts"
    OTHER = "Other options"
    BARE = "How to read a bare .onnx file, instead of guessing"


class GroupedOption(click.Option):
    """An option that belongs to a group."""

    def __init__(self, *args: Any, group: Group, **attrs: Any) -> None:
        super().__init__(*args, **attrs)
        self.group = group


class GroupedCommand(click.Command):
    """A command whose help shows its options by group; an option without a group is in Group.OWN."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, group by group, each group under its title."""
        found: dict[Group, list[tuple[str, str]]] = {group: [] for group in Group}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx) if isinstance(param, click.Option) else None
            if record is not None:
                found[param.group if isinstance(param, GroupedOption) else Group.OWN].append(record)
        if found[Group.OTHER]:
            found[Group.OTHER].append(found[Group.OWN].pop())  # --help, which click lists last
        for title, records in found.items():
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)


# A decorator that adds an option to a function.
Adds = Callable[[Callable[..., Any]], Callable[..., Any]]


def option_of(group: Group) -> Callable[..., Adds]:
    """Return a variant of `click.option` for options in a group."""
    return partial(click.option, cls=GroupedOption, group=group)
