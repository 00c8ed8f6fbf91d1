"""python -m desktop.render: render sheets, figures and animations, without a window or Qt."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from desktop.base.installed import Choice, needed, version_option

with needed("desktop", "python -m desktop.render", __name__):
    from desktop.base.command_line import Finite, run_command

from desktop.base.errors import ModelError
from desktop.base.machine import DeviceError
from desktop.base.progress_bar import LONG_S
from desktop.base.vector import Vector
from desktop.figure.figure import FigureError
from desktop.film.film import Caption, Content, Film, Route, path_cost, path_film
from desktop.film.formats import (
    AnimationError,
    Format,
    format_of,
    largest_scale,
    real_fps,
    why_not,
    why_too_large,
)
from desktop.images.room import RoomError
from desktop.jobs import sheets
from desktop.jobs.sheets import KnownScores, Order
from desktop.latent.paths import PathKind
from desktop.latent.plane import parse_z, sample_prior
from desktop.reading.reading import Reading
from desktop.render_figure import FILM_LAYERS, subject_of, view
from desktop.render_parts import (
    RenderError,
    axes_option,
    check_room,
    do_job,
    looking_at,
    model_options,
    on_axes,
    open_model,
    plane_through_points,
    start_options,
    start_view,
    write_sheet,
)
from desktop.view.first_view import MOST_NEAR_MEAN, starts_on_samples
from desktop.view.provenance import provenance, to_text
from export.bundle import BundleError

INTERPOLATIONS = dict(zip(("straight", "spherical", "visual"), PathKind, strict=True))
PATH_SAMPLES = 4
CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@click.group(name="python -m desktop.render", context_settings=CONTEXT)
@version_option
def command() -> None:
    """Render the latent space of MODEL: a bundle or the .onnx file of any decoder.

    By default, MODEL is the bundle that ships with the program.
    """


@command.command(short_help="Write the manifold grid, n × n pictures, as PNG.")
@model_options
@click.option("--n", type=click.IntRange(1, 200), default=20, show_default=True, help="Pictures per side.")
@start_options
@axes_option
@click.option(
    "--through",
    multiple=True,
    metavar="NUMBERS",
    help="Use the plane through three points instead: its centre, a point to the right and a point above. "
    "Give this option three times: --through 0,0,0 --through 1,0,1 --through 0,1,0",
)
def plane(
    n: int,
    point: str | None,
    seed: int | None,
    span: float | None,
    axes: tuple[int, int] | None,
    through: tuple[str, ...],
    **common: Any,
) -> None:
    """Write n × n pictures of the plane as PNG: the manifold grid, at the prior's quantiles 0.05 to 0.95.

    For a model of more than 8 dimensions without test images the plane goes through three samples of the
    prior, and the pictures are at even steps over the view that holds them.
    """
    if axes is not None and through:
        raise RenderError("found --axes and --through, expected one of them; leave one out")
    model = open_model(common, ".png", lambda reading: check_room(reading, common, n, lambda n: (n, n)))
    state = start_view(model, point, seed)
    even = span is not None
    if through:
        state = state.with_plane(plane_through_points(through, model.latent_dim))
    elif axes is not None:
        state = on_axes(model, state, axes, point, seed)
    else:
        even = even or starts_on_samples(model.latent_dim, model.source.has_posterior)
    state = looking_at(state, point, span)
    if even:
        plan = sheets.view_plan(model, state.chart, state.viewport, n)
        is_home = span is None and point is None  # then the window's manifold page shows the same
        write_sheet(plan, model, common, state, "manifold" if is_home else "plane", n=n)
    else:
        write_sheet(sheets.manifold_plan(model, state.plane, n), model, common, state, "manifold", n=n)


@command.command(short_help="Write n × n samples of the prior as PNG.")
@model_options
@click.option("--n", type=click.IntRange(1, 200), default=8, show_default=True, help="Pictures per side.")
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="The seed of the samples: the same seed gives the same pictures.",
)
def samples(n: int, seed: int, **common: Any) -> None:
    """Write n × n pictures at samples of the prior as PNG."""
    model = open_model(common, ".png", lambda reading: check_room(reading, common, n, lambda n: (n, n)))
    state = start_view(model)
    write_sheet(sheets.samples_plan(model, n, seed), model, common, state, "samples", n=n, seed=seed)


@command.command(short_help="Write test images beside their reconstructions as PNG.")
@model_options
@click.option("--n", type=click.IntRange(1, 100), default=8, show_default=True, help="Pairs per row.")
@click.option(
    "--order",
    type=Choice([order.name.lower() for order in Order]),
    default=Order.WORST.name.lower(),
    show_default=True,
    help="Sort by the ELBO of each image, or keep the order of the file.",
)
def reconstructions(n: int, order: str, **common: Any) -> None:
    """Write test images as PNG, n pairs per row, each beside the picture decoded at its posterior mean."""
    model = open_model(common, ".png")
    bundle = model.source.bundle
    posterior = None if bundle is None else bundle.read_posterior()
    if posterior is None or posterior.images is None:
        raise RenderError(
            f"{model.source.path}: found no test images, expected a bundle that has some to reconstruct"
        )
    by, state, pairs = Order[order.upper()], start_view(model), len(posterior.mean)
    check_room(model.source.reading, common, n, lambda n: (min(2 * n, -(-pairs // n)), n), sheets.pairs_size)
    known = KnownScores()
    do_job(
        model,
        lambda decoder: sheets.scores_cost(decoder, posterior, known),
        lambda decoder: sheets.held_out_scores(decoder, posterior, known, LONG_S),
        "comparing",
    )
    assert known.scores is not None
    plan = sheets.reconstructions_plan(posterior, known.scores, by, n)
    write_sheet(plan, model, common, state, "reconstructions", n=n, order=by.value)


@command.command(short_help="Write a row for each latent dimension as PNG.")
@model_options
@start_options
@click.option("--n", type=click.IntRange(2, 200), default=11, show_default=True, help="Pictures per row.")
@click.option(
    "--dimensions",
    type=click.IntRange(1, 200),
    default=10,
    show_default=True,
    help="Rows at most. A bundle's dimensions with the highest rate come first.",
)
def traversals(
    point: str | None, seed: int | None, span: float | None, n: int, dimensions: int, **common: Any
) -> None:
    """Write latent traversals as PNG: in each row one dimension of z goes over the prior's range.

    That is −3 to 3 for N(0, I), and the other dimensions stay as they are at the start.
    """

    def check(reading: Reading) -> None:
        check_room(reading, common, n, lambda n: (min(dimensions, reading.latent_dim), n))

    model = open_model(common, ".png", check)
    state, bundle = start_view(model, point, seed), model.source.bundle
    rows = sheets.by_rate(None if bundle is None else bundle.read_posterior(), model.latent_dim)
    plan = sheets.traversals_plan(model, state.z, rows[:dimensions], n, span)
    write_sheet(plan, model, common, state, "traversals", n=n, dimensions=dimensions)


@command.command(short_help="Write a walk through z as GIF, WebP, APNG or MP4.")
@model_options
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
@click.option(
    "--frames", type=click.IntRange(2, 10_000), default=60, show_default=True, help="Frames in all."
)
@click.option("--fps", type=Finite(1, 60), default=20, show_default=True, help="Frames per second.")
@click.option("--closed", is_flag=True, help="Return to the first point.")
@click.option("--ping-pong", is_flag=True, help="Go there and back, with the same number of frames in all.")
@click.option(
    "--interpolation",
    type=Choice(list(INTERPOLATIONS)),
    help="Straight lines, great circles, or straight lines at a pace at which the picture changes evenly.  "
    f"[default: straight; spherical for a model of more than {MOST_NEAR_MEAN} dimensions without test images "
    "whose prior is normal or on a sphere]",
)
@click.option(
    "--format",
    "kind",
    type=Choice([kind.value for kind in Format], case_sensitive=False),
    help="The file format.  [default: by the ending of --out]",
)
@click.option(
    "--size",
    type=click.IntRange(1, 8192),
    help="The longest that the longer side may be, in pixels. Replaces --scale.",
)
@click.option(
    "--caption",
    "captions",
    type=Choice(["name", "z"]),
    multiple=True,
    help="Write this under each frame. Can be given twice.",
)
@click.option(
    "--plane", "with_plane", is_flag=True, help="Show the plane with a moving cursor beside the picture."
)
def path(
    points: tuple[str, ...],
    seed: int | None,
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
    chosen = format_of(out) if kind is None else Format(kind)
    if reason := why_not(chosen):
        raise AnimationError(reason)
    if size is not None and common["scale"] is not None:
        raise RenderError("found --size and --scale, expected one of them; leave one out")

    def check(reading: Reading) -> None:
        height, width = reading.image_shape[1:]
        if with_plane:
            width, height = width + max(width, height), max(width, height)
        scale = _path_scale(common, size, reading, with_plane)
        if reason := why_too_large(chosen, width * scale, height * scale):
            fitting = largest_scale(chosen, width, height, scale)
            fits = "choose another format" if fitting is None else f"--scale {fitting} fits"
            raise RenderError(f"{reason}; {fits}")

    model = open_model(common, None, check)
    scale = _path_scale(common, size, model.source.reading, with_plane)
    try:
        corners = tuple(parse_z(text, model.latent_dim) for text in points)
        if seed is not None:
            z = sample_prior(PATH_SAMPLES, model.latent_dim, seed, model.source.reading.prior)
            corners = tuple(map(Vector, z))
        start = start_view(model)
        route = Route(corners, closed, INTERPOLATIONS.get(interpolation or "", start.path_kind))
        film = Film(
            format=chosen,
            frame_count=frames,
            fps=fps,
            scale=scale,
            ping_pong=ping_pong,
            captions=frozenset(Caption.NAME if part == "name" else Caption.Z for part in captions),
            content=Content.BESIDE if with_plane else Content.PICTURE,
        )
        state = replace(start, path=corners, path_closed=closed, path_kind=route.kind, path_times=())
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
    click.echo(f"{out}: {frames} frames at {real_fps(chosen, fps):.4g} per second")


command.add_command(view)


def _path_scale(common: dict[str, Any], size: int | None, reading: Reading, with_plane: bool) -> int:
    """The scale of a film: that of --scale, or the largest within --size, or 8."""
    largest = max(reading.image_shape[1:]) * (2 if with_plane else 1)
    return int(common["scale"] or (8 if size is None else max(1, size // largest)))


def main() -> None:
    """Run the command line and exit."""
    run_command(
        command,
        (AnimationError, BundleError, DeviceError, FigureError, ModelError, RenderError, RoomError),
    )


if __name__ == "__main__":
    main()
