"""The jobs that decode the pages of many pictures with the open model.

Each job yields the steps of `sheet_steps`. Work that would take more than `most_s` seconds is not done; its
Cost is yielded instead. Each function returns None if there is nothing to decode.
"""

from collections.abc import Callable, Iterator

from desktop.app.explorer import Explorer
from desktop.jobs import sheets
from desktop.jobs.cost import ASK_FROM_S, Cost
from desktop.jobs.kept_decoder import KeptDecoder
from desktop.jobs.sheet_steps import SHOWN_SIDE_PX, Sheet, SheetStep, sheet_steps
from desktop.jobs.sheets import KnownScores, Order, Plan, Scores
from desktop.jobs.shown_elbos import with_elbos
from desktop.latent.chart import Chart

Steps = Iterator[SheetStep | Scores]


def samples_steps(explorer: Explorer, n: int, seed: int, most_s: float = ASK_FROM_S) -> Steps | None:
    """Return the job for n × n pictures at samples of the prior."""
    decoder = explorer.decoder
    if decoder is None:
        return None
    model = decoder.model
    return _steps(decoder, lambda: sheets.samples_plan(model, n, seed), most_s)


def manifold_steps(explorer: Explorer, n: int, most_s: float = ASK_FROM_S) -> Steps | None:
    """Return the job for n × n pictures at quantiles of the prior on the plane in view.

    On a plane through samples, they are at even steps over the part with the samples.
    """
    decoder, plane, around = explorer.decoder, explorer.state.plane, explorer.samples_viewport
    if decoder is None:
        return None
    model = decoder.model
    if around is not None:
        return _steps(decoder, lambda: sheets.view_plan(model, Chart(plane), around, n), most_s)
    return _steps(decoder, lambda: sheets.manifold_plan(model, plane, n), most_s)


def traversals_steps(
    explorer: Explorer, dimensions: int, columns: int, most_s: float = ASK_FROM_S
) -> Steps | None:
    """Return the job for one row through the cursor for each of the dimensions with the highest rate."""
    decoder, z = explorer.decoder, explorer.state.z
    if decoder is None:
        return None
    model = decoder.model
    encoded = explorer.points.encoded
    rows = sheets.by_rate(encoded, model.latent_dim)[:dimensions]
    return _steps(decoder, lambda: sheets.traversals_plan(model, z, rows, columns, posterior=encoded), most_s)


def reconstructions_steps(
    explorer: Explorer, known: KnownScores, order: Order, n: int, most_s: float = ASK_FROM_S
) -> Steps | None:
    """Return the job for test images beside their reconstructions, n pairs per row.

    It first computes the scores that are not `known`, and yields them. In the order of the file it computes
    only the scores of the shown images, and none with a slow decoder.
    """
    decoder, posterior = explorer.decoder, explorer.points.encoded
    if decoder is None or posterior is None or posterior.images is None:
        return None

    def steps() -> Steps:
        scores, is_sorted = known.scores, order is not Order.FILE
        if scores is None and (is_sorted or not decoder.is_slow):
            first = None if is_sorted else sheets.shown_pairs(n)
            for step in sheets.scores_within(decoder, posterior, known, most_s, first):
                yield step
                if isinstance(step, Cost):
                    return
                if isinstance(step, Scores):
                    scores = step
        plan = sheets.reconstructions_plan(posterior, scores, order, n, explorer.points.label_names)
        yield from sheet_steps(decoder, plan, SHOWN_SIDE_PX, most_s)

    return steps()


def elbos_steps(
    explorer: Explorer, known: KnownScores, order: Order, sheet: Sheet
) -> Iterator[Sheet | None] | None:
    """Return the job that captions a sheet of reconstructions with the ELBOs of the section Your image.

    It does so with a quick decoder, if it takes no longer than work that starts without asking.
    """
    decoder, posterior = explorer.decoder, explorer.points.encoded
    if decoder is None or posterior is None or posterior.images is None:
        return None
    names = explorer.points.label_names
    return with_elbos(decoder, posterior, known, sheet, order, names, ASK_FROM_S)


def _steps(decoder: KeptDecoder, make_plan: Callable[[], Plan], most_s: float) -> Steps:
    """Make the plan on the worker's thread, and decode it. Raises RoomError."""
    yield from sheet_steps(decoder, make_plan(), SHOWN_SIDE_PX, most_s)
