"""The options of the commands that read data."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import click

from training.config import Crop
from training.data.open import NAMES, Places
from training.installed import Choice

MOST_PX = 4096


class Size(click.ParamType[tuple[int, int]]):
    """A side in pixels, or width x height: "64" or "64x48". Its value is height and width."""

    name = "size"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        """The height and the width."""
        if isinstance(value, tuple):
            return value
        found = re.fullmatch(r"(\d{1,5})(?:[x×](\d{1,5}))?", str(value).strip().lower())
        sides = [int(side or found[1]) for side in found.groups()] if found else []
        if not sides or not all(1 <= side <= MOST_PX for side in sides):
            self.fail(
                f"found {value!r}, expected a side such as 64, or width x height such as 64x48, of at most "
                f"{MOST_PX:,} pixels.",
                param,
                ctx,
            )
        return sides[1], sides[0]


def _is_color(context: click.Context, parameter: click.Parameter, value: str) -> str:
    from PIL import ImageColor

    try:
        ImageColor.getrgb(value)
    except ValueError as error:
        raise click.BadParameter(
            f"found {value!r}, expected a colour such as white or #808080.", context, parameter
        ) from error
    return value


def data_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say which images, and in which form."""
    command = place_options(command)
    for option in reversed(
        (
            click.option(
                "--size",
                type=Size(),
                metavar="N or WxH",
                help="Size of the images in pixels.  [default: that of the data]",
            ),
            click.option(
                "--channels",
                type=click.Choice(["1", "3"]),
                callback=lambda _context, _parameter, value: value and int(value),
                help="1 for grey, 3 for colour.  [default: 3 if there are colours]",
            ),
            click.option(
                "--crop",
                type=Choice(get_args(Crop)),
                default="centre",
                show_default=True,
                help="How another aspect ratio becomes that of --size: crop the longer side, "
                "or pad with the background.",
            ),
            click.option(
                "--threshold",
                type=click.FloatRange(0, 1, max_open=True),
                default=0.0,
                show_default=True,
                help="Make images binary: numbers above this share of white become 1, others 0; with 0, "
                "images keep their levels.",
            ),
            click.option(
                "--background",
                default="white",
                show_default=True,
                callback=_is_color,
                help="Colour behind transparent pictures: a name or #rrggbb.",
            ),
        )
    ):
        command = option(command)
    return command


def found_again_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say where the images of an earlier fit are now."""
    option = click.option(
        "--data", help="Where the images of the fit are.  [default: where they were when it began]"
    )
    return option(place_options(command))


def place_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say where data is kept."""
    for option in reversed(
        (
            click.option(
                "--data-folder",
                type=click.Path(path_type=Path),
                help=f"Folder in which to look for {', '.join(NAMES[1:])}, and to download them to.  "
                "[default: in the user's data folder]",
            ),
            click.option(
                "--cache-folder",
                type=click.Path(path_type=Path),
                help="Folder that keeps decoded pictures.  [default: in the user's cache folder]",
            ),
            click.option(
                "--mirror",
                metavar="URL",
                help="Address of a folder to download the same files from.  [default: their authors' own]",
            ),
        )
    ):
        command = option(command)
    return command


def pop_places(values: dict[str, Any], builds: bool = True) -> Places:
    """Remove the values of `place_options` from a command's values, and return them."""
    return Places(values.pop("data_folder"), values.pop("cache_folder"), values.pop("mirror"), builds)
