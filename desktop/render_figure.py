"""`desktop.render view`: the plane with its layers as a figure for a paper, as PNG, SVG or PDF."""

from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import click

from desktop.base.command_line import Finite
from desktop.base.installed import Choice
from desktop.base.machine import free_memory_bytes
from desktop.base.option_groups import Adds, GroupedCommand
from desktop.figure.caption import caption_of
from desktop.figure.figure import (
    LEAST_SIDE_PX,
    MAX_SCALE,
    MAX_SIZE_PX,
    MM_RANGE,
    OF_LAYERS,
    START_MM,
    START_SCALE,
    START_SIZE_PX,
    START_TEXT_PT,
    TEXT_PT_RANGE,
    Figure,
    FigureError,
    FileKind,
    Ground,
    Part,
    Subject,
)
from desktop.figure.layout import in_print, layout_of
from desktop.figure.writing import figure_cost, kind_of, save_figure
from desktop.latent.chart import AxisScale
from desktop.models.model import Model
from desktop.reading.reading import Reading
from desktop.render_parts import (
    FILE,
    RenderError,
    axes_option,
    do_job,
    looking_at,
    model_options,
    on_axes,
    open_model,
    start_options,
    start_view,
)
from desktop.view.provenance import provenance, to_text
from desktop.view.state import PALE_OPACITY, ViewState

# The parts that only the window can draw, and the other parts by their names in --layers.
OF_WINDOW = (Part.SELECTED, Part.PINNED, Part.PATH, Part.ENCODED, Part.TRUE_POSTERIOR)
LAYERS = {part.name.lower(): part for part in Part if part not in OF_WINDOW}
START_LAYERS = ("backdrop", "points", "names", "prior")


class Size(NamedTuple):
    """Width and height, in pixels or in millimetres."""

    width: int
    height: int
    is_mm: bool

    def __str__(self) -> str:
        """Return the size as it is typed, such as "170x128mm"."""
        return f"{self.width}x{self.height}{'mm' * self.is_mm}"


PIXELS, MILLIMETRES = Size(*START_SIZE_PX, is_mm=False), Size(*START_MM, is_mm=True)


def _size(context: click.Context, option: click.Parameter, text: str | None) -> Size | None:
    """Parse width and height, such as 1200x900 or 170x128mm."""
    if text is None:
        return None
    plain = text.strip().lower().replace("×", "x")
    is_mm = plain.endswith("mm")
    width, _, height = plain.removesuffix("mm").partition("x")
    if not (width.strip().isdecimal() and height.strip().isdecimal()):
        expected = f"two numbers such as {PIXELS}, or {MILLIMETRES} for SVG and PDF"
        raise click.BadParameter(f"found {text!r}, expected {expected}", context, option)
    size = Size(int(width), int(height), is_mm)
    least, most = MM_RANGE if is_mm else (LEAST_SIDE_PX, MAX_SIZE_PX)
    if not all(least <= side <= most for side in size[:2]):
        sides = f"{least} to {most:,}{' mm' if is_mm else ' pixels'}"
        if not is_mm and all(MM_RANGE[0] <= side <= MM_RANGE[1] for side in size[:2]):
            sides += f", or millimetres for SVG and PDF: {size._replace(is_mm=True)}"
        raise click.BadParameter(f"found {text!r}, expected sides from {sides}", context, option)
    return size


def _sized(kind: FileKind, size: Size | None, text_pt: float | None) -> Figure:
    """A figure of this size, as in the window's dialog: in pixels for PNG, in millimetres for SVG and PDF."""
    if text_pt is not None and not kind.is_vector:
        raise RenderError(
            f"--text-pt: found it for a {kind.value}, expected an SVG or PDF: only these have sizes in points"
        )
    size = size or (MILLIMETRES if kind.is_vector else PIXELS)
    if size.is_mm and not kind.is_vector:
        raise RenderError(f"--size: found {size} for a {kind.value}, expected pixels such as {PIXELS}")
    if text_pt is not None and not size.is_mm:
        raise RenderError(f"--text-pt: found it without a size in millimetres, expected --size {MILLIMETRES}")
    if not size.is_mm:
        return Figure((size.width, size.height))
    size_px, unit_pt = in_print((size.width, size.height), text_pt or START_TEXT_PT)
    return Figure(size_px, unit_pt=unit_pt)


def layers_option(start: tuple[str, ...], without: frozenset[Part] = frozenset()) -> Adds:
    """Add the option that chooses the layers to draw: any but those in `without`, by default `start`."""
    layers = {name: part for name, part in LAYERS.items() if part not in without}

    def parse(context: click.Context, option: click.Parameter, text: str) -> frozenset[Part]:
        """Parse names of layers, separated by commas."""
        names = [name.strip().lower() for name in text.split(",") if name.strip()]
        choice = Choice(list(layers))
        return frozenset(layers[choice.convert(name, option, context)] for name in names)

    return click.option(
        "--layers",
        callback=parse,
        metavar="NAMES",
        default=",".join(start),
        show_default=True,
        help=f"What to draw, separated by commas: {', '.join(layers)}.",
    )


@click.command(cls=GroupedCommand, short_help="Write the plane with its layers as PNG, SVG or PDF.")
@model_options("2", scaling="Draw this many times as many pixels per side.")
@FILE(
    "--size",
    callback=_size,
    metavar="WIDTHxHEIGHT",
    help="Width and height of a PNG in pixels, before --scale; texts and lines have fixed sizes in these "
    f"pixels. For SVG and PDF, the size in print, such as {MILLIMETRES}, or in the same pixels.  "
    f"[default: {PIXELS}; {MILLIMETRES} for SVG and PDF]",
)
@FILE(
    "--text-pt",
    type=Finite(*TEXT_PT_RANGE),
    help=f"Size of the caption and the legend of an SVG or PDF in print.  [default: {START_TEXT_PT}]",
)
@start_options
@axes_option
@layers_option(START_LAYERS)
@click.option("--quantiles", is_flag=True, help="Draw axes that are linear in the prior's quantiles.")
@click.option(
    "--opacity",
    type=Finite(0, 1),
    help=f"Opacity of the decoded plane.  [default: {PALE_OPACITY} under points, density and holes, "
    "otherwise 1]",
)
@click.option(
    "--invert/--no-invert",
    default=True,
    help="On a white or transparent background, draw grey pictures dark on white.  [default: --invert]",
)
@click.option("--frame/--no-frame", default=True, help="Draw a frame with numbers and names of the axes.")
@click.option("--legend/--no-legend", default=True, help="Draw a legend.")
@click.option(
    "--caption", help='Text below the plane; "" for none.  [default: model, ELBO, epoch and what is shown]'
)
@click.option(
    "--ground",
    type=Choice([ground.value.lower() for ground in Ground]),
    default=Ground.WHITE.value.lower(),
    show_default=True,
    help="The background; a transparent one gets the colours for white paper.",
)
def view(
    size: Size | None,
    text_pt: float | None,
    point: str | None,
    seed: int | None,
    span: float | None,
    axes: tuple[int, int] | None,
    quantiles: bool,
    layers: frozenset[Part],
    opacity: float | None,
    invert: bool,
    frame: bool,
    legend: bool,
    caption: str | None,
    ground: str,
    **common: Any,
) -> None:
    """Write the plane with its layers as a figure for a paper: PNG, SVG or PDF, by the ending of --out.

    --scale gives a PNG more pixels in the same layout. In an SVG or PDF it makes only decoded pictures finer,
    if they have more pixels than their place on the plane.
    """
    out: Path = common["out"]
    kind = kind_of(out)
    figure = replace(
        _sized(kind, size, text_pt),
        scale=common["scale"] or START_SCALE,
        parts=layers,
        has_axes=frame,
        has_legend=legend,
        ground=Ground[ground.upper()],
        opacity=opacity,
        is_inverted=invert,
    )
    if figure.scale > MAX_SCALE:
        raise RenderError(f"--scale: found {figure.scale}, expected at most {MAX_SCALE}")

    def check(_: Reading) -> None:
        free = free_memory_bytes()
        if reason := figure.why_not(free):
            fitting = figure.largest_scale(free)
            raise RenderError(f"{reason}; {f'--scale {fitting} fits' if fitting else 'make it smaller'}")

    model = open_model(common, None, check)
    state = on_axes(model, start_view(model, point, seed), axes, point, seed)
    subject = subject_of(model, state, layers)
    subject = replace(subject, state=looking_at(subject.state, point, span))
    if quantiles:
        subject = replace(subject, state=subject.state.with_scale(AxisScale.QUANTILES))
    figure = replace(figure, caption_gives_way=caption is None)
    text = caption_of(model.source, subject, figure) if caption is None else caption
    figure = replace(figure, caption=text)
    is_short = " ".join(layout_of(subject, figure).caption) != " ".join(text.split())
    note = to_text(provenance(model.source, subject.state, "view", **figure.details()))
    do_job(
        model,
        lambda decoder: figure_cost(decoder, subject, figure),
        lambda decoder: save_figure(decoder, subject, figure, out, note),
    )
    width, height = figure.size_px if kind.is_vector else figure.full_px
    in_words = f"{width} × {height} pixels"
    if figure.unit_pt is not None:
        width_mm, height_mm = figure.size_mm
        in_words = f"{width_mm:.0f} × {height_mm:.0f} mm, texts of {text_pt or START_TEXT_PT:g} pt"
    if is_short:
        whole = (
            "the file's description has all of it" if kind.is_vector else "a larger --size has room for it"
        )
        in_words = f"{in_words}; the end of the caption was cut off; {whole}"
    click.echo(f"{out}: {in_words}")


def subject_of(model: Model, state: ViewState, layers: frozenset[Part]) -> Subject:
    """What to draw: the view that fits the test images, with the requested layers."""
    bundle = model.source.bundle
    posterior = None if bundle is None else bundle.read_posterior()
    shown = frozenset(layer for layer, part in OF_LAYERS.items() if part in layers)
    state = replace(state, layers=shown)
    if posterior is not None:
        state = replace(state, viewport=state.around(posterior.mean))
    names = () if bundle is None else bundle.label_names
    subject = Subject(state, posterior, posterior, names)
    missing = (layers & {Part.DENSITY, Part.HOLES}) - subject.possible()
    if missing:
        names_of = " and ".join(sorted(part.name.lower() for part in missing))
        raise FigureError(
            f"{model.source.path}: found no test images, expected a bundle that has some for {names_of}; "
            "leave these layers out"
        )
    return subject
