"""Command-line options that override parts of a reading."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from desktop.base.errors import ModelError
from desktop.base.option_groups import Group, option_of
from desktop.reading.overrides import LAYOUTS, NO_ENCODER, OPTIONS, RANGES, SET, SPREADS

LAYOUT_NAMES = "|".join(name.replace(" ", "\N{NO-BREAK SPACE}") for name in LAYOUTS)
METAVARS = {
    "encoder": "FILE|none",
    "latent-dim": "D",
    "z-shape": "SIZES",
    "batch": "N",
    "layout": LAYOUT_NAMES,
    "encoder-layout": LAYOUT_NAMES,
    "image-shape": "C,H,W",
    "range": "|".join(RANGES),
    "prior": "normal|uniform|sphere[:SCALE|:LOW,HIGH]",
    "encoder-range": "unit|signed|bytes",
    "spread": "|".join(SPREADS),
    "patience": "SECONDS",
}


def reading_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add an option for each part of a reading. `overrides_from` takes the options' values."""
    option = option_of(Group.BARE)
    function = option(
        "--set",
        "set_inputs",
        multiple=True,
        metavar="NAME=VALUE",
        help="A value for an input other than z, such as --set psi=0.7. Can be given more than once.",
    )(function)
    for name, what in reversed(OPTIONS.items()):
        metavar = METAVARS.get(name, "NAME")
        help_text = f"{what[0].upper()}{what[1:]}."
        function = option(f"--{name}", metavar=metavar, help=help_text)(function)
    return function


def overrides_from(**values: Any) -> dict[str, str] | None:
    """The overrides among the options' values, by option name; None if there are none.

    Raises ModelError for a --set that is not NAME=VALUE.
    """
    found = {
        name: str(values[name.replace("-", "_")])
        for name in OPTIONS
        if values.get(name.replace("-", "_")) is not None
    }
    for text in values.get("set_inputs", ()):
        name, equals, value = text.rpartition("=")
        if not equals or not name:
            raise ModelError(f"found {text!r}, expected NAME=VALUE, such as psi=0.7", option="set")
        found[SET + name] = value
    if found.get("encoder", NO_ENCODER) != NO_ENCODER:
        found["encoder"] = str(Path(found["encoder"]).absolute())
    return found or None
