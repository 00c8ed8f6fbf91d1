"""The path of a view as a route, and the walk along it at the pace of its path kind. No Qt."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from desktop.base.vector import Vector
from desktop.jobs.kept_decoder import KeptDecoder
from desktop.latent.paths import Curve, PathKind, Walk, even_walk, path_curve, timed, visual_walk
from desktop.reading.input_blend import blended
from desktop.reading.input_values import InputValues
from desktop.reading.reading import OtherInput
from desktop.view.state import ViewState


@dataclass(frozen=True)
class Route:
    """A path to walk.

    Attributes:
        points: the z of the path's points, d numbers each.
        closed: whether the path returns to the first point.
        kind: how the path runs from point to point.
        times: the times of its legs.
        inputs: the values of the model's further inputs at each point; empty for the model's current values.
    """

    points: tuple[Vector, ...]
    closed: bool = False
    kind: PathKind = PathKind.STRAIGHT
    times: tuple[float, ...] = ()
    inputs: tuple[InputValues, ...] = ()

    @property
    def curve(self) -> Curve:
        """The curve through the points. Raises ValueError if no two points differ in z or in their inputs."""
        return path_curve(self.points, self.kind, self.closed, may_stand=len(set(self.inputs)) > 1)

    @property
    def is_walkable(self) -> bool:
        """Whether there is a curve: whether two points differ in z or in their inputs."""
        return len(set(self.points)) > 1 or len(set(self.inputs)) > 1

    @property
    def still_legs(self) -> tuple[int, ...]:
        """The legs along which only the inputs change."""
        corners = tuple(zip(self.points, self.inputs, strict=False))
        legs = pairwise((*corners, *(corners[:1] if self.closed else ())))
        return tuple(
            leg for leg, ((z, before), (end, after)) in enumerate(legs) if z == end and before != after
        )

    def inputs_at(self, t: float, inputs: Sequence[OtherInput]) -> InputValues:
        """The values of the further `inputs` at t on the curve; empty for the model's current values."""
        corners = (*self.inputs, *(self.inputs[:1] if self.closed else ()))
        return blended(corners, t, inputs) if len(corners) > 1 else ()


def route_of(state: ViewState) -> Route:
    """Return the path of a view."""
    return Route(state.path, state.path_closed, state.path_kind, state.path_times, state.path_inputs)


def straight_walk(route: Route) -> Walk:
    """Return the walk of a route, for path kinds whose pace does not depend on the pictures.

    A leg along which only the inputs change takes as much time as the others on average.
    """
    walk = even_walk(route.curve, route.closed)
    still = list(route.still_legs)
    if still:
        lengths = np.diff(np.interp(np.arange(walk.curve.legs + 1), walk.t, walk.distance))
        lengths[[start == end for start, end in pairwise(walk.curve.corners)]] = 0
        lengths[still] = lengths[lengths > 0].mean() if lengths.any() else 1
        walk = timed(walk, lengths.tolist())
    return timed(walk, route.times)


def walk_route(decoder: KeptDecoder, route: Route) -> Generator[float, None, Walk]:
    """Return a route's walk at the pace of its path kind, yielding the share that is done."""
    if route.kind is PathKind.VISUAL:
        walk = yield from visual_walk(decoder.pieces, route.curve, route.closed, decoder.is_slow)
        return timed(walk, route.times)
    return straight_walk(route)
