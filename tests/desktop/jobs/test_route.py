"""A route is a view's path; its walk follows the times of the legs."""

from dataclasses import replace

import pytest

from desktop.base.vector import Vector
from desktop.jobs.route import Route, route_of, straight_walk
from desktop.view.state import ViewState


def test_a_walk_keeps_the_times_of_a_path_s_legs():
    """Most frames of a view's path are on the leg that takes longest."""
    state = replace(ViewState(), path=((0.0, 0.0), (1.0, 0.0), (2.0, 0.0)), path_times=(3.0, 1.0))
    z = straight_walk(route_of(state)).frames(9)
    assert [point[0] for point in z] == pytest.approx(
        [0, 1 / 6, 1 / 3, 1 / 2, 2 / 3, 5 / 6, 1, 1.5, 2], abs=1e-6
    )


def test_a_route_can_be_walked_once_two_points_differ():
    """`is_walkable` agrees with whether there is a curve."""
    a, b = Vector((0.0, 1.0)), Vector((1.0, 0.0))
    for points, is_walkable in (((), False), ((a, a), False), ((a, b), True)):
        assert Route(points, closed=True).is_walkable == is_walkable
        if not is_walkable:
            with pytest.raises(ValueError, match="no two different points"):
                Route(points, closed=True).curve  # noqa: B018 - raises
