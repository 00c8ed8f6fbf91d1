"""The job that measures how fast to walk along a path, with pictures of the open model."""

from collections.abc import Iterator

from desktop.app.explorer import Explorer
from desktop.film.film import Route, walk_route
from desktop.latent.paths import Walk


def walk_steps(explorer: Explorer, route: Route) -> Iterator[float | Walk] | None:
    """Return the job that makes a walk; None if no model is open.

    It yields the share of the work that is done, and the Walk last.
    """
    decoder = explorer.decoder
    if decoder is None:
        return None
    steps = walk_route(decoder, route)

    def walk() -> Iterator[float | Walk]:
        yield (yield from steps)

    return walk()
