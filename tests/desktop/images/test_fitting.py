"""Pictures from elsewhere are fitted to the look of the training data."""

import numpy as np
import pytest

from desktop.base.shipped import shipped_bundle
from desktop.images.data_look import DataLook
from desktop.images.fitting import NOTHING, TRANSPARENT, fit
from export.bundle import open_bundle

DIGIT = (1, 28, 28)
MNIST, OTHER = DataLook(2, is_mnist=True, ground=(0.0,)), DataLook()


def colored(gray):
    """Turn [H, W] in [0, 255] into an opaque picture [H, W, 4]."""
    rgba = np.repeat(np.asarray(gray, np.uint8)[..., None], 4, axis=2)
    rgba[..., 3] = 255
    return rgba


def test_a_held_out_digit_enlarged_and_inverted_comes_back():
    """Although it is dark on light, ten times as large and off-centre, nine of ten pixels come back."""
    images = open_bundle(shipped_bundle()).read_posterior().images
    for image in images[:10, 0]:
        page = np.full((600, 500), 255, np.uint8)
        page[250:530, 100:380] = 255 - 255 * image.repeat(10, 0).repeat(10, 1)
        found = fit(colored(page), DIGIT, MNIST)
        assert found.steps == ("inverted to light on dark", "scaled to 20 pixels and centred by mass")
        assert (np.abs((found.pixels[0] > 0.5) - 1.0 * image) > 0.5).mean() < 0.12


def test_a_digit_lies_in_its_box_with_its_mass_in_the_middle():
    """It is 20 pixels long, has its aspect ratio, and its centre of mass is within half a pixel of 14, 14."""
    page = np.zeros((300, 300))
    page[20:220, 30:80] = 255
    pixels = fit(colored(page), DIGIT, MNIST).pixels[0]
    rows, columns = np.flatnonzero(pixels.any(1)), np.flatnonzero(pixels.any(0))
    assert (len(rows), len(columns)) == (20, 5)
    y, x = np.mgrid[:28, :28] + 0.5
    assert (pixels * y).sum() / pixels.sum() == pytest.approx(14, abs=0.5)
    assert (pixels * x).sum() / pixels.sum() == pytest.approx(14, abs=0.51)


def test_what_has_the_models_size_stays_where_it_is():
    """A digit saved at its own size is not moved."""
    image = np.zeros((28, 28))
    image[3:9, 20:26] = 255
    found = fit(colored(image), DIGIT, MNIST)
    assert (found.pixels[0] == image / 255).all()
    assert found.steps == ()


def test_nothing_on_a_page_is_told():
    """An empty page is reported: black, white, of the model's size, or transparent everywhere."""
    for page in (np.zeros((50, 50)), np.full((50, 50), 255), np.full((28, 28), 90), np.full((1, 1), 9)):
        found = fit(colored(page), DIGIT, MNIST)
        assert found.problem == NOTHING
        assert not found.pixels.any()
    clear = np.full((50, 50, 4), [9, 9, 9, 0], np.uint8)
    for shape in (DIGIT, (3, 8, 8), (4, 8, 8)):
        assert fit(clear, shape, MNIST).problem == TRANSPARENT


@pytest.mark.parametrize(("luma", "ground"), [(0, "white"), (60, "white"), (200, "black")])
def test_a_transparent_picture_is_put_where_it_can_be_seen(luma, ground):
    """Black shoes for a grey model, and dark and light emojis for a colour model, keep their levels."""
    image = np.zeros((40, 40, 4), np.uint8)
    image[10:30, 10:30] = [luma, luma, luma, 255]
    for channels in (1, 3):
        found = fit(image, (channels, 20, 20), OTHER)
        assert found.steps == (f"put on {ground}", "scaled to 20 × 20")
        assert found.pixels[:, 7, 7] == pytest.approx(np.full(channels, luma / 255), abs=1e-5)
        assert found.pixels[:, 0, 0] == pytest.approx(np.full(channels, 1.0 if ground == "white" else 0.0))
        assert not found.problem
    assert fit(image, (4, 20, 20), OTHER).pixels[:, 0, 0].tolist() == [0, 0, 0, 0]


def test_a_screenshot_with_round_corners_keeps_its_own_paper():
    """Transparent pixels in a few corners do not count as ink."""
    page = colored(np.full((100, 100), 240))
    page[30:70, 45:55, :3] = 0
    for corner in (page[:12, :12], page[:12, -12:], page[-12:, :12], page[-12:, -12:]):
        corner[...] = 0
    found = fit(page, DIGIT, MNIST)
    assert found.steps[0] == "put on its own background"
    rows, columns = np.flatnonzero(found.pixels[0].any(1)), np.flatnonzero(found.pixels[0].any(0))
    assert (len(rows), len(columns)) == (20, 5)


def test_other_data_is_only_scaled():
    """A colour model takes a colour picture without other changes."""
    page = np.random.default_rng(0).integers(0, 256, (64, 64, 4), np.uint8)
    page[..., 3] = 255
    found = fit(page, (3, 32, 32), OTHER)
    assert found.pixels.shape == (3, 32, 32)
    expected = page[:2, :2, :3].mean((0, 1)) / 255
    assert found.pixels[:, 0, 0] == pytest.approx(expected, abs=1e-5)
    assert found.steps == ("scaled to 32 × 32",)


@pytest.mark.slow
def test_a_very_large_picture_takes_little_memory():
    """A very large picture is scaled down first."""
    page = np.zeros((4000, 6000))
    page[1000:3000, 2000:4000] = 255
    pixels = fit(colored(page), DIGIT, MNIST).pixels[0]
    assert pixels[5:23, 5:23].min() > 0.9


def on_page(color, ground):
    """A square of a colour in the middle of a page of 60 × 90."""
    page = np.full((60, 90, 4), 255, np.uint8)
    page[..., :3] = ground
    page[20:40, 35:55, :3] = color
    return page


def test_a_photo_fills_the_frame_of_photos():
    """The middle of the photo is used, and both sides are cut away."""
    page = on_page((200, 40, 20), 128)
    page[:, :15, :3] = page[:, 75:, :3] = 0
    found = fit(page, (3, 20, 20), DataLook(is_filled=True))
    assert found.steps == ("cropped to its middle", "scaled to 20 × 20")
    assert found.pixels[:, 0, 0] == pytest.approx(np.full(3, 128 / 255), abs=0.01)
    assert found.pixels[:, 10, 10] == pytest.approx(np.array([200, 40, 20]) / 255, abs=0.01)


def test_a_sticker_is_put_on_the_datas_background():
    """Transparent pixels and the space around a wide picture get the data's background, too."""
    page = on_page((200, 40, 20), 0)
    page[..., 3] = 0
    page[20:40, 35:55, 3] = 255
    ground = (0.2, 0.4, 0.6)
    found = fit(page, (3, 30, 30), DataLook(ground=ground))
    assert found.steps == ("put on the data's background", "scaled to 30 × 30")
    for row, column in ((0, 0), (15, 1)):
        assert found.pixels[:, row, column] == pytest.approx(np.array(ground), abs=1e-5)
    assert found.pixels[:, 15, 15] == pytest.approx(np.array([200, 40, 20]) / 255, abs=1e-5)


@pytest.mark.parametrize("transparent", [False, True])
def test_dark_on_white_is_inverted_for_grey_data_on_black(transparent):
    """Fashion-MNIST's photos were inverted, too: its clothes are light on black. Levels are kept."""
    page = on_page((60, 60, 60), 255)
    if transparent:
        page[..., 3] = 0
        page[20:40, 35:55, 3] = 255
    found = fit(page, (1, 30, 30), DataLook(ground=(0.0,)))
    assert found.steps[-2:] == ("inverted to the data's background", "scaled to 30 × 30")
    assert found.pixels[0, 0, 0] == pytest.approx(0, abs=1e-5)
    assert found.pixels[0, 15, 15] == pytest.approx(1 - 60 / 255, abs=1e-5)
    assert fit(page, (3, 30, 30), DataLook(ground=(0.0, 0.0, 0.0))).steps[-2:] != found.steps[-2:]
