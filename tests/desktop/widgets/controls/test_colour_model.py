"""A colour model in the window: its samples, drawing in its colours, and the numbers of its likelihood."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt

from desktop.images.pixels import to_bytes
from desktop.latent.nearest import Nearness
from desktop.view.state import PictureMode
from desktop.widgets.controls.image_control import DENSITY
from export.bundle import Posterior
from tests.desktop.small_bundles import encoder_graph
from tests.waiting import SOON_MS

LEFT = Qt.MouseButton.LeftButton
SHAPE = (3, 32, 32)


@pytest.fixture
def window(open_window, make_bundle):
    """A Gaussian model of pictures on a light ground, with labels that have no names."""
    draw = np.random.default_rng(0)
    mean = draw.normal(size=(40, 2)).astype(np.float32)
    images = np.full((40, *SHAPE), 230, np.uint8)
    images[:, :, 8:24, 8:24] = draw.integers(0, 256, (40, 3, 1, 1))
    posterior = Posterior(
        mean, np.full((40, 2), -4, np.float32), images, (np.arange(40) % 3).astype(np.int32), 256
    )
    path = make_bundle(
        image_shape=SHAPE,
        likelihood="gaussian",
        levels=256,
        encoder=encoder_graph(SHAPE, 0),
        posterior=posterior,
    )
    window = open_window(path, (1180, 900))
    window.panel.show_section(window.image.panel)
    window.true_posterior.finder.side = 32
    return window


def place(canvas, column, row):
    """The middle of a pixel of the image, on the canvas."""
    scale, corner = canvas._scale(), canvas._target().topLeft()
    return QPoint(round(corner.x() + (column + 0.5) * scale), round(corner.y() + (row + 0.5) * scale))


def drag(qtbot, canvas, row):
    qtbot.mousePress(canvas, LEFT, pos=place(canvas, 6, row))
    qtbot.mouseMove(canvas, place(canvas, 26, row))
    qtbot.mouseRelease(canvas, LEFT, pos=place(canvas, 26, row))


def test_a_colour_model_is_drawn_on_and_scored(window, qtbot):
    """People draw in colours on the data's background; ELBO and log p(x) are those of a density."""
    image, panel, explorer = window.image, window.image.panel, window.explorer
    assert explorer.points.label_names == ("0", "1", "2")
    assert image.drawing.is_empty
    assert image.drawing.pixels[:, 0, 0] == pytest.approx(np.full(3, 230 / 255))
    assert panel.canvas.color == (0, 0, 0)
    assert panel.note.text() == DENSITY.format("Gaussian")
    qtbot.mouseClick(panel.colors.buttons[3], LEFT)
    drag(qtbot, panel.canvas, 12)
    drawn = image.drawing.pixels[:, 12, 16]
    assert drawn == pytest.approx(np.array(panel.colors.color), abs=1e-5)
    assert len(set(panel.colors.color)) > 1
    qtbot.waitUntil(
        lambda: image.encoded is not None and (image.encoded.x == image.drawing.pixels).mean() > 0.5
    )
    assert panel.figures["elbo"].text().endswith("nats")
    control = window.true_posterior
    qtbot.waitUntil(lambda: control.located is not None, timeout=SOON_MS)
    assert control.located.posterior.log_px_nats > image.encoded.elbo_nats

    # A click picks up a colour of the canvas, and the right button draws the background.
    panel.colors.show_color((0.0, 0.0, 0.0))
    qtbot.mouseClick(panel.canvas, LEFT, Qt.KeyboardModifier.AltModifier, place(panel.canvas, 16, 12))
    assert panel.colors.color == pytest.approx(tuple(drawn.tolist()))
    qtbot.mouseClick(panel.clear, LEFT)
    assert image.drawing.is_empty

    # A sample is drawn from the likelihood's parameters, and nearness by picture is by the likelihood.
    explorer.change(picture_mode=PictureMode.SAMPLE, nearness=Nearness.PICTURE)
    model, likelihood = explorer.model, explorer.likelihood
    parameters = model.decode_parameters(np.asarray(explorer.state.z, np.float32)[None])
    expected = to_bytes(likelihood.samples(parameters))[0]
    qtbot.waitUntil(lambda: np.array_equal(window.picture_control.picture, expected), timeout=SOON_MS)
    posterior = explorer.points.posterior
    nats = [-likelihood.nats(x[None] / np.float32(255), parameters)[0] for x in posterior.images]
    buttons = window.nearest.panel.buttons
    qtbot.waitUntil(
        lambda: buttons[0].shown is not None and buttons[0].shown.index == int(np.argmin(nats)),
        timeout=SOON_MS,
    )
    assert "nats, −log p(x|z)" in buttons[0].shown.distance
