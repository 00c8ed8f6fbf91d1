"""Own pictures are encoded like a single dropped one; a bundle's test images as files give its means."""

import imageio.v3 as imageio
import numpy as np
import pytest

from desktop.base.shipped import shipped_bundle
from desktop.images.data_look import DataLook
from desktop.images.fitting import fit
from desktop.images.picture_kinds import ImageError
from desktop.images.read_image import read_image
from desktop.jobs import own_pictures, picture_cache
from desktop.jobs.own_pictures import Progress, encode_again, encode_pictures
from desktop.latent.likelihood import as_data
from desktop.models.own_posterior import OwnPosterior, name_of, pictures_of
from export.bundle import Posterior, open_bundle
from tests.desktop.small_bundles import decoder_graph, encoder_graph

SHAPE = (3, 12, 12)
BINARY, MNIST = DataLook(2), DataLook(2, is_mnist=True, ground=(0.0,))


def result(model, path, look=BINARY, known=()):
    *steps, last = encode_pictures(model, path, look, known)
    assert isinstance(last, OwnPosterior)
    return last, [step for step in steps if step is not None]


@pytest.fixture
def model(make_model, tmp_path):
    """A bare decoder of small colour pictures with its encoder beside it."""
    (tmp_path / "decoder.onnx").write_bytes(decoder_graph(2, SHAPE))
    (tmp_path / "encoder.onnx").write_bytes(encoder_graph(SHAPE, 0))
    return make_model(tmp_path / "decoder.onnx")


@pytest.fixture
def photos(tmp_path):
    """Forty colour pictures of several sizes in two folders, and three that cannot be read."""
    folder = tmp_path / "photos"
    draw = np.random.default_rng(0)
    for name in ("a", "b"):
        (folder / name).mkdir(parents=True)
        for number in range(20):
            picture = draw.integers(0, 256, (10 + number, 14, 4), np.uint8)
            imageio.imwrite(folder / name / f"{number:02}.png", picture, extension=".png", plugin="pillow")
    for number in (5, 7, 9):
        (folder / "a" / f"{number:02}x.png").write_bytes(b"no picture")
    return folder


def test_a_bundles_own_test_images_get_its_means(make_model, tmp_path):
    """Written as PNG in folders by label, MNIST's test images are encoded as in the bundle."""
    bundle = open_bundle(shipped_bundle())
    posterior = bundle.read_posterior()
    for index in range(200):
        folder = tmp_path / "digits" / str(posterior.labels[index])
        folder.mkdir(parents=True, exist_ok=True)
        picture = posterior.images[index, 0] * 255
        imageio.imwrite(folder / f"{index:03}.png", picture, extension=".png", plugin="pillow")
    own, _ = result(make_model(bundle.path), tmp_path / "digits", look=MNIST)
    rows = [int(name[-7:-4]) for name in own.names]
    np.testing.assert_allclose(own.mean, posterior.mean[rows], rtol=0, atol=1e-5)
    np.testing.assert_allclose(own.logvar, posterior.logvar[rows], rtol=0, atol=1e-5)
    assert (own.images == posterior.images[rows]).all()
    assert (np.array(own.label_names)[own.labels] == posterior.labels[rows].astype(str)).all()
    assert own.levels == 2
    assert own.note == ""


def test_colour_pictures_are_fitted_and_encoded_as_a_dropped_one(model, photos):
    """Each mean is that of the picture alone; thumbnails differ from fitted pictures by half a level."""
    own, steps = result(model, photos, look=DataLook())
    assert len(own.names) == 40
    assert own.label_names == ("a", "b")
    assert np.bincount(own.labels).tolist() == [20, 20]
    assert own.levels == 256
    for index in (0, 19, 39):
        x = as_data(fit(read_image(photos / own.names[index]), SHAPE, DataLook()).pixels, 256)
        mean, logvar = model.encode(x[None])
        np.testing.assert_allclose(own.mean[index], mean[0], rtol=0, atol=1e-5)
        np.testing.assert_allclose(own.logvar[index], logvar[0], rtol=0, atol=1e-5)
        np.testing.assert_allclose(pictures_of(own, slice(index, index + 1))[0], x, atol=0.51 / 255)
    assert all(isinstance(step, Progress) for step in steps)
    assert steps[0].doing == "looking for pictures"


def test_unreadable_pictures_are_counted_and_the_first_is_named(model, photos):
    """The note is one line."""
    own, _ = result(model, photos)
    words = "found no picture, expected PNG, JPEG, BMP, GIF, WebP, TIFF or AVIF; save it as one"
    assert own.note == f"3 of 43 could not be read, the first is {photos / 'a' / '05x.png'}: {words}"


def test_if_none_can_be_read_it_says_so(model, tmp_path):
    """The error gives the first reason."""
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "a.png").write_bytes(b"x")
    with pytest.raises(ImageError) as refused:
        result(model, tmp_path / "bad")
    assert str(refused.value).startswith(f"{tmp_path / 'bad'}: none of 1 pictures could be read; the first: ")


def test_pictures_that_show_nothing_are_left_out_and_told(make_model, tmp_path):
    """An empty page becomes no point on the plane; if all are empty, an error is raised."""
    bundle = open_bundle(shipped_bundle())
    digit = bundle.read_posterior().images[0, 0] * 255
    imageio.imwrite(tmp_path / "a.png", digit, plugin="pillow")
    imageio.imwrite(tmp_path / "b.png", np.full((40, 40), 170, np.uint8), plugin="pillow")
    own, _ = result(make_model(bundle.path), tmp_path, look=MNIST)
    assert own.names == ("a.png",)
    nothing = "b.png: nothing stands out from the background"
    assert own.note == f"1 are left out because they show nothing, the first is {nothing}"
    (tmp_path / "a.png").unlink()
    with pytest.raises(ImageError, match=f"none of 1 pictures shows anything; the first is {nothing}"):
        result(make_model(bundle.path), tmp_path, look=MNIST)


def test_more_than_fit_are_told(model, photos, monkeypatch):
    """The number of pictures is bounded, also by memory, and the note says how many are shown."""
    monkeypatch.setattr(own_pictures, "MOST_PICTURES", 10)
    own, _ = result(model, photos)
    assert "10 of 43 pictures are shown, evenly spread, to bound memory" in own.note
    assert np.bincount(own.labels).sum() == len(own.names)
    monkeypatch.setattr(own_pictures, "MOST_BYTES", 5 * (3 * 12 * 12 + 16))
    assert own_pictures.most_pictures(model) == 5


def test_what_was_encoded_is_not_encoded_again(model, photos, monkeypatch):
    """The same pictures with the same model come from the cache; a change of either does not."""
    first, _ = result(model, photos)
    runs = []
    encode = type(model).encode
    monkeypatch.setattr(type(model), "encode", lambda self, x: runs.append(len(x)) or encode(self, x))
    moved = photos.rename(photos.with_name("moved"))
    again, _ = result(model, moved)
    assert not runs
    assert again.title == "moved"
    for name in ("mean", "logvar", "images", "labels"):
        assert (getattr(again, name) == getattr(first, name)).all()
    assert (again.names, again.label_names, again.levels) == (first.names, first.label_names, first.levels)
    result(model, moved, look=DataLook())
    assert sum(runs) == 40
    (moved / "a" / "00.png").unlink()
    assert len(result(model, moved)[0].names) == 39
    assert sum(runs) == 79


def test_a_damaged_cache_is_ignored(model, photos):
    """If the file is cut, replaced or inconsistent, the pictures are encoded again."""
    own, _ = result(model, photos)
    (path,) = picture_cache.folder().iterdir()
    good = path.read_bytes()
    for damage in (b"", b"nothing", good[: len(good) // 2], good.replace(b'"levels": 2', b'"levels": 7')):
        path.write_bytes(damage)
        assert (result(model, photos)[0].mean == own.mean).all()
    assert picture_cache.read(path.stem, (1, 12, 12), 2) is None
    assert picture_cache.read(path.stem, SHAPE, 3) is None
    assert picture_cache.read(path.stem, SHAPE, 2) is not None


def test_the_cache_is_bounded(model, photos, monkeypatch, tmp_path):
    """The oldest results are removed; a large one is not saved; an unwritable folder raises no error."""
    own, _ = result(model, photos)
    monkeypatch.setattr(picture_cache, "MAX_TOTAL_BYTES", 3 * own.images.nbytes)
    for key in ("aa", "bb", "cc", "dd"):
        picture_cache.save(key, own)
    assert 1 <= len(list(picture_cache.folder().iterdir())) <= 3
    assert picture_cache.read("dd", SHAPE, 2) is not None
    monkeypatch.setattr(picture_cache, "MAX_FILE_BYTES", 16 << 20)
    picture_cache.save("ee", own)
    assert picture_cache.read("ee", SHAPE, 2) is None
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setattr(picture_cache, "folder", lambda: tmp_path / "file")
    picture_cache.save("ff", own)


def test_other_epochs_encode_the_same_pictures(model, photos):
    """The pictures come from memory; the files are not read again."""
    own, _ = result(model, photos)
    for file in photos.rglob("*.png"):
        file.unlink()
    *_, again = encode_again(model, own)
    np.testing.assert_allclose(again.mean, own.mean, atol=1e-5)
    assert again.images is own.images


def test_long_names_are_shortened_at_the_start():
    """Names mostly differ at the end, so the end stays; a test image has no name."""
    none = np.zeros((1, 2), np.float32)
    own = OwnPosterior(none, none, names=("x" * 50 + "/a.png",))
    assert name_of(Posterior(none, none), 0) == ""
    assert name_of(own, 0) == "…" + "x" * 25 + "/a.png"
