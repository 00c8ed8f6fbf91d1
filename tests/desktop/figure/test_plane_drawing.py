"""Names and points on a plane that is as small as in one column of a paper."""

from dataclasses import replace

import numpy as np
import pytest

from desktop.figure.figure import OwnImage, Part
from desktop.figure.plane_drawing import LEAST_POINT_PX, POINT_PX, placed_names, point_px
from desktop.latent.chart import Projection
from desktop.latent.group_names import has_marks_over
from desktop.latent.plane import Vector, Viewport
from export.bundle import Posterior

NAMES = ("smileys-emotion", "travel-places", "a name that is far longer than the plane is wide")


@pytest.mark.parametrize("middles", [((-2.2, 0), (2.2, 2.2), (0, -2.2)), ((0, 2), (0, 0), (0, -2))])
def test_names_stay_inside_a_small_plane(subject, posterior, middles):
    """Names of groups at the edges stay inside, and long names are shortened."""
    mean = (posterior.mean * 0.1 + np.array(middles)[posterior.labels]).astype(np.float32)
    seen = replace(subject, posterior=replace(posterior, mean=mean), label_names=NAMES)
    room = (190.0, 190.0)
    found = placed_names(seen, Projection(subject.chart, Viewport(span=5.0), room))
    assert [name.group for name in found] == [0, 1, 2]
    for name in found:
        for middle, side, most in zip(name.place_px, name.size_px, room, strict=True):
            assert side / 2 <= middle <= most - side / 2


def test_a_group_out_of_view_has_no_name(subject, posterior):
    """The other names stay, with the numbers of their groups."""
    mean = posterior.mean + np.where(posterior.labels == 0, 50, 0)[:, np.newaxis].astype(np.float32)
    seen = replace(subject, posterior=replace(posterior, mean=mean))
    found = placed_names(seen, Projection(subject.chart, subject.viewport, (300, 300)))
    assert [(name.text, name.group) for name in found] == [("dog", 1), ("emu", 2)]


def test_a_name_keeps_off_the_true_posterior(subject):
    """The name moves away from a contour at its usual place."""
    projection = Projection(subject.chart, subject.viewport, (700, 600))
    (alone, *_) = placed_names(subject, projection)
    curve = np.array(projection.ab(*alone.place_px)) + 0.05 * np.array([(1, 0), (0, 1), (-1, 0), (0, -1)])
    own = OwnImage(np.full(2, 9, np.float32), np.zeros(2, np.float32), ((curve,), (curve,)))
    assert has_marks_over([alone], projection.px(curve))
    found = placed_names(replace(subject, own=own), projection, frozenset({Part.TRUE_POSTERIOR}))
    assert not has_marks_over(found, projection.px(curve))


def test_many_points_on_a_small_plane_are_small(subject):
    """A density below stays visible; few points, or points on a large plane, have their usual size."""
    mean = np.zeros((10_000, 2), np.float32)
    many = replace(subject, posterior=Posterior(mean=mean, logvar=mean, labels=None, images=None))
    sizes = [
        point_px(each, Projection(subject.chart, subject.viewport, (side, side)))
        for each, side in ((many, 190), (many, 700), (subject, 190))
    ]
    assert sizes == [pytest.approx(LEAST_POINT_PX, abs=0.1), POINT_PX, POINT_PX]


def test_a_name_keeps_off_the_line_of_a_path(subject):
    """The name also avoids the line between the path's points, which would cross it out."""
    projection = Projection(subject.chart, subject.viewport, (700, 600))
    (alone, *_) = placed_names(subject, projection)
    a, b = projection.ab(*alone.place_px)
    through = replace(subject.state, path=(Vector((a - 2, b)), Vector((a + 2, b))))
    line = np.linspace(*np.array([(a - 2, b), (a + 2, b)]), 50)
    found = placed_names(replace(subject, state=through), projection, frozenset({Part.PATH}))
    assert has_marks_over([alone], projection.px(line))
    assert not has_marks_over(found, projection.px(line))
