"""Walks along a path: the job that measures how fast to walk, with pictures of the open model."""

from collections.abc import Iterator

from desktop.app.explorer import Explorer
from desktop.film.film import Route, walk_route
from desktop.latent.paths import Walk


def walk_steps(explorer: Explorer, route: Route) -> Iterator[float | Walk] | None:
    """The job that makes a walk: shares of it that are done, then the Walk; None while nothing is open."""
    model = explorer.model
    if model is None:
        return None
    steps = walk_route(model.decode, route)

    def walk() -> Iterator[float | Walk]:
        yield (yield from steps)

    return walk()
