"""Own z become points with thumbnails, in bounded memory."""

import numpy as np

from desktop.jobs import points_of_z as job
from desktop.jobs.own_pictures import Progress
from desktop.jobs.points_of_z import decode_points, points_of_z
from desktop.latent.named_points import NamedPoints


def points(count):
    z = np.random.default_rng(1).normal(size=(count, 2))
    return NamedPoints(z, tuple(map(str, range(count))))


def test_points_come_first_and_their_pictures_last(make_bundle, make_model):
    """The steps decode at most twenty pictures; large pictures are shrunk."""
    model = make_model(make_bundle(image_shape=(3, 200, 120)))
    first, *steps, last = decode_points(model, points_of_z(model, points(50), "z.npy"))
    assert first.images is None
    assert all(isinstance(step, Progress) for step in steps)
    done = [0, *(step.done for step in steps)]
    assert max(np.diff(done)) <= 20
    assert (done[-1], steps[-1].total) == (50, 50)
    assert last.images.shape == (50, 3, 96, 96)
    assert last.names is first.names
    decoded = model.decode(last.mean[:2])
    assert np.abs(last.images[:2].mean((2, 3)) / 255 - decoded.mean((2, 3))).max() < 0.01


def test_of_too_many_some_are_shown(make_bundle, make_model, monkeypatch):
    """The shown points are evenly spaced, and the note says so."""
    monkeypatch.setattr(job, "MOST_PICTURES", 10)
    own = points_of_z(make_model(make_bundle()), points(101), "z.npy")
    assert own.names == tuple(str(number) for number in (0, 11, 22, 33, 44, 56, 67, 78, 89, 100))
    assert own.note == "10 of 101 points are shown, evenly spaced, to bound memory"
