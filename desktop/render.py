"""python -m desktop.render: render sheets, figures and animations, without a window or Qt."""

from typing import Any

import click

from desktop.base.installed import Choice, needed, version_option

with needed("desktop", "python -m desktop.render", __name__):
    from desktop.base.command_line import run_command

from desktop.base.errors import ModelError
from desktop.base.machine import DeviceError
from desktop.base.option_groups import GroupedCommand
from desktop.base.progress_bar import LONG_S
from desktop.figure.figure import FigureError
from desktop.film.formats import AnimationError
from desktop.images.room import RoomError
from desktop.jobs import sheets
from desktop.jobs.sheets import KnownScores, Order, Scores
from desktop.reading.reading import Reading
from desktop.render_figure import view
from desktop.render_film import epochs, path
from desktop.render_parts import (
    START,
    RenderError,
    axes_option,
    check_room,
    do_job,
    looking_at,
    model_options,
    on_axes,
    on_plane,
    open_model,
    plane_through_points,
    start_options,
    start_view,
    write_sheet,
)
from desktop.view.first_view import starts_on_samples
from export.bundle import BundleError

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@click.group(name="python -m desktop.render", context_settings=CONTEXT)
@version_option
def command() -> None:
    """Render the latent space of MODEL: a bundle or the .onnx file of any decoder.

    By default, MODEL is the bundle that ships with the program.
    """


@command.command(cls=GroupedCommand, short_help="Write the manifold grid, n × n pictures, as PNG.")
@model_options()
@click.option("--n", type=click.IntRange(1, 200), default=20, show_default=True, help="Pictures per side.")
@start_options
@axes_option
@START(
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

    If MODEL has more than 8 dimensions and no test images, the plane goes through three samples of the prior,
    and the pictures are at even steps over the part of it that holds these samples.
    """
    if axes is not None and through:
        raise RenderError("found --axes and --through, expected one of them; leave one out")
    model = open_model(common, ".png", lambda reading: check_room(reading, common, n, lambda n: (n, n)))
    state = start_view(model, point, seed)
    even = span is not None
    if through:
        state = on_plane(state, plane_through_points(through, model.latent_dim))
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


@command.command(cls=GroupedCommand, short_help="Write n × n samples of the prior as PNG.")
@model_options()
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


@command.command(cls=GroupedCommand, short_help="Write test images beside their reconstructions as PNG.")
@model_options()
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
    known, first = KnownScores(), sheets.shown_pairs(n) if by is Order.FILE else None
    scores = do_job(
        model,
        lambda decoder: sheets.scores_cost(decoder, posterior, known, first),
        lambda decoder: sheets.held_out_scores(decoder, posterior, known, LONG_S, first),
        "comparing",
    )
    assert isinstance(scores, Scores)
    plan = sheets.reconstructions_plan(posterior, scores, by, n)
    write_sheet(plan, model, common, state, "reconstructions", n=n, order=by.value)


@command.command(cls=GroupedCommand, short_help="Write a row for each latent dimension as PNG.")
@model_options()
@start_options
@click.option("--n", type=click.IntRange(2, 200), default=11, show_default=True, help="Pictures per row.")
@click.option(
    "--dimensions",
    type=click.IntRange(1, 200),
    default=10,
    show_default=True,
    help="The largest number of rows. For a bundle, the dimensions with the highest rate come first.",
)
@click.option(
    "--titles/--no-titles",
    default=True,
    show_default=True,
    help="Write titles at the edges: each row's dimension with its rate, and each column's value.",
)
def traversals(
    point: str | None,
    seed: int | None,
    span: float | None,
    n: int,
    dimensions: int,
    titles: bool,
    **common: Any,
) -> None:
    """Write latent traversals as PNG: in each row one dimension of z covers the prior's range.

    The range is −3 to 3 for N(0, I). The other dimensions keep their values at the start.
    """

    def check(reading: Reading) -> None:
        check_room(reading, common, n, lambda n: (min(dimensions, reading.latent_dim), n))

    model = open_model(common, ".png", check)
    state, bundle = start_view(model, point, seed), model.source.bundle
    posterior = None if bundle is None else bundle.read_posterior()
    rows = sheets.by_rate(posterior, model.latent_dim)
    plan = sheets.traversals_plan(model, state.z, rows[:dimensions], n, span, posterior)
    shown, kind = plan.titles if titles else None, "traversals"
    write_sheet(plan, model, common, state, kind, shown, n=n, dimensions=dimensions, titles=titles)


for each in (path, epochs, view):
    command.add_command(each)


def main() -> None:
    """Run the command line and exit."""
    run_command(
        command,
        (AnimationError, BundleError, DeviceError, FigureError, ModelError, RenderError, RoomError),
    )


if __name__ == "__main__":
    main()
