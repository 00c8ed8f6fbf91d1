"""The jobs for playing a path with pictures of the open model.

Work that would take more than `most_s` seconds is not done; its Cost is yielded instead.
"""

import math
from collections.abc import Iterator

from desktop.app.explorer import Explorer
from desktop.jobs.cost import Cost, Progress
from desktop.jobs.path_frames import PathFrames, frame_count, path_frames
from desktop.jobs.route import Route, walk_route
from desktop.jobs.route_decoder import along
from desktop.latent.paths import PathKind, Walk, visual_z


def walk_steps(
    explorer: Explorer, route: Route, most_s: float = math.inf
) -> Iterator[Walk | Progress | Cost | None] | None:
    """Return the job that finds the pace along a path; None if no model is open.

    It yields the Walk last, and before that the Progress of a slow decoder.
    """
    if explorer.decoder is None:
        return None
    decoder = along(explorer.decoder, route)

    def steps() -> Iterator[Walk | Progress | Cost | None]:
        total = 0
        if route.kind is PathKind.VISUAL:
            z = visual_z(route.curve, decoder.is_slow)
            total, cost = len(z), decoder.cost(z)
            if cost.seconds > most_s:
                yield cost
                return
        pacing = walk_route(decoder, route)
        while True:
            try:
                share = next(pacing)
            except StopIteration as end:
                yield end.value
                return
            yield decoder.progress(round(share * total), total) if decoder.is_slow else None

    return steps()


def frame_steps(
    explorer: Explorer, route: Route, walk: Walk, duration_s: float, most_s: float
) -> Iterator[PathFrames | Progress | Cost | None] | None:
    """Return the job that decodes the pictures of a route's walk; None for a quick decoder."""
    decoder = explorer.decoder
    if decoder is None or not decoder.is_slow:
        return None
    return path_frames(along(decoder, route), walk, frame_count(duration_s), most_s)
