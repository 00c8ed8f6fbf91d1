"""Paths: the curve through the points, the places of frames on it, and how fast the picture changes."""

import numpy as np
import pytest

from desktop.base.vector import Vector
from desktop.latent.paths import (
    Curve,
    PathKind,
    even_walk,
    fitted_times,
    leg_times,
    path_curve,
    path_line,
    slerp,
    timed,
    times_after,
    visual_walk,
    visual_z,
)
from tests.desktop.path_points import path_points

CORNERS = [(0.0, 0.0, 1.0), (3.0, 4.0, 1.0), (3.0, 4.0, 11.0)]


def test_a_path_goes_at_even_speed_from_its_first_to_its_last_point():
    """On legs of unequal length, all frames are equally far apart along the path."""
    z = path_points(CORNERS, 31)
    assert z.dtype == np.float32
    assert z.shape == (31, 3)
    assert z[0] == pytest.approx(CORNERS[0])
    assert z[-1] == pytest.approx(CORNERS[-1])
    assert np.linalg.norm(np.diff(z, axis=0), axis=1) == pytest.approx(np.full(30, 0.5), abs=1e-5)
    assert z[10] == pytest.approx(CORNERS[1])


def test_a_closed_path_returns_and_does_not_repeat_its_first_frame():
    """The step from the last frame back to the first is as long as all others, so the loop is smooth."""
    z = path_points([(0, 0), (1, 0), (1, 1), (0, 1)], 40, closed=True)
    around = np.concatenate([z, z[:1]])
    assert np.linalg.norm(np.diff(around, axis=0), axis=1) == pytest.approx(np.full(40, 0.1), abs=1e-6)


def test_a_point_given_twice_does_not_hold_the_path_up():
    """A repeated point adds no frames of its own."""
    assert path_points([(0, 0), (0, 0), (1, 0), (1, 0)], 3).tolist() == [[0, 0], [0.5, 0], [1, 0]]


@pytest.mark.parametrize("closed", [False, True])
@pytest.mark.parametrize("points", [[], [(1.0, 2.0)], [(1.0, 2.0), (1.0, 2.0)]])
def test_a_path_of_less_than_two_points_is_refused_in_words(points, closed):
    """The error says what was found, expected and what to do, for no point, one, and one twice."""
    message = "found no two different points on the path, expected at least two; add points"
    with pytest.raises(ValueError, match=f"^{message}$"):
        path_points(points, 10, closed)


def test_a_path_of_one_frame_is_refused_in_words():
    """A walk needs more than one frame."""
    with pytest.raises(ValueError, match=r"^found 1 frames, expected at least 2; ask for more$"):
        path_points([(0, 0), (1, 1)], 1)


@pytest.mark.parametrize("kind", [PathKind.STRAIGHT, PathKind.SPHERICAL])
@pytest.mark.parametrize("count", [2, 3, 7, 60])
def test_the_frames_are_as_many_as_asked_for_and_begin_and_end_on_the_points(kind, count):
    """The first and last frame are exactly the end points in float32."""
    points = [(0.1, -0.7, 0.3), (2.0, 0.5, -0.2), (-1.3, 0.9, 0.4)]
    z = path_points(points, count, kind=kind)
    assert z.shape == (count, 3)
    assert (z[0] == np.float32(points[0])).all()
    assert (z[-1] == np.float32(points[-1])).all()


def test_there_and_back_turns_on_the_last_point_and_stops_one_step_before_the_first():
    """The number of frames is as requested, even or odd, and the repetition begins with a usual step."""
    points = [(0.0, 0.0), (4.0, 0.0)]
    assert path_points(points, 8, ping_pong=True)[:, 0].tolist() == [0, 1, 2, 3, 4, 3, 2, 1]
    odd = path_points(points, 7, ping_pong=True)[:, 0]
    assert len(odd) == 7
    assert odd.max() == 4
    assert odd[-1] == pytest.approx(1)


def test_a_spherical_leg_keeps_to_the_circle_and_to_even_angles():
    """Between points of equal norm the norm stays constant, and equal steps are equal angles."""
    z = path_points([(2.0, 0.0), (0.0, 2.0)], 10, kind=PathKind.SPHERICAL)
    assert np.linalg.norm(z, axis=1) == pytest.approx(np.full(10, 2.0), abs=1e-6)
    angles = np.arctan2(z[:, 1], z[:, 0])
    assert angles == pytest.approx(np.linspace(0, np.pi / 2, 10), abs=1e-4)


def test_a_spherical_leg_takes_the_norm_linearly():
    """Halfway between norms 1 and 3 the norm is 2, and the direction is halfway too."""
    half = slerp((1.0, 0.0), (0.0, 3.0), 0.5)
    assert half == pytest.approx([np.sqrt(2), np.sqrt(2)])


@pytest.mark.parametrize("dims", [1, 2, 5])
def test_from_or_to_zero_a_spherical_leg_is_straight(dims):
    """Zero has no direction, so the path follows the other end's direction."""
    end = np.arange(1.0, dims + 1)
    share = np.linspace(0, 1, 5)[:, np.newaxis]
    assert slerp(np.zeros(dims), end, share) == pytest.approx(share * end)
    assert slerp(end, np.zeros(dims), share) == pytest.approx((1 - share) * end)
    assert slerp(np.zeros(dims), np.zeros(dims), share) == pytest.approx(np.zeros((5, dims)))


@pytest.mark.parametrize("dims", [2, 3, 8])
def test_between_opposite_points_a_spherical_leg_is_half_a_circle(dims):
    """One of many great circles is used, always the same one, and it stays away from zero."""
    start = np.zeros(dims)
    start[0] = 1.5
    share = np.linspace(0, 1, 9)[:, np.newaxis]
    half = slerp(start, -start, share)
    assert np.linalg.norm(half, axis=1) == pytest.approx(np.full(9, 1.5))
    assert half[4] == pytest.approx(1.5 * np.eye(dims)[1])
    assert (half[-1] == -start).all()


def test_in_one_dimension_opposite_points_are_joined_through_zero():
    """In one dimension there is no great circle."""
    way = slerp((1.0,), (-1.0,), np.linspace(0, 1, 9)[:, np.newaxis])[:, 0]
    assert (np.diff(way) < 0).all()
    assert way[4] == pytest.approx(0)


def test_nearly_opposite_points_have_their_own_great_circle():
    """A tiny deviation to one side determines the circle, and the numbers do not jump."""
    for side in (1e-6, -1e-6):
        half = slerp((1.0, 0.0), (-1.0, side), 0.5)
        assert half == pytest.approx([0, np.sign(side)], abs=1e-5)


def linear_picture(z):
    """A decoder whose pictures change ten times as fast to the right of zero as to the left."""
    level = np.where(z[:, 0] > 0, z[:, 0], 0.1 * z[:, 0])
    return np.repeat(level[:, np.newaxis].astype(np.float32), 4, axis=1).reshape(-1, 1, 2, 2)


def chunks(decode, z):
    """Decode in steps of sixteen; the second step is repeated."""
    for start in range(0, len(z), 16):
        if start == 16:
            yield None
        yield start, decode(z[start : start + 16])


def visual(decode, points, closed=False):
    """The finished walk, and the shares of progress before it."""
    steps = visual_walk(lambda z: chunks(decode, z), path_curve(points, PathKind.VISUAL, closed), closed)
    shares = []
    while True:
        try:
            shares.append(next(steps))
        except StopIteration as end:
            return end.value, shares


def test_a_slow_decoder_measures_fewer_pictures():
    """It measures about a tenth as many, with a minimum for every leg."""
    curve = path_curve([(0.0, 0.0), (1.0, 0.0), (1.0, 0.01)], PathKind.VISUAL, False)
    assert len(visual_z(curve)) == 507 + 16 + 1
    assert len(visual_z(curve, is_slow=True)) == 48 + 8 + 1


def test_equal_visual_change_changes_every_frame_by_the_same_amount():
    """There are few frames where little changes, and many where the picture changes fast."""
    walk, shares = visual(linear_picture, [(-1.0, 0.0), (1.0, 0.0)])
    z = walk.frames(23)[:]
    assert (z[0] == (-1, 0)).all()
    assert (z[-1] == (1, 0)).all()
    changes = np.linalg.norm(np.diff(linear_picture(z).reshape(23, -1), axis=0), axis=1)
    assert changes == pytest.approx(np.full(22, changes.mean()), rel=0.02)
    assert (z[:, 0] > 0).sum() == 20
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_a_real_decoder_is_walked_much_more_evenly(make_bundle, make_model):
    """With a real decoder, the changes vary much less than at constant speed in z."""
    model = make_model(make_bundle())
    points = [(-3.0, -1.0), (0.5, 2.0), (2.5, -2.0)]
    walk, _ = visual(model.decode, points, closed=True)

    def spread(z):
        pictures = model.decode(np.concatenate([z, z[:1]])).reshape(len(z) + 1, -1)
        changes = np.linalg.norm(np.diff(pictures, axis=0), axis=1)
        return changes.std() / changes.mean()

    assert spread(walk.frames(80)[:]) < 0.2 * spread(path_points(points, 80, closed=True))


@pytest.mark.parametrize("value", [0.5, np.nan])
def test_where_no_picture_changes_the_pace_is_even_in_z(value):
    """A decoder that gives a constant picture, or only NaN, does not break the walk."""
    points = [(0.0, 0.0), (1.0, 0.0), (1.0, 3.0)]
    walk, _ = visual(lambda z: np.full((len(z), 1, 2, 2), value, np.float32), points)
    assert walk.frames(9)[:] == pytest.approx(path_points(points, 9), abs=1e-5)


def test_a_walk_stops_at_its_ends():
    """Shares outside 0 to 1 give the end points."""
    walk = even_walk(path_curve([(0, 0), (2, 0)], PathKind.STRAIGHT, False))
    assert walk.along([-1.0, 0.25, 2.0])[:].tolist() == [[0, 0], [0.5, 0], [2, 0]]


def test_what_is_drawn_is_the_curve_that_is_walked():
    """All points of a spherical line have the norm of its ends; a single point is a line of itself."""
    _, z = path_line(((1.0, 0.0), (0.0, 1.0)), PathKind.SPHERICAL, True)
    assert np.linalg.norm(z, axis=1) == pytest.approx(np.ones(len(z)))
    assert len(z) > 50
    assert path_line(((1.0, 2.0),), PathKind.SPHERICAL, True)[1].tolist() == [[1.0, 2.0]]
    assert path_line((), PathKind.STRAIGHT, False)[1].shape[0] == 0


@pytest.mark.parametrize("kind", [PathKind.STRAIGHT, PathKind.SPHERICAL])
def test_long_paths_are_made_in_parts(kind):
    """Their z are those of the same path with fewer dimensions, where the others are zero."""
    few = np.random.default_rng(0).standard_normal((3, 4))
    many = np.zeros((3, 1 << 18))
    many[:, 100::50_000][:, :4] = few
    short, long = (even_walk(path_curve(points, kind, True), True) for points in (few, many))
    shares = np.linspace(0, 1, 5)
    z, expected = (walk.along(shares)[:] for walk in (long, short))
    assert z[:, 100::50_000][:, :4] == pytest.approx(expected, abs=0.02)
    assert long.distance[-1] == pytest.approx(short.distance[-1], rel=0.01)
    assert len(long.t) < len(short.t) or kind is PathKind.STRAIGHT


def test_the_z_of_frames_are_computed_when_they_are_taken():
    """Ten thousand frames with this many dimensions would take ten gigabytes."""
    start, end = np.zeros((2, 1 << 18), np.float32)
    end = end + np.float32(1)
    z = even_walk(path_curve([start, end], PathKind.STRAIGHT, False)).frames(10_001)
    assert len(z) == 10_001
    assert (z[2500] == 0.25).all()
    assert z[[0, 5000]].mean(axis=1).tolist() == [0, 0.5]
    assert z[9_999:].shape == (2, 1 << 18)


def test_each_leg_takes_the_time_that_is_asked():
    """Within a leg the walk keeps its own pace; on a leg between two equal corners it rests."""
    corners = tuple(Vector(z) for z in ((0.0, 0.0), (1.0, 0.0), (1.0, 0.0), (1.0, 3.0)))
    for spherical in (False, True):
        walk = timed(even_walk(Curve(corners, spherical)), (1.0, 2.0, 1.0))
        for share, z in ((0.0, (0, 0)), (0.25, (1, 0)), (0.5, (1, 0)), (0.75, (1, 0)), (1.0, (1, 3))):
            assert np.allclose(walk.at(share), z, atol=1e-5), (spherical, share)
        assert np.allclose(leg_times(walk, 8.0), (2, 4, 2))
    walk = timed(even_walk(Curve(corners)), (1.0, 2.0, 1.0))
    assert np.allclose(walk.at(0.125), (0.5, 0))
    assert np.allclose(walk.at(0.875), (1.0, 1.5))
    walk = timed(even_walk(Curve(corners)), (1.0, 0.0, 0.0))
    assert np.allclose(walk.at(0.5), (0.5, 0)), "a leg without time is jumped over"


def test_equal_visual_change_of_a_path_that_stands_still_is_an_even_pace():
    """Where all points are the same z, and only the class changes, each leg is as long."""
    curve = path_curve([(1.0, 2.0)] * 3, PathKind.VISUAL, False, may_stand=True)
    steps = visual_walk(lambda z: chunks(linear_picture, z), curve)
    with pytest.raises(StopIteration) as end:
        while True:
            next(steps)
    assert leg_times(end.value.value, 4.0) == pytest.approx((2, 2))


@pytest.mark.parametrize(
    ("after", "closed", "times"),
    [
        ("bcd", False, (2.0, 4.0)),
        ("acd", False, (3.0, 4.0)),
        ("abc", False, (1.0, 2.0)),
        ("abxcd", False, (1.0, 1.0, 1.0, 4.0)),
        ("abcdx", False, (1.0, 2.0, 4.0, 7 / 3)),
        ("dcba", False, (1.0, 2.0, 4.0)),
        ("abc", True, (1.0, 2.0, 12.0)),
        ("bcd", True, (2.0, 4.0, 9.0)),
        ("acd", True, (3.0, 4.0, 8.0)),
    ],
)
def test_legs_keep_their_times_when_a_point_goes_or_comes(after, closed, times):
    """Legs that are joined take as long as both, a leg that is divided gives half; others stay."""
    points = {name: Vector((float(place), 1.0)) for place, name in enumerate("abcdx")}
    had = (1.0, 2.0, 4.0, 8.0)[: 4 if closed else 3]
    legs = len(after) - (not closed)
    new = times_after(had, tuple(points[name] for name in "abcd"), tuple(points[name] for name in after))
    assert fitted_times(new, legs) == pytest.approx(times)


def test_times_that_do_not_fit_change_nothing():
    """Times for another number of legs and times of zero are ignored; then legs take times by length."""
    walk = even_walk(Curve((Vector((0.0,)), Vector((1.0,)), Vector((4.0,)))))
    for times in ((), (1.0,), (1.0, 2.0, 3.0), (0.0, 0.0)):
        assert timed(walk, times) is walk
    assert np.allclose(leg_times(walk, 2.0), (0.5, 1.5))


def test_times_follow_the_number_of_legs():
    """Existing times are kept, new legs get the mean, and an empty sequence stays empty."""
    assert fitted_times((1.0, 3.0), 2) == (1.0, 3.0)
    assert fitted_times((1.0, 3.0), 1) == (1.0,)
    assert fitted_times((1.0, 3.0), 4) == (1.0, 3.0, 2.0, 2.0)
    assert fitted_times((), 4) == fitted_times((1.0,), 0) == ()
