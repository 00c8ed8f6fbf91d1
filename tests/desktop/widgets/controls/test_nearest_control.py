"""The nearest test images below the picture."""

import numpy as np
import pytest
from PySide6.QtCore import Qt

from desktop.latent.elbo import logits_of
from desktop.latent.likelihood import Family, Likelihood, Parameters
from desktop.latent.nearest import Nearness
from export.bundle import Posterior
from tests.waiting import SOON_MS

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def posterior():
    """Fifty images of 12 × 12, of two labels."""
    draw = np.random.default_rng(0)
    return Posterior(
        draw.normal(0, 1, (50, 2)).astype(np.float32),
        np.zeros((50, 2), np.float32),
        (draw.random((50, 1, 12, 12)) < 0.5).astype(np.uint8),
        (np.arange(50) % 2).astype(np.uint8),
    )


@pytest.fixture
def window(open_window, make_bundle, posterior, qtbot):
    window = open_window(make_bundle(posterior=posterior, labels=("even", "odd")), size=(900, 1000))
    qtbot.waitUntil(lambda: window.nearest.panel.buttons[0].shown is not None, timeout=SOON_MS)
    return window


def shown(window):
    """The numbers of the shown images, nearest first."""
    return [button.shown.index for button in window.nearest.panel.buttons if button.shown is not None]


def nearest(posterior, z):
    """The expected numbers, by plain sorting."""
    return np.argsort(np.linalg.norm(posterior.mean - np.array(z), axis=1))[:5].tolist()


def test_they_follow_the_cursor(window, posterior, qtbot):
    """They are shown nearest first, with their labels."""
    for z in ((0.0, 0.0), (1.0, -1.0), (-0.5, 2.0)):
        window.explorer.set_state(window.explorer.state.at(z))
        qtbot.waitUntil(lambda z=z: shown(window) == nearest(posterior, z), timeout=SOON_MS)
    for button in window.nearest.panel.buttons:
        assert button.shown.name == ("even", "odd")[button.shown.index % 2]
        assert f"Test image {button.shown.index}, {button.shown.name}" in button.accessibleName()


def test_near_can_mean_the_picture(window, posterior, qtbot, plain_decoder):
    """The box can choose the images that are most likely given the picture at the cursor."""
    box = window.nearest.panel.nearness
    box.setFocus()
    qtbot.keyClick(box, Qt.Key.Key_Down)
    assert box.currentText() == Nearness.PICTURE.value
    assert window.explorer.state.nearness is Nearness.PICTURE
    probabilities = plain_decoder(window.explorer.source.path)([window.explorer.state.z])
    nats = -Likelihood(Family.BERNOULLI).nats(posterior.images, Parameters(logits_of(probabilities)))
    qtbot.waitUntil(lambda: shown(window) == np.argsort(nats)[:5].tolist(), timeout=SOON_MS)
    assert f"{nats.min():.4g} nats" in window.nearest.panel.buttons[0].toolTip()


def test_a_click_goes_to_its_mean(window, posterior, qtbot):
    """The image is then the nearest one; the space bar does the same."""
    button = window.nearest.panel.buttons[3]
    index = button.shown.index
    qtbot.mouseClick(button, LEFT)
    assert window.explorer.state.z == pytest.approx(posterior.mean[index], abs=1e-6)
    qtbot.waitUntil(lambda: shown(window)[0] == index, timeout=SOON_MS)
    index = shown(window)[1]
    window.nearest.panel.buttons[1].setFocus()
    qtbot.keyClick(window.nearest.panel.buttons[1], Qt.Key.Key_Space)
    assert window.explorer.state.z == pytest.approx(posterior.mean[index], abs=1e-6)


def test_a_picture_is_what_is_on_the_screen(window, posterior, on_screen, pixels):
    """The button draws its image, upright."""
    button = window.nearest.panel.buttons[0]
    picture = pixels(on_screen(button))[..., 0].astype(int)
    side, left = button.side_px, int(button.box().left())
    image = posterior.images[button.shown.index, 0]
    centres = ((np.arange(12) + 0.5) * side / 12).astype(int)
    found = picture[1 + centres][:, left + centres] > 127
    assert (found == image.astype(bool)).mean() > 0.9


@pytest.mark.parametrize("images", [False, True])
def test_it_is_there_only_where_there_are_images(open_window, make_bundle, posterior, images):
    """Means without images have no pictures, and then the panel takes no room."""
    kept = posterior if images else Posterior(posterior.mean, posterior.logvar)
    window = open_window(make_bundle(posterior=kept))
    assert window.nearest.panel.isVisible() == images


def test_a_model_without_held_out_images_shows_none(open_window, make_bundle):
    """A bare decoder is such a model."""
    assert not open_window(make_bundle()).nearest.panel.isVisible()
