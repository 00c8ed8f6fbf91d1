"""python -m export.page: write a bundle or an ONNX decoder as one HTML file."""

import sys
from pathlib import Path
from typing import TextIO

import click

try:
    from training.installed import Choice, needed, version_option
except ImportError:
    # Another project's `training` is found first, so this program's own check cannot be imported.
    if __name__ != "__main__" and not Path(sys.argv[0]).stem.startswith("latent-plane"):
        raise
    other = getattr(sys.modules.get("training"), "__file__", None) or "a folder"
    click.echo(
        f"python -m export.page: found another module named 'training': {other}, expected this program's; "
        "rename that one, or start in another folder",
        err=True,
    )
    sys.exit(2)

with needed("page", "python -m export.page", __name__):
    from export.containers import BundleError
from export.page.bare_decoder import Wanted
from export.page.content import Choices, Content, content_of
from export.page.html import page
from export.page.points import MOST_POINTS
from export.page.program import NotLiveError
from export.page.reading import LAYOUTS, RANGES, ReadingError
from training.command_line import run_command
from training.files import check_writable, replaced_file
from training.output import say

SUFFIXES = (".html", ".htm")


def _sizes(context: click.Context, parameter: click.Parameter, text: str | None) -> tuple[int, ...] | None:
    """Whole numbers separated by commas, such as 512 or 4,8,8."""
    if text is None:
        return None
    parts = text.replace("x", ",").split(",")
    if not all(part.strip().isdigit() and int(part) > 0 for part in parts):
        raise click.BadParameter(f"found {text!r}, expected whole numbers such as 4,8,8.", context, parameter)
    return tuple(int(part) for part in parts)


def _is_page_name(context: click.Context, parameter: click.Parameter, out: Path) -> Path:
    if out.suffix.lower() not in SUFFIXES:
        raise click.BadParameter(
            f"found {str(out)!r}, expected a file ending in {SUFFIXES[0]}.", context, parameter
        )
    return out


@click.command(
    name="python -m export.page",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.argument("model", type=click.Path(path_type=Path))
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, callback=_is_page_name, help="The HTML file."
)
@click.option("--overwrite", is_flag=True, help="Replace an existing file.")
@click.option("--name", help="The model's name.  [default: its own]")
@click.option(
    "--mode",
    type=Choice(["auto", "live", "atlas"]),
    default="auto",
    show_default=True,
    help="'live' decodes in the page, 'atlas' puts pictures into it that are decoded beforehand; 'auto' is "
    "'live' if the page can run the decoder.",
)
@click.option(
    "--weights",
    type=Choice(["float16", "float32"]),
    default="float16",
    show_default=True,
    help="Number format of the weights in the page; float32 takes twice the space.",
)
@click.option(
    "--points",
    type=click.IntRange(min=0),
    default=MOST_POINTS,
    show_default=True,
    help="The largest number of test images of a bundle.",
)
@click.option("--epochs/--no-epochs", default=True, show_default=True, help="All epochs, or only the last.")
@click.option(
    "--atlas",
    type=click.IntRange(2, 128),
    default=24,
    show_default=True,
    metavar="N",
    help="N × N pictures in an atlas.",
)
@click.option(
    "--atlas-px",
    type=click.IntRange(8, 512),
    default=64,
    show_default=True,
    help="The largest allowed side of an atlas's pictures, in pixels.",
)
@click.option("--z-input", metavar="NAME", help="For a bare model: the input that takes z.")
@click.option(
    "--z-shape",
    metavar="SIZES",
    callback=_sizes,
    help="For a bare model: the sizes of z after the batch axis.",
)
@click.option("--output", metavar="NAME", help="For a bare model: the output that is the picture.")
@click.option("--layout", type=Choice(LAYOUTS), help="For a bare model: the order of a picture's numbers.")
@click.option(
    "--image-shape",
    metavar="C,H,W",
    callback=_sizes,
    help="For a bare model: channels, height and width.",
)
@click.option(
    "--range", "value_range", type=Choice(RANGES), help="For a bare model: the range of the output."
)
@click.option(
    "--prior",
    metavar="normal|uniform|sphere[:SCALE|:LOW,HIGH]",
    help="For a bare model: the distribution of z, which Sample draws from.",
)
@click.option(
    "--set",
    "set_inputs",
    multiple=True,
    metavar="NAME=VALUE",
    help="For a bare model: another input's value.",
)
@click.option(
    "--class",
    "set_classes",
    multiple=True,
    metavar="NAME=N",
    help="For a bare model: an input that is one-hot, with its 1 at index N.",
)
@click.option(
    "--look",
    type=click.File(encoding="utf-8"),
    metavar="FILE",
    help="A JSON file with plane, cursor, path and bookmarks to begin with, as the viewer writes it; - "
    "reads standard input.",
)
@version_option
def command(
    model: Path,
    out: Path,
    overwrite: bool,
    name: str | None,
    mode: str,
    weights: str,
    points: int,
    epochs: bool,
    atlas: int,
    atlas_px: int,
    z_input: str | None,
    z_shape: tuple[int, ...] | None,
    output: str | None,
    layout: str | None,
    image_shape: tuple[int, ...] | None,
    value_range: str | None,
    prior: str | None,
    set_inputs: tuple[str, ...],
    set_classes: tuple[str, ...],
    look: TextIO | None,
) -> None:
    """Write MODEL, a bundle or a decoder as an ONNX file, as one HTML file that opens in any browser.

    The file needs nothing else, not even a network: it holds the decoder and decodes pictures while one
    drags, with test images, epochs and the encoder if MODEL has them.
    """
    if image_shape is not None and len(image_shape) != 3:
        raise click.BadParameter(
            f"found {len(image_shape)} numbers, expected C,H,W.", param_hint="--image-shape"
        )
    wanted = Wanted(
        z_input=z_input,
        z_shape=z_shape,
        output=output,
        layout=layout,
        image_shape=None if image_shape is None else (image_shape[0], image_shape[1], image_shape[2]),
        range=value_range,
        prior=prior,
        inputs=dict(_set_value(text) for text in set_inputs),
        classes=dict(_set_class(text) for text in set_classes),
    )
    choices = Choices(
        name=name, mode=mode, precision=weights, points=points, epochs=epochs, atlas_count=atlas,
        atlas_px=atlas_px, wanted=wanted, look=None if look is None else look.read(),
    )  # fmt: skip
    if out.exists() and not overwrite:
        raise click.UsageError(f"{out}: found a file, expected a new name; --overwrite replaces it")
    check_writable(out)
    content = content_of(model, choices)
    text = page(content.title, content.facts, content.blocks)
    with replaced_file(out) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")
    say(_result(out, len(text.encode()), content))


def _set_value(text: str) -> tuple[str, float]:
    name, equals, value = text.rpartition("=")
    try:
        if equals and name:
            return name, float(value)
    except ValueError:
        pass
    raise click.BadParameter(f"found {text!r}, expected NAME=VALUE, such as psi=0.7.", param_hint="--set")


def _set_class(text: str) -> tuple[str, int]:
    name, equals, value = text.rpartition("=")
    if equals and name and value.isdecimal():
        return name, int(value)
    raise click.BadParameter(f"found {text!r}, expected NAME=N, such as label=7.", param_hint="--class")


def _result(out: Path, size_bytes: int, content: Content) -> str:
    facts = content.facts
    how = (
        f"decodes in the page, {facts['precision']} weights"
        if facts["mode"] == "live"
        else f"{facts['atlas']['columns']} × {facts['atlas']['rows']} pictures, decoded beforehand"
    )
    lines = [f"note: {note}" for note in content.notes]
    without = f"; left out: {content.left_out}" if content.left_out else ""
    return "\n".join([*lines, f"page {out}: {size_bytes / 1e6:.2f} MB, {how}{without}"])


def main() -> None:
    """Run the command line and exit."""
    run_command(command, (BundleError, ReadingError, NotLiveError))


if __name__ == "__main__":
    main()
