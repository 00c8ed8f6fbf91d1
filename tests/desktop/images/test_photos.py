"""Photos, scans and odd files of handwriting become digits like the training data's."""

import numpy as np
import pytest

from desktop.base.shipped import shipped_bundle
from desktop.images.data_look import DataLook
from desktop.images.fitting import NOTHING, THIN_PX, fit, stroke_width
from desktop.images.read_image import decode_image
from desktop.models.model import Model
from desktop.models.open_source import open_source
from export.bundle import open_bundle
from tests.desktop.photos import (
    ACROSS,
    DOWN,
    FILES,
    GRADIENT,
    HEIGHT,
    SHADOW,
    WIDTH,
    ink_of,
    opaque,
    page_of,
    written,
)

DIGIT = (1, 28, 28)
MNIST = DataLook(2, is_mnist=True, ground=(0.0,))
OF_EACH = 1  # the number of test images for each of the ten labels


@pytest.fixture(scope="module")
def posterior():
    """The shipped test images with their posterior means."""
    return open_bundle(shipped_bundle()).read_posterior()


@pytest.fixture(scope="module")
def rows(posterior):
    """Ten test images, one of each label."""
    return np.concatenate([np.flatnonzero(posterior.labels == label)[:OF_EACH] for label in range(10)])


@pytest.fixture(scope="module")
def encoder():
    """The shipped model."""
    model = Model(open_source(shipped_bundle()), "cpu")
    yield model
    model.close()


def overlap(one, other):
    """The share of two masks' pixels that both have, at the best of nine offsets."""
    shifts = [(down, across) for down in (-1, 0, 1) for across in (-1, 0, 1)]
    moved = [np.roll(one, shift, (0, 1)) for shift in shifts]
    return max((mask & other).sum() / (mask | other).sum() for mask in moved)


@pytest.mark.slow
@pytest.mark.parametrize("kind", FILES)
def test_what_a_camera_or_a_program_saves_becomes_the_digit_again(kind, posterior, rows, encoder):
    """Each of ten digits overlaps the original by at least 60 %, and half of them by 85 %.

    The encoder puts half of them within 0.6 of the original's mean: the prior's standard deviation is 1.
    """
    overlaps, distances = [], []
    for row in rows:
        digit = posterior.images[row, 0]
        found = fit(decode_image(FILES[kind](ink_of(digit)), kind), DIGIT, MNIST)
        assert not found.problem
        mask = found.pixels > 0.5
        overlaps.append(overlap(mask[0], digit > 0))
        mean, _ = encoder.encode(mask[np.newaxis].astype(np.float32))
        distances.append(np.linalg.norm(mean[0] - posterior.mean[row]))
    assert min(overlaps) > 0.6
    assert np.median(overlaps) > 0.85
    assert np.median(distances) < 0.6


@pytest.mark.parametrize("width_px", [4, 8, 15, 22, 34])
def test_a_thin_pen_writes_strokes_like_the_training_data(width_px):
    """The lines of a ballpoint and a felt pen give nearly the same digit; no stroke is lost."""
    felt_pen = fit(opaque(page_of(written(34), 1.0, 0.0)), DIGIT, MNIST).pixels[0] > 0.5
    page = opaque(page_of(written(width_px), GRADIENT, GRADIENT * 0.5, 0.03))
    found = fit(page, DIGIT, MNIST)
    assert overlap(found.pixels[0] > 0.5, felt_pen) > 0.7
    assert stroke_width(found.pixels[0]) > THIN_PX
    assert ("drawn with thicker strokes" in found.steps) == (width_px < 25)


def test_a_small_digit_on_a_large_photo_keeps_its_shape(posterior, rows):
    """The digit has a sixteenth of the photo's width, beside specks of dust and a table's dark edge."""
    overlaps = []
    for row in rows:
        page = page_of(ink_of(posterior.images[row, 0], 60), GRADIENT, GRADIENT * 0.4, 0.01)
        page = page.repeat(3, 0).repeat(3, 1)
        page[:, :60] = 20
        for y, x in ((100, 1700), (1300, 400), (700, 1800)):
            page[y : y + 5, x : x + 5] = 30
        found = fit(opaque(page), DIGIT, MNIST)
        overlaps.append(overlap(found.pixels[0] > 0.5, posterior.images[row, 0] > 0))
    assert min(overlaps) > 0.5
    assert np.median(overlaps) > 0.8


EMPTY = {
    "black": 0.0,
    "white": 1.0,
    "grey": 0.6,
    "uneven": GRADIENT,
    "shadow": SHADOW,
    "vignette": 0.8 - 0.5 * ((ACROSS - 0.5) ** 2 + (DOWN - 0.5) ** 2),
}


@pytest.mark.parametrize("paper", EMPTY)
@pytest.mark.parametrize("noise", [0, 0.03])
def test_a_photo_of_an_empty_page_is_told_to_be_empty(paper, noise):
    """Noise, uneven light and a shadow's edge do not count as ink."""
    page = page_of(np.zeros((HEIGHT, WIDTH)), EMPTY[paper], EMPTY[paper], noise)
    found = fit(opaque(page), DIGIT, MNIST)
    assert found.problem == NOTHING
    assert not found.pixels.any()


def test_the_steps_show_the_levels(posterior):
    """The levelled picture is white in the ink and black elsewhere, and missing if nothing was levelled."""
    ink = ink_of(posterior.images[0, 0])
    found = fit(opaque(page_of(ink, SHADOW, SHADOW * 0.4, 0.02)), DIGIT, MNIST)
    assert found.steps == (
        "inverted to light on dark",
        "levelled against its own background",
        "scaled to 20 pixels and centred by mass",
    )
    assert found.original.shape == (HEIGHT // 2, WIDTH // 2, 3)
    half = ink.reshape(HEIGHT // 2, 2, WIDTH // 2, 2).mean((1, 3))
    assert (found.levelled[half == 0] == 0).mean() > 0.99
    assert np.median(found.levelled[half == 1]) > 240
    assert fit(opaque(page_of(ink, 1.0, 0.0)), DIGIT, MNIST).levelled is None


def test_a_digit_of_the_models_size_on_grey_is_levelled_where_it_is(posterior):
    """The digit is not moved; on black or white its pixels are not changed either."""
    digit = posterior.images[0, 0] * 1.0
    found = fit(opaque(page_of(digit, 0.7, 0.3)), DIGIT, MNIST)
    assert found.pixels[0] == pytest.approx(digit, abs=0.02)
    assert found.steps == ("inverted to light on dark", "levelled against its own background")
