"""The path of a view as a route, and the walk along it, at the pace of its kind. No Qt."""

from collections.abc import Generator
from dataclasses import dataclass

from desktop.base.vector import Vector
from desktop.jobs.kept_decoder import KeptDecoder
from desktop.latent.paths import Curve, PathKind, Walk, even_walk, path_curve, timed, visual_walk
from desktop.view.state import ViewState


@dataclass(frozen=True)
class Route:
    """A path to walk: its points with d numbers each, whether it is closed, its kind, and its legs' times."""

    points: tuple[Vector, ...]
    closed: bool = False
    kind: PathKind = PathKind.STRAIGHT
    times: tuple[float, ...] = ()

    @property
    def curve(self) -> Curve:
        """The curve through the points. Raises ValueError for fewer than two different points."""
        return path_curve(self.points, self.kind, self.closed)

    @property
    def is_walkable(self) -> bool:
        """Whether there is a curve: whether two points differ."""
        return len(set(self.points)) > 1


def route_of(state: ViewState) -> Route:
    """Return the path of a view."""
    return Route(state.path, state.path_closed, state.path_kind, state.path_times)


def straight_walk(route: Route) -> Walk:
    """Return the walk of a route whose pace needs no pictures."""
    return timed(even_walk(route.curve, route.closed), route.times)


def walk_route(decoder: KeptDecoder, route: Route) -> Generator[float, None, Walk]:
    """Return a route's walk at the pace of its kind, yielding the share done."""
    if route.kind is PathKind.VISUAL:
        walk = yield from visual_walk(decoder.pieces, route.curve, route.closed, decoder.is_slow)
        return timed(walk, route.times)
    return straight_walk(route)
