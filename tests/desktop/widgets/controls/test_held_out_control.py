"""Test images at the pointer and pinned, by mouse and keys, and the switches of their labels."""

from functools import partial

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QToolButton

from desktop.latent.chart import AxisScale
from desktop.latent.plane import Viewport
from desktop.view.state import Layer
from desktop.widgets.plane.held_out_overlay import card_place
from export.bundle import Posterior
from tests.steps import calls_of
from tests.waiting import SOON_MS

LEFT = Qt.MouseButton.LeftButton
CONTROL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier
MEANS = np.array([[-1.0, 0.0], [1.0, 0.0], [0.0, 1.5]], np.float32)


@pytest.fixture
def window(open_window, make_bundle, qtbot):
    """Three test images, far apart, each white in another part; labels a, b, a."""
    images = np.zeros((3, 1, 12, 12), np.uint8)
    for n in range(3):
        images[n, :, 4 * n : 4 * n + 4] = 1
    posterior = Posterior(
        MEANS, np.log(np.full((3, 2), 0.09, np.float32)), images, np.array([0, 1, 0], np.uint8)
    )
    window = open_window(make_bundle(posterior=posterior, labels=("a", "b")))
    window.explorer.change(viewport=Viewport(span=6.0), z=(-2.5, -2.5))
    qtbot.wait(30)
    return window


def spot(window, index, dx=0):
    """The pixel of a test image's mean."""
    x, y = window.plane.to_px(MEANS[index])
    return QPoint(round(x) + dx, round(y))


def hover(window, point, buttons=Qt.MouseButton.NoButton):
    """Move the pointer to a pixel of the plane."""
    position = QPointF(point)
    event = QMouseEvent(
        QMouseEvent.Type.MouseMove,
        position,
        window.plane.mapToGlobal(position),
        Qt.MouseButton.NoButton,
        buttons,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(window.plane, event)


def screen(window, on_screen, pixels):
    """The plane on the screen, int [H, W, 3]."""
    return pixels(on_screen(window.plane))[..., :3].astype(int)


def test_a_point_under_the_pointer_shows_its_image_and_posterior(window, qtbot, on_screen, pixels):
    """After a moment: a card with its picture, and ellipses of 1 and 2 standard deviations."""
    before = screen(window, on_screen, pixels)
    hover(window, spot(window, 1, dx=3))
    assert window.held_out.hovered is None
    qtbot.waitUntil(lambda: window.held_out.hovered == 1, timeout=SOON_MS)
    changed = np.abs(screen(window, on_screen, pixels) - before).max(axis=-1) > 30
    for radius in (1, 2):
        x, y = np.rint(window.plane.to_px(MEANS[1] + [-0.3 * radius, 0])).astype(int)
        assert changed[y - 2 : y + 3, x - 2 : x + 3].any()
    x, y = spot(window, 1).x() + 50, spot(window, 1).y() + 50
    assert changed[y - 30 : y + 30, x - 30 : x + 30].mean() > 0.15


def test_points_are_found_on_quantile_axes(window, qtbot):
    """They are found where they are drawn; a pinned image moves with its point."""
    window.explorer.set_state(window.explorer.state.with_scale(AxisScale.QUANTILES))
    for index in range(3):
        hover(window, spot(window, index))
        qtbot.waitUntil(lambda index=index: window.held_out.hovered == index, timeout=SOON_MS)


def test_away_from_points_nothing_is_shown(window, qtbot):
    """An image that was shown disappears at once."""
    hover(window, spot(window, 1))
    qtbot.waitUntil(lambda: window.held_out.hovered == 1, timeout=SOON_MS)
    hover(window, spot(window, 1, dx=40))
    assert window.held_out.hovered is None


def test_from_point_to_point_there_is_no_wait(window, qtbot):
    """The next image appears at once, because one is shown already."""
    hover(window, spot(window, 1))
    qtbot.waitUntil(lambda: window.held_out.hovered == 1, timeout=SOON_MS)
    hover(window, spot(window, 0))
    assert window.held_out.hovered == 0


def test_nothing_is_looked_for_while_dragging(window, qtbot):
    """A held button hides what was shown."""
    hover(window, spot(window, 1))
    qtbot.waitUntil(lambda: window.held_out.hovered == 1, timeout=SOON_MS)
    hover(window, spot(window, 0), LEFT)
    assert window.held_out.hovered is None
    qtbot.wait(250)
    assert window.held_out.hovered is None


def test_no_card_stays_when_a_path_point_is_dragged_or_the_points_go(window, qtbot):
    """While the button is held and after it, no card is shown; a card disappears with its point."""
    window.explorer.change(path=(MEANS[1],))
    hover(window, spot(window, 1))
    qtbot.waitUntil(lambda: window.held_out.hovered == 1, timeout=SOON_MS)
    qtbot.mousePress(window.plane, LEFT, pos=spot(window, 1))
    hover(window, spot(window, 1, dx=60), LEFT)
    assert window.held_out.hovered is None
    qtbot.mouseRelease(window.plane, LEFT, pos=spot(window, 1, dx=60))
    assert window.explorer.state.path[0] != pytest.approx(MEANS[1], abs=0.1)
    assert window.held_out.hovered is None
    hover(window, spot(window, 0))
    qtbot.waitUntil(lambda: window.held_out.hovered == 0, timeout=SOON_MS)
    qtbot.keyClick(window.plane, Qt.Key.Key_5)
    assert Layer.POINTS not in window.explorer.state.layers
    assert window.held_out.hovered is None


@pytest.mark.parametrize("off", [{Layer.POINTS}, {Layer.THUMBNAIL, Layer.ELLIPSE}])
def test_layers_that_are_off_show_nothing(window, qtbot, off):
    """It holds for the layer of points, and for those of images and ellipses together."""
    window.explorer.change(layers=window.explorer.state.layers - off)
    hover(window, spot(window, 1))
    qtbot.wait(250)
    assert window.held_out.hovered is None


def test_hidden_labels_are_not_found(window, qtbot):
    """Hidden points are not found under the pointer."""
    window.explorer.change(hidden_labels=frozenset({1}))
    hover(window, spot(window, 1))
    qtbot.wait(250)
    assert window.held_out.hovered is None


def test_a_click_with_control_pins_and_unpins(window, qtbot, on_screen, pixels):
    """The cursor stays; the card is on the screen without a pointer."""
    z = window.explorer.state.z
    before = screen(window, on_screen, pixels)
    qtbot.mouseClick(window.plane, LEFT, CONTROL, spot(window, 2))
    assert window.explorer.state.pinned == (2,)
    assert window.explorer.state.z == z
    after = screen(window, on_screen, pixels)
    x, y = spot(window, 2).x() + 40, spot(window, 2).y() + 40
    assert (np.abs(after - before)[y - 15 : y + 15, x - 15 : x + 15] > 30).any()
    qtbot.mouseClick(window.plane, LEFT, CONTROL, spot(window, 2))
    assert window.explorer.state.pinned == ()
    qtbot.mouseClick(window.plane, LEFT, CONTROL, spot(window, 2, dx=60))
    assert window.explorer.state.pinned == ()
    assert window.explorer.state.z == z


def test_a_click_with_control_and_a_trembling_hand_moves_no_cursor(window, qtbot):
    """Until the button is released, the gesture pins; the next gesture moves the cursor again."""
    z, start = window.explorer.state.z, spot(window, 2)
    qtbot.mousePress(window.plane, LEFT, CONTROL, start)
    hover(window, start + QPoint(4, 3), LEFT)
    qtbot.mouseRelease(window.plane, LEFT, CONTROL, start + QPoint(4, 3))
    assert window.explorer.state.pinned == (2,)
    assert window.explorer.state.z == z
    qtbot.mouseClick(window.plane, LEFT, pos=start)
    assert window.explorer.state.z != z


def test_a_plain_click_still_decodes_there(window, qtbot):
    """It also holds for a click on a point."""
    qtbot.mouseClick(window.plane, LEFT, pos=spot(window, 1))
    assert window.explorer.state.z == pytest.approx(MEANS[1], abs=0.01)
    assert window.explorer.state.pinned == ()


def test_keys_pin_what_is_nearest_to_the_cursor(window, qtbot):
    """I pins, I again unpins, Shift+I unpins all."""
    for index in (0, 1):
        window.explorer.change(z=tuple(MEANS[index].tolist()))
        qtbot.keyClick(window.plane, Qt.Key.Key_I)
    assert window.explorer.state.pinned == (0, 1)
    assert window.statusBar().currentMessage() == "b · #1 pinned"
    qtbot.keyClick(window.plane, Qt.Key.Key_I)
    assert window.explorer.state.pinned == (0,)
    assert window.statusBar().currentMessage() == "b · #1 unpinned"
    qtbot.keyClick(window.plane, Qt.Key.Key_I, Qt.KeyboardModifier.ShiftModifier)
    assert window.explorer.state.pinned == ()


@pytest.mark.parametrize("pinned", [(-1,), (3, 99, 10**12), tuple(range(-5, 5_000))])
def test_pins_that_are_not_there_are_left_out(window, on_screen, pixels, pinned):
    """A view that is opened may name any numbers, so unknown ones are ignored."""
    window.explorer.change(pinned=pinned)
    screen(window, on_screen, pixels)


def test_finding_the_point_takes_no_time(open_window, make_bundle):
    """Among 10,000 points it takes no more calls than among 10, and fewer than 200."""
    draw, calls = np.random.default_rng(0), {}
    for count in (10, 10_000):
        mean = draw.normal(0, 1, (count, 2)).astype(np.float32)
        window = open_window(make_bundle(posterior=Posterior(mean, np.zeros_like(mean))))
        hover(window, QPoint(100, 300))  # the first one computes the places of all points
        places = [QPoint(102 + 2 * step, 300) for step in range(50)]
        calls[count] = [calls_of(partial(hover, window, place)) for place in places]
    assert min(calls[10_000]) <= min(calls[10])
    assert max(calls[10_000]) < 200


def test_switches_want_labels_alone_all_and_none(window, qtbot):
    """Alt-click, double click and Return show one label alone; the same again shows all."""
    legend = window.panel.view.legend
    first = next(b for b in legend.findChildren(QToolButton) if b.text() == "a")
    qtbot.mouseClick(first, LEFT, ALT)
    assert window.explorer.state.hidden_labels == {1}
    qtbot.mouseClick(first, LEFT, ALT)
    assert window.explorer.state.hidden_labels == frozenset()
    first.setFocus()
    qtbot.keyClick(first, Qt.Key.Key_Return)
    assert window.explorer.state.hidden_labels == {1}
    qtbot.mouseClick(legend.all, LEFT)
    assert window.explorer.state.hidden_labels == frozenset()
    qtbot.mouseClick(legend.none, LEFT)
    assert window.explorer.state.hidden_labels == {0, 1}
    qtbot.mouseDClick(first, LEFT)
    assert window.explorer.state.hidden_labels == {1}


def test_switches_say_how_many_there_are(window):
    """Tool tips and screen readers give the number of test images."""
    legend = window.panel.view.legend
    tips = {b.text(): b.toolTip() for b in legend.findChildren(QToolButton) if b.isCheckable()}
    assert tips["a"].startswith("2 test images labelled a")
    assert tips["b"].startswith("1 test images labelled b")


@pytest.mark.parametrize(("x", "y"), [(50, 50), (390, 50), (50, 390), (390, 390)])
def test_a_card_stays_within_the_plane(x, y):
    """It is beside its point, on the side with enough room."""
    room = QRectF(0, 0, 400, 400)
    card = card_place(QPointF(x, y), 100, 120, room)
    assert room.contains(card)
    assert not card.contains(QPointF(x, y))


def test_a_card_goes_where_no_other_is():
    """It takes the next free quadrant, and covers another card only if none is free."""
    room, point = QRectF(0, 0, 400, 400), QPointF(200, 200)
    taken = []
    for _ in range(4):
        card = card_place(point, 100, 120, room, taken)
        assert not any(card.intersects(other) for other in taken)
        taken.append(card)
    assert card_place(point, 100, 120, room, taken) == taken[0]


def test_a_card_covers_no_name_if_it_can():
    """It goes to the quadrant without names, or farther from its point."""
    room, point = QRectF(0, 0, 400, 400), QPointF(200, 200)
    below_right = card_place(point, 50, 60, room)
    above_right = card_place(point, 50, 60, room, spared=[below_right, QRectF(130, 210, 40, 40)])
    assert above_right.bottom() < point.y() < below_right.top()
    assert above_right.left() > point.x()
    near = [QRectF(200 + 20 * x, 200 + 20 * y, 2, 2) for x in (-1, 1) for y in (-1, 1)]
    assert not any(card_place(point, 50, 60, room, spared=near).intersects(name) for name in near)
