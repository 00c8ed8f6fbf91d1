"""How the data look is found from the test images."""

import numpy as np
import pytest

from desktop.images.data_look import (
    DataLook,
    contrasting,
    data_look,
    invitation,
    palette,
    some_images,
    surface,
)
from desktop.models.open_source import open_source
from export.bundle import Posterior


def posterior_of(images, levels=256):
    mean = np.zeros((len(images), 2), np.float32)
    return Posterior(mean, mean, images, None, levels)


@pytest.fixture
def stickers():
    """Ninety pictures with squares of red and blue on a light background."""
    images = np.full((90, 3, 16, 16), 250, np.uint8)
    images[:60, :, 4:12, 4:12] = np.array([200, 30, 20], np.uint8)[:, None, None]
    images[60:, :, 5:11, 5:11] = np.array([20, 40, 220], np.uint8)[:, None, None]
    return images


@pytest.fixture
def photos():
    """Fifty pictures of noise up to their edges."""
    return np.random.default_rng(0).integers(0, 256, (50, 3, 16, 16), np.uint8)


@pytest.fixture
def source(make_bundle):
    return open_source(make_bundle(image_shape=(3, 16, 16), likelihood="gaussian", levels=256))


def test_an_even_background_is_found(source, stickers):
    """The canvas and the background of fitted pictures have its colour."""
    look = data_look(source, posterior_of(stickers))
    assert look == DataLook(256, ground=pytest.approx((250 / 255,) * 3))
    ground = surface(look, stickers / np.float32(255), (3, 16, 16))
    assert ground == pytest.approx(np.full((3, 16, 16), 250 / 255))


@pytest.mark.parametrize(
    ("is_mnist", "labels", "words"),
    [
        (True, tuple("0123456789"), "Draw a digit"),
        (False, tuple("0123456789"), "Draw here, or drop a picture"),
        (True, (), "Draw here, or drop a picture"),
    ],
)
def test_only_models_of_digits_ask_for_a_digit(make_bundle, is_mnist, labels, words):
    """Data other than MNIST, such as clothes, may have the labels 0 to 9, too."""
    source = open_source(make_bundle(labels=labels))
    assert invitation(source, DataLook(2, is_mnist)) == words


def test_photos_fill_their_frame(source, photos):
    """Photos have no background, and the canvas is their mean."""
    look = data_look(source, posterior_of(photos))
    assert (look.ground, look.is_filled) == (None, True)
    images = some_images(posterior_of(photos))
    assert surface(look, images, (3, 16, 16)) == pytest.approx(photos.mean(axis=0) / 255, abs=1e-5)


def test_without_test_images_nothing_is_known(source, make_bundle):
    """The number of levels still comes from the bundle."""
    assert data_look(source, None) == DataLook(256)
    assert data_look(open_source(make_bundle()), None) == DataLook(2)
    assert surface(DataLook(), None, (1, 4, 4)).max() == 0
    assert set(surface(DataLook(), None, (3, 4, 4)).ravel().tolist()) == {0.5}


def test_transparent_edges_are_a_transparent_background(source):
    """The colours of transparent pixels do not count."""
    images = np.random.default_rng(0).integers(0, 256, (40, 4, 8, 8), np.uint8)
    images[:, 3] = 0
    images[:, 3, 2:6, 2:6] = 255
    assert data_look(source, posterior_of(images)).ground == (0, 0, 0, 0)


def test_the_palette_has_the_colours_of_the_data(source, stickers):
    """Black and white come first; grey levels have greys, and binary images nothing to choose."""
    look = data_look(source, posterior_of(stickers))
    found = palette(look, stickers / np.float32(255), 3)
    assert found[:2] == ((0, 0, 0), (1, 1, 1))
    assert {tuple(round(255 * number) for number in color) for color in found[2:]} >= {
        (200, 30, 20),
        (20, 40, 220),
    }
    assert palette(look, None, 1)[0] == (0,)
    assert palette(DataLook(2), None, 1) == ()
    assert len(palette(DataLook(), None, 3)) == 10


def test_the_pen_can_be_seen():
    """The pen is white on dark and black on light."""
    assert contrasting((0.1, 0.2, 0.1)) == (1, 1, 1)
    assert contrasting((0.9, 0.9, 0.9, 1.0)) == (0, 0, 0)
    assert contrasting((0.0,)) == (1,)
