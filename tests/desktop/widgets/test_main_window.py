"""The window, driven by mouse and keys: what is looked at is what is on the screen."""

import threading

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QLabel, QToolButton

from desktop.images.pixels import tile, to_bytes
from desktop.latent.plane import Viewport, manifold_grid, sample_prior
from desktop.models.model import Model
from desktop.view.state import Layer
from desktop.widgets.common import colors
from desktop.widgets.dialogs.shortcuts_dialog import ShortcutsDialog
from tests.waiting import SOON_MS

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
SHIFT, CONTROL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def window(open_window, bundle_path, qtbot):
    """The window with the real bundle, looking at (−3, −3) to (3, 3) with its backdrop decoded."""
    window = open_window(bundle_path)
    with qtbot.waitSignal(window.explorer.backdrop_finished, timeout=SOON_MS):
        qtbot.keyClick(window.plane, Qt.Key.Key_Home)
    assert window.explorer.state.viewport == Viewport((0.0, 0.0), 6.0)
    return window


@pytest.fixture
def decoded(plain_decoder, bundle_path):
    """`decoded(z)`: the picture at z by a plain session, uint8 [28, 28]."""
    decode = plain_decoder(bundle_path)
    return lambda z: to_bytes(decode([z]))[0]


@pytest.fixture
def shows(window, gray, same_picture):
    """`shows(picture)`: whether the panel shows it."""
    return lambda picture: same_picture(gray(window.panel.picture.picture.image()), picture)


def at(window, a, b):
    """The pixel of a point of the plane."""
    x, y = window.explorer.state.viewport.to_px(window.plane.size_px(), (a, b))
    return QPoint(round(x), round(y))


def plane_point(window, pixel):
    """The point of a pixel, by hand: 6 units span the shorter side, up is positive."""
    width, height = window.plane.width(), window.plane.height()
    scale = 6.0 / min(width, height)
    return ((pixel.x() - width / 2) * scale, (height / 2 - pixel.y()) * scale)


def texts(window):
    """What the status bar says."""
    return [label.text() for label in window.statusBar().findChildren(QLabel)]


def type_z(window, qtbot, text):
    window.panel.picture.z.setFocus()
    window.panel.picture.z.selectAll()
    if text.isascii():
        qtbot.keyClicks(window.panel.picture.z, text)
    else:  # no key of a keyboard gives a real minus sign: it is pasted
        QGuiApplication.clipboard().setText(text)
        qtbot.keyClick(window.panel.picture.z, Qt.Key.Key_V, CONTROL)
        QGuiApplication.clipboard().clear()
    qtbot.keyClick(window.panel.picture.z, Qt.Key.Key_Return)


def test_opening_shows_the_model(open_window, bundle_path, qtbot, pixels, gray, plain_decoder, same_picture):
    """Name in the title, device below, backdrop and points on the plane, the picture of z = 0 beside it."""
    window = open_window()
    assert window.windowTitle() == "Latent Plane"
    bare = pixels(window.plane.grab().toImage())
    with qtbot.waitSignal(window.explorer.backdrop_finished, timeout=SOON_MS):
        window.open_path(bundle_path)
    assert window.windowTitle() == "MNIST, small — Latent Plane"
    assert any(text.startswith("CPU, ") for text in texts(window))
    assert any("MNIST, small" in text for text in texts(window))
    picture = pixels(window.plane.grab().toImage())
    bare = bare[: len(picture)]  # the time bar has come, below
    inside = np.s_[10:-40, 60:-10]
    assert (picture[inside] != bare[inside]).any(axis=-1).mean() > 0.5
    for label in range(10):
        color = colors.label_color(label)
        target = np.array([color.red(), color.green(), color.blue()])
        assert (np.abs(picture[..., :3].astype(int) - target).max(axis=-1) < 40).any(), label
    expected = to_bytes(plain_decoder(bundle_path)([[0, 0]]))[0]
    assert same_picture(gray(window.panel.picture.picture.image()), expected)
    assert not window.message.isVisible()


def test_the_status_bar_says_how_long_a_decode_took(window, qtbot):
    """In milliseconds, and it is what the model says."""
    qtbot.waitUntil(lambda: any("last decode" in text for text in texts(window)), timeout=SOON_MS)
    (text,) = (text for text in texts(window) if "last decode" in text)
    assert text == f"last decode {window.picture_control.decoded.decode_ms:.2f} ms"


@pytest.mark.parametrize("share", [(0.3, 0.2), (0.9, 0.85), (0.5, 0.5)])
def test_a_click_decodes_the_point_of_its_pixel(window, qtbot, decoded, shows, share):
    """z is the pixel's, the panel shows the picture of exactly that z, and the field says it."""
    pixel = QPoint(round(window.plane.width() * share[0]), round(window.plane.height() * share[1]))
    qtbot.mouseClick(window.plane, LEFT, pos=QPoint(5, 5))
    qtbot.mouseClick(window.plane, LEFT, pos=pixel)
    z = window.explorer.state.z
    assert z == pytest.approx(plane_point(window, pixel), abs=1e-5)
    qtbot.waitUntil(lambda: shows(decoded(z)), timeout=SOON_MS)
    assert window.panel.picture.z.text() == f"{z[0]:.4f}, {z[1]:.4f}"


def test_pictures_at_different_points_differ(decoded):
    """What the tests here compare is not the same picture everywhere."""
    corners = [decoded(z) for z in ((-2, -2), (2, -2), (-2, 2), (2, 2))]
    assert all(np.abs(a.astype(int) - b).max() > 20 for i, a in enumerate(corners) for b in corners[:i])


def test_the_picture_follows_a_drag(window, qtbot, decoded, shows):
    """At every stop of the pointer the panel shows what lies under it."""
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


def test_the_status_bar_keeps_up_with_a_drag(window, qtbot):
    """While the pointer moves without a pause, the z under it is told again and again."""
    told = set()
    qtbot.mousePress(window.plane, LEFT, pos=at(window, -2, 0))
    for step in range(2000):
        qtbot.mouseMove(window.plane, at(window, -2 + (step % 200) / 50, 0))
        qtbot.wait(5)
        told.update(text for text in texts(window) if text.startswith("z  "))
        if len(told) >= 3:
            break
    qtbot.mouseRelease(window.plane, LEFT, pos=at(window, 0, 0))
    assert len(told) >= 3


def test_the_screen_shows_the_drag_without_a_trail(window, qtbot, on_screen, pixels, decoded, shows):
    """What is on the screen after a drag is what a whole painting would show."""
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
    """Right and up add to z, with Shift finer, with Ctrl coarser, and the picture follows."""
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


def test_a_typed_z_is_gone_to(window, qtbot, decoded, shows):
    """Numbers and Return move the cursor, also out of what is in view."""
    for text, z in (("1.5, -2", (1.5, -2.0)), ("(−7 0.25)", (-7.0, 0.25))):
        type_z(window, qtbot, text)
        assert window.explorer.state.z == z
        qtbot.waitUntil(lambda z=z: shows(decoded(z)), timeout=SOON_MS)
        assert window.panel.picture.z.text() == f"{z[0]:.4f}, {z[1]:.4f}"


@pytest.mark.parametrize("text", ["1", "1, 2, 3", "nan, 0", "a, b", "1e39, 0"])
def test_a_mistyped_z_is_told_and_changes_nothing(window, qtbot, text):
    """The field keeps the text, the message says what was expected, and z stays."""
    state = window.explorer.state
    type_z(window, qtbot, text)
    assert window.panel.picture.z_error.isVisible()
    assert (
        window.panel.picture.z_error.text()
        == f"found z = {text!r}, expected 2 numbers, such as 0.5000, 0.5000"
    )
    assert window.panel.picture.z.text() == text
    assert window.explorer.state == state
    qtbot.mouseClick(window.plane, LEFT, pos=at(window, 1, 1))
    assert not window.panel.picture.z_error.isVisible()
    assert window.panel.picture.z.text() != text


@pytest.mark.parametrize("text", ["1e30, 0", "3e38, -3e38"])
def test_far_out_there_is_still_a_picture(window, qtbot, text):
    """Where the graph's numbers overflow nothing fails: a picture, NaN is said, and the way back."""
    with qtbot.waitSignal(window.explorer.picture_decoded, timeout=SOON_MS):
        type_z(window, qtbot, text)
    window.plane.grab()
    assert not window.message.isVisible() or window.message.text() == "NaN in 1 of 1 pictures, drawn as 0"
    qtbot.mouseClick(window.plane, LEFT, pos=at(window, 1, 1))
    assert window.explorer.state.z == pytest.approx((1, 1), abs=0.01)


def test_letters_in_the_field_are_text_and_no_shortcuts(window, qtbot):
    """P, F and Home are typed into z; the same keys on the plane are shortcuts."""
    state = window.explorer.state
    window.panel.picture.z.setFocus()
    window.panel.picture.z.selectAll()
    qtbot.keyClicks(window.panel.picture.z, "pPf")
    qtbot.keyClick(window.panel.picture.z, Qt.Key.Key_Home)
    assert window.panel.picture.z.text() == "pPf"
    assert window.explorer.state == state
    qtbot.keyClick(window.plane, Qt.Key.Key_P)
    assert len(window.explorer.state.path) == 1


def test_the_wheel_zooms_and_the_backdrop_is_decoded_again(window, qtbot, turn_wheel, pixels):
    """The point under the pointer stays; then the plane is decoded finer, where it is looked at."""
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
    """The middles (a, b) of the pictures on the plane, by hand: their sides are powers of a half."""
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
    screen = pixels(window.plane.grab().toImage())[..., 0].astype(float)
    found, expected = [], []
    side, cells = cells_in_view(window)
    units = window.explorer.state.viewport.units_per_px(window.plane.size_px())
    reach = round(10 / 28 * side / units)
    for a, b in cells[::5]:
        center = at(window, a, b)
        if np.hypot(a - window.explorer.state.z[0], b - window.explorer.state.z[1]) < 1 or center.x() < 60:
            continue
        found.append(
            screen[center.y() - reach : center.y() + reach, center.x() - reach : center.x() + reach].mean()
        )
        expected.append(decoded((a, b))[4:24, 4:24].mean())
    assert len(found) > 20
    assert np.corrcoef(found, expected)[0, 1] > 0.95


def test_the_plane_moves_with_the_right_button(window, qtbot):
    """The point that was taken is where the pointer lets it go, and the cursor is not moved."""
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


def test_fit_shows_the_held_out_images_and_home_the_prior(window, qtbot):
    """F looks where the encoder puts the images, which fill the view; Home at the prior's middle."""
    qtbot.keyClick(window.plane, Qt.Key.Key_F)
    fitted = window.explorer.state.viewport
    mean = window.explorer.source.bundle.read_posterior().mean
    left, bottom, right, top = fitted.edges(window.plane.size_px())
    assert ((mean > [left, bottom]) & (mean < [right, top])).all(axis=1).mean() > 0.98
    assert np.ptp(mean, axis=0).max() > 0.6 * fitted.span
    qtbot.keyClick(window.plane, Qt.Key.Key_Home)
    assert window.explorer.state.viewport == Viewport()


def test_the_path_is_made_with_the_mouse_and_the_keyboard(window, qtbot):
    """Shift-click adds its point, P the cursor, the buttons take away; playing needs two points."""
    panel, plane = window.panel.path, window.plane
    assert not panel.play.isEnabled()
    pixels = [at(window, 1, 1), at(window, -1, 1)]
    for pixel in pixels:
        qtbot.mouseClick(plane, LEFT, SHIFT, pixel)
    assert window.explorer.state.z == pytest.approx(plane_point(window, pixels[1]), abs=1e-5)
    qtbot.keyClick(plane, Qt.Key.Key_Down, CONTROL)
    qtbot.keyClick(plane, Qt.Key.Key_P)
    path = window.explorer.state.path
    assert path[:2] == tuple(pytest.approx(plane_point(window, pixel), abs=1e-5) for pixel in pixels)
    assert path[2] == window.explorer.state.z
    assert panel.play.isEnabled()
    qtbot.mouseClick(panel.remove, LEFT)
    assert window.explorer.state.path == path[:2]
    qtbot.keyClick(plane, Qt.Key.Key_P, SHIFT)
    assert window.explorer.state.path == path[:1]
    assert not panel.play.isEnabled()
    qtbot.mouseClick(panel.add, LEFT)
    assert len(window.explorer.state.path) == 2
    qtbot.mouseClick(panel.clear, LEFT)
    assert window.explorer.state.path == ()
    qtbot.keyClick(plane, Qt.Key.Key_P, SHIFT)
    assert window.explorer.state.path == ()


def test_the_path_is_on_the_screen(window, qtbot, pixels):
    """Two points and the line between them, in the path's colour."""

    def yellow():
        picture = pixels(window.plane.grab().toImage())[..., :3].astype(int)
        target = [colors.PATH.red(), colors.PATH.green(), colors.PATH.blue()]
        return (np.abs(picture - target).max(axis=-1) < 10).sum()

    assert yellow() == 0
    qtbot.mouseClick(window.plane, LEFT, SHIFT, at(window, -2, 2))
    qtbot.mouseClick(window.plane, LEFT, SHIFT, at(window, 2, 2))
    assert yellow() > 500


def test_a_hidden_label_leaves_the_screen_and_comes_back(window, qtbot, pixels):
    """A click on a switch hides its points, another one shows them again."""
    (switch,) = (
        button for button in window.panel.view.legend.findChildren(QToolButton) if button.text() == "3"
    )
    before = pixels(window.plane.grab().toImage())
    qtbot.mouseClick(switch, LEFT)
    assert window.explorer.state.hidden_labels == {3}
    assert not switch.isChecked()
    assert (pixels(window.plane.grab().toImage()) != before).any()
    qtbot.mouseClick(switch, LEFT)
    assert window.explorer.state.hidden_labels == frozenset()
    assert (pixels(window.plane.grab().toImage()) == before).all()


def test_the_layers_can_be_switched_off(window, qtbot, pixels):
    """Without backdrop and points, only axes, path and cursor are left; both come back."""
    both = pixels(window.plane.grab().toImage())
    boxes = (window.panel.view.layers[Layer.BACKDROP], window.panel.view.layers[Layer.POINTS])
    seen = [both]
    for box in boxes:
        qtbot.mouseClick(box, LEFT, pos=QPoint(10, box.height() // 2))
        seen.append(pixels(window.plane.grab().toImage()))
    assert Layer.BACKDROP not in window.explorer.state.layers
    assert Layer.POINTS not in window.explorer.state.layers
    canvas = [colors.CANVAS.red(), colors.CANVAS.green(), colors.CANVAS.blue()]
    shares = [(picture[..., :3] == canvas).all(axis=-1).mean() for picture in seen]
    assert shares[0] < shares[1] < shares[2]
    assert shares[2] > 0.85
    for box in boxes:
        qtbot.mouseClick(box, LEFT, pos=QPoint(10, box.height() // 2))
    assert (pixels(window.plane.grab().toImage()) == both).all()


def choose_mode(window, qtbot, text):
    """Choose with the keyboard, as a closed combo box allows it."""
    mode = window.panel.picture.mode
    mode.setFocus()
    while mode.currentText() != text:
        key = Qt.Key.Key_Down if mode.findText(text) > mode.currentIndex() else Qt.Key.Key_Up
        qtbot.keyClick(mode, key)


def test_the_picture_can_be_thresholded_or_sampled(window, qtbot, decoded, gray, shows):
    """Thresholded is black and white at a half; a sample is black and white by chance, the same each time."""
    z = window.explorer.state.z
    choose_mode(window, qtbot, "Thresholded")
    assert (gray(window.panel.picture.picture.image()) == np.where(decoded(z) > 127, 255, 0)).mean() > 0.98
    choose_mode(window, qtbot, "Bernoulli sample")
    sample = gray(window.panel.picture.picture.image())
    assert set(np.unique(sample)) == {0, 255}
    assert sample.mean() == pytest.approx(decoded(z).mean(), abs=8)
    assert (sample != np.where(decoded(z) > 127, 255, 0)).any()
    choose_mode(window, qtbot, "Probabilities")
    assert shows(decoded(z))
    choose_mode(window, qtbot, "Bernoulli sample")
    assert (gray(window.panel.picture.picture.image()) == sample).all()


def test_the_mode_holds_while_the_cursor_moves(window, qtbot, gray):
    """The next picture is drawn in the same way."""
    choose_mode(window, qtbot, "Thresholded")
    with qtbot.waitSignal(window.explorer.picture_decoded, timeout=SOON_MS):
        qtbot.mouseClick(window.plane, LEFT, pos=at(window, 2, -2))
    assert set(np.unique(gray(window.panel.picture.picture.image()))) <= {0, 255}


def test_the_picture_can_be_copied(window, qtbot, decoded, gray, same_picture):
    """Ctrl+C on the plane and the button both put it on the clipboard, pixel by pixel."""
    clipboard = QGuiApplication.clipboard()
    for copy in (
        lambda: qtbot.keyClick(window.plane, Qt.Key.Key_C, CONTROL),
        lambda: qtbot.mouseClick(window.panel.picture.copy, LEFT),
    ):
        clipboard.clear()
        copy()
        assert same_picture(gray(clipboard.image()), decoded(window.explorer.state.z))
    clipboard.clear()


@pytest.fixture
def sheets(window):
    """The pages whose sheets have arrived."""
    arrived = []
    window.grids.sheet_shown.connect(arrived.append)
    return arrived


def test_samples_are_shown_resampled_and_repeat(
    window, qtbot, sheets, gray, plain_decoder, bundle_path, same_picture
):
    """Ctrl+2 shows samples of seed 0; another seed or count gives others; the first seed the first again."""
    page = window.grids.samples

    def wait_for(count):
        qtbot.waitUntil(lambda: len(sheets) == count, timeout=SOON_MS)
        return gray(page.view.image())

    qtbot.keyClick(window.plane, Qt.Key.Key_2, CONTROL)
    assert page.isVisible()
    first = wait_for(1)
    expected = tile(to_bytes(plain_decoder(bundle_path)(sample_prior(64, 2, 0))), 8)
    assert same_picture(first, expected)
    qtbot.mouseClick(window.grids.resample, LEFT)
    second = wait_for(2)
    assert window.grids.seed.value() == 1
    assert (second != first).any()
    window.grids.seed.selectAll()
    qtbot.keyClicks(window.grids.seed, "0")
    qtbot.keyClick(window.grids.seed, Qt.Key.Key_Return)
    assert (wait_for(3) == first).all()
    qtbot.keyClick(window.grids.samples_n, Qt.Key.Key_Up)
    assert wait_for(4).shape == (9 * 28, 9 * 28)


def test_a_click_on_a_sample_goes_to_its_z(window, qtbot, sheets, decoded, shows):
    """The picture that was clicked is the one that the panel then shows."""
    qtbot.keyClick(window.plane, Qt.Key.Key_2, CONTROL)
    qtbot.waitUntil(lambda: len(sheets) == 1, timeout=SOON_MS)
    view = window.grids.samples.view
    side = min(view.width(), view.height())
    left, top = (view.width() - side) / 2, (view.height() - side) / 2
    point = QPoint(round(left + 5.5 * side / 8), round(top + 2.5 * side / 8))
    qtbot.mouseClick(view, LEFT, pos=point)
    z = sample_prior(64, 2, 0)[2 * 8 + 5]
    assert window.explorer.state.z == pytest.approx(z)
    qtbot.waitUntil(lambda: shows(decoded(z)), timeout=SOON_MS)


def test_the_manifold_grid_is_twenty_by_twenty(
    window, qtbot, sheets, gray, plain_decoder, bundle_path, same_picture
):
    """Ctrl+3 shows the pictures at the prior's quantiles, the highest row first."""
    qtbot.keyClick(window.plane, Qt.Key.Key_3, CONTROL)
    qtbot.waitUntil(lambda: len(sheets) == 1, timeout=SOON_MS)
    z = manifold_grid(window.explorer.state.plane, 20)
    expected = tile(to_bytes(plain_decoder(bundle_path)(z)), 20)
    assert same_picture(gray(window.grids.manifold.view.image()), expected)
    qtbot.keyClick(window.grids.manifold.view, Qt.Key.Key_1, CONTROL)
    assert window.plane.isVisible()


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
    """One number, no axes to choose; up and down change nothing, right and clicks do."""
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


@pytest.mark.parametrize("shape", [(3, 10, 16), (4, 12, 12), (1, 30, 10)])
def test_pictures_of_any_shape_are_shown(open_window, make_bundle, pixels, plain_decoder, shape):
    """Colour, transparency, wide and tall: the panel shows the decoder's bytes."""
    path = make_bundle(image_shape=shape)
    window = open_window(path)
    image = window.panel.picture.picture.image()
    assert (image.height(), image.width()) == shape[1:]
    expected = to_bytes(plain_decoder(path)([[0, 0]]))[0]
    found = pixels(image)[..., : shape[0]].reshape(expected.shape).astype(int)
    # Where it is transparent, Qt rounds a colour once more.
    assert np.abs(found - expected).max() <= 1
    window.plane.grab()


def test_nothing_is_decoded_on_the_ui_thread(open_window, bundle_path, qtbot, monkeypatch):
    """Opening, clicks, keys, zoom and pages: every decode runs on the worker."""
    threads = []
    decode = Model.decode

    def watched(self, z, most_threads=None):
        threads.append(threading.get_ident())
        return decode(self, z, most_threads)

    monkeypatch.setattr(Model, "decode", watched)
    window = open_window(bundle_path)
    for number in range(10):
        qtbot.mouseClick(window.plane, LEFT, pos=QPoint(100 + 20 * number, 200))
        qtbot.keyClick(window.plane, Qt.Key.Key_Right)
        qtbot.wait(5)
    with qtbot.waitSignal(window.explorer.backdrop_finished, timeout=SOON_MS):
        qtbot.keyClick(window.plane, Qt.Key.Key_Plus)
    for key in (Qt.Key.Key_2, Qt.Key.Key_3):
        with qtbot.waitSignal(window.grids.sheet_shown, timeout=SOON_MS):
            qtbot.keyClick(window.tabs.currentWidget(), key, CONTROL)
    assert len(threads) > 50
    assert threading.main_thread().ident not in threads


def test_a_backdrop_does_not_keep_the_picture_waiting(window, qtbot):
    """While the plane is decoded anew, a click's picture comes before the backdrop is finished."""
    order = []
    window.explorer.picture_decoded.connect(lambda _: order.append("picture"))
    window.explorer.backdrop_finished.connect(lambda: order.append("backdrop"))
    qtbot.keyClick(window.plane, Qt.Key.Key_Minus)
    qtbot.mouseClick(window.plane, LEFT, pos=at(window, 1, 1))
    qtbot.waitUntil(lambda: len(order) == 2, timeout=SOON_MS)
    assert order == ["picture", "backdrop"]


def test_closing_ends_all_threads_even_in_the_middle_of_work(open_window, bundle_path, qtbot):
    """A window closed while it decodes leaves no thread, and nothing arrives afterwards."""
    before = threading.active_count()
    window = open_window(bundle_path)
    assert threading.active_count() > before
    qtbot.keyClick(window.plane, Qt.Key.Key_Home)
    arrived = []
    window.explorer.tiles.decoded.connect(arrived.append)
    window.close()
    assert not window.explorer.tiles.is_complete  # it was in the middle, and did not wait for the end
    assert threading.active_count() == before
    qtbot.wait(20)
    assert arrived == []


def test_a_window_can_be_closed_before_anything_is_open(open_window, bundle_path):
    """Closed at once, and closed while the bundle is being read."""
    open_window().close()
    window = open_window()
    window.open_path(bundle_path)
    window.close()


def test_the_window_comes_back_in_its_size(open_window):
    """What was remembered at closing is restored."""
    first = open_window(size=(900, 740))
    assert not first.restore_place()
    first.close()
    second = open_window(size=(900, 690))
    assert second.restore_place()
    assert second.height() == 740  # the offscreen screen is narrower than the window, so not its width


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_help_is_a_key_away(window, qtbot):
    """F1 opens the shortcuts, and Escape closes them."""
    qtbot.keyClick(window.plane, Qt.Key.Key_F1)
    (dialog,) = window.findChildren(ShortcutsDialog)
    qtbot.waitUntil(dialog.isVisible, timeout=SOON_MS)
    assert any("Wheel" in shortcut.keys for shortcut in dialog.shown())
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not window.findChildren(ShortcutsDialog), timeout=SOON_MS)


def test_no_two_actions_share_a_key(window):
    """Qt does nothing at all on a key that two actions claim."""
    keys = [shortcut.toString() for action in window.findChildren(QAction) for shortcut in action.shortcuts()]
    assert len(keys) > 8
    assert len(keys) == len(set(keys))


def test_whoever_cannot_see_is_told_what_the_parts_are(window):
    """The plane, the picture, z and the pages have names for a screen reader."""
    panel = window.panel
    parts = (
        window.plane,
        panel.picture.picture,
        panel.picture.mode,
        panel.picture.z,
        window.grids.samples.view,
        window.grids.manifold.view,
    )
    assert all(part.accessibleName() for part in parts)


def test_quantile_axes_show_all_of_the_prior(window, qtbot, pixels, decoded, shows):
    """Q and Home: clicks give the z of their quantiles, the cursor is there, the plane ends at 0 and 1."""
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


def test_coming_back_decodes_nothing(window, qtbot, monkeypatch):
    """What was seen is still there: other axes and back, in and out, without one decode."""
    qtbot.waitUntil(lambda: window.explorer.tiles.is_complete, timeout=SOON_MS)
    for key in (Qt.Key.Key_Q, Qt.Key.Key_Q, Qt.Key.Key_Home):
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
    """A view that is looked at only for a moment costs a moment."""
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
    """The wheel ends where neighbouring pictures are the same float32 z, in words; out again works."""
    pixel = at(window, 1.0, 0.5)
    for _ in range(100):
        turn_wheel(window.plane, pixel, 2)
    viewport = window.explorer.state.viewport
    assert viewport.span == pytest.approx(32 * 2**-23, rel=0.01)
    assert viewport.center == pytest.approx((1.0, 0.5), abs=0.05)
    assert "as near as it goes" in window.statusBar().currentMessage()
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
    qtbot.mouseClick(window.plane, LEFT, pos=end)
    assert window.explorer.state.z != z
