"""The path in the window: adding points by mouse and key, drawing the line, and playing it."""

from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication

from desktop.latent.paths import PathKind, path_line
from desktop.widgets.common import colors
from tests.desktop.widgets.on_plane import at, plane_point
from tests.waiting import SOON_MS

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
SHIFT, ALT = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier
NO_KEY = Qt.KeyboardModifier.NoModifier
CONTROL = Qt.KeyboardModifier.ControlModifier
CORNERS = ((-1.0, 1.0), (1.0, 1.0), (1.0, -1.0))


@pytest.fixture
def window(open_window, make_bundle, qtbot):
    """The window with a small bundle open, looking at (−3, −3) to (3, 3), with a path of three points."""
    window = open_window(make_bundle())
    window.panel.show_section(window.panel.path)
    for a, b in CORNERS:
        qtbot.mouseClick(window.plane, LEFT, SHIFT, at(window, a, b))
    assert path(window) == pytest.approx(np.array(CORNERS), abs=0.01)
    return window


def path(window):
    return np.array(window.explorer.state.path)


def drag(window, qtbot, start, end, button=LEFT):
    qtbot.mousePress(window.plane, button, pos=start)
    for share in (0.3, 0.7, 1.0):
        qtbot.mouseMove(window.plane, start + (end - start) * share)
    qtbot.mouseRelease(window.plane, button, pos=end)


def yellow_at(window, pixels, a, b):
    """Whether the path's colour is on the screen within two pixels of a point of the plane."""
    seen = pixels(window.plane.grab().toImage())[..., :3].astype(int)
    pixel = at(window, a, b)
    near = seen[pixel.y() - 2 : pixel.y() + 3, pixel.x() - 2 : pixel.x() + 3]
    target = [colors.PATH.red(), colors.PATH.green(), colors.PATH.blue()]
    return bool((np.abs(near - target).max(axis=-1) < 30).any())


def test_a_point_is_dragged_and_the_picture_follows(window, qtbot, plain_decoder):
    """The point, the cursor and the decoded picture go where the pointer goes; the others stay."""
    drag(window, qtbot, at(window, 1, 1), at(window, 2, 1.5))
    expected = np.array([CORNERS[0], (2, 1.5), CORNERS[2]])
    assert path(window) == pytest.approx(expected, abs=0.02)
    state = window.explorer.state
    assert state.z == pytest.approx(state.path[1])
    qtbot.waitUntil(lambda: window.picture_control.decoded.z == state.z, timeout=SOON_MS)
    decoded = plain_decoder(window.explorer.source.path)([state.z])[0]
    assert window.picture_control.decoded.probabilities == pytest.approx(decoded, abs=1e-5)


def test_a_click_on_a_point_chooses_it_and_moves_nothing(window, qtbot):
    """If the hand trembles by two pixels, the point stays where it is, and the cursor goes to it exactly."""
    before = window.explorer.state.path
    pixel = at(window, -1, 1)
    qtbot.mousePress(window.plane, LEFT, pos=pixel + QPoint(3, 2))
    qtbot.mouseMove(window.plane, pixel + QPoint(5, 3))
    qtbot.mouseRelease(window.plane, LEFT, pos=pixel + QPoint(5, 3))
    assert window.explorer.state.path == before
    assert window.explorer.state.z == before[0]
    assert window.panel.path.points.currentRow() == 0


def test_the_pointer_says_what_a_press_would_do(window, qtbot):
    """A hand over a point, closed while it holds it, the cross elsewhere and without a path.

    A tool tip says what the point is.
    """
    qtbot.mouseMove(window.plane, at(window, 1, 1))
    assert window.plane.cursor().shape() == Qt.CursorShape.OpenHandCursor
    assert window.plane.tip_at(QPointF(at(window, 1, 1))).startswith("P2, point 2 of 3 on the path")
    qtbot.mousePress(window.plane, LEFT, pos=at(window, 1, 1))
    assert window.plane.cursor().shape() == Qt.CursorShape.ClosedHandCursor
    qtbot.mouseRelease(window.plane, LEFT, pos=at(window, 1, 1))
    assert window.plane.cursor().shape() == Qt.CursorShape.OpenHandCursor
    qtbot.mouseMove(window.plane, at(window, 0, -2))
    assert window.plane.cursor().shape() == Qt.CursorShape.CrossCursor
    assert not window.plane.tip_at(QPointF(at(window, 0, -2)))
    qtbot.mouseMove(window.plane, at(window, 1, 1))
    qtbot.mouseClick(window.panel.path.clear, LEFT)
    assert window.plane.cursor().shape() == Qt.CursorShape.CrossCursor


def test_beside_the_points_the_plane_is_as_ever(window, qtbot):
    """A click there moves the cursor and leaves the path; the right button moves the plane."""
    before = window.explorer.state.path
    qtbot.mouseClick(window.plane, LEFT, pos=at(window, 0, -2))
    assert window.explorer.state.z == pytest.approx((0, -2), abs=0.02)
    drag(window, qtbot, at(window, 0, -2), at(window, 0.5, -2))
    assert window.explorer.state.z == pytest.approx((0.5, -2), abs=0.02)
    assert window.explorer.state.path == before


@pytest.mark.parametrize("kind", [PathKind.STRAIGHT, PathKind.SPHERICAL])
def test_shift_click_on_the_line_inserts_between(window, qtbot, kind):
    """The new point lies on the line, between the two that it joined, and is chosen."""
    window.explorer.change(path_kind=kind)
    t, z = path_line(window.explorer.state.path, kind, False)
    middle = z[np.abs(t - 0.5).argmin()] if kind is PathKind.SPHERICAL else np.array([0.0, 1.0])
    qtbot.mouseClick(window.plane, LEFT, SHIFT, at(window, *middle) + QPoint(0, 3))
    assert len(path(window)) == 4
    assert path(window)[1] == pytest.approx(middle, abs=0.03)
    assert window.panel.path.points.currentRow() == 1


def test_shift_click_on_the_closing_leg_adds_at_the_end(window, qtbot):
    """A point between the last point and the first is the new end of the list."""
    window.panel.path.closed.click()
    qtbot.mouseClick(window.plane, LEFT, SHIFT, at(window, 0, 0))
    assert path(window)[3] == pytest.approx((0, 0), abs=0.02)


def test_shift_click_on_a_point_returns_to_it(window, qtbot):
    """The path visits exactly the same point again."""
    qtbot.mouseClick(window.plane, LEFT, SHIFT, at(window, -1, 1) + QPoint(4, 2))
    assert window.explorer.state.path[3] == window.explorer.state.path[0]


def test_alt_click_and_delete_remove_a_point(window, qtbot):
    """Alt-click removes the point under the pointer, Delete on the plane the chosen point."""
    first, second, third = window.explorer.state.path
    qtbot.mouseClick(window.plane, LEFT, ALT, at(window, 1, 1))
    assert window.explorer.state.path == (first, third)
    qtbot.mouseClick(window.plane, LEFT, pos=at(window, -1, 1))
    qtbot.keyClick(window.plane, Qt.Key.Key_Delete)
    assert window.explorer.state.path == (third,)
    qtbot.keyClick(window.plane, Qt.Key.Key_Delete)
    qtbot.keyClick(window.plane, Qt.Key.Key_Delete)
    assert window.explorer.state.path == ()
    assert second not in window.explorer.state.path


def test_the_marked_point_is_the_one_in_view_after_a_removal(window):
    """The cursor goes from a removed point to the next; the removal of another point moves nothing."""
    control, explorer, points = window.path_control, window.explorer, window.panel.path.points
    _, second, third = explorer.state.path
    control._go_to(1)
    control._remove(0)
    assert (explorer.state.z, points.currentRow()) == (second, 0)
    control._remove()
    assert (explorer.state.path, explorer.state.z, points.currentRow()) == ((third,), third, 0)
    window.history.undo.trigger()
    assert (explorer.state.path, explorer.state.z) == ((second, third), second)
    control._go_to(0)
    elsewhere = explorer.state.at((0.25, 0.5))
    explorer.set_state(elsewhere)
    control._remove()
    assert (explorer.state.path, explorer.state.z) == ((third,), elsewhere.z)


def test_the_list_changes_the_path(window, qtbot):
    """Keys in the list choose, move, remove and edit points; the plane's cursor follows."""
    first, second, third = window.explorer.state.path
    points = window.panel.path.points
    points.setFocus()
    qtbot.keyClick(points, Qt.Key.Key_Up)
    assert window.explorer.state.z == second
    qtbot.keyClick(points, Qt.Key.Key_Up, ALT)
    assert window.explorer.state.path == (second, first, third)
    assert points.currentRow() == 0
    points.item(0, 0).setText("0.5, -0.25")
    assert window.explorer.state.path == ((0.5, -0.25), first, third)
    qtbot.keyClick(points, Qt.Key.Key_Delete)
    assert window.explorer.state.path == (first, third)
    window.panel.path.strip.setCurrentRow(1)
    qtbot.keyClick(window.panel.path.strip, Qt.Key.Key_Delete)
    assert window.explorer.state.path == (first,)


def test_off_the_plane_a_dragged_point_keeps_its_other_numbers(open_window, make_bundle, qtbot):
    """With three dimensions a drag moves within the plane."""
    window = open_window(make_bundle(latent_dim=3))
    window.explorer.change(path=((0.0, 0.0, 0.7), (2.0, 1.0, 0.7)))
    drag(window, qtbot, at(window, 2, 1), at(window, 1, -1))
    assert path(window)[1] == pytest.approx((1, -1, 0.7), abs=0.02)


def test_the_line_is_the_curve_that_is_taken(window, qtbot, pixels):
    """On the screen, a straight path is straight, a spherical one bulges, and a closed one returns."""
    assert yellow_at(window, pixels, 0, 1)
    assert not yellow_at(window, pixels, 0, 0)
    window.panel.path.closed.click()
    assert yellow_at(window, pixels, 0.5, -0.5)
    window.panel.path.kind.setFocus()
    qtbot.keyClick(window.panel.path.kind, Qt.Key.Key_Down)
    assert window.explorer.state.path_kind is PathKind.SPHERICAL
    assert not yellow_at(window, pixels, 0, 1)
    assert yellow_at(window, pixels, 0, 2**0.5)


@pytest.mark.parametrize("kind", list(PathKind))
def test_space_plays_the_path_and_the_picture_follows(window, qtbot, kind):
    """The cursor walks on the curve from the first point to the last and stays there."""
    window.explorer.change(path_kind=kind)
    panel, places = window.panel.path, []
    panel.seconds.setValue(0.4)
    window.explorer.state_changed.connect(lambda state: places.append(state.z))
    qtbot.keyClick(window.plane, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: panel.play.text() == "Pause", timeout=SOON_MS)
    assert not panel.play.visibleRegion().isEmpty(), "it has been scrolled into view"
    qtbot.waitUntil(lambda: not window.path_control.player.is_running, timeout=SOON_MS)
    assert panel.play.text() == "Play"
    assert places[-1] == pytest.approx(CORNERS[-1], abs=0.02)
    assert len(places) > 4
    _, line = path_line(window.explorer.state.path, kind, False)
    dense = np.concatenate([np.linspace(a, b, 200) for a, b in pairwise(line)])
    away = [np.linalg.norm(dense - place, axis=1).min() for place in places]
    assert max(away) < 0.02
    qtbot.waitUntil(lambda: window.picture_control.decoded.z == places[-1], timeout=SOON_MS)


def test_space_that_was_held_plays_nothing(window, qtbot):
    """Holding Space is for moving the plane with the mouse, even if the mouse did not move."""
    for is_repeat in (False, True, True):
        event = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Space, NO_KEY, " ", is_repeat)
        QApplication.sendEvent(window.plane, event)
    qtbot.keyRelease(window.plane, Qt.Key.Key_Space)
    assert not window.path_control.player.is_running
    qtbot.keyClick(window.plane, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: window.path_control.player.is_running, timeout=SOON_MS)


def test_a_path_that_plays_is_told_and_paused_with_the_panel_hidden(window, qtbot):
    """The status bar has a strip on other pages too, which goes when its button pauses the path."""
    strip = window.playing
    assert not strip.isVisible()
    window.panel.hide()
    qtbot.keyClick(window.plane, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: window.path_control.player.is_running, timeout=SOON_MS)
    window.tabs.show_key("samples")
    assert strip.isVisible()
    qtbot.mouseClick(strip.pause, LEFT)
    assert not window.path_control.player.is_running
    assert not strip.isVisible()


@pytest.mark.parametrize("stop", ["click", "right drag", "key", "space", "button"])
def test_any_click_or_key_on_the_plane_stops_it(window, qtbot, stop):
    """A click still has its usual effect, and nothing moves afterwards."""
    panel = window.panel.path
    panel.loop.click()
    qtbot.mouseClick(panel.play, LEFT)
    assert window.path_control.player.is_running
    if stop == "click":
        qtbot.mouseClick(window.plane, LEFT, pos=at(window, 0, -2))
        assert window.explorer.state.z == pytest.approx((0, -2), abs=0.02)
    elif stop == "right drag":
        drag(window, qtbot, at(window, 0, -2), at(window, 0.5, -2), RIGHT)
    elif stop == "button":
        qtbot.mouseClick(panel.play, LEFT)
    else:
        qtbot.keyClick(window.plane, Qt.Key.Key_Space if stop == "space" else Qt.Key.Key_Right)
    assert not window.path_control.player.is_running
    z = window.explorer.state.z
    qtbot.wait(60)
    assert window.explorer.state.z == z
    assert panel.play.text() == "Play"


@pytest.mark.parametrize("change", ["z typed", "path", "model"])
def test_another_place_path_or_model_stops_it(window, qtbot, make_bundle, change):
    """Only the path in view is played."""
    window.panel.path.loop.click()
    qtbot.mouseClick(window.panel.path.play, LEFT)
    if change == "z typed":
        window.panel.picture.z_typed.emit((0.3, 0.3))
        assert window.explorer.state.z == (0.3, 0.3)
    elif change == "path":
        window.panel.path.closed.click()
    else:
        with qtbot.waitSignal(window.explorer.opened, timeout=SOON_MS):
            window.open_path(make_bundle(name="second", latent_dim=3))
    assert not window.path_control.player.is_running


def test_a_pause_goes_on_where_it_was(window, qtbot):
    """If the cursor was moved during the pause, the path starts from the beginning."""
    panel, places = window.panel.path, []
    panel.seconds.setValue(20)
    qtbot.mouseClick(panel.play, LEFT)
    qtbot.wait(250)
    qtbot.mouseClick(panel.play, LEFT)
    paused = window.explorer.state.z
    window.explorer.state_changed.connect(lambda state: places.append(state.z))
    qtbot.mouseClick(panel.play, LEFT)
    qtbot.waitUntil(lambda: len(places) > 1, timeout=SOON_MS)
    assert places[0] == pytest.approx(paused, abs=0.02)
    qtbot.mouseClick(window.plane, LEFT, pos=at(window, 0, -2))
    places.clear()
    qtbot.mouseClick(panel.play, LEFT)
    assert places[0] == pytest.approx(CORNERS[0], abs=0.02)
    qtbot.mouseClick(panel.play, LEFT)


def test_playing_a_path_that_stands_still_is_refused(window, qtbot):
    """For a path with the same point twice, the message bar says why."""
    window.explorer.change(path=((1.0, 1.0), (1.0, 1.0)))
    qtbot.keyClick(window.plane, Qt.Key.Key_Space)
    assert "found no two different points on the path" in window.message.text()
    assert not window.path_control.player.is_running


def test_the_path_is_made_with_the_mouse_and_the_keyboard(home_window, qtbot):
    """Shift-click adds a point, P adds the cursor, and buttons remove points; playing needs two points.

    The panel's section opens at the second point.
    """
    panel, plane = home_window.panel.path, home_window.plane
    assert not panel.play.isEnabled()
    section = home_window.panel.sections.section("path")
    pixels = [at(home_window, 1, 1), at(home_window, -1, 1)]
    for pixel, is_open in zip(pixels, (False, True), strict=True):
        qtbot.mouseClick(plane, LEFT, SHIFT, pixel)
        assert section.is_open == is_open
    assert home_window.explorer.state.z == pytest.approx(plane_point(home_window, pixels[1]), abs=1e-5)
    qtbot.keyClick(plane, Qt.Key.Key_Down, CONTROL)
    qtbot.keyClick(plane, Qt.Key.Key_P)
    path = home_window.explorer.state.path
    assert path[:2] == tuple(pytest.approx(plane_point(home_window, pixel), abs=1e-5) for pixel in pixels)
    assert path[2] == home_window.explorer.state.z
    assert panel.play.isEnabled()
    qtbot.mouseClick(panel.remove, LEFT)
    assert home_window.explorer.state.path == path[:2]
    qtbot.keyClick(plane, Qt.Key.Key_P, SHIFT)
    assert home_window.explorer.state.path == path[:1]
    assert not panel.play.isEnabled()
    qtbot.mouseClick(panel.add, LEFT)
    assert len(home_window.explorer.state.path) == 2
    qtbot.mouseClick(panel.clear, LEFT)
    assert home_window.explorer.state.path == ()
    qtbot.keyClick(plane, Qt.Key.Key_P, SHIFT)
    assert home_window.explorer.state.path == ()


def test_the_path_is_on_the_screen(home_window, qtbot, pixels):
    """Two points and the line between them, in the path's colour."""

    def yellow():
        picture = pixels(home_window.plane.grab().toImage())[..., :3].astype(int)
        target = [colors.PATH.red(), colors.PATH.green(), colors.PATH.blue()]
        return (np.abs(picture - target).max(axis=-1) < 10).sum()

    assert yellow() == 0
    qtbot.mouseClick(home_window.plane, LEFT, SHIFT, at(home_window, -2, 2))
    qtbot.mouseClick(home_window.plane, LEFT, SHIFT, at(home_window, 2, 2))
    assert yellow() > 500


def test_undo_of_a_time_brings_back_the_duration(window):
    """The other legs take as long as before, whether a time is undone, or a point goes and comes back."""
    panel, undo, redo = window.panel.path, window.history.undo, window.history.redo
    panel.seconds.setValue(6.0)

    def shown():
        return panel.seconds.value(), [panel.strip.item(row).text() for row in range(panel.strip.count())]

    even = shown()
    panel.strip.item(1).setText("9")
    timed = shown()
    assert timed == (12.0, ["3.0 s →", "9.0 s →", ""])
    undo.trigger()
    assert shown() == even
    redo.trigger()
    assert shown() == timed
    window.path_control._remove(0)
    assert shown() == (9.0, ["9.0 s →", ""])
    undo.trigger()
    assert shown() == timed
