"""The router asks handlers in order, and a gesture stays with the handler that took its first press."""

import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent

from desktop.widgets.plane.pointer import PointerHandler, PointerRouter

LEFT, RIGHT, NONE = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.MouseButton.NoButton
NAMES = ("watcher", "picky", "last")


class Listener(PointerHandler):
    """Records the events that it gets, and takes those that are named in `takes`."""

    def __init__(self, name, heard, takes=()):
        self.name, self.heard, self.takes = name, heard, takes

    def _hear(self, what):
        self.heard.append((self.name, what))
        return what in self.takes

    def press(self, _event):
        return self._hear("press")

    def move(self, _event):
        return self._hear("move")

    def release(self, _event):
        return self._hear("release")

    def key_press(self, _event):
        return self._hear("key press")

    def key_release(self, _event):
        return self._hear("key release")

    def leave(self):
        self._hear("leave")

    def lose_gesture(self):
        self._hear("lose gesture")

    def lose_focus(self):
        self._hear("lose focus")


@pytest.fixture
def heard():
    return []


@pytest.fixture
def router(heard):
    """A router with a handler that only watches, one that takes presses, and one that takes everything."""
    everything = ("press", "move", "release", "key press", "key release")
    takes = {"watcher": (), "picky": ("press",), "last": everything}
    return PointerRouter([Listener(name, heard, takes[name]) for name in NAMES])


def mouse(kind, button, buttons):
    modifiers = Qt.KeyboardModifier.NoModifier
    return QMouseEvent(kind, QPointF(1, 1), QPointF(1, 1), button, buttons, modifiers)


def press(router, button=LEFT, held=LEFT):
    return router.press(mouse(QEvent.Type.MouseButtonPress, button, held))


def move(router, held=LEFT):
    return router.move(mouse(QEvent.Type.MouseMove, NONE, held))


def release(router, button=LEFT, held=NONE):
    return router.release(mouse(QEvent.Type.MouseButtonRelease, button, held))


def key(kind):
    return QKeyEvent(kind, Qt.Key.Key_A, Qt.KeyboardModifier.NoModifier)


def test_who_comes_first_is_asked_first_and_who_takes_it_is_the_last(router, heard):
    """A press that is taken goes no further, and the handlers that do not get it are told."""
    assert press(router)
    assert heard == [("watcher", "press"), ("picky", "press"), ("last", "lose gesture")]


def test_a_gesture_stays_with_the_handler_that_took_it(router, heard):
    """Handlers before it get moves and release; those after it get nothing until no button is held."""
    press(router)
    heard.clear()
    assert not move(router)
    assert not release(router)
    assert [name for name, _ in heard] == ["watcher", "picky"] * 2
    heard.clear()
    assert move(router, NONE)
    assert [name for name, _ in heard] == ["watcher", "picky", "last"]


def test_a_second_button_belongs_to_the_gesture(heard):
    """It goes to no handler after the one with the gesture, which lasts until both buttons are released."""
    router = PointerRouter([Listener("first", heard, ("press",)), Listener("last", heard, ("press",))])
    press(router)
    assert heard.pop() == ("last", "lose gesture")
    press(router, RIGHT, LEFT | RIGHT)
    release(router, LEFT, RIGHT)
    move(router, RIGHT)
    assert {name for name, _ in heard} == {"first"}
    release(router, RIGHT, NONE)
    move(router, NONE)
    assert ("last", "move") in heard


def test_a_release_that_was_not_heard_ends_the_gesture_too(router, heard):
    """The gesture ends when the pointer moves without a button, or the only button is pressed again."""
    for again in (lambda: move(router, NONE), lambda: press(router)):
        press(router)
        heard.clear()
        again()
        move(router, NONE)
        assert ("last", "move") in heard


def test_keys_are_offered_in_the_same_order(router, heard):
    """The router returns False if no handler takes the key."""
    assert router.key_press(key(QEvent.Type.KeyPress))
    assert router.key_release(key(QEvent.Type.KeyRelease))
    assert [name for name, _ in heard] == ["watcher", "picky", "last"] * 2
    assert not PointerRouter([Listener("watcher", heard)]).key_press(key(QEvent.Type.KeyPress))


def test_everybody_hears_that_pointer_or_keyboard_left(router, heard):
    """All handlers are told, whichever of them took events before."""
    press(router)
    heard.clear()
    router.leave()
    router.lose_focus()
    assert heard == [(name, what) for what in ("leave", "lose focus") for name in NAMES]
