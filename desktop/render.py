"""python -m desktop.render: render sheets to PNG and paths to animations, without a window or Qt."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from desktop.base.command_line import printable, run_command
from desktop.base.errors import ModelError
from desktop.base.machine import DeviceError, DeviceName, distribution_warning
from desktop.base.shipped import shipped_bundle
from desktop.film.film import Caption, Film, Route, path_film
from desktop.film.formats import AnimationError, Format, check_size, format_of, real_fps, why_not
from desktop.images import pixels
from desktop.jobs import sheets
from desktop.jobs.sheets import Order, Scores, Sheet
from desktop.latent.paths import PathKind
from desktop.latent.plane import Plane, axis_plane, parse_z, plane_through
from desktop.models.model import Model
from desktop.models.source import open_source
from desktop.reading.command_options import overrides_from, reading_options
from desktop.view.provenance import Detail, provenance, to_text
from desktop.view.state import ViewState, start_state
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
            type=click.Choice(["auto", "cuda", "cpu"]),
            default="auto",
            show_default=True,
            help="Where to run the model.",
        ),
    ):
        function = option(function)
    return function


INTERPOLATIONS = dict(zip(("straight", "spherical", "visual"), PathKind, strict=True))
CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@click.group(name="python -m desktop.render", context_settings=CONTEXT)
def command() -> None:
    """Render the latent space of MODEL: a bundle or the .onnx file of any decoder.

    By default, MODEL is the bundle that ships with the program.
    """


@command.command()
@model_options
@click.option("--n", type=click.IntRange(1, 200), default=20, show_default=True, help="Pictures per side.")
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
def plane(n: int, axes: tuple[int, int] | None, through: tuple[str, ...], **common: Any) -> None:
    """Write the manifold grid as PNG: n × n pictures at the prior's quantiles 0.05 to 0.95."""
    if axes is not None and through:
        raise RenderError("found --axes and --through, expected one of them; leave one out")
    model = _open(common, ".png")
    chosen = _plane_through(through, model.latent_dim) if through else _axis_plane(axes, model.latent_dim)
    state = start_state(model.latent_dim).with_plane(chosen)
    _write_sheet(sheets.manifold_sheet(model, chosen, n), model, common, state, "manifold", n=n)


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
    model = _open(common, ".png")
    state = start_state(model.latent_dim)
    _write_sheet(sheets.samples_sheet(model, n, seed), model, common, state, "samples", n=n, seed=seed)


@command.command()
@model_options
@click.option("--n", type=click.IntRange(1, 100), default=8, show_default=True, help="Pairs per row.")
@click.option(
    "--order",
    type=click.Choice([order.name.lower() for order in Order]),
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
    by, state = Order[order.upper()], start_state(model.latent_dim)
    steps = sheets.reconstructions_sheet(model, posterior, None, by, n)
    _write_sheet(steps, model, common, state, "reconstructions", n=n, order=by.value)


@command.command()
@model_options
@click.option(
    "--z", "point", metavar="NUMBERS", help="The values of the other dimensions.  [default: the prior's mean]"
)
@click.option("--n", type=click.IntRange(2, 200), default=11, show_default=True, help="Pictures per row.")
@click.option(
    "--dimensions",
    type=click.IntRange(1, 200),
    default=10,
    show_default=True,
    help="Rows at most. A bundle's dimensions with the highest rate come first.",
)
def traversals(point: str | None, n: int, dimensions: int, **common: Any) -> None:
    """Write latent traversals as PNG: in each row one dimension of z goes from −3 to 3."""
    model = _open(common, ".png")
    try:
        z = parse_z(point, model.latent_dim) if point else (0.0,) * model.latent_dim
    except ValueError as error:
        raise RenderError(f"--z: {error}") from error
    bundle = model.source.bundle
    rows = sheets.by_rate(None if bundle is None else bundle.read_posterior(), model.latent_dim)
    steps, state = sheets.traversals_sheet(model, z, rows[:dimensions], n), start_state(model.latent_dim)
    _write_sheet(steps, model, common, state.moved_to(z), "traversals", n=n, dimensions=dimensions)


@command.command()
@model_options
@click.option(
    "--z",
    "points",
    multiple=True,
    required=True,
    metavar="NUMBERS",
    help="A point of the path, its numbers separated by commas. Give at least two: --z -2,0 --z 2,0",
)
@click.option(
    "--frames", type=click.IntRange(2, 10_000), default=60, show_default=True, help="Frames in all."
)
@click.option("--fps", type=click.FloatRange(1, 60), default=20, show_default=True, help="Frames per second.")
@click.option("--closed", is_flag=True, help="Return to the first point.")
@click.option("--ping-pong", is_flag=True, help="Go there and back, with the same number of frames in all.")
@click.option(
    "--interpolation",
    type=click.Choice(list(INTERPOLATIONS)),
    default="straight",
    show_default=True,
    help="Straight lines, great circles, or straight lines at a pace at which the picture changes evenly.",
)
@click.option(
    "--format",
    "kind",
    type=click.Choice([kind.value for kind in Format], case_sensitive=False),
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
    type=click.Choice(["name", "z"]),
    multiple=True,
    help="Write this under each frame. Can be given twice.",
)
def path(
    points: tuple[str, ...],
    frames: int,
    fps: float,
    closed: bool,
    ping_pong: bool,
    interpolation: str,
    kind: str | None,
    size: int | None,
    captions: tuple[str, ...],
    **common: Any,
) -> None:
    """Write a walk through the points given by --z as GIF, WebP, APNG or MP4."""
    out: Path = common["out"]
    chosen = format_of(out) if kind is None else Format(kind)
    if reason := why_not(chosen):
        raise AnimationError(reason)
    if size is not None and common["scale"] is not None:
        raise RenderError("found --size and --scale, expected one of them; leave one out")
    model = _open(common, None)
    height, width = model.image_shape[1:]
    scale = common["scale"] or (8 if size is None else max(1, size // max(height, width)))
    check_size(chosen, width * scale, height * scale)
    try:
        corners = tuple(parse_z(text, model.latent_dim) for text in points)
        route = Route(corners, closed, INTERPOLATIONS[interpolation])
        film = Film(
            format=chosen,
            frame_count=frames,
            fps=fps,
            scale=scale,
            ping_pong=ping_pong,
            captions=frozenset(Caption.NAME if part == "name" else Caption.Z for part in captions),
        )
        state = replace(start_state(model.latent_dim), path=corners, path_closed=closed, path_kind=route.kind)
        comment = to_text(provenance(model.source, state, "path", **film.details()))
        for _ in path_film(model.decode, route, film, out, model.source.name, comment=comment):
            pass
    except ValueError as error:
        raise RenderError(f"--z: {error}") from error
    click.echo(f"{out}: {frames} frames at {real_fps(chosen, fps):.4g} per second")


def _axis_plane(axes: tuple[int, int] | None, latent_dim: int) -> Plane:
    right, up = axes if axes is not None else (0, min(1, latent_dim - 1))
    if max(right, up) >= latent_dim or (right == up and latent_dim > 1):
        raise RenderError(
            f"--axes: found {right} {up}, expected two different dimensions from 0 to {latent_dim - 1}"
        )
    return axis_plane((0.0,) * latent_dim, right, up)


def _plane_through(texts: tuple[str, ...], latent_dim: int) -> Plane:
    if len(texts) != 3:
        raise RenderError(f"--through: found {len(texts)} point{'s' * (len(texts) != 1)}, expected three")
    try:
        middle, right, up = (parse_z(text, latent_dim) for text in texts)
        return plane_through(middle, right, up)
    except ValueError as error:
        raise RenderError(f"--through: {error}") from error


def _open(common: dict[str, Any], suffix: str | None) -> Model:
    out: Path = common["out"]
    if suffix is not None and out.suffix.lower() != suffix:
        raise RenderError(f"--out {out}: found the ending {out.suffix or 'none'!r}, expected {suffix}")
    device: DeviceName = common["device"]
    source = open_source(common["model"] or shipped_bundle(), overrides_from(**common), use_saved=False)
    model = Model(source, device)
    for note in (source.guess_note, *source.notes, model.warning, distribution_warning()):
        if note:
            click.echo(printable(note), err=True)
    return model


def _write_sheet(
    steps: Iterator[Sheet | Scores | None],
    model: Model,
    common: dict[str, Any],
    state: ViewState,
    kind: str,
    **details: Detail,
) -> None:
    (sheet,) = (step for step in steps if isinstance(step, Sheet))
    scale = common["scale"] or 1
    enlarged = pixels.enlarge(sheet.picture[None], scale)[0]
    note = to_text(provenance(model.source, state, kind, scale=scale, **details))
    pixels.write_png(common["out"], enlarged, note)
    height, width = enlarged.shape[:2]
    where = model.device.description + (f" ({model.device.reason})" if model.device.reason else "")
    click.echo(f"{common['out']}: {width} × {height} pixels, decoded on {where}")
    if model.warning:
        click.echo(model.warning, err=True)


def main() -> None:
    """Run the command line and exit."""
    run_command(command, (AnimationError, BundleError, DeviceError, ModelError, RenderError))


if __name__ == "__main__":
    main()
