"""The density, the holes and the prior's contours on the plane of a window."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt

from desktop.latent.chart import AxisScale
from desktop.latent.normals import radius_of_mass
from desktop.latent.plane import Viewport, plane_through
from desktop.view.state import Layer
from export.bundle import Posterior
from tests.waiting import SOON_MS

VIEW = Viewport((0.0, 0.0), 8.0)
NOTHING = frozenset()


@pytest.fixture
def posterior():
    """400 posteriors about (−1, 0): the right half of the prior is a hole."""
    draw = np.random.default_rng(0)
    mean = draw.normal(0, 0.5, (400, 2)).astype(np.float32) - np.array([1, 0], np.float32)
    return Posterior(mean, np.full((400, 2), -2.0, np.float32), labels=np.zeros(400, np.uint8))


@pytest.fixture
def window(open_window, make_bundle, posterior):
    """A window with an empty plane, and the cursor out of the way."""
    window = open_window(make_bundle(posterior=posterior, labels=("a",)))
    window.explorer.change(layers=NOTHING, viewport=VIEW, z=(-3.9, 3.9))
    return window


@pytest.fixture
def look(window, on_screen, pixels):
    """`look()`: the plane on the screen, int [H, W, 3]."""
    return lambda: pixels(on_screen(window.plane))[..., :3].astype(int)


def at(window, a, b):
    """Row and column of a point of the plane."""
    x, y = window.plane.to_px((a, b))
    return round(y), round(x)


def changed(before, after, window, a, b, around=4):
    """The largest change of the screen around a point."""
    row, column = at(window, a, b)
    part = (slice(row - around, row + around + 1), slice(column - around, column + around + 1))
    return int(np.abs(after[part] - before[part]).max())


def show(window, qtbot, *layers):
    """Switch layers on and wait for what they need."""
    window.explorer.change(layers=frozenset(layers))
    if {Layer.DENSITY, Layer.HOLES} & set(layers):
        qtbot.waitUntil(lambda: window.map_control.is_current, timeout=SOON_MS)


def test_density_is_drawn_where_posteriors_are(window, qtbot, look):
    """Its colours are on the screen there and nowhere else."""
    before = look()
    show(window, qtbot, Layer.DENSITY)
    after = look()
    assert changed(before, after, window, -1, 0) > 60
    assert changed(before, after, window, 2, 0) == 0
    show(window, qtbot)
    assert (look() == before).all()


def test_holes_are_hatched_where_the_prior_has_mass_and_nothing_is(window, qtbot, look):
    """There is no hatching among the posteriors or beyond the prior."""
    before = look()
    show(window, qtbot, Layer.HOLES)
    after = look()
    assert changed(before, after, window, 1.5, 0, around=8) > 40
    assert changed(before, after, window, -1, 0) == 0
    assert changed(before, after, window, 3.6, 0) == 0


@pytest.mark.parametrize("mass", [0.5, 0.9, 0.99])
def test_the_priors_contours_are_drawn_at_their_radii(window, qtbot, look, mass):
    """A line from the middle to the left crosses each once."""
    before = look()
    show(window, qtbot, Layer.PRIOR)
    after = look()
    radius = radius_of_mass(mass, 2)
    assert any(changed(before, after, window, *point) > 40 for point in ((-radius, 0), (0, radius)))
    assert changed(before, after, window, -radius - 0.2, 0) == 0


def test_the_map_goes_with_the_view(window, qtbot, look):
    """After a zoom, the map is still at the same place of the plane."""
    show(window, qtbot, Layer.DENSITY)
    window.explorer.change(viewport=Viewport((-1.0, 0.0), 4.0))
    qtbot.waitUntil(lambda: window.map_control.is_current, timeout=SOON_MS)
    after = look()
    show(window, qtbot)
    before = look()
    assert changed(before, after, window, -1, 0) > 60
    assert changed(before, after, window, 0.9, 1.5) == 0


def test_another_plane_has_its_own_map(open_window, make_bundle, qtbot, look_at):
    """The old map disappears at once, and the new one shows the posteriors in the other plane."""
    draw = np.random.default_rng(0)
    mean = draw.normal(0, 0.3, (300, 3)).astype(np.float32) + np.array([-2, 0, 2], np.float32)
    posterior = Posterior(mean, np.full((300, 3), -2.0, np.float32))
    window = open_window(make_bundle(latent_dim=3, posterior=posterior))
    window.explorer.change(layers=frozenset({Layer.DENSITY}), viewport=VIEW)
    qtbot.waitUntil(lambda: window.map_control.is_current, timeout=SOON_MS)
    assert window.panel.view.density_legend.unit.endswith("prior, projected")
    first = look_at(window)
    tilted = plane_through((0.0, 0, 0), (1.0, 0, 0), (0, 0.6, 0.8))
    window.explorer.set_state(replace(window.explorer.state, plane=tilted, z=(0.0, 0.0, 0.0)))
    qtbot.waitUntil(lambda: window.map_control.is_current, timeout=SOON_MS)
    second = look_at(window)
    row, column = at(window, -2, 1.6)
    assert np.abs(second - first)[row - 4 : row + 5, column - 4 : column + 5].max() > 60


@pytest.fixture
def look_at(on_screen, pixels):
    """`look_at(window)`: the plane on the screen, int [H, W, 3]."""
    return lambda window: pixels(on_screen(window.plane))[..., :3].astype(int)


def test_without_held_out_images_the_prior_is_still_there(open_window, make_bundle, look_at):
    """The worker gets no request for a map."""
    window = open_window(make_bundle())
    window.explorer.change(layers=NOTHING, viewport=VIEW, z=(-3.9, 3.9))
    before = look_at(window)
    window.explorer.change(layers=frozenset({Layer.PRIOR, Layer.DENSITY, Layer.HOLES}))
    radius = radius_of_mass(0.9, 2)
    after = look_at(window)
    assert max(changed(before, after, window, *p) for p in ((-radius, 0), (0, radius))) > 40
    assert not window.panel.view.layers[Layer.DENSITY].isEnabled()


@pytest.mark.parametrize(("dims", "shape"), [(1, (1, 12, 12)), (3, (3, 8, 10)), (64, (1, 12, 12))])
def test_all_layers_are_drawn_for_any_number_of_dimensions(
    open_window, make_bundle, qtbot, look_at, dims, shape
):
    """Colour or grey pictures, a line, a plane through many dimensions: each layer shows something."""
    draw = np.random.default_rng(0)
    mean = draw.normal(0, 0.7, (200, dims)).astype(np.float32)
    images = (draw.random((200, *shape)) < 0.5).astype(np.uint8)
    posterior = Posterior(mean, np.full((200, dims), -2.0, np.float32), images, np.zeros(200, np.uint8))
    path = make_bundle(latent_dim=dims, image_shape=shape, posterior=posterior, labels=("a",))
    window = open_window(path)
    window.explorer.change(layers=NOTHING, viewport=VIEW)
    window.explorer.set_state(window.explorer.state.at((-3.9, 3.9)))
    before = look_at(window)
    for layer in (Layer.DENSITY, Layer.HOLES, Layer.PRIOR):
        show(window, qtbot, layer)
        assert (np.abs(look_at(window) - before) > 20).any(), layer
    window.explorer.change(layers=NOTHING, pinned=(7,))
    assert (np.abs(look_at(window) - before) > 20).any()


def test_a_layers_key_is_there_while_it_is_on(window, qtbot):
    """Below the switches, a legend explains colours and hatching."""
    panel = window.panel.view
    assert not any(legend.isVisible() for legend in panel.layer_legends.values())
    for layer, legend in panel.layer_legends.items():
        qtbot.mouseClick(panel.layers[layer], Qt.MouseButton.LeftButton, pos=QPoint(10, 8))
        assert legend.isVisible()
        assert legend.accessibleName()
        assert not legend.grab().toImage().isNull()


def test_an_epoch_has_its_own_map(window, qtbot, posterior, look):
    """When the model changes under the same view, so does the map."""
    show(window, qtbot, Layer.DENSITY)
    window.explorer.change(layers=frozenset({Layer.DENSITY}))  # without points, which would move too
    first = look()
    moved = Posterior(posterior.mean + 1, posterior.logvar, labels=posterior.labels)
    whole = window.explorer.whole
    window.explorer.take_over(replace(whole, posterior=moved))
    qtbot.waitUntil(lambda: window.map_control.is_current, timeout=SOON_MS)
    assert (look() != first).any()
    window.explorer.take_over(None)


def test_on_quantile_axes_the_map_is_where_its_posteriors_are(window, qtbot, look):
    """The prior's contours are not circles there, but lie at their radii."""
    window.explorer.set_state(window.explorer.state.with_scale(AxisScale.QUANTILES))
    window.explorer.set_state(window.explorer.state.at((-3.0, 3.0)))
    before = look()
    show(window, qtbot, Layer.DENSITY)
    after = look()
    assert changed(before, after, window, -1, 0) > 60
    assert changed(before, after, window, 2, 0) == 0
    show(window, qtbot, Layer.PRIOR)
    after = look()
    radius = radius_of_mass(0.5, 2)
    assert any(changed(before, after, window, *point) > 40 for point in ((-radius, 0), (0, radius)))
