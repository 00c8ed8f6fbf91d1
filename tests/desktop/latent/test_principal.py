"""The plane of principal axes, and the start of a view among points."""

import numpy as np
import pytest

from desktop.latent.principal import principal_plane, principal_view


def test_the_principal_plane_holds_what_varies_most():
    """For points spread 5, 2 and 0.1 along three directions, it spans the first two, through the mean."""
    draw = np.random.default_rng(0)
    turn = np.linalg.qr(draw.normal(size=(6, 6)))[0]
    points = draw.normal(size=(4000, 6)) * [5, 2, 0.1, 0.1, 0.1, 0.1] @ turn + 3
    plane = principal_plane(points)
    assert abs(np.dot(plane.u, turn[0])) > 0.999
    assert abs(np.dot(plane.v, turn[1])) > 0.999
    assert plane.origin == pytest.approx(points.mean(axis=0))
    for direction in (plane.u, plane.v):
        assert max(direction, key=abs) > 0
    shares = ("1st", 87), ("2nd", 13)
    assert plane.words == tuple(f"{n} principal axis, {p} % of the variance" for n, p in shares)
    of_epoch = principal_plane(points, "of epoch 3").words[0]
    assert of_epoch == "1st principal axis of epoch 3, 87 % of the variance"
    for wrong in (points[:2], points[:, :1], np.outer(np.arange(9), np.ones(3))):
        with pytest.raises(ValueError, match=r"^found points .*expected"):
            principal_plane(wrong)


def test_principal_directions_of_many_dimensions_need_no_square_matrix():
    """They agree with the points' spread for any number of dimensions."""
    random = np.random.default_rng(1)
    right, up = np.linalg.qr(random.standard_normal((1 << 17, 2)))[0].T
    spread = random.standard_normal((40, 2)) @ np.diag([5.0, 2.0])
    points = (spread @ np.stack([right, up]) + 0.25).astype(np.float32)
    plane = principal_plane(points)
    inside = plane.project(points)
    assert np.abs(plane.embed(inside) - points).max() < 1e-5
    assert np.abs(np.corrcoef(inside.T)[0, 1]) < 1e-3
    assert inside.std(axis=0)[0] > inside.std(axis=0)[1]


def test_a_view_begins_at_the_point_nearest_to_the_middle():
    """Its plane is parallel to the principal one and contains that point; (0, 0) is below the mean."""
    points = np.random.default_rng(3).normal(size=(500, 5)).astype(np.float32) * [1, 4, 1, 2, 1] + 2
    found, plane = principal_view(points), principal_plane(points)
    middle = points[np.linalg.norm(points - points.mean(axis=0), axis=1).argmin()]
    assert found.z == pytest.approx(middle)
    assert (found.plane.u, found.plane.v, found.plane.is_principal) == (plane.u, plane.v, True)
    assert found.plane.embed(found.plane.project(found.z)) == pytest.approx(middle, abs=1e-5)
    assert found.plane.project(points.mean(axis=0)) == pytest.approx((0, 0), abs=1e-5)


@pytest.mark.parametrize(
    "points", [np.eye(2), np.eye(9)[:, :2], np.eye(4)[:2], np.outer(np.arange(9), np.ones(4))]
)
def test_no_view_begins_where_points_span_no_plane(points):
    """In two dimensions there is only one plane; two points, and points on a line, lie in many planes."""
    assert principal_view(points) is None
