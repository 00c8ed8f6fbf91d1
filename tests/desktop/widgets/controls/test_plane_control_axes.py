"""The axes of the window's plane: the chosen dimensions, in linear z or in quantiles of the prior."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt

from desktop.images.pixels import to_bytes
from desktop.view.state import Layer
from desktop.widgets.common import colors
from tests.desktop.foreign_models import decoder
from tests.desktop.widgets.on_plane import at, plane_point, type_z
from tests.waiting import SOON_MS

LEFT, SHIFT = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def window(home_window):
    """The window with the real bundle, looking at (−3, −3) to (3, 3) with its backdrop decoded."""
    return home_window


def test_three_dimensions_have_axes_to_choose(
    open_window, make_bundle, qtbot, gray, plain_decoder, same_picture
):
    """The spin boxes turn the plane: a click then moves those two coordinates and keeps the third."""
    path = make_bundle(latent_dim=3)
    window = open_window(path)
    decode = plain_decoder(path)
    type_z(window, qtbot, "0.5, 0, 0")
    with qtbot.waitSignal(window.explorer.backdrop_finished, timeout=SOON_MS):
        window.panel.view.up.setFocus()
        qtbot.keyClick(window.panel.view.up, Qt.Key.Key_Up)
    assert window.explorer.state.plane.axes == (0, 2)
    with qtbot.waitSignal(window.explorer.backdrop_finished, timeout=SOON_MS):
        qtbot.keyClick(window.panel.view.right, Qt.Key.Key_Up)
    assert window.explorer.state.plane.axes == (1, 2)
    pixel = at(window, 1, -1)
    qtbot.mouseClick(window.plane, LEFT, pos=pixel)
    z = window.explorer.state.z
    assert z == pytest.approx((0.5, *plane_point(window, pixel)), abs=1e-5)
    qtbot.waitUntil(
        lambda: same_picture(gray(window.panel.picture.picture.image()), to_bytes(decode([z]))[0]),
        timeout=SOON_MS,
    )


def test_twice_the_same_axis_is_not_a_plane(open_window, make_bundle, qtbot):
    """The state keeps its axes, the box shows them again, and the status bar says why."""
    window = open_window(make_bundle(latent_dim=3))
    assert window.explorer.state.plane.axes == (0, 1)
    qtbot.keyClick(window.panel.view.right, Qt.Key.Key_Up)
    assert window.explorer.state.plane.axes == (0, 1)
    assert (window.panel.view.right.value(), window.panel.view.up.value()) == (0, 1)
    assert "two different axes" in window.statusBar().currentMessage()


def test_one_dimension_is_a_line(open_window, make_bundle, qtbot, gray, plain_decoder, same_picture):
    """There are no axes to choose; up and down change nothing, right and clicks change the one number."""
    path = make_bundle(latent_dim=1)
    window = open_window(path)
    decode = plain_decoder(path)
    assert not window.panel.view.axes.isVisible()
    qtbot.mouseClick(window.plane, LEFT, pos=at(window, 1.5, 2))
    assert window.explorer.state.z == pytest.approx((1.5,), abs=0.01)
    z = window.explorer.state.z
    qtbot.keyClick(window.plane, Qt.Key.Key_Up)
    assert window.explorer.state.z == z
    type_z(window, qtbot, "-0.75")
    assert window.explorer.state.z == (-0.75,)
    expected = to_bytes(decode([[-0.75]]))[0]
    qtbot.waitUntil(
        lambda: same_picture(gray(window.panel.picture.picture.image()), expected), timeout=SOON_MS
    )
    for pixel in (at(window, 1, 0), at(window, -1, 0)):
        qtbot.mouseClick(window.plane, LEFT, SHIFT, pixel)
    window.plane.grab()
    assert window.panel.path.play.isEnabled()


def test_quantile_axes_show_all_of_the_prior(window, qtbot, pixels, decoded, shows):
    """After Q and Home, clicks and the cursor are at the z of their quantiles; the plane ends at 0 and 1."""
    qtbot.keyClick(window.plane, Qt.Key.Key_Q)
    assert window.panel.view.scale.currentText() == "Prior quantiles"
    qtbot.keyClick(window.plane, Qt.Key.Key_Home)
    qtbot.waitUntil(lambda: window.explorer.tiles.is_complete, timeout=SOON_MS)
    width, height = window.plane.size_px()
    unit_px = min(width, height) / 1.12
    pixel = QPoint(round(width / 2 + 0.45 * unit_px), round(height / 2 + 0.25 * unit_px))
    qtbot.mouseClick(window.plane, LEFT, pos=pixel)
    assert window.explorer.state.z == pytest.approx((1.645, -0.674), abs=0.02)
    assert window.plane.to_px(window.explorer.state.z) == pytest.approx((pixel.x(), pixel.y()), abs=0.6)
    qtbot.waitUntil(lambda: shows(decoded(window.explorer.state.z)), timeout=SOON_MS)
    picture = pixels(window.plane.grab().toImage())[..., :3].astype(int)
    canvas = [colors.CANVAS.red(), colors.CANVAS.green(), colors.CANVAS.blue()]
    above = round(height / 2 - 0.55 * unit_px)
    assert (picture[above, 200:400] == canvas).all()
    assert (picture[round(height / 2 - 0.45 * unit_px), 200:400] != canvas).any(axis=-1).mean() > 0.9
    outside = QPoint(round(width / 2 - 0.53 * unit_px), round(height / 2))
    qtbot.mouseClick(window.plane, LEFT, pos=outside)
    assert window.explorer.state.z[0] == pytest.approx(-6.0, abs=0.1)
    qtbot.keyClick(window.plane, Qt.Key.Key_Q)
    assert window.panel.view.scale.currentText() == "Linear z"


def test_q_twice_shows_the_same_view(window, qtbot, turn_wheel):
    """It is exactly the same far from the middle too, and after several switches, until the plane moves."""
    turn_wheel(window.plane, at(window, 2.0, 1.0), 3)
    before = window.explorer.state
    for _ in range(3):
        qtbot.keyClick(window.plane, Qt.Key.Key_Q)
        on_quantiles = window.explorer.state.viewport
        qtbot.keyClick(window.plane, Qt.Key.Key_Q)
        assert window.explorer.state == before
    qtbot.keyClick(window.plane, Qt.Key.Key_Q)
    assert window.explorer.state.viewport == on_quantiles
    turn_wheel(window.plane, at(window, 0.6, 0.6), 2)
    qtbot.keyClick(window.plane, Qt.Key.Key_Q)
    assert window.explorer.state.viewport.span < before.viewport.span


def test_the_contours_and_axes_follow_the_prior(open_window, tmp_path, qtbot, pixels):
    """With a uniform prior quantile axes are even in z, and the contour of 99 % is nearly the box."""
    path = decoder(tmp_path / "model.onnx", metadata={"prior": "uniform(-1, 1)"})
    window = open_window(path, (900, 700))
    assert window.explorer.state.viewport.span == pytest.approx(2.2)
    before = pixels(window.plane.grab().toImage()).astype(int)
    window.panel.view.layers[Layer.PRIOR].click()
    after = pixels(window.plane.grab().toImage()).astype(int)
    changed = np.abs(after - before).max(axis=-1) > 40
    edge = 0.99**0.5
    for point in ((edge, 0.3), (edge, -0.4), (0.3, edge)):
        x, y = (round(value) for value in window.plane.to_px(point).tolist())
        assert changed[y - 6 : y + 7, x - 6 : x + 7].any(), point
    qtbot.keyClick(window.plane, Qt.Key.Key_Q)
    state = window.explorer.state
    assert state.chart.view((0.5, -0.5)).tolist() == pytest.approx([0.75, 0.25])
