"""Pictures are scaled by area to a model's size, and transparent ones get a background."""

import numpy as np
import pytest

from desktop.images.scaling import ROWS_AT_ONCE, fitted, on_ground, shrunk


def test_a_fitted_picture_keeps_its_aspect_and_its_light():
    """The picture is scaled by area into the middle, with black around it; grey is luma."""
    image = np.full((40, 80, 4), 255, np.uint8)
    x = fitted(image, (1, 28, 28))
    assert x.shape == (1, 1, 28, 28)
    assert x[0, 0, 7:21] == pytest.approx(1, abs=1e-5)
    assert (x[0, 0, :7] == 0).all()
    assert (x[0, 0, 21:] == 0).all()
    red = np.zeros((28, 28, 4), np.uint8)
    red[..., 0] = red[..., 3] = 255
    assert fitted(red, (1, 28, 28)) == pytest.approx(0.299, abs=1e-3)
    assert fitted(red, (3, 28, 28))[0].mean(axis=(1, 2)) == pytest.approx([1, 0, 0], abs=1e-5)
    assert fitted(red, (4, 14, 14)).shape == (1, 4, 14, 14)
    clear = red.copy()
    clear[..., 3] = 0
    assert (fitted(clear, (1, 28, 28)) == 0).all()


def test_scaling_by_area_loses_no_light():
    """The mean stays the same for any sizes, and scaling to the same size changes nothing."""
    draw = np.random.default_rng(0)
    image = draw.integers(0, 256, (37, 37, 4), np.uint8)
    image[..., 3] = 255
    same = fitted(image, (3, 37, 37))[0].transpose(1, 2, 0)
    assert same == pytest.approx(image[..., :3] / 255, abs=1e-6)
    assert fitted(image, (3, 10, 10)).mean() == pytest.approx(image[..., :3].mean() / 255, abs=1e-5)


def test_a_large_picture_is_fitted_in_bands():
    """The result equals fitting without bands, also if the height is not a multiple of the band."""
    image = np.random.default_rng(0).integers(0, 256, (3 * ROWS_AT_ONCE + 5, 20, 4), np.uint8)
    light = (image[..., :3] / 255 * (image[..., 3:] / 255)).mean(axis=(0, 1))
    x = fitted(image, (3, 8, 8))[0]
    found = x.sum(axis=(1, 2)) / (8 * round(20 * 8 / len(image)))
    assert found == pytest.approx(light, abs=1e-4)


def test_a_model_with_alpha_keeps_transparency_and_the_colours_beside_it():
    """A pixel that is half covered has alpha a half, and the colour of the covered half."""
    image = np.zeros((4, 4, 4), np.uint8)
    image[:, :1] = image[:, 2:] = [200, 100, 50, 255]
    x = fitted(image, (4, 2, 2))[0]
    assert x[3] == pytest.approx(np.array([[0.5, 1], [0.5, 1]]), abs=1e-5)
    assert x[:3, 0, 0] * 255 == pytest.approx([200, 100, 50], abs=1e-2)
    assert (fitted(np.zeros((4, 4, 4), np.uint8), (4, 2, 2)) == 0).all()


def test_what_is_transparent_takes_the_ground():
    """White behind a half transparent red gives pink; the space around a wide picture is white, too."""
    image = np.zeros((2, 4, 4), np.uint8)
    image[...] = [255, 0, 0, 51]
    x = fitted(image, (3, 4, 4), ground=1.0)[0]
    assert x[:, 1:3] == pytest.approx(
        np.broadcast_to(np.array([1, 0.8, 0.8])[:, None, None], (3, 2, 4)), abs=1e-5
    )
    assert (x[:, [0, 3]] == 1).all()


def test_a_shrunk_picture_has_the_same_light():
    """The result is at most as large as asked for, and small pictures stay as they are."""
    draw = np.random.default_rng(0)
    image = draw.integers(0, 256, (90, 61, 4), np.uint8)
    small = shrunk(image, 30)
    assert small.shape == (30, 21, 4)
    light = (image[..., :3] / 255 * (image[..., 3:] / 255)).mean((0, 1))
    assert small[..., :3].mean((0, 1)) == pytest.approx(light, abs=0.01)
    same = on_ground(shrunk(image, 90), 0)
    assert same == pytest.approx(image[..., :3] / 255 * (image[..., 3:] / 255), abs=3e-3)
