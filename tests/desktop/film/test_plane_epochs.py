"""Films of the plane over the epochs: each frame is drawn with the model and the points of its epoch."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from desktop.figure.figure import Subject as View
from desktop.film.film import Content, Film, Subject, film_px
from desktop.film.formats import Format
from desktop.film.plane_epochs import PlaneEpochs, _Frames, plane_epochs_film
from desktop.film.plane_stage import make_stage, stage_names
from desktop.film.preview import MOST_PLANES, some_of
from desktop.images.pixels import to_bytes
from desktop.jobs.kept_decoder import KeptDecoder
from desktop.jobs.points_of_z import points_of_z
from desktop.latent.named_points import NamedPoints
from desktop.models.epochs import epochs_of, load_epoch
from desktop.models.opened import Opened
from desktop.models.own_posterior import OwnPosterior
from desktop.view.state import Layer, start_state
from tests.desktop.finished import finished

FILM = Film(Subject.EPOCHS, Format.APNG, scale=10, ping_pong=True, content=Content.BESIDE)


@pytest.fixture
def whole(make_film, make_model):
    """The open model of a bundle with the epochs 0 to 2."""
    model = make_model(make_film(2).path)
    return Opened(model, model.source.bundle.read_posterior())


@pytest.fixture
def view(whole):
    """The plane with points, and with the cursor away from the middle."""
    state = start_state(2).at((0.5, -0.5))
    shown = replace(state, layers=state.layers | {Layer.POINTS})
    return View(shown, whole.posterior, whole.posterior, ("no", "yes"))


def test_each_frame_is_the_plane_of_its_epoch(whole, view, kept, tmp_path):
    """There and back, frames have the plane with their epoch's points on the left, the picture on the right.

    Names keep their offsets from the last epoch, so that they move only with their groups.
    """
    models, epochs = [], epochs_of(whole.model.source)
    planes = PlaneEpochs(whole, "cpu", kept, view, FILM, models.append)
    shares = list(plane_epochs_film(planes, epochs, tmp_path / "a"))
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    with Image.open(tmp_path / "a") as image:
        frames = [np.asarray((image.seek(n), image)[1].convert("RGB")) for n in range(image.n_frames)]
    z = np.array([view.state.z], np.float32)
    expected, offsets = [], stage_names(KeptDecoder(whole.model, kept), view, FILM.scale)
    assert offsets
    for epoch in epochs:
        opened = load_epoch(whole, epoch, "cpu")
        decoder = KeptDecoder(opened.model, kept)
        at_epoch = replace(view, posterior=opened.posterior, encoded=opened.posterior)
        at_epoch = replace(at_epoch, name_offsets=offsets)
        stage = finished(make_stage(decoder, at_epoch, FILM.scale))
        expected.append(stage.frames(z, to_bytes(opened.model.decode(z)))[0])
        opened.model.close()
    assert not (expected[0] == expected[1]).all()
    np.testing.assert_array_equal(np.stack(frames), np.stack([expected[n] for n in (0, 1, 2, 1)]))
    # An epoch that comes twice is drawn once, and afterwards there is no model to interrupt.
    assert [model is None for model in models] == [False, True] * 3


def test_the_plane_can_be_alone(whole, view, kept):
    """The plane then has no cursor, and no picture is decoded at the cursor."""
    film = replace(FILM, content=Content.PLANE)
    planes = PlaneEpochs(whole, "cpu", kept, view, film)
    epochs = epochs_of(whole.model.source)
    frame = finished(planes.frame(epochs[1]))
    width, height = film_px(film, (12, 12))
    assert frame.shape == (height, width, 3)
    moved = PlaneEpochs(whole, "cpu", kept, replace(view, state=view.state.at((-1.0, 1.0))), film)
    np.testing.assert_array_equal(finished(moved.frame(epochs[1])), frame)
    decoder = KeptDecoder(whole.model, kept)
    beside = PlaneEpochs(whole, "cpu", kept, view, FILM).cost(decoder, epochs)
    assert beside.pictures - planes.cost(decoder, epochs).pictures == 3


def test_a_cancelled_film_leaves_no_model_to_interrupt(whole, view, kept, tmp_path, join_encoders):
    """A cancelled film leaves no file either."""
    models = []
    planes = PlaneEpochs(whole, "cpu", kept, view, FILM, models.append)
    steps = plane_epochs_film(planes, epochs_of(whole.model.source), tmp_path / "a")
    next(steps)
    steps.close()
    assert len(models) == 2
    assert models[-1] is None
    join_encoders()
    assert [file.name for file in tmp_path.iterdir()] == ["film"]


def test_only_frames_that_come_again_are_kept(whole, view, kept):
    """Without a way back no frame is kept, so a long film needs no memory for them."""
    planes = PlaneEpochs(whole, "cpu", kept, view, replace(FILM, content=Content.PLANE))
    frames = _Frames(planes, epochs_of(whole.model.source), [0, 1, 0])
    for index in range(2):
        while frames.take([index]) is None:
            pass
    assert list(frames._drawn) == [0]
    assert frames.take([2]) is not None


def test_own_points_are_where_each_epoch_has_them(whole, view, kept):
    """Own pictures are encoded by each epoch's model; own points that were given as z stay where they are."""
    film = replace(FILM, content=Content.PLANE, scale=20)
    images = whole.posterior.images[:5]
    own = OwnPosterior(whole.posterior.mean[:5], whole.posterior.logvar[:5], images, names=tuple("abcde"))
    z = points_of_z(whole.model, NamedPoints(np.zeros((1, 2), np.float32), ("here",)), "z")
    epoch = epochs_of(whole.model.source)[0]
    opened = load_epoch(whole, epoch, "cpu")
    mean = opened.model.encode(images.astype(np.float32))[0]
    decoder = KeptDecoder(opened.model, kept)
    for points, at_epoch in ((own, replace(own, mean=mean)), (z, z)):
        shown = replace(view, posterior=points, label_names=())
        found = finished(PlaneEpochs(whole, "cpu", kept, shown, film).frame(epoch))
        stage = finished(make_stage(decoder, replace(shown, posterior=at_epoch), film.scale))
        np.testing.assert_array_equal(found, stage.background)
    opened.model.close()


def test_a_preview_shows_some_epochs():
    """A few epochs are all shown; of many, the limit is shown, evenly spaced, with the first and the last."""
    assert some_of([3, 4, 5]) == [3, 4, 5]
    found = some_of(range(101))
    assert (len(found), found[0], found[-1]) == (MOST_PLANES, 0, 100)
    assert set(np.diff(found)) == {9, 10}
