"""The plane emits signals for mouse, keys and touch gestures."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QNativeGestureEvent, QPointingDevice
from PySide6.QtWidgets import QApplication

from desktop.latent.plane import Viewport
from desktop.widgets.plane.pointer import PointerHandler
from tests.desktop.widgets.plane.seen_plane import SIDE_PX, STATE, at
from tests.waiting import SOON_MS

LEFT, RIGHT, MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.MouseButton.MiddleButton
SHIFT, CONTROL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
SIGNALS = ("cursor_moved", "nudged", "path_point_wanted", "viewport_wanted", "pointer_moved")


@pytest.fixture
def heard(view):
    """The signals of the view, in order: (signal, arguments)."""
    events = []
    for name in SIGNALS:
        getattr(view, name).connect(lambda *arguments, name=name: events.append((name, arguments)))
    return events


def wanted(heard, name):
    """The arguments of one signal, in order."""
    return [arguments for signal, arguments in heard if signal == name]


def test_a_click_says_the_point_of_its_pixel(view, heard, qtbot):
    """`cursor_moved` gives the point under the mouse; b grows upward."""
    qtbot.mouseClick(view, LEFT, pos=at(0.5, 1.25))
    assert wanted(heard, "cursor_moved") == [pytest.approx((0.5, 1.25))]
    assert wanted(heard, "path_point_wanted") == []


def test_a_drag_says_every_point_on_its_way(view, heard, qtbot):
    """The press and every move emit the cursor's point, until the button is released."""
    qtbot.mousePress(view, LEFT, pos=at(0, 0))
    for step in range(1, 4):
        qtbot.mouseMove(view, at(step / 2, 0))
    qtbot.mouseRelease(view, LEFT, pos=at(1.5, 0))
    qtbot.mouseMove(view, at(-1, -1))
    moves = wanted(heard, "cursor_moved")
    assert moves == [pytest.approx((step / 2, 0)) for step in range(4)]


def test_the_pointer_is_told_wherever_it_is(view, heard, qtbot):
    """Moving without a button emits the point under the pointer; leaving emits None."""
    qtbot.mouseMove(view, at(-1, 0.5))
    QApplication.sendEvent(view, QEvent(QEvent.Type.Leave))
    assert wanted(heard, "pointer_moved") == [(pytest.approx((-1, 0.5)),), (None,)]
    assert wanted(heard, "cursor_moved") == []


def test_the_pointer_is_told_when_the_plane_moves_below_it(view, heard, qtbot):
    """Home, keys and undo move it. Nothing is told if the cursor moves alone, or without a pointer."""
    elsewhere = replace(STATE, viewport=Viewport((10.0, 0.0), STATE.viewport.span))
    view.set_state(elsewhere)
    view.set_state(STATE)
    assert wanted(heard, "pointer_moved") == []
    qtbot.mouseMove(view, at(-1, 0.25))
    view.set_state(elsewhere)
    view.set_state(elsewhere.at((1.0, 0.0)))
    told = [(pytest.approx((-1, 0.25)),), (pytest.approx((9, 0.25)),)]
    assert wanted(heard, "pointer_moved") == told
    QApplication.sendEvent(view, QEvent(QEvent.Type.Leave))
    view.set_state(STATE)
    assert wanted(heard, "pointer_moved") == [*told, (None,)]


def test_the_pointer_is_told_while_something_else_is_dragged(view, heard, qtbot):
    """Even a handler that takes every event, such as a held path point, does not stop this."""

    class Taker(PointerHandler):
        def press(self, event):
            return event is not None

        move = release = press

    view.set_handlers([Taker()])
    qtbot.mousePress(view, LEFT, pos=at(0, 0))
    qtbot.mouseMove(view, at(1, 0.5))
    qtbot.mouseRelease(view, LEFT, pos=at(1.5, 0.5))
    assert wanted(heard, "pointer_moved") == [(pytest.approx((1, 0.5)),), (pytest.approx((1.5, 0.5)),)]
    assert wanted(heard, "cursor_moved") == []


def test_a_shift_click_wants_a_point_of_the_path(view, heard, qtbot):
    """With Shift, a click adds a point to the path and does not move the cursor."""
    qtbot.mouseClick(view, LEFT, SHIFT, at(1, 1))
    assert wanted(heard, "path_point_wanted") == [pytest.approx((1, 1))]
    assert wanted(heard, "cursor_moved") == []


def test_a_shift_click_with_a_trembling_hand_does_not_drag(view, heard, qtbot):
    """A small move with Shift held does not move the cursor."""
    qtbot.mousePress(view, LEFT, SHIFT, at(1, 1))
    position = QPointF(at(1.02, 1))
    move = QMouseEvent(
        QEvent.Type.MouseMove, position, view.mapToGlobal(position), Qt.MouseButton.NoButton, LEFT, SHIFT
    )
    QApplication.sendEvent(view, move)
    qtbot.mouseRelease(view, LEFT, SHIFT, at(1.02, 1))
    assert len(wanted(heard, "path_point_wanted")) == 1
    assert wanted(heard, "cursor_moved") == []


@pytest.mark.parametrize("button", [RIGHT, MIDDLE])
def test_the_plane_moves_with_the_hand(view, heard, qtbot, button):
    """In a drag with another button, the point under the pointer stays there; the cursor does not move."""
    view.viewport_wanted.connect(lambda viewport: view.set_state(replace(STATE, viewport=viewport)))
    qtbot.mousePress(view, button, pos=at(1, 1))
    for pixel in (at(0.5, 1.5), at(-1, -0.5)):
        qtbot.mouseMove(view, pixel)
    qtbot.mouseRelease(view, button, pos=at(-1, -0.5))
    qtbot.mouseMove(view, at(0, 0))
    *_, (viewport,) = wanted(heard, "viewport_wanted")
    assert len(wanted(heard, "viewport_wanted")) == 2
    end = at(-1, -0.5)
    assert viewport.to_plane((SIDE_PX, SIDE_PX), end.x(), end.y()) == pytest.approx((1, 1))
    assert viewport.span == STATE.viewport.span
    assert wanted(heard, "cursor_moved") == []


@pytest.mark.parametrize(("notches", "closer"), [(1, True), (-1, False), (0.1, True)])
def test_the_wheel_zooms_about_the_pointer(view, heard, turn_wheel, notches, closer):
    """Turning the wheel away from the hand zooms in, and the point under the pointer stays."""
    turn_wheel(view, at(1, -1.5), notches)
    assert wanted(heard, "pointer_moved") == [(pytest.approx((1, -1.5)),)]  # decimals depend on the zoom
    ((viewport,),) = wanted(heard, "viewport_wanted")
    assert (viewport.span < 4.0) == closer
    pixel = at(1, -1.5)
    assert viewport.to_plane((SIDE_PX, SIDE_PX), pixel.x(), pixel.y()) == pytest.approx((1, -1.5))


def test_the_wheel_there_and_back_is_where_it_was(view, heard, turn_wheel):
    """Ten notches in and ten out end at the first view."""
    view.viewport_wanted.connect(lambda viewport: view.set_state(replace(STATE, viewport=viewport)))
    for notch in [1] * 10 + [-1] * 10:
        turn_wheel(view, at(1, 1), notch)
    (viewport,) = wanted(heard, "viewport_wanted")[-1]
    assert viewport.span == pytest.approx(4.0)
    assert viewport.center == pytest.approx((0, 0), abs=1e-9)


@pytest.mark.parametrize(
    ("key", "direction"),
    [
        (Qt.Key.Key_Left, (-1, 0)),
        (Qt.Key.Key_Right, (1, 0)),
        (Qt.Key.Key_Up, (0, 1)),
        (Qt.Key.Key_Down, (0, -1)),
    ],
)
@pytest.mark.parametrize(
    ("modifiers", "step"), [(Qt.KeyboardModifier.NoModifier, 0.04), (SHIFT, 0.004), (CONTROL, 0.2)]
)
def test_arrows_nudge_by_a_hundredth_of_the_view(view, heard, qtbot, key, direction, modifiers, step):
    """With Shift the step is ten times finer, with Ctrl five times coarser."""
    qtbot.keyClick(view, key, modifiers)
    assert heard == [("nudged", pytest.approx((direction[0] * step, direction[1] * step)))]


@pytest.mark.parametrize(
    ("key", "factor"), [(Qt.Key.Key_Plus, 0.8), (Qt.Key.Key_Equal, 0.8), (Qt.Key.Key_Minus, 1.25)]
)
def test_plus_and_minus_zoom_about_the_middle(view, heard, qtbot, key, factor):
    """The key = also zooms, without Shift; the centre stays."""
    qtbot.keyClick(view, key)
    assert heard == [("viewport_wanted", (Viewport((0.0, 0.0), pytest.approx(4.0 * factor)),))]


def test_other_keys_are_left_to_the_window(view, heard, qtbot):
    """The plane does not take a letter."""
    qtbot.keyClick(view, Qt.Key.Key_A)
    assert heard == []


def test_a_resize_is_told(view, qtbot):
    """A resize emits a signal, because the part in view changes and must be decoded."""
    with qtbot.waitSignal(view.resized, timeout=SOON_MS):
        view.resize(300, 350)
    assert view.size_px() == (300, 350)


def test_two_fingers_zoom_about_their_middle(view, heard):
    """Spreading two fingers on a trackpad zooms in, and the point between them stays."""
    position = QPointF(at(1, -1))
    gesture = QNativeGestureEvent(
        Qt.NativeGestureType.ZoomNativeGesture,
        QPointingDevice.primaryPointingDevice(),
        2,
        position,
        position,
        view.mapToGlobal(position),
        0.25,
        QPointF(),
    )
    QApplication.sendEvent(view, gesture)
    ((viewport,),) = wanted(heard, "viewport_wanted")
    assert viewport.span == pytest.approx(4.0 / 1.25)
    assert viewport.to_plane((SIDE_PX, SIDE_PX), position.x(), position.y()) == pytest.approx((1, -1))
