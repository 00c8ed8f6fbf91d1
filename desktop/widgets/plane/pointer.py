"""Passes mouse and keys on the plane to an ordered list of handlers, asked from first to last."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent


class PointerHandler:
    """Handles some of the mouse and key events of the plane.

    A method that returns True takes the event: the handlers after this one do not get it.
    """

    def press(self, event: QMouseEvent) -> bool:
        """Handle a press of a button; a double click is a second press."""
        return False

    def move(self, event: QMouseEvent) -> bool:
        """Handle a move of the pointer, with or without a button held."""
        return False

    def release(self, event: QMouseEvent) -> bool:
        """Handle the release of a button."""
        return False

    def claims(self, event: QKeyEvent) -> bool:
        """Whether `key_press` takes this key even if it is a shortcut of the window."""
        return False

    def key_press(self, event: QKeyEvent) -> bool:
        """Handle a press of a key."""
        return False

    def key_release(self, event: QKeyEvent) -> bool:
        """Handle the release of a key."""
        return False

    def leave(self) -> None:
        """Handle that the pointer left the plane; every handler is told."""

    def lose_gesture(self) -> None:
        """Handle that an earlier handler took a press: no events arrive until that gesture is over."""

    def lose_focus(self) -> None:
        """Handle that the plane lost the focus, so no key release arrives; every handler is told."""


class PointerRouter:
    """Asks the handlers in their order until one of them takes the event.

    A gesture belongs to the handler that took its first press. The handlers after it are told by
    `lose_gesture`, and get no events until no button is held. The handlers before it get all events, so a
    handler that only watches comes first.

    Attributes:
        handlers: the handlers, in the order in which they are asked.
    """

    def __init__(self, handlers: Sequence[PointerHandler]) -> None:
        self.handlers = tuple(handlers)
        self._held_by: PointerHandler | None = None

    def press(self, event: QMouseEvent) -> bool:
        """Offer a press; the handler that takes the first one has the gesture."""
        if event.buttons() == event.button():  # no other button is held, even if an earlier release was lost
            self._held_by = None
        listening = self._listening()
        taker = next((handler for handler in listening if handler.press(event)), None)
        if self._held_by is None and taker is not None:
            for handler in listening[listening.index(taker) + 1 :]:
                handler.lose_gesture()
        self._held_by = self._held_by or taker
        return taker is not None

    def move(self, event: QMouseEvent) -> bool:
        """Offer a move to the handlers up to the one that has the gesture."""
        if event.buttons() == Qt.MouseButton.NoButton:
            self._held_by = None
        return any(handler.move(event) for handler in self._listening())

    def release(self, event: QMouseEvent) -> bool:
        """Offer a release to the handlers up to the one that has the gesture."""
        taken = any(handler.release(event) for handler in self._listening())
        if event.buttons() == Qt.MouseButton.NoButton:
            self._held_by = None
        return taken

    def claims(self, event: QKeyEvent) -> bool:
        """Whether a handler takes this key even if it is a shortcut of the window."""
        return any(handler.claims(event) for handler in self.handlers)

    def key_press(self, event: QKeyEvent) -> bool:
        """Offer a key to all handlers."""
        return any(handler.key_press(event) for handler in self.handlers)

    def key_release(self, event: QKeyEvent) -> bool:
        """Offer the release of a key to all handlers."""
        return any(handler.key_release(event) for handler in self.handlers)

    def leave(self) -> None:
        """Tell all handlers that the pointer left the plane."""
        for handler in self.handlers:
            handler.leave()

    def lose_focus(self) -> None:
        """Tell all handlers that the plane has lost the keyboard focus."""
        for handler in self.handlers:
            handler.lose_focus()

    def _listening(self) -> tuple[PointerHandler, ...]:
        if self._held_by is None:
            return self.handlers
        return self.handlers[: self.handlers.index(self._held_by) + 1]
