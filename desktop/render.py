"""python -m desktop.render: render sheets to PNG and paths to animations, without a window or Qt."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from desktop.base.installed import Choice, needed, version_option

with needed("desktop", "python -m desktop.render", __name__):
    from desktop.base.command_line import Finite, printable, run_command, say_on_stderr

from desktop.base.errors import ModelError
from desktop.base.machine import DeviceError, DeviceName, distribution_warning
from desktop.base.progress_bar import LONG_S, ProgressBar
from desktop.base.shipped import shipped_bundle
from desktop.base.vector import Vector
from desktop.film.film import Caption, Film, Route, path_cost, path_film
from desktop.film.formats import (
    AnimationError,
    Format,
    format_of,
    largest_scale,
    real_fps,
    why_not,
    why_too_large,
)
from desktop.images import pixels
from desktop.images.room import RoomError, SheetSize, no_room
from desktop.jobs import sheets
from desktop.jobs.cost import ASK_FROM_S, Cost, Progress
from desktop.jobs.decoded_pictures import DecodedPictures
from desktop.jobs.kept_decoder import KeptDecoder
from desktop.jobs.sheet_steps import Sheet, sheet_steps
from desktop.jobs.sheets import KnownScores, Order, Plan
from desktop.latent.paths import PathKind
from desktop.latent.plane import Plane, Viewport, axis_plane, parse_z, plane_through, sample_prior
from desktop.models.model import Model
from desktop.models.source import open_source
from desktop.reading.command_options import overrides_from, reading_options
from desktop.reading.reading import Reading
from desktop.vetting.opening import Opening
from desktop.view.first_view import MOST_NEAR_MEAN, first_view, fresh_view
from desktop.view.provenance import Detail, provenance, to_text
from desktop.view.state import ViewState
from export.bundle import BundleError


class RenderError(Exception):
    """The options do not fit the model or each other."""


def model_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that all commands take."""
    for option in (
        click.argument("model", required=False, type=click.Path(path_type=Path)),
        reading_options,
        click.option(
            "--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="The file to write."
        ),
        click.option(
            "--scale",
            type=click.IntRange(1, 64),
            help="Enlarge every pixel this many times.  [default: 1; path: 8]",
        ),
        click.option(
            "--device",
            type=Choice(["auto", "cuda", "cpu"]),
            default="auto",
            show_default=True,
            help="Where to run the model.",
        ),
    ):
        function = option(function)
    return function


def start_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say where a view starts."""
    for option in (
        click.option(
            "--z",
            "point",
            metavar="NUMBERS",
            help="The z to start at.  [default: a bundle's prior mean; for a bare model, a sample]",
        ),
        click.option(
            "--seed", type=click.IntRange(0), help="Start at the sample of the prior with this seed instead."
        ),
        click.option("--span", type=Finite(1e-6, 1e4), help=SPAN_HELP[function.__name__]),
    ):
        function = option(function)
    return function


SPAN_HELP = {
    "plane": "Take even steps over a square of this side around z, instead of the prior's quantiles.",
    "traversals": "How far each dimension goes, half to either side of the prior's mean.  [default: the "
    "prior's range, 6 for N(0, 1)]",
}
INTERPOLATIONS = dict(zip(("straight", "spherical", "visual"), PathKind, strict=True))
PATH_SAMPLES = 4
CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@click.group(name="python -m desktop.render", context_settings=CONTEXT)
@version_option
def command() -> None:
    """Render the latent space of MODEL: a bundle or the .onnx file of any decoder.

    By default, MODEL is the bundle that ships with the program.
    """


@command.command()
@model_options
@click.option("--n", type=click.IntRange(1, 200), default=20, show_default=True, help="Pictures per side.")
@start_options
@click.option(
    "--axes",
    type=(click.IntRange(0), click.IntRange(0)),
    metavar="RIGHT UP",
    help="The two latent dimensions that span the plane.  [default: 0 1]",
)
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

    For a bare model of more than 8 dimensions the plane goes through three samples of the prior, and the
    pictures are at even steps over the view that holds them.
    """
    if axes is not None and through:
        raise RenderError("found --axes and --through, expected one of them; leave one out")
    model = _open(common, ".png", lambda reading: _check_room(reading, common, n, lambda n: (n, n)))
    state = _start(model, point, seed)
    even = span is not None
    if through:
        state = state.with_plane(_plane_through(through, model.latent_dim))
    elif axes is not None:
        state = state.with_plane(_axis_plane(axes, _beside(model, state, point, seed)))
    else:
        even = even or _is_on_samples(model)
    if span is not None or point is not None:
        a, b = state.plane.project(state.z).tolist()
        state = replace(state, viewport=Viewport((a, b), span or state.viewport.span))
    if even:
        plan = sheets.view_plan(model, state.chart, state.viewport, n)
        is_home = span is None and point is None  # then the window's manifold page shows the same
        _write_sheet(plan, model, common, state, "manifold" if is_home else "plane", n=n)
    else:
        _write_sheet(sheets.manifold_plan(model, state.plane, n), model, common, state, "manifold", n=n)


@command.command()
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
    model = _open(common, ".png", lambda reading: _check_room(reading, common, n, lambda n: (n, n)))
    state = _start(model)
    _write_sheet(sheets.samples_plan(model, n, seed), model, common, state, "samples", n=n, seed=seed)


@command.command()
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
    model = _open(common, ".png")
    bundle = model.source.bundle
    posterior = None if bundle is None else bundle.read_posterior()
    if posterior is None or posterior.images is None:
        raise RenderError(
            f"{model.source.path}: found no test images, expected a bundle that has some to reconstruct"
        )
    by, state, pairs = Order[order.upper()], _start(model), len(posterior.mean)
    _check_room(model.source.reading, common, n, lambda n: (min(2 * n, -(-pairs // n)), n), sheets.pairs_size)
    with closing(DecodedPictures()) as kept:
        decoder, known = KeptDecoder(model, kept), KnownScores()
        _say_cost(sheets.scores_cost(decoder, posterior, known))
        with ProgressBar("comparing") as bar:
            for step in sheets.held_out_scores(decoder, posterior, known, LONG_S):
                _show(bar, step)
    assert known.scores is not None
    plan = sheets.reconstructions_plan(posterior, known.scores, by, n)
    _write_sheet(plan, model, common, state, "reconstructions", n=n, order=by.value)


@command.command()
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
        _check_room(reading, common, n, lambda n: (min(dimensions, reading.latent_dim), n))

    model = _open(common, ".png", check)
    state, bundle = _start(model, point, seed), model.source.bundle
    rows = sheets.by_rate(None if bundle is None else bundle.read_posterior(), model.latent_dim)
    plan = sheets.traversals_plan(model, state.z, rows[:dimensions], n, span)
    _write_sheet(plan, model, common, state, "traversals", n=n, dimensions=dimensions)


@command.command()
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
    f"[default: straight; spherical for a bare model of more than {MOST_NEAR_MEAN} dimensions whose prior is "
    "normal or on a sphere]",
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
        scale = _path_scale(common, size, reading)
        if reason := why_too_large(chosen, width * scale, height * scale):
            fitting = largest_scale(chosen, width, height, scale)
            fits = "choose another format" if fitting is None else f"--scale {fitting} fits"
            raise RenderError(f"{reason}; {fits}")

    model = _open(common, None, check)
    scale = _path_scale(common, size, model.source.reading)
    try:
        corners = tuple(parse_z(text, model.latent_dim) for text in points)
        if seed is not None:
            z = sample_prior(PATH_SAMPLES, model.latent_dim, seed, model.source.reading.prior)
            corners = tuple(map(Vector, z))
        start = _start(model)
        route = Route(corners, closed, INTERPOLATIONS.get(interpolation or "", start.path_kind))
        film = Film(
            format=chosen,
            frame_count=frames,
            fps=fps,
            scale=scale,
            ping_pong=ping_pong,
            captions=frozenset(Caption.NAME if part == "name" else Caption.Z for part in captions),
        )
        state = replace(start, path=corners, path_closed=closed, path_kind=route.kind)
        comment = to_text(provenance(model.source, state, "path", **film.details()))
        with closing(DecodedPictures()) as kept:
            decoder = KeptDecoder(model, kept)
            _say_cost(path_cost(decoder, route, film))
            with ProgressBar("decoding") as bar:
                for step in path_film(decoder, route, film, out, model.source.name, comment=comment):
                    _show(bar, step)
    except ValueError as error:
        raise RenderError(f"--z: {error}") from error
    click.echo(f"{out}: {frames} frames at {real_fps(chosen, fps):.4g} per second")


def _path_scale(common: dict[str, Any], size: int | None, reading: Reading) -> int:
    """The scale of a film: that of --scale, or the largest within --size, or 8."""
    largest = max(reading.image_shape[1:])
    return int(common["scale"] or (8 if size is None else max(1, size // largest)))


def _start(model: Model, point: str | None = None, seed: int | None = None) -> ViewState:
    """The view of a newly opened model, at z or at the sample of a seed if one is given."""
    if point is not None and seed is not None:
        raise RenderError("found --z and --seed, expected one of them; leave one out")
    prior, is_bundle = model.source.reading.prior, model.source.bundle is not None
    state = fresh_view(model.latent_dim, prior, is_bundle)
    if seed is not None and _is_on_samples(model):
        state = first_view(model.latent_dim, prior, seed)
    elif seed is not None:
        (z,) = sample_prior(1, model.latent_dim, seed, prior)
        state = replace(state.moved_to(Vector(z)), seed=seed)
    if point is not None:
        try:
            state = state.moved_to(parse_z(point, model.latent_dim))
        except ValueError as error:
            raise RenderError(f"--z: {error}") from error
    return state


def _beside(model: Model, state: ViewState, point: str | None, seed: int | None) -> Vector:
    """The z through which a plane of two axes goes: the prior's mean, unless samples lie far from it."""
    if point is not None or seed is not None or _is_on_samples(model):
        return state.z
    return Vector(state.prior.mean(model.latent_dim))


def _is_on_samples(model: Model) -> bool:
    """Whether the view of this model starts on a plane through samples."""
    return model.source.bundle is None and model.latent_dim > MOST_NEAR_MEAN


def _axis_plane(axes: tuple[int, int], z: Vector) -> Plane:
    right, up = axes
    if max(axes) >= len(z) or (right == up and len(z) > 1):
        raise RenderError(
            f"--axes: found {right} {up}, expected two different dimensions from 0 to {len(z) - 1}"
        )
    return axis_plane(z, right, up)


def _plane_through(texts: tuple[str, ...], latent_dim: int) -> Plane:
    if len(texts) != 3:
        raise RenderError(f"--through: found {len(texts)} point{'s' * (len(texts) != 1)}, expected three")
    try:
        middle, right, up = (parse_z(text, latent_dim) for text in texts)
        return plane_through(middle, right, up)
    except ValueError as error:
        raise RenderError(f"--through: {error}") from error


def _open(
    common: dict[str, Any], suffix: str | None, check: Callable[[Reading], None] = lambda _: None
) -> Model:
    """Open the model, after `check` has found its reading good."""
    out: Path = common["out"]
    if suffix is not None and out.suffix.lower() != suffix:
        raise RenderError(f"--out {out}: found the ending {out.suffix or 'none'!r}, expected {suffix}")
    device: DeviceName = common["device"]
    path = common["model"] or shipped_bundle()
    source = open_source(path, overrides_from(**common), Opening(say_on_stderr), use_saved=False)
    check(source.reading)
    model = Model(source, device)
    for note in (source.guess_note, *source.notes, model.warning, distribution_warning()):
        if note:
            click.echo(printable(note), err=True)
    return model


def _check_room(
    reading: Reading,
    common: dict[str, Any],
    n: int,
    cells_of: Callable[[int], tuple[int, int]],
    size_of: Callable[[tuple[int, int, int], int, int, int], SheetSize] = sheets.sheet_size,
) -> None:
    """Raise RenderError if the sheet with the rows and columns `cells_of(n)` is too large."""

    def size(n: int) -> SheetSize:
        return size_of(reading.image_shape, reading.latent_dim, *cells_of(n))

    found = no_room(size, n, common["scale"] or 1)
    if found is not None:
        fits = f"--scale {found.scale} fits" if found.scale is not None else f"--n {found.n} --scale 1 fits"
        nothing = found.scale is None and found.n is None
        raise RenderError(f"{found.reason}; {'free some memory' if nothing else fits}")


def _write_sheet(
    plan: Plan,
    model: Model,
    common: dict[str, Any],
    state: ViewState,
    kind: str,
    **details: Detail,
) -> None:
    with closing(DecodedPictures()) as kept:
        decoder = KeptDecoder(model, kept)
        _say_cost(decoder.cost(plan.z))
        sheet = None
        with ProgressBar("decoding") as bar:
            for sheet in sheet_steps(decoder, plan, tells_from_s=LONG_S):
                _show(bar, sheet)
    assert isinstance(sheet, Sheet)
    scale = common["scale"] or 1
    enlarged = pixels.enlarge(sheet.picture[None], scale)[0]
    note = to_text(provenance(model.source, state, kind, scale=scale, **details))
    pixels.write_png(common["out"], enlarged, note)
    height, width = enlarged.shape[:2]
    where = model.device.description + (f" ({model.device.reason})" if model.device.reason else "")
    click.echo(f"{common['out']}: {width} × {height} pixels, decoded on {where}")
    if model.warning:
        click.echo(model.warning, err=True)


def _say_cost(cost: Cost) -> None:
    """Say on standard error how long it takes, if that is long."""
    if cost.seconds > ASK_FROM_S:
        click.echo(f"decoding {cost.in_words()}", err=True)


def _show(bar: ProgressBar, step: object) -> None:
    """Show how far a job is, if that is what its step tells."""
    if isinstance(step, Progress):
        bar.show(step.done / step.total, step.in_words())
    elif isinstance(step, float):
        bar.show(step)


def main() -> None:
    """Run the command line and exit."""
    run_command(command, (AnimationError, BundleError, DeviceError, ModelError, RenderError, RoomError))


if __name__ == "__main__":
    main()
