"""A route is a view's path; its walk follows the times of the legs."""

from dataclasses import replace

import numpy as np
import pytest

from desktop.base.vector import Vector
from desktop.jobs.route import Route, route_of, straight_walk
from desktop.latent.paths import PathKind, leg_times
from desktop.reading.input_values import InputValue
from desktop.view.state import ViewState


def test_a_walk_keeps_the_times_of_a_path_s_legs():
    """Most frames of a view's path are on the leg that takes longest."""
    state = replace(ViewState(), path=((0.0, 0.0), (1.0, 0.0), (2.0, 0.0)), path_times=(3.0, 1.0))
    z = straight_walk(route_of(state)).frames(9)
    assert [point[0] for point in z] == pytest.approx(
        [0, 1 / 6, 1 / 3, 1 / 2, 2 / 3, 5 / 6, 1, 1.5, 2], abs=1e-6
    )


@pytest.mark.parametrize("kind", [PathKind.STRAIGHT, PathKind.SPHERICAL])
def test_a_leg_of_another_class_alone_takes_as_long_as_the_others(kind):
    """Among legs that move, too: the walk begins with the first point's class, and no class jumps."""
    a, b = Vector((0.3, 1.1)), Vector((1.1, 0.3))
    three, seven = (InputValue("label", 3),), (InputValue("label", 7),)
    route = Route((a, a, b, b), kind=kind, inputs=(three, seven, seven, seven))
    assert straight_walk(route).frames(5).t[:4] == pytest.approx([0, 0.5, 1, 1.5])
    timed = straight_walk(replace(route, times=(3.0, 1.0, 0.0)))
    assert timed.frames(5).t[:4] == pytest.approx([0, 1 / 3, 2 / 3, 1])
    assert replace(route, inputs=(three,) * 4).still_legs == ()


def test_a_route_can_be_walked_once_two_points_differ():
    """`is_walkable` agrees with whether there is a curve."""
    a, b = Vector((0.0, 1.0)), Vector((1.0, 0.0))
    for points, is_walkable in (((), False), ((a, a), False), ((a, b), True)):
        assert Route(points, closed=True).is_walkable == is_walkable
        if not is_walkable:
            with pytest.raises(ValueError, match="no two different points"):
                Route(points, closed=True).curve  # noqa: B018 - raises


@pytest.mark.parametrize("kind", [PathKind.STRAIGHT, PathKind.SPHERICAL])
def test_a_path_on_which_only_the_class_changes_is_walked(kind):
    """Its pace is even, or that of its times; with the same inputs everywhere it is no path."""
    here, classes = Vector((0.5, 1.0)), tuple((InputValue("label", value),) for value in (1.0, 4.0, 2.0))
    route = Route((here,) * 3, kind=kind, inputs=classes)
    assert route.is_walkable
    for times, legs in (((), (2, 2)), ((3.0, 1.0), (3, 1))):
        walk = straight_walk(replace(route, times=times))
        assert leg_times(walk, 4.0) == pytest.approx(legs)
        assert walk.frames(5)[:].tolist() == [[0.5, 1.0]] * 5
    # No rounding of z sets the pace, on such a leg between others either.
    far = Vector(np.random.default_rng(0).normal(size=16))
    for points, times in (((far, far), ()), ((far, far, Vector(np.zeros(16))), (1.0, 0.0))):
        walk = straight_walk(replace(route, points=points, times=times))
        assert walk.along([0.1, 0.5, 0.7]).t == pytest.approx([0.1, 0.5, 0.7], abs=1e-6)
    assert not replace(route, inputs=classes[:1] * 3).is_walkable
