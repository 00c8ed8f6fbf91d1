"""On the command line an error names the options that it is about; its own text does not."""

import io
import sys

import click
import pytest

from desktop.base.command_line import Finite, describe_error, open_streams
from desktop.base.errors import ModelError, ReportedError
from desktop.base.machine import DeviceError


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ModelError("found x, expected y"), "found x, expected y"),
        (ModelError("found x", option="layout"), "--layout: found x"),
        (ModelError("found x", hints=["patience SECONDS"]), "found x; use --patience SECONDS"),
        (ModelError("found x", hints=["a", "b N", "c"]), "found x; use --a, --b N or --c"),
        (
            DeviceError("no", option="device cuda", hints=["device cpu"]),
            "--device cuda: no; use --device cpu",
        ),
        (ValueError("found x"), "found x"),
    ],
)
def test_the_command_line_adds_the_options(error, line):
    """The refused option comes first, and the options that may help come last."""
    assert describe_error(error) == line


def test_the_text_itself_has_no_options():
    """The window shows the text alone."""
    assert str(ReportedError("found x", option="layout", hints=["range NAME"])) == "found x"


@pytest.mark.parametrize(
    ("encoding", "line"),
    [("cp437", b"run \x82 \\u65e5 \\udcff\n"), ("utf-8", "run é 日 \\udcff\n".encode())],
)
def test_characters_that_cannot_be_shown_are_escaped(monkeypatch, encoding, line):
    """Characters that the encoding lacks, and bytes in file names that are not UTF-8, become escapes."""
    printed = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(printed, encoding=encoding, newline="\n"))
    open_streams()
    click.echo("run é 日 \udcff")
    assert printed.getvalue() == line


def test_missing_streams_take_everything(monkeypatch):
    """If standard output and error are missing, as under pythonw, printing does nothing."""
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, None)
    open_streams()
    click.echo("a line")
    click.echo("a line", err=True)
    assert sys.stdout.write("a line") == len("a line")


@pytest.mark.parametrize("text", ["nan", "NaN", "-inf", "inf", "2"])
def test_no_range_contains_nan(text):
    """Click alone accepts nan in every range."""
    with pytest.raises(click.BadParameter):
        Finite(0, 1).convert(text, None, None)
    assert Finite(0, 1).convert("0.5", None, None) == 0.5
