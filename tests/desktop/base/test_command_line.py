"""On the command line an error names the options that it is about; its own text does not."""

import pytest

from desktop.base.command_line import describe_error
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
