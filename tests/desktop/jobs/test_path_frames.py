"""The pictures of a path are decoded coarse to fine, and a path plays with those decoded so far."""

import numpy as np

from desktop.jobs.cost import Cost, Progress
from desktop.jobs.path_frames import PathFrames, frame_count, path_frames
from desktop.latent.paths import PathKind, even_walk, path_curve

WALK = even_walk(path_curve([(-1.0, 0.0), (1.0, 0.5)], PathKind.STRAIGHT, False))


def test_what_costs_much_is_not_begun(slow_decoder):
    """The kept pictures come first, then the cost of the others."""
    frames, cost = path_frames(slow_decoder, WALK, 9, most_s=10)
    assert len(frames.shares) == 0
    assert isinstance(cost, Cost)
    assert cost.pictures == 9


def test_pictures_come_coarse_to_fine(slow_decoder):
    """First both ends, then the middle, then the quarters; each step yields all decoded so far, in order."""
    steps = list(path_frames(slow_decoder, WALK, 9))
    frames = [step for step in steps if isinstance(step, PathFrames)]
    assert [step.shares.tolist() for step in frames[:5]] == [
        [],
        [0],
        [0, 1],
        [0, 0.5, 1],
        [0, 0.25, 0.5, 1],
    ]
    assert np.allclose(frames[-1].shares, np.linspace(0, 1, 9))
    assert (frames[-1].z[:] == WALK.along(np.linspace(0, 1, 9))[:]).all()
    assert [(step.done, step.total) for step in steps if isinstance(step, Progress)] == [
        (done, 9) for done in range(9)
    ]


def test_a_second_try_goes_on(slow_decoder):
    """Kept pictures come at once and are not decoded again."""
    steps = path_frames(slow_decoder, WALK, 9)
    for _ in range(7):
        next(steps)
    frames, cost = path_frames(slow_decoder, WALK, 9, most_s=0)
    assert (len(frames.shares), cost.pictures) == (3, 6)


def test_a_place_between_two_pictures_shows_the_nearer_one(slow_decoder):
    """A walk can play with few pictures."""
    *_, frames = path_frames(slow_decoder, WALK, 3)
    assert frames.nearest(0.2)[:].tolist() == [[-1.0, 0.0]]
    assert frames.nearest(0.3)[:].tolist() == [[0.0, 0.25]]


def test_a_longer_walk_has_more_pictures():
    """The number of pictures grows with the duration, within limits."""
    assert [frame_count(duration_s) for duration_s in (0.2, 4, 600)] == [8, 32, 64]
