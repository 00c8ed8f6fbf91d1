"""Undo and redo, by keys: the view changes back and forth, and the menu names the step."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt

from desktop.view.history import GESTURE_S
from tests.waiting import SOON_MS

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
SHIFT, CONTROL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def window(open_window, make_bundle, labelled_posterior):
    """The window with a small bundle with points of three labels."""
    return open_window(make_bundle(posterior=labelled_posterior, labels=("a", "b", "c")))


def undo(window, qtbot):
    qtbot.keyClick(window.plane, Qt.Key.Key_Z, CONTROL)
    return window.explorer.state


def drag(window, qtbot, button, *points):
    qtbot.mousePress(window.plane, button, pos=points[0])
    for point in points[1:]:
        qtbot.mouseMove(window.plane, point)
    qtbot.mouseRelease(window.plane, button, pos=points[-1])


def test_there_is_nothing_to_undo_when_a_model_was_opened(window):
    """Opening a model is not a step, so both entries are disabled."""
    assert not window.history.undo.isEnabled()
    assert not window.history.redo.isEnabled()
    assert window.history.undo.text() == "&Undo"


def test_a_drag_is_one_step_and_its_picture_comes_back(window, qtbot, gray):
    """Ctrl+Z takes cursor and picture back to the place of the press; Ctrl+Y takes them to the end again."""
    start = window.explorer.state
    before = gray(window.panel.picture.picture.image())
    places = [QPoint(200 + 20 * step, 300) for step in range(8)]
    with qtbot.waitSignal(window.explorer.picture_decoded, timeout=SOON_MS):
        drag(window, qtbot, LEFT, *places)
    moved = window.explorer.state
    assert moved.z != start.z
    assert window.history.undo.text() == "&Undo moving the cursor"
    with qtbot.waitSignal(
        window.explorer.picture_decoded, timeout=SOON_MS, check_params_cb=lambda d: d.z == start.z
    ):
        assert undo(window, qtbot) == start
    assert (gray(window.panel.picture.picture.image()) == before).all()
    assert not window.history.undo.isEnabled()
    assert window.history.redo.text() == "&Redo moving the cursor"
    qtbot.keyClick(window.plane, Qt.Key.Key_Y, CONTROL)
    assert window.explorer.state == moved
    undo(window, qtbot)
    qtbot.keyClick(window.plane, Qt.Key.Key_Z, CONTROL | SHIFT)
    assert window.explorer.state == moved


def test_two_drags_are_two_steps(window, qtbot):
    """It holds however quickly they follow each other."""
    drag(window, qtbot, LEFT, QPoint(100, 100), QPoint(120, 100))
    first = window.explorer.state
    drag(window, qtbot, LEFT, QPoint(300, 300), QPoint(320, 300))
    assert undo(window, qtbot) == first


def test_moving_the_plane_is_one_step(window, qtbot):
    """A drag with the right button can be undone in one step."""
    start = window.explorer.state
    drag(window, qtbot, RIGHT, QPoint(100, 100), QPoint(130, 110), QPoint(180, 130))
    assert window.explorer.state.viewport != start.viewport
    assert window.history.undo.text() == "&Undo panning"
    assert undo(window, qtbot) == start


@pytest.mark.parametrize("pressed_at", [(0.0, 0.0), (1.0, 1.0)])
def test_a_held_path_point_is_one_step_however_slow(window, qtbot, pressed_at):
    """A pause longer than a gesture's limit does not split it, wherever the cursor was before."""
    window.explorer.set_state(
        replace(window.explorer.state.at((0.0, 0.0)), path=((0.0, 0.0), (1.0, 1.0))), record=False
    )
    start = window.explorer.state
    point = QPoint(*(round(px) for px in window.plane.to_px(pressed_at)))
    qtbot.mousePress(window.plane, LEFT, pos=point)
    qtbot.mouseMove(window.plane, point + QPoint(20, 0))
    qtbot.wait(round(1000 * GESTURE_S) + 200)
    qtbot.mouseMove(window.plane, point + QPoint(40, 10))
    qtbot.mouseRelease(window.plane, LEFT, pos=point + QPoint(40, 10))
    assert window.explorer.state.path != start.path
    assert window.history.undo.text() == "&Undo moving a path point"
    assert undo(window, qtbot) == start
    assert not window.history.undo.isEnabled()


def test_turning_the_wheel_is_one_step(window, qtbot, turn_wheel):
    """Notches in quick succession are one step; after a pause, another step begins."""
    start = window.explorer.state
    for _ in range(5):
        turn_wheel(window.plane, QPoint(200, 200), 1)
    zoomed = window.explorer.state
    qtbot.wait(round(1000 * GESTURE_S) + 50)
    turn_wheel(window.plane, QPoint(200, 200), 1)
    assert window.history.undo.text() == "&Undo zooming"
    assert undo(window, qtbot) == zoomed
    assert undo(window, qtbot) == start


def test_switches_modes_and_path_points_can_be_undone(window, qtbot):
    """Each is one step, and the panel follows the state."""
    start = window.explorer.state
    qtbot.keyClick(window.plane, Qt.Key.Key_P)
    window.panel.view.legend.switched.emit(1)
    window.panel.picture.mode.setFocus()
    qtbot.keyClick(window.panel.picture.mode, Qt.Key.Key_Down)
    assert window.history.undo.text() == "&Undo drawing the picture as “Thresholded”"
    undo(window, qtbot)
    assert window.panel.picture.mode.currentText() == "Probabilities"
    undo(window, qtbot)
    assert window.explorer.state.hidden_labels == frozenset()
    assert undo(window, qtbot) == start
    assert not window.panel.path.clear.isEnabled()


def test_what_plays_by_itself_is_no_step(window):
    """A state that is set without a record cannot be undone."""
    window.explorer.set_state(window.explorer.state.at((0.3, 0.3)), record=False)
    assert not window.history.undo.isEnabled()


def test_another_model_starts_a_new_history_and_the_same_one_keeps_it(window, qtbot, make_bundle):
    """The views of another model do not apply to this one, nor do labels of other test images."""
    drag(window, qtbot, LEFT, QPoint(100, 100), QPoint(120, 100))
    with qtbot.waitSignal(window.explorer.opened, timeout=SOON_MS):
        window.open_path(window.explorer.source.path)
    assert window.history.undo.isEnabled()
    before = window.history.undo.text()
    window.panel.view.legend.switched.emit(1)
    assert window.history.undo.text() != before
    opened = window.explorer.whole
    others = replace(opened.posterior, labels=opened.posterior.labels[::-1])
    window.history._on_opened(replace(opened, posterior=others))
    assert window.history.undo.text() == before
    with qtbot.waitSignal(window.explorer.opened, timeout=SOON_MS):
        window.open_path(make_bundle(name="other", seed=1))
    assert not window.history.undo.isEnabled()


def test_a_text_that_is_typed_has_its_own_undo(window, qtbot):
    """Ctrl+Z in the line of z takes back typing, and the cursor stays."""
    drag(window, qtbot, LEFT, QPoint(100, 100), QPoint(120, 100))
    moved = window.explorer.state
    window.panel.picture.z.setFocus()
    window.panel.picture.z.selectAll()
    qtbot.keyClicks(window.panel.picture.z, "7")
    qtbot.keyClick(window.panel.picture.z, Qt.Key.Key_Z, CONTROL)
    assert window.panel.picture.z.text() != "7"
    assert window.explorer.state == moved


@pytest.mark.parametrize("text", ["1, 2", "1.0000, 2.0000"])
def test_ctrl_z_in_the_line_of_z_takes_back_the_z_that_return_applied(window, qtbot, text):
    """It holds even if z is shown just as it was typed, because Return has made it a step of the window."""
    start, line = window.explorer.state, window.panel.picture.z
    line.setFocus()
    line.selectAll()
    qtbot.keyClicks(line, text)
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert window.explorer.state.z == (1.0, 2.0)
    qtbot.keyClick(line, Qt.Key.Key_Z, CONTROL)
    assert window.explorer.state == start


def test_the_number_boxes_of_the_window_leave_it_its_letters(window, qtbot):
    """L in the box of the epochs' pace switches the picture beside the cursor."""
    lens = window.explorer.state.lens
    qtbot.keyClick(window.time_control.bar.speed, Qt.Key.Key_L)
    assert window.explorer.state.lens is not lens
