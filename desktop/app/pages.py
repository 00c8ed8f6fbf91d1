"""The jobs that decode the pages of many pictures with the open model.

Each job yields None between its steps, and the Sheet last. Each function returns None if there is nothing to
decode.
"""

from collections.abc import Iterator

from desktop.app.explorer import Explorer
from desktop.jobs import sheets
from desktop.jobs.sheets import Order, Scores, Sheet
from desktop.latent.chart import Chart

Steps = Iterator[Sheet | Scores | None]


def samples_steps(explorer: Explorer, n: int, seed: int) -> Steps | None:
    """Return the job for n × n pictures at samples of the prior."""
    model = explorer.model
    return None if model is None else sheets.samples_sheet(model, n, seed)


def manifold_steps(explorer: Explorer, n: int) -> Steps | None:
    """Return the job for n × n pictures at quantiles of the prior on the plane in view.

    On a plane through samples, they are at even steps over the part with the samples.
    """
    model, plane, around = explorer.model, explorer.state.plane, explorer.samples_viewport
    if model is None:
        return None
    if around is not None:
        return sheets.view_sheet(model, Chart(plane), around, n)
    return sheets.manifold_sheet(model, plane, n)


def traversals_steps(explorer: Explorer, dimensions: int, columns: int) -> Steps | None:
    """Return the job for one row through the cursor for each of the dimensions with the highest rate."""
    model = explorer.model
    if model is None:
        return None
    rows = sheets.by_rate(explorer.encoded, model.latent_dim)[:dimensions]
    return sheets.traversals_sheet(model, explorer.state.z, rows, columns)


def reconstructions_steps(explorer: Explorer, scores: Scores | None, order: Order, n: int) -> Steps | None:
    """Return the job for test images beside their reconstructions, n pairs per row.

    It yields the Scores first unless they are given.
    """
    model, posterior = explorer.model, explorer.encoded
    if model is None or posterior is None or posterior.images is None:
        return None
    return sheets.reconstructions_sheet(model, posterior, scores, order, n)
