"""`desktop.render path` and `epochs`: a walk through z, and a model over its epochs, as animations."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import click
import numpy as np

from desktop.base.arrays import Floats
from desktop.base.command_line import Finite
from desktop.base.installed import Choice
from desktop.base.option_groups import Adds, GroupedCommand
from desktop.base.vector import Vector
from desktop.figure.figure import OF_POINTS, Part
from desktop.film.film import (
    GRID_SIDE,
    Caption,
    Content,
    Film,
    Subject,
    epoch_film,
    epoch_order,
    film_px,
    path_cost,
    path_film,
)
from desktop.film.formats import (
    AnimationError,
    Format,
    format_of,
    largest_scale,
    real_fps,
    why_not,
    why_too_large,
)
from desktop.film.plane_epochs import PlaneEpochs, plane_epochs_film
from desktop.jobs.cost import Cost
from desktop.jobs.epoch_pictures import epoch_pictures, epoch_pictures_cost
from desktop.jobs.kept_decoder import KeptDecoder
from desktop.jobs.route import Route
from desktop.latent.paths import PathKind
from desktop.latent.plane import manifold_grid, parse_z, sample_prior
from desktop.models.epochs import epochs_of
from desktop.models.opened import Opened
from desktop.reading.input_values import InputValue, InputValues, taken, values_of
from desktop.reading.reading import OtherInput, Reading
from desktop.render_figure import layers_option, subject_of
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
from desktop.view.first_view import MOST_NEAR_MEAN
from desktop.view.provenance import provenance, to_text
from desktop.view.state import ViewState

INTERPOLATIONS = dict(zip(("straight", "spherical", "visual"), PathKind, strict=True))
PATH_SAMPLES = 4
PATH_FPS, EPOCHS_FPS = 20, 4
START_LAYERS = ("backdrop", "points")
FILM_LAYERS = frozenset({Part.BACKDROP, Part.POINTS})
# Layers that --layers does not offer: points always have their names, and --content decides about the cursor.
NOT_IN_FILMS = OF_POINTS | {Part.CURSOR}


class Shown(StrEnum):
    """What each frame of a film over the epochs shows; the values are the words of --content."""

    PLANE = "plane"
    PICTURE = "picture"
    BOTH = "both"
    GRID = "grid"


CONTENTS = {Shown.PLANE: Content.PLANE, Shown.BOTH: Content.BESIDE}
# About how many pixels the longer side of the plane, of a picture or of a grid has by default.
START_SIDE_PX = {Shown.PLANE: 560, Shown.PICTURE: 280, Shown.BOTH: 448, Shown.GRID: 560}


def film_options(fps: float, captions: tuple[Caption, ...]) -> Adds:
    """Add the options that both kinds of films take."""

    def add(function: Callable[..., Any]) -> Callable[..., Any]:
        for option in (
            click.option(
                "--caption",
                "captions",
                type=Choice([part.name.lower() for part in captions]),
                multiple=True,
                help="Write this under each frame. Can be given more than once.",
            ),
            click.option("--ping-pong", is_flag=True, help="Play forward, then backward."),
            FILE("--fps", type=Finite(1, 60), default=fps, show_default=True, help="Frames per second."),
            FILE(
                "--size",
                type=click.IntRange(1, 8192),
                help="The largest allowed length of the longer side, in pixels; instead of --scale.",
            ),
            FILE(
                "--format",
                "kind",
                type=Choice([kind.value for kind in Format], case_sensitive=False),
                help="The file format: GIF, WebP, APNG or MP4.  [default: by the ending of --out]",
            ),
        ):
            function = option(function)
        return function

    return add


@click.command(cls=GroupedCommand, short_help="Write a walk through z as GIF, WebP, APNG or MP4.")
@model_options("8")
@FILE(
    "--frames",
    type=click.IntRange(2, 10_000),
    default=60,
    show_default=True,
    help="Number of frames; with --ping-pong, in both directions together.",
)
@click.option(
    "--z",
    "points",
    multiple=True,
    metavar="NUMBERS",
    help="A point of the path, its numbers separated by commas. Give at least two: --z -2,0 --z 2,0",
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    help=f"Go through {PATH_SAMPLES} samples of the prior with this seed, instead of --z.",
)
@click.option("--closed", is_flag=True, help="Return to the first point.")
@click.option(
    "--each",
    "each",
    multiple=True,
    metavar="NAME=VALUES",
    help="The values of an input that takes neither z nor an image, such as a class: one for each point of "
    "the path, separated by commas, such as --each label=3,7. Between two points, numbers and one-hot "
    "classes blend, and whole numbers switch halfway. Can be given for several inputs.",
)
@click.option(
    "--interpolation",
    type=Choice(list(INTERPOLATIONS)),
    help="'straight' goes along straight lines, 'spherical' along great circles, 'visual' along straight "
    "lines at a pace at which the picture changes evenly.  [default: straight; spherical if the model has "
    f"more than {MOST_NEAR_MEAN} dimensions, no test images, and a normal prior or one on a sphere]",
)
@click.option(
    "--plane", "with_plane", is_flag=True, help="Show the plane with a moving cursor beside the picture."
)
@film_options(PATH_FPS, (Caption.NAME, Caption.Z))
def path(
    points: tuple[str, ...],
    seed: int | None,
    each: tuple[str, ...],
    frames: int,
    fps: float,
    closed: bool,
    ping_pong: bool,
    interpolation: str | None,
    kind: str | None,
    size: int | None,
    captions: tuple[str, ...],
    with_plane: bool,
    **common: Any,
) -> None:
    """Write a walk through the points given by --z, or through samples, as GIF, WebP, APNG or MP4."""
    if bool(points) is (seed is not None):
        found = "both --z and --seed" if points else "neither --z nor --seed"
        raise RenderError(f"found {found}, expected one of them for the path's points")
    out: Path = common["out"]
    _check_size(common, size)
    film = Film(
        format=_format(out, kind),
        frame_count=frames,
        fps=fps,
        ping_pong=ping_pong,
        captions=_captions(captions),
        content=Content.BESIDE if with_plane else Content.PICTURE,
    )

    def scale_of(reading: Reading) -> int:
        largest = max(reading.image_shape[1:]) * (2 if with_plane else 1)
        return _scale(common, size, largest, 8)

    model = open_model(common, None, lambda reading: _check(replace(film, scale=scale_of(reading)), reading))
    film = replace(film, scale=scale_of(model.source.reading))
    try:
        corners = tuple(parse_z(text, model.latent_dim) for text in points)
        if seed is not None:
            z = sample_prior(PATH_SAMPLES, model.latent_dim, seed, model.source.reading.prior)
            corners = tuple(map(Vector, z))
        start = start_view(model)
        kind_of = INTERPOLATIONS.get(interpolation or "", start.path_kind)
        inputs = _inputs_of(each, model.source.further_inputs, len(corners))
        route = Route(corners, closed, kind_of, inputs=inputs)
        state = replace(start, path=corners, path_closed=closed, path_kind=kind_of, path_times=())
        state = replace(state, inputs=values_of(model.source.further_inputs), path_inputs=inputs)
        shown = subject_of(model, state, FILM_LAYERS) if with_plane else None
        comment = to_text(provenance(model.source, state, "path", **film.details()))
        name = model.source.name
        do_job(
            model,
            lambda decoder: path_cost(decoder, route, film, shown),
            lambda decoder: path_film(decoder, route, film, out, name, comment=comment, view=shown),
        )
    except ValueError as error:
        raise RenderError(f"--z: {error}") from error
    click.echo(f"{out}: {frames} frames at {real_fps(film.format, fps):.4g} per second")


def _inputs_of(each: tuple[str, ...], inputs: tuple[OtherInput, ...], count: int) -> tuple[InputValues, ...]:
    """The values of all inputs at each point, from the texts of --each. Raises RenderError."""
    by_name = {other.name: other for other in inputs}
    points = [values_of(inputs)] * count
    for text in each:
        name, _, numbers = text.rpartition("=")
        if name not in by_name:
            known = (
                f"NAME=VALUES, NAME one of {', '.join(by_name)}"
                if by_name
                else "none, because z is the only input"
            )
            raise RenderError(f"--each: found {text!r}, expected {known}")
        values = _numbers(numbers)
        if len(values) != count or not all(map(by_name[name].fits, values)):
            raise RenderError(
                f"--each: found {text!r}, expected {count} numbers that {name!r} can have, one for each "
                "point, separated by commas"
            )
        points = [
            taken(inputs, (*(one for one in point if one.name != name), InputValue(name, value)))
            for point, value in zip(points, values, strict=True)
        ]
    return tuple(points) if each else ()


def _numbers(text: str) -> list[float]:
    """The numbers in a text; an empty list if a part of it is not a number."""
    try:
        return [float(number) for number in text.split(",")]
    except ValueError:
        return []


@click.command(cls=GroupedCommand, short_help="Write a bundle over its epochs as GIF, WebP, APNG or MP4.")
@model_options("such that the longer side has about 280 to 560 pixels", takes_bare=False)
@click.option(
    "--content",
    type=Choice([shown.value for shown in Shown]),
    default=Shown.PLANE.value,
    show_default=True,
    help="The plane of each epoch, the picture at --z, both side by side, or the manifold grid, "
    f"{GRID_SIDE} × {GRID_SIDE} pictures.",
)
@layers_option(START_LAYERS, without=NOT_IN_FILMS)
@film_options(EPOCHS_FPS, tuple(Caption))
@start_options
@axes_option
def epochs(
    content: str,
    layers: frozenset[Part],
    point: str | None,
    seed: int | None,
    span: float | None,
    axes: tuple[int, int] | None,
    fps: float,
    ping_pong: bool,
    kind: str | None,
    size: int | None,
    captions: tuple[str, ...],
    **common: Any,
) -> None:
    """Write how the space of a bundle forms, one frame per epoch, as GIF, WebP, APNG or MP4.

    On the plane, the points are where each epoch's encoder puts them.
    """
    out, what = Path(common["out"]), Shown(content)
    _check_size(common, size)
    film = Film(
        subject=Subject.GRID_EPOCHS if what is Shown.GRID else Subject.EPOCHS,
        format=_format(out, kind),
        fps=fps,
        ping_pong=ping_pong,
        captions=_captions(captions),
        content=CONTENTS.get(what, Content.PICTURE),
    )

    def scaled(reading: Reading) -> Film:
        height, width = reading.image_shape[1:]
        across = GRID_SIDE if what is Shown.GRID else 1
        largest = across * max(height, width)
        wide = largest if what is not Shown.BOTH else width + max(height, width)
        return replace(film, scale=_scale(common, size, wide, max(1, START_SIDE_PX[what] // largest)))

    model = open_model(common, None, lambda reading: _check(scaled(reading), reading))
    source = model.source
    each = epochs_of(source)
    if len(each) < 2:
        raise RenderError(
            f"{source.path}: found {len(each) or 'no'} epoch{'s' * (len(each) != 1)}, expected a bundle with "
            "at least two; python -m export.onnx writes those of a fit"
        )
    film = scaled(source.reading)
    state = on_axes(model, start_view(model, point, seed), axes, point, seed)
    view = subject_of(model, state, layers)
    view = replace(view, state=looking_at(view.state, point, span))
    shown = view.state if film.with_plane else state
    order = epoch_order(len(each), ping_pong)
    details = replace(film, frame_count=len(order)).details()
    del details["seconds"]  # which only a path has
    kind_of = (
        "plane epochs" if film.with_plane else f"{'manifold' if what is Shown.GRID else 'picture'} epochs"
    )
    comment = to_text(provenance(source, shown, kind_of, **details))
    whole = Opened(model, view.posterior)
    z = _z_of_epochs(state, what)

    def planes(decoder: KeptDecoder) -> PlaneEpochs:
        return PlaneEpochs(whole, common["device"], decoder.kept, view, film)

    def cost(decoder: KeptDecoder) -> Cost:
        return (
            planes(decoder).cost(decoder, each) if film.with_plane else epoch_pictures_cost(decoder, z, each)
        )

    def steps(decoder: KeptDecoder) -> Iterator[float]:
        if film.with_plane:
            return plane_epochs_film(planes(decoder), each, out, source.name, comment)
        decoded = epoch_pictures(whole, common["device"], z, decoder.kept, each)
        numbered = ((epoch.number, pictures) for epoch, pictures in decoded)
        columns, place = (GRID_SIDE, ()) if what is Shown.GRID else (1, state.z)
        return epoch_film(numbered, len(each), columns, film, out, source.name, place, comment)

    do_job(model, cost, steps)
    click.echo(
        f"{out}: {len(order)} frames of {len(each)} epochs at {real_fps(film.format, fps):.4g} per second"
    )


def _z_of_epochs(state: ViewState, what: Shown) -> Floats:
    """The z [N, d] whose pictures a film shows at each epoch."""
    if what is Shown.GRID:
        return manifold_grid(state.plane, GRID_SIDE, state.prior)
    return np.array([state.z], np.float32)


def _captions(words: tuple[str, ...]) -> frozenset[Caption]:
    return frozenset(part for part in Caption if part.name.lower() in words)


def _format(out: Path, kind: str | None) -> Format:
    """The format in --format, or else the one of the file's ending.

    Raises AnimationError for a format that cannot be written here, and RenderError if the file has the ending
    of another format.
    """
    chosen = format_of(out) if kind is None else Format(kind)
    endings = (chosen.ending, ".png") if chosen is Format.APNG else (chosen.ending,)
    if out.suffix and out.suffix.lower() not in endings:
        raise RenderError(
            f"--out {out}: found the ending {out.suffix!r} with --format {chosen.value}, expected "
            f"{' or '.join(endings)}"
        )
    if reason := why_not(chosen):
        raise AnimationError(reason)
    return chosen


def _check_size(common: dict[str, Any], size: int | None) -> None:
    if size is not None and common["scale"] is not None:
        raise RenderError("found --size and --scale, expected one of them; leave one out")


def _scale(common: dict[str, Any], size: int | None, largest_px: int, otherwise: int) -> int:
    """The scale of a film: --scale, or the largest that fits in --size, or `otherwise`."""
    return int(common["scale"] or (otherwise if size is None else max(1, size // largest_px)))


def _check(film: Film, reading: Reading) -> None:
    """Raise RenderError if the frames are too large for the format."""
    height, width = reading.image_shape[1:]
    if reason := why_too_large(film.format, *film_px(film, (width, height))):
        at_one = film_px(replace(film, scale=1), (width, height))
        fitting = largest_scale(film.format, *at_one, film.scale)
        fits = "choose another format" if fitting is None else f"--scale {fitting} fits"
        raise RenderError(f"{reason}; {fits}")
