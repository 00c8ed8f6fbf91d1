"""The frames of a path's animation are the decoded walk, and its captions say where each frame is."""

import numpy as np
import pytest
from PIL import Image

from desktop.film.film import Caption, Film, caption, path_film
from desktop.film.formats import Format
from desktop.images.pixels import to_bytes
from desktop.jobs.decoded_pictures import DecodedPictures
from desktop.jobs.kept_decoder import KeptDecoder
from desktop.jobs.route import Route
from desktop.latent.paths import PathKind
from tests.desktop.path_points import path_points

POINTS = ((-2.0, 0.0), (0.0, 1.5), (2.0, -1.0))


@pytest.mark.parametrize("kind", [PathKind.STRAIGHT, PathKind.SPHERICAL])
@pytest.mark.parametrize("ping_pong", [False, True])
def test_the_frames_are_the_decoded_walk(tmp_path, make_bundle, make_model, gif_frames, kind, ping_pong):
    """There are as many frames as requested, for every kind of path."""
    model = make_model(make_bundle())
    film = Film(frame_count=21, scale=2, ping_pong=ping_pong)
    shares = list(
        path_film(KeptDecoder(model, DecodedPictures()), Route(POINTS, True, kind), film, tmp_path / "a.gif")
    )
    expected = to_bytes(model.decode(path_points(POINTS, 21, True, kind, ping_pong)))
    frames = gif_frames(tmp_path / "a.gif")
    assert frames.shape == (21, 24, 24)
    assert (np.abs(frames[:, ::2, ::2].astype(int) - expected) <= 1).all()
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_a_film_of_equal_change_changes_equally(tmp_path, make_bundle, make_model):
    """The file's frames change evenly, up to the precision of bytes; measuring is the first progress."""
    model = make_model(make_bundle())
    film = Film(format=Format.APNG, frame_count=40, scale=1)
    shares = list(
        path_film(
            KeptDecoder(model, DecodedPictures()), Route(POINTS, False, PathKind.VISUAL), film, tmp_path / "a"
        )
    )
    with Image.open(tmp_path / "a") as image:
        frames = np.stack([np.asarray((image.seek(index), image)[1], float) for index in range(40)])
    changes = np.linalg.norm(np.diff(frames, axis=0).reshape(39, -1), axis=1)
    assert changes.std() < 0.1 * changes.mean()
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_a_path_that_stands_still_is_no_film(tmp_path):
    """One point, or the same point twice, is refused before anything is decoded."""
    for points in ((), ((1.0, 1.0),), ((1.0, 1.0), (1.0, 1.0))):
        with pytest.raises(ValueError, match="found no two different points on the path"):
            next(path_film(pytest.fail, Route(points), Film(), tmp_path / "a.gif"))


def test_a_caption_says_what_is_asked_for():
    """It can hold the name, the epoch and the first four numbers of z; unknown parts are left out."""
    film = Film(captions=frozenset(Caption))
    assert caption(film, "MNIST", "3", (0.5, -1)) == ("MNIST", "epoch 3", "z 0.50, -1.00")
    assert caption(film, "", "", range(6)) == ("", "", "z 0.00, 1.00, 2.00, 3.00, ...")
    assert caption(Film(), "MNIST", "3", (0.5, -1)) == ()
