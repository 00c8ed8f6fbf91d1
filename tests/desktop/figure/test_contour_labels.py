"""The numbers at contours are readable: inside the plane, clear of names and of each other."""

import numpy as np

from desktop.figure.contour_labels import contour_labels

ROOM = (200.0, 180.0)
NO_POINTS = np.empty((0, 2))


def circle(radius_px):
    """A contour around the middle of the room."""
    angle = np.linspace(0, 2 * np.pi, 129)
    return np.array(ROOM) / 2 + radius_px * np.stack([np.cos(angle), np.sin(angle)], axis=1)


def do_overlap(one, other):
    """Whether two boxes, each given by middle and size, overlap."""
    return all(
        abs(a - b) < (s + t) / 2 for a, b, s, t in zip(one[0], other[0], one[1], other[1], strict=True)
    )


def test_three_close_contours_have_numbers_that_lie_apart():
    """They lie on their contours and inside, and keep off a name at the place that is tried first."""
    radii = (20, 35, 50)
    lines = [(f"{radius}%", circle(radius)) for radius in radii]
    name = ((130.0, 60.0), (60.0, 40.0))
    found = contour_labels(lines, [name], ROOM, NO_POINTS)
    assert [text for text, _ in found] == ["20%", "35%", "50%"]
    boxes = [(place, (34.0, 18.0)) for _, place in found]
    for n, (place, size) in enumerate(boxes):
        assert abs(np.hypot(*(np.array(place) - np.array(ROOM) / 2)) - radii[n]) < 0.5
        assert all(side / 2 <= x <= room - side / 2 for x, side, room in zip(place, size, ROOM, strict=True))
        assert not any(do_overlap(boxes[n], other) for other in [*boxes[:n], name])


def test_a_number_stands_where_points_are_few():
    """The number avoids a cloud of points that covers three quarters of the contour."""
    points = np.random.default_rng(0).uniform((0, 0), ROOM, (500, 2))
    points = points[(points[:, 0] > 100) | (points[:, 1] > 90)]
    ((_, (x, y)),) = contour_labels([("90%", circle(60))], [], ROOM, points)
    assert x < 100 and y < 90


def test_a_contour_out_of_view_has_no_number():
    """A contour below a name that fills the plane has no number either."""
    assert contour_labels([("99%", circle(400))], [], ROOM, NO_POINTS) == []
    assert contour_labels([("50%", circle(20))], [((100, 90), (200, 180))], ROOM, NO_POINTS) == []


def test_the_contours_of_one_dimension_are_upright_lines():
    """Their numbers stand in the middle of the plane's height."""
    lines = [("50%", np.array([[x, 1e5], [x, -1e5]])) for x in (80.0, 140.0)]
    assert contour_labels(lines, [], ROOM, NO_POINTS) == [("50%", (80.0, 90.0)), ("50%", (140.0, 90.0))]
