"""Code shared by the commands of desktop.render: options, opening a model, the view, writing a sheet."""

from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from desktop.base.atomic_file import check_writable
from desktop.base.command_line import Finite, printable, say_on_stderr
from desktop.base.installed import Choice
from desktop.base.machine import DeviceName, distribution_warning
from desktop.base.option_groups import Adds, Group, option_of
from desktop.base.progress_bar import LONG_S, ProgressBar
from desktop.base.shipped import shipped_bundle
from desktop.base.vector import Vector
from desktop.images import pixels
from desktop.images.room import SheetSize, no_room
from desktop.images.titles import Titles, titled
from desktop.jobs import sheets
from desktop.jobs.cost import ASK_FROM_S, Cost, Progress
from desktop.jobs.decoded_pictures import DecodedPictures
from desktop.jobs.kept_decoder import KeptDecoder
from desktop.jobs.sheet_steps import Sheet, sheet_steps
from desktop.jobs.sheets import Plan
from desktop.latent.plane import Plane, Viewport, axis_plane, parse_z, plane_through, sample_prior
from desktop.models.model import Model
from desktop.models.open_source import open_source
from desktop.models.opened import principal_of
from desktop.reading.command_options import overrides_from, reading_options
from desktop.reading.reading import Reading
from desktop.vetting.opening import Opening
from desktop.view.first_view import MOST_NEAR_MEAN, first_view, fresh_view, home_view, starts_on_samples
from desktop.view.provenance import Detail, provenance, to_text
from desktop.view.state import ViewState

SCALING = "Enlarge every pixel this many times."
SPAN_HELP = {
    "plane": "Take even steps over a square with this side around z, instead of the prior's quantiles.",
    "view": "How much of the plane to show along its shorter side.  [default: what the window shows first]",
    "epochs": "How much of the plane to show along its shorter side.  [default: what the window shows first]",
    "traversals": "The length of each dimension's range, centred on the prior's mean.  [default: the "
    "prior's range, 6 for N(0, 1)]",
}


class RenderError(Exception):
    """The options do not fit the model or each other."""


# The options by the headings of the help text.
FILE, START, OTHER = map(option_of, (Group.FILE, Group.START, Group.OTHER))


def model_options(scale: str = "1", takes_bare: bool = True, scaling: str = SCALING) -> Adds:
    """Add the options that all commands take.

    Args:
        scale: the default of --scale, in words.
        takes_bare: whether the model can be a bare one; then the options for its reading are added.
        scaling: the help text that says what --scale does.
    """

    def add(function: Callable[..., Any]) -> Callable[..., Any]:
        for option in (
            OTHER(
                "--device",
                type=Choice(["auto", "cuda", "cpu"]),
                default="auto",
                show_default=True,
                help="Where to run the model.",
            ),
            *((reading_options,) if takes_bare else ()),
            FILE(
                "--scale",
                type=click.IntRange(1, 64),
                help=f"{scaling}  [default: {scale}]",
            ),
            FILE(
                "--out",
                required=True,
                type=click.Path(path_type=Path, dir_okay=False),
                help="The file to write; an existing file is replaced.",
            ),
            click.argument("model", required=False, type=click.Path(path_type=Path)),
        ):
            function = option(function)
        return function

    return add


def start_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say where a view starts."""
    for option in (
        START("--span", type=Finite(1e-6, 1e4), help=SPAN_HELP[function.__name__]),
        START("--seed", type=click.IntRange(0), help="Start at the sample of the prior with this seed."),
        START(
            "--z",
            "point",
            metavar="NUMBERS",
            help="The z to start at.  [default: with test images in more than 2 dimensions, the posterior "
            "mean of the one nearest to the middle; for a bare .onnx file, and without test images in more "
            f"than {MOST_NEAR_MEAN} dimensions, a sample of the prior; otherwise the prior's mean]",
        ),
    ):
        function = option(function)
    return function


def axes_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option that says which dimensions span the plane."""
    return START(
        "--axes",
        type=(click.IntRange(0), click.IntRange(0)),
        metavar="RIGHT UP",
        help="The two latent dimensions that span the plane.  [default: 0 1; with test images in more than 2 "
        "dimensions, their two principal axes]",
    )(function)


def start_view(model: Model, point: str | None = None, seed: int | None = None) -> ViewState:
    """The view of a newly opened model; at the point --z or the sample of --seed, if one is given."""
    if point is not None and seed is not None:
        raise RenderError("found --z and --seed, expected one of them; leave one out")
    source = model.source
    prior = source.reading.prior
    posterior = None if source.bundle is None else source.bundle.read_posterior()
    principal = principal_of(source, posterior)
    state = fresh_view(model.latent_dim, prior, source.bundle is not None, source.has_posterior, principal)
    if posterior is not None and principal is not None:
        state = replace(state, viewport=home_view(state, source.has_posterior, posterior.mean))
    if seed is not None and starts_on_samples(model.latent_dim, source.has_posterior):
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


def on_axes(
    model: Model, state: ViewState, axes: tuple[int, int] | None, point: str | None, seed: int | None
) -> ViewState:
    """The view on the plane of two latent dimensions, if --axes gives them; otherwise the same view.

    The plane goes through the prior's mean, or through the view's z if --z or --seed is given, or if samples
    lie far from the mean.
    """
    if axes is None:
        return state
    on_samples = starts_on_samples(model.latent_dim, model.source.has_posterior)
    is_through_z = point is not None or seed is not None or on_samples
    z = state.z if is_through_z else Vector(state.prior.mean(model.latent_dim))
    right, up = axes
    if max(axes) >= len(z) or (right == up and len(z) > 1):
        raise RenderError(
            f"--axes: found {right} {up}, expected two different dimensions from 0 to {len(z) - 1}"
        )
    return on_plane(state, axis_plane(z, right, up))


def on_plane(state: ViewState, plane: Plane) -> ViewState:
    """The view on another plane. A viewport that fitted the principal plane is replaced by home."""
    moved = state.with_plane(plane)
    return replace(moved, viewport=moved.chart.home) if state.plane.is_principal else moved


def looking_at(state: ViewState, point: str | None, span: float | None) -> ViewState:
    """The view centred on its z with this span; the same view if neither z nor span is given."""
    if point is None and span is None:
        return state
    a, b = state.cursor_ab.tolist()
    return replace(state, viewport=Viewport((a, b), span or state.viewport.span))


def plane_through_points(texts: tuple[str, ...], latent_dim: int) -> Plane:
    """The plane through three points, given as the texts of --through."""
    if len(texts) != 3:
        raise RenderError(f"--through: found {len(texts)} point{'s' * (len(texts) != 1)}, expected three")
    try:
        middle, right, up = (parse_z(text, latent_dim) for text in texts)
        return plane_through(middle, right, up)
    except ValueError as error:
        raise RenderError(f"--through: {error}") from error


def open_model(
    common: dict[str, Any], suffix: str | None, check: Callable[[Reading], None] = lambda _: None
) -> Model:
    """Open the model if `check` accepts its reading. Raises OSError if --out cannot be written."""
    out: Path = common["out"]
    if suffix is not None and out.suffix.lower() != suffix:
        raise RenderError(f"--out {out}: found the ending {out.suffix or 'none'!r}, expected {suffix}")
    check_writable(out)
    device: DeviceName = common["device"]
    path = common["model"] or shipped_bundle()
    source = open_source(path, overrides_from(**common), Opening(say_on_stderr), use_saved=False)
    check(source.reading)
    model = Model(source, device)
    for note in (source.guess_note, *source.notes, model.warning, distribution_warning()):
        if note:
            click.echo(printable(note), err=True)
    return model


def check_room(
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


def write_sheet(
    plan: Plan,
    model: Model,
    common: dict[str, Any],
    state: ViewState,
    kind: str,
    at_edges: Titles | None = None,
    **details: Detail,
) -> None:
    """Decode a sheet, write it as a PNG with its note and titles, and print what was written."""
    sheet = do_job(
        model,
        lambda decoder: decoder.cost(plan.z),
        lambda decoder: sheet_steps(decoder, plan, tells_from_s=LONG_S),
    )
    assert isinstance(sheet, Sheet)
    scale = common["scale"] or 1
    enlarged = pixels.enlarge(sheet.picture[None], scale)[0]
    if at_edges is not None:
        enlarged = titled(enlarged, at_edges)
    note = to_text(provenance(model.source, state, kind, scale=scale, **details))
    pixels.write_png(common["out"], enlarged, note)
    height, width = enlarged.shape[:2]
    where = model.device.description + (f" ({model.device.reason})" if model.device.reason else "")
    click.echo(f"{common['out']}: {width} × {height} pixels, decoded on {where}")
    if model.warning:
        click.echo(model.warning, err=True)


def do_job(
    model: Model,
    cost_of: Callable[[KeptDecoder], Cost],
    steps_of: Callable[[KeptDecoder], Iterable[object]],
    doing: str = "decoding",
) -> object:
    """Run a job with a progress bar and return its last result; if its cost is high, print that first."""
    with closing(DecodedPictures()) as kept:
        decoder = KeptDecoder(model, kept)
        cost = cost_of(decoder)
        if cost.seconds > ASK_FROM_S:
            click.echo(f"decoding {cost.in_words()}", err=True)
        step: object = None
        with ProgressBar(doing) as bar:
            for step in steps_of(decoder):
                if isinstance(step, Progress):
                    bar.show(step.done / step.total, step.in_words())
                elif isinstance(step, float):
                    bar.show(step)
    return step
