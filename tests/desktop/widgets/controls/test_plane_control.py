"""The plane in the window, by mouse, wheel and keys: the screen shows the view's state."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QToolButton

from desktop.latent.plane import Viewport, format_z, sample_prior
from desktop.models.model import Model
from desktop.view.state import Layer
from desktop.widgets.common import colors
from desktop.widgets.dialogs.shortcuts_dialog import shortcuts_of
from tests.desktop.widgets.on_plane import at, plane_point
from tests.waiting import SOON_MS

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
SHIFT, CONTROL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def window(home_window):
    """The window with the real bundle, looking at (−3, −3) to (3, 3) with its backdrop decoded."""
    return home_window


@pytest.mark.parametrize("share", [(0.3, 0.2), (0.9, 0.85), (0.5, 0.5)])
def test_a_click_decodes_the_point_of_its_pixel(window, qtbot, decoded, shows, share):
    """z is that of the pixel; the panel shows the picture of exactly this z, and the field its numbers."""
    pixel = QPoint(round(window.plane.width() * share[0]), round(window.plane.height() * share[1]))
    qtbot.mouseClick(window.plane, LEFT, pos=QPoint(5, 5))
    qtbot.mouseClick(window.plane, LEFT, pos=pixel)
    z = window.explorer.state.z
    assert z == pytest.approx(plane_point(window, pixel), abs=1e-5)
    qtbot.waitUntil(lambda: shows(decoded(z)), timeout=SOON_MS)
    assert window.panel.picture.z.text() == format_z(z)


def test_pictures_at_different_points_differ(decoded):
    """So the tests here do not compare the same picture everywhere."""
    corners = [decoded(z) for z in ((-2, -2), (2, -2), (-2, 2), (2, 2))]
    assert all(np.abs(a.astype(int) - b).max() > 20 for i, a in enumerate(corners) for b in corners[:i])


def test_the_picture_follows_a_drag(window, qtbot, decoded, shows):
    """At every stop of the pointer, the panel shows the picture of the point under it."""
    qtbot.mousePress(window.plane, LEFT, pos=at(window, -2, -2))
    for point in ((-1, 0), (0.5, 1.5), (2, 2)):
        pixel = at(window, *point)
        qtbot.mouseMove(window.plane, pixel)
        assert window.explorer.state.z == pytest.approx(plane_point(window, pixel), abs=1e-5)
        qtbot.waitUntil(lambda: shows(decoded(window.explorer.state.z)), timeout=SOON_MS)
    qtbot.mouseRelease(window.plane, LEFT, pos=at(window, 2, 2))
    z = window.explorer.state.z
    qtbot.mouseMove(window.plane, at(window, 0, 0))
    assert window.explorer.state.z == z


def test_the_screen_shows_the_drag_without_a_trail(window, qtbot, on_screen, pixels, decoded, shows):
    """After a drag, the screen is the same as after a full repaint."""
    qtbot.mousePress(window.plane, LEFT, pos=at(window, -2.5, -2.5))
    for step in range(40):
        qtbot.mouseMove(window.plane, at(window, -2.5 + step / 8, 2.5 * np.sin(step)))
        qtbot.wait(1)
    qtbot.mouseRelease(window.plane, LEFT, pos=at(window, 2, 0))
    qtbot.waitUntil(lambda: shows(decoded(window.explorer.state.z)), timeout=SOON_MS)
    shown = pixels(on_screen(window.plane)).astype(int)
    assert np.abs(shown - pixels(window.plane.grab().toImage())).max() <= 8


@pytest.mark.parametrize(
    ("modifiers", "step"), [(Qt.KeyboardModifier.NoModifier, 0.06), (SHIFT, 0.006), (CONTROL, 0.3)]
)
def test_arrow_keys_nudge_the_cursor(window, qtbot, decoded, shows, modifiers, step):
    """Right and up add to z, in smaller steps with Shift and larger ones with Ctrl; the picture follows."""
    for key, expected in [
        (Qt.Key.Key_Right, (step, 0)),
        (Qt.Key.Key_Up, (step, step)),
        (Qt.Key.Key_Left, (0, step)),
        (Qt.Key.Key_Down, (0, 0)),
        (Qt.Key.Key_Down, (0, -step)),
    ]:
        qtbot.keyClick(window.plane, key, modifiers)
        assert window.explorer.state.z == pytest.approx(expected, abs=1e-6)
    qtbot.waitUntil(lambda: shows(decoded((0, -step))), timeout=SOON_MS)


def test_the_wheel_zooms_and_the_backdrop_is_decoded_again(window, qtbot, turn_wheel, pixels):
    """The point under the pointer stays; then the part in view is decoded in finer tiles."""
    pixel = at(window, 1, 1)
    before = plane_point(window, pixel)
    for _ in range(5):
        turn_wheel(window.plane, pixel, 2)
    blurred = pixels(window.plane.grab().toImage())
    qtbot.waitUntil(lambda: window.explorer.tiles.is_complete, timeout=SOON_MS)
    viewport = window.explorer.state.viewport
    assert viewport.span < 2
    assert viewport.to_plane(window.plane.size_px(), pixel.x(), pixel.y()) == pytest.approx(before)
    assert (pixels(window.plane.grab().toImage()) != blurred).any(axis=-1).mean() > 0.2


def cells_in_view(window):
    """The centres (a, b) of the pictures on the plane, computed here: their sides are powers of a half."""
    size_px = window.plane.size_px()
    units = window.explorer.state.viewport.units_per_px(size_px)
    side = 2.0 ** -np.floor(-np.log2(units * 24))
    left, bottom, right, top = window.explorer.state.viewport.edges(size_px)
    columns = np.arange(np.ceil(left / side), np.floor(right / side))
    rows = np.arange(np.ceil(bottom / side), np.floor(top / side))
    return side, [((column + 0.5) * side, (row + 0.5) * side) for row in rows for column in columns]


def test_the_backdrop_is_the_decoded_plane(window, qtbot, pixels, decoded):
    """The mean brightness of a cell on the screen follows that of the picture decoded at its centre."""
    with qtbot.waitSignal(window.explorer.backdrop_finished, timeout=SOON_MS):
        qtbot.keyClick(window.plane, Qt.Key.Key_Plus)
        qtbot.mouseClick(
            window.panel.view.layers[Layer.POINTS],
            LEFT,
            pos=QPoint(10, window.panel.view.layers[Layer.POINTS].height() // 2),
        )
    qtbot.keyClick(window.plane, Qt.Key.Key_Right, CONTROL)
    qtbot.keyClick(window.plane, Qt.Key.Key_L)  # the picture beside the cursor covers others
    screen = pixels(window.plane.grab().toImage())[..., 0].astype(float)
    found, expected = [], []
    side, cells = cells_in_view(window)
    units = window.explorer.state.viewport.units_per_px(window.plane.size_px())
    reach = round(10 / 28 * side / units)
    for a, b in cells[::5]:
        center = at(window, a, b)
        if np.hypot(a - window.explorer.state.z[0], b - window.explorer.state.z[1]) < 1 or center.x() < 60:
            continue
        if any(box.contains(center) for box in window.plane.marks()):  # the scale bar
            continue
        found.append(
            screen[center.y() - reach : center.y() + reach, center.x() - reach : center.x() + reach].mean()
        )
        expected.append(decoded((a, b))[4:24, 4:24].mean())
    assert len(found) > 20
    assert np.corrcoef(found, expected)[0, 1] > 0.95


def test_the_plane_moves_with_the_right_button(window, qtbot):
    """The point under the pointer at the press is under it at the release, and the cursor does not move."""
    z = window.explorer.state.z
    start, end = at(window, 0, 0), at(window, 1, -1)
    taken = plane_point(window, start)
    with qtbot.waitSignal(window.explorer.backdrop_finished, timeout=SOON_MS):
        qtbot.mousePress(window.plane, RIGHT, pos=start)
        qtbot.mouseMove(window.plane, end)
        qtbot.mouseRelease(window.plane, RIGHT, pos=end)
    viewport = window.explorer.state.viewport
    assert viewport.to_plane(window.plane.size_px(), end.x(), end.y()) == pytest.approx(taken, abs=1e-6)
    assert window.explorer.state.z == z


def test_fit_shows_the_held_out_images_and_home_the_first_view(window, qtbot):
    """F fills the view with the means of the test images, which is the first view; Home returns to it."""
    qtbot.keyClick(window.plane, Qt.Key.Key_F)
    fitted = window.explorer.state.viewport
    mean = window.explorer.source.bundle.read_posterior().mean
    left, bottom, right, top = fitted.edges(window.plane.size_px())
    assert ((mean > [left, bottom]) & (mean < [right, top])).all(axis=1).mean() > 0.98
    assert np.ptp(mean, axis=0).max() > 0.6 * fitted.span
    window.explorer.change(viewport=Viewport())
    qtbot.keyClick(window.plane, Qt.Key.Key_Home)
    assert window.explorer.state.viewport == fitted


def looked_at(window, qtbot, pixels):
    """The pixels of the plane once it is completely drawn."""
    qtbot.waitUntil(lambda: window.explorer.tiles.is_complete and window.plane.is_settled, timeout=SOON_MS)
    return pixels(window.plane.grab().toImage())


def test_a_hidden_label_leaves_the_screen_and_comes_back(window, qtbot, pixels):
    """A click on a switch hides its points, another one shows them again."""
    (switch,) = (
        button for button in window.panel.view.legend.findChildren(QToolButton) if button.text() == "3"
    )
    before = looked_at(window, qtbot, pixels)
    qtbot.mouseClick(switch, LEFT)
    assert window.explorer.state.hidden_labels == {3}
    assert not switch.isChecked()
    assert (looked_at(window, qtbot, pixels) != before).any()
    qtbot.mouseClick(switch, LEFT)
    assert window.explorer.state.hidden_labels == frozenset()
    assert (looked_at(window, qtbot, pixels) == before).all()


def test_the_layers_can_be_switched_off(window, qtbot, pixels):
    """Without backdrop and points, only axes, path and cursor are left; both come back."""
    qtbot.waitUntil(lambda: window.picture_control.picture is not None, timeout=SOON_MS)
    both = looked_at(window, qtbot, pixels)
    boxes = (window.panel.view.layers[Layer.BACKDROP], window.panel.view.layers[Layer.POINTS])
    seen = [both]
    for box in boxes:
        qtbot.mouseClick(box, LEFT, pos=QPoint(10, box.height() // 2))
        seen.append(looked_at(window, qtbot, pixels))
    assert Layer.BACKDROP not in window.explorer.state.layers
    assert Layer.POINTS not in window.explorer.state.layers
    canvas = [colors.CANVAS.red(), colors.CANVAS.green(), colors.CANVAS.blue()]
    shares = [(picture[..., :3] == canvas).all(axis=-1).mean() for picture in seen]
    assert shares[0] < shares[1] < shares[2]
    assert shares[2] > 0.85
    for box in boxes:
        qtbot.mouseClick(box, LEFT, pos=QPoint(10, box.height() // 2))
    assert (looked_at(window, qtbot, pixels) == both).all()


def test_coming_back_decodes_nothing(window, qtbot, monkeypatch):
    """Other axes and back, or zooming in and out, need no decode."""
    qtbot.waitUntil(lambda: window.explorer.tiles.is_complete, timeout=SOON_MS)
    for key in (Qt.Key.Key_Home, Qt.Key.Key_Q, Qt.Key.Key_Q, Qt.Key.Key_Home):
        qtbot.keyClick(window.plane, key)
        qtbot.waitUntil(lambda: window.explorer.tiles.is_complete, timeout=SOON_MS)
    counts = []
    decode = Model.decode
    monkeypatch.setattr(
        Model, "decode", lambda self, z, *threads: (counts.append(len(z)), decode(self, z, *threads))[1]
    )
    for key in (Qt.Key.Key_Q, Qt.Key.Key_Q, Qt.Key.Key_Home):
        qtbot.keyClick(window.plane, key)
        qtbot.waitUntil(lambda: window.explorer.tiles.is_complete, timeout=SOON_MS)
    assert counts == []


def test_tiles_that_left_the_view_are_not_decoded(window, qtbot):
    """A view that is shown only for a moment costs only a moment."""
    qtbot.waitUntil(lambda: window.explorer.tiles.is_complete, timeout=SOON_MS)
    came = []
    window.explorer.tiles.decoded.connect(came.extend)
    for step in range(40):
        window.plane.viewport_wanted.emit(Viewport((10.0 + 10 * step, 0.0), 3.0))
    qtbot.waitUntil(lambda: window.explorer.tiles.is_complete, timeout=SOON_MS)
    pyramid = window.explorer.tiles.shown.pyramid
    assert came
    assert sum(pyramid.edges(tile)[2] < 380 for tile in came if tile.level > 2) <= 2


def test_the_nearest_view_is_said_and_shows_no_noise(window, turn_wheel):
    """The wheel stops where neighbouring float32 z are equal, with a message; zooming out works."""
    pixel = at(window, 1.0, 0.5)
    for _ in range(100):
        turn_wheel(window.plane, pixel, 2)
    viewport = window.explorer.state.viewport
    assert viewport.span == pytest.approx(32 * 2**-23, rel=0.01)
    assert viewport.center == pytest.approx((1.0, 0.5), abs=0.05)
    assert "cannot zoom in further" in window.statusBar().currentMessage()
    window.plane.grab()
    turn_wheel(window.plane, pixel, -2)
    assert window.explorer.state.viewport.span > viewport.span * 1.2


def test_space_and_the_left_button_move_the_plane(window, qtbot):
    """While Space is held a drag moves the plane and not the cursor; then it decodes again."""
    z, view = window.explorer.state.z, window.explorer.state.viewport
    qtbot.keyPress(window.plane, Qt.Key.Key_Space)
    start, end = at(window, 0, 0), at(window, 1, 1)
    qtbot.mousePress(window.plane, LEFT, pos=start)
    qtbot.mouseMove(window.plane, end)
    qtbot.mouseRelease(window.plane, LEFT, pos=end)
    qtbot.keyRelease(window.plane, Qt.Key.Key_Space)
    assert window.explorer.state.z == z
    assert window.explorer.state.viewport.center == pytest.approx(
        (view.center[0] - 1, view.center[1] - 1), abs=0.02
    )
    qtbot.mouseClick(window.plane, LEFT, pos=start)
    assert window.explorer.state.z != z


def test_r_draws_another_z_and_undo_goes_back(window, qtbot, decoded, shows):
    """Each press goes to the next seed's sample; the shortcuts list R, and undo names the step."""
    before = window.explorer.state
    qtbot.keyClick(window.plane, Qt.Key.Key_R)
    assert window.explorer.state.z == tuple(sample_prior(1, 2, 1)[0].tolist())
    qtbot.waitUntil(lambda: shows(decoded(window.explorer.state.z)), timeout=SOON_MS)
    qtbot.wait(1)
    qtbot.keyClick(window.plane, Qt.Key.Key_R)
    assert window.explorer.state.z == tuple(sample_prior(1, 2, 2)[0].tolist())
    assert any((s.keys, s.what) == ("R", "Random z") for s in shortcuts_of(window))
    assert "drawing a random z" in window.history.undo.text()
    for _ in range(2):
        qtbot.keyClick(window.plane, Qt.Key.Key_Z, CONTROL)
    assert window.explorer.state == before
