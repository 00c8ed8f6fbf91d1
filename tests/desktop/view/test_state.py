"""The state of the view is one value, and every change returns another."""

from dataclasses import FrozenInstanceError, replace

import pytest

from desktop.latent.plane import Plane, Viewport, axis_plane
from desktop.view.state import PictureMode, ViewState, start_state


def on_axes(z, right, up):
    """Return a state on the plane of two axes."""
    return ViewState(z=z, plane=axis_plane(z, right, up))


def test_a_state_cannot_be_changed_in_place():
    """A change is a new value, so that earlier states stay as they were."""
    with pytest.raises(FrozenInstanceError):
        ViewState().z = (1.0, 1.0)


@pytest.mark.parametrize(("latent_dim", "axes"), [(1, (0, 0)), (2, (0, 1)), (8, (0, 1))])
def test_a_model_opens_at_the_priors_mean(latent_dim, axes):
    """The cursor starts at zero in every dimension, on the first two axes, with an empty path."""
    state = start_state(latent_dim)
    assert state.z == (0.0,) * latent_dim
    assert state.plane == axis_plane(state.z, *axes)
    assert state.plane.axes == axes
    assert state.path == ()
    assert state.viewport == Viewport()
    assert state.picture_mode is PictureMode.PROBABILITIES


def test_the_cursor_moves_within_the_plane_only():
    """Only the coordinates of the two axes change."""
    state = on_axes((1.0, 2.0, 3.0, 4.0), 3, 1).at((0.5, -0.5))
    assert state.z == (1.0, -0.5, 3.0, 0.5)
    assert all(type(value) is float for value in state.z)


def test_a_nudge_is_relative_to_the_cursor():
    """Up adds to the vertical axis, and right adds to the horizontal one."""
    assert on_axes((1.0, 2.0, 3.0), 2, 0).nudged(0.5, 0.25).z == (1.25, 2.0, 3.5)


def test_the_plane_goes_with_the_cursor_and_keeps_its_directions():
    """A z off the plane moves a parallel plane there; a z on the plane leaves it as it is."""
    state = on_axes((1.0, 2.0, 3.0), 0, 2)
    assert state.moved_to((7.0, 2.0, -1.0)).plane is state.plane
    moved = state.moved_to((7.0, 5.0, -1.0))
    assert moved.z == (7.0, 5.0, -1.0)
    assert moved.plane == axis_plane(moved.z, 0, 2)
    slanted = ViewState(z=(0.0,) * 3, plane=Plane((0.0,) * 3, (0.6, 0.8, 0.0), (0.0, 0.0, 1.0)))
    moved = slanted.moved_to((0.8, -0.6, 2.0))
    assert (moved.plane.u, moved.plane.v) == (slanted.plane.u, slanted.plane.v)
    assert moved.plane.project(moved.z) == pytest.approx([0, 2])
    assert moved.plane.embed((0.0, 2.0)) == pytest.approx(moved.z)


def test_another_plane_takes_the_cursor_to_its_nearest_point():
    """The cursor is always on the plane that is drawn."""
    plane = axis_plane((0.0, 0.0, 9.0), 0, 1)
    state = on_axes((1.0, 2.0, 3.0), 0, 2).with_plane(plane)
    assert state.plane is plane
    assert state.z == (1.0, 2.0, 9.0)


def test_in_one_dimension_up_and_down_do_nothing():
    """There is only one coordinate, and b does not exist."""
    assert start_state(1).nudged(0.5, 7.0).z == (0.5,)


def test_switching_a_label_twice_changes_nothing():
    """The first switch hides it, and the next one shows it again; other labels stay."""
    once = ViewState(hidden_labels=frozenset({7})).with_label_switched(3)
    assert once.hidden_labels == {3, 7}
    assert once.with_label_switched(3).hidden_labels == {7}


def test_without_points_nothing_is_said_of_them_by_number():
    """Everything else of the state stays."""
    state = start_state(3)
    marked = replace(state, hidden_labels=frozenset({1}), pinned=(5, 2), selected=(2,), only_selected=True)
    assert marked.without_points() == state


def test_the_view_around_points_holds_their_projections():
    """The points may be anywhere off the plane."""
    state = start_state(3)
    view = state.around([(3.0, 1.0, -9.0), (5.0, 2.0, 9.0)])
    assert view.center == pytest.approx((4.0, 1.5))
    assert view.span > 2
