"""The options of the command lines that set parts of a reading."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from desktop.base.errors import ModelError
from desktop.reading import overrides

LAYOUTS = "|".join(name.replace(" ", "\N{NO-BREAK SPACE}") for name in overrides.LAYOUTS)
METAVARS = {
    "encoder": "FILE|none",
    "latent-dim": "D",
    "z-shape": "SIZES",
    "batch": "N",
    "layout": LAYOUTS,
    "encoder-layout": LAYOUTS,
    "image-shape": "C,H,W",
    "range": "|".join(overrides.RANGES),
    "encoder-range": "unit|signed|bytes",
    "spread": "|".join(overrides.SPREADS),
    "patience": "SECONDS",
}


def reading_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add an option for every part of a reading; their values go to `wanted_from`."""
    function = click.option(
        "--set",
        "set_inputs",
        multiple=True,
        metavar="NAME=VALUE",
        help="Reading a bare model: the value of another input. Give it as often as needed.",
    )(function)
    for name, what in reversed(overrides.OPTIONS.items()):
        metavar = METAVARS.get(name, "NAME")
        help_text = f"Reading a bare model: {what}."
        function = click.option(f"--{name}", metavar=metavar, help=help_text)(function)
    return function


def wanted_from(**values: Any) -> dict[str, str] | None:
    """The options that were given, by name; None when there are none. Raises ModelError for a bad --set."""
    found = {
        name: str(values[name.replace("-", "_")])
        for name in overrides.OPTIONS
        if values.get(name.replace("-", "_")) is not None
    }
    for text in values.get("set_inputs", ()):
        name, equals, value = text.rpartition("=")
        if not equals or not name:
            raise ModelError(f"--set: found {text!r}, expected NAME=VALUE, such as psi=0.7")
        found[overrides.SET + name] = value
    if found.get("encoder", overrides.NO_ENCODER) != overrides.NO_ENCODER:
        found["encoder"] = str(Path(found["encoder"]).absolute())
    return found or None
