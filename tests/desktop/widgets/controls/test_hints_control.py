"""The hints for new users: each goes when somebody does what it says, and does not come again."""

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt

from desktop.widgets.common import settings
from desktop.widgets.controls.hints_control import HINTS
from tests.desktop.widgets.on_plane import at
from tests.waiting import SOON_MS

LEFT, SHIFT = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier


def shown(window, qtbot, text):
    """Wait until the hint is this one."""
    qtbot.waitUntil(lambda: window.hints.hint.text() == text, timeout=SOON_MS)


def test_each_hint_is_there_until_it_is_followed(open_window, make_bundle, qtbot, on_screen, pixels):
    """Click, Shift-click and a stroke, in this order; afterwards nothing lies over the plane."""
    window = open_window(make_bundle())
    assert window.hints.hint.text() == "", "a window that was not asked to has no hints"
    window.hints.start()
    assert window.hints.hint.text() == HINTS["click"]
    qtbot.wait(500)  # until it has faded in
    before = pixels(on_screen(window.hints.hint))
    qtbot.mouseClick(window.plane, LEFT, pos=at(window, 1, 1))
    shown(window, qtbot, HINTS["path"])
    assert window.hints.hint.close_button.isVisible()
    qtbot.mouseClick(window.plane, LEFT, SHIFT, at(window, 1, 1))
    shown(window, qtbot, HINTS["draw"])
    canvas = window.image.panel.canvas
    qtbot.mousePress(canvas, LEFT, pos=QPoint(20, 20))
    qtbot.mouseMove(canvas, QPoint(60, 60))
    qtbot.mouseRelease(canvas, LEFT, pos=QPoint(60, 60))
    shown(window, qtbot, "")
    assert (before[before.shape[0] // 2].max(axis=-1) > 200).any(), "the text was on the screen"
    qtbot.waitUntil(lambda: settings.followed_hints() == set(HINTS), timeout=SOON_MS)
    window.hints.start()
    assert window.hints.hint.text() == ""
    (again,) = (a for a in window.menuBar().actions()[-1].menu().actions() if "hints" in a.text())
    again.trigger()
    assert window.hints.hint.text() == HINTS["click"]
    qtbot.waitUntil(lambda: settings.followed_hints() == frozenset(), timeout=SOON_MS)


def test_a_hint_that_is_closed_stays_closed(open_window, make_bundle, qtbot):
    """The next one takes its place; at the next start the closed one is not among them."""
    window = open_window(make_bundle())
    window.hints.start()
    close = window.hints.hint.close_button
    place = window.hints.hint.geometry()
    assert place.contains(close.geometry())
    below = window.plane.ab_at(QPointF(place.center()))
    window.explorer.set_state(window.explorer.state.at(below))
    qtbot.waitUntil(lambda: window.hints.hint.geometry() != place, timeout=SOON_MS)  # off the cursor
    qtbot.mouseClick(close, LEFT)
    shown(window, qtbot, HINTS["path"])
    qtbot.waitUntil(lambda: settings.followed_hints() == {"click"}, timeout=SOON_MS)


def test_hints_hide_while_something_plays(open_window, make_bundle, qtbot):
    """The same hint comes back at its place; the hint about the path goes when a click adds a point."""
    window = open_window(make_bundle())
    hints = window.hints
    hints.start()
    place = hints.hint.geometry()
    window.path_control.player.running_changed.emit(True)
    window.time_control.playing_changed.emit(True)
    shown(window, qtbot, "")
    window.path_control.player.running_changed.emit(False)
    assert hints.hint.text() == "", "the epochs still play"
    window.time_control.playing_changed.emit(False)
    assert hints.hint.text() == HINTS["click"]
    assert hints.hint.geometry() == place
    qtbot.mouseClick(window.plane, LEFT, SHIFT, at(window, 1, 1))
    shown(window, qtbot, HINTS["draw"])


def test_a_hint_that_nobody_needs_goes_for_good(open_window, make_bundle, qtbot, monkeypatch):
    """Three other actions count as following it; a hint whose time is over does not return after playing."""
    monkeypatch.setattr("desktop.widgets.controls.hints_control.ACT_MS", 0)
    window = open_window(make_bundle())
    hints = window.hints
    hints.start()
    qtbot.mouseClick(window.plane, LEFT, pos=at(window, 1, 1))
    shown(window, qtbot, HINTS["path"])
    for _ in range(3):  # changes by the program itself do not count
        qtbot.wait(5)
        window.explorer.set_state(window.explorer.state.nudged(0.1, 0), record=False)
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Plus, Qt.Key.Key_Up):
        qtbot.wait(5)
        assert hints.hint.text() == HINTS["path"]
        qtbot.keyClick(window.plane, key)
    shown(window, qtbot, HINTS["draw"])
    hints._patience.timeout.emit()
    shown(window, qtbot, "")
    for playing in (True, False):
        window.time_control.playing_changed.emit(playing)
    assert hints.hint.text() == ""
    qtbot.waitUntil(lambda: settings.followed_hints() == {"click", "path"}, timeout=SOON_MS)


@pytest.mark.parametrize("content", [["click", 7], "click", None])
def test_what_is_saved_of_hints_may_be_anything(content):
    """The file is a person's, who may have edited it."""
    settings.saved.change(lambda whole: whole.update({"hints": content}))
    assert settings.followed_hints() == ({"click"} if isinstance(content, list) else frozenset())
