"""A bar in the window that shows a message, such as an error, which can be copied and dismissed."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

from desktop.app.report import error_text
from desktop.base.command_line import describe_os_error
from desktop.base.words import one_line
from desktop.widgets.common.plain_text import breakable

# The colours of the bar, its buttons, and the button under the pointer.
ERROR_COLORS = ("#7a1f2b", "#9c3342", "#b54454")
NOTE_COLORS = ("#23456b", "#33608f", "#4173a8")

# Errors that show a fault in the program, not in people's files or input.
FAULTS = (TypeError, LookupError, AttributeError, ArithmeticError, AssertionError, NotImplementedError)

MAX_CHARS = 1000  # of a message, so that the bar leaves room for the window

Action = tuple[str, Callable[[], object]]


class MessageBar(QFrame):
    """The bar; hidden until there is a message. A signal asks to show the details of an error.

    Attributes:
        action_buttons: the buttons for the message's actions.
        details: the button that asks for the details.
        copy, dismiss: the buttons that copy the message and hide it.
    """

    details_wanted = Signal(str)  # more than the message says, such as a traceback

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("message_bar")
        self._details = self._text = ""
        self._is_error = self._asks = False
        self._waiting: list[Callable[[], object]] = []  # each shows a message; the first is the next one
        self._number = 0  # of the message that was shown last
        self.action_buttons: list[QPushButton] = []
        self._label = QLabel()
        self._label.setWordWrap(True)
        self._label.setTextFormat(Qt.TextFormat.PlainText)
        self._label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.details = QPushButton("Details")
        self.details.setToolTip("Show the full error with versions and device, to copy into a bug report.")
        self.details.clicked.connect(lambda: self.details_wanted.emit(self._details))
        self.copy = QPushButton("Copy")
        self.copy.setToolTip("Copy the message.")
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.text()))
        self.close_button = QPushButton("Dismiss")
        self.close_button.setToolTip("Hide the message (Esc).")
        self.close_button.clicked.connect(self.dismiss)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(12, 8, 12, 8)
        self._row.addWidget(self._label, 1)
        for button in (self.details, self.copy, self.close_button):
            self._row.addWidget(button)
        self.hide()

    def show_message(self, text: str, details: str = "", actions: Sequence[Action] = ()) -> None:
        """Show an error in place of the last message.

        `details` is shown on request. Each action is a button's text and the function that it calls.
        """
        self._show(text, *ERROR_COLORS, actions)
        self._is_error, self._asks = True, bool(actions)
        self._details = details
        self.details.show()

    def show_error(self, error: Exception, expected: bool = True, actions: Sequence[Action] = ()) -> None:
        """Show an error; one that is not `expected` is reported as a fault of the program.

        Actions are as in `show_message`.
        """
        text = describe_os_error(error) if isinstance(error, OSError) else str(error)
        if not expected or isinstance(error, FAULTS):
            text = f"something unexpected went wrong ({type(error).__name__}: {text}); the program goes on"
        self.show_message(" ".join(text.split()), error_text(error), actions)

    def show_note(self, text: str, actions: Sequence[Action] = (), asks: bool = False) -> int:
        """Show a note that is not an error, and return its number; actions are as in `show_message`.

        The note `asks` if nothing happens until one of the actions is chosen.
        """
        self._show(text, *NOTE_COLORS, actions)
        self._is_error, self._asks = False, asks
        self.details.hide()
        return self._number

    @property
    def is_asking(self) -> bool:
        """Whether a question is shown, or an error with actions to choose from."""
        return self._asks and not self.isHidden()

    def is_latest(self, number: int) -> bool:
        """Whether the note with this number is the latest message."""
        return number == self._number

    def withdraw(self, number: int) -> None:
        """Hide the note with this number, unless another message has taken its place."""
        if self.is_latest(number):
            self.dismiss()

    def queue(self, show: Callable[[], object]) -> None:
        """Queue a message about a background job: `show` is called as soon as no question is open.

        An error with actions is a question too. Several messages are shown one after the other.
        """
        self._waiting.append(show)
        if self.isHidden() or (len(self._waiting) == 1 and not self._asks):
            self._show_next()

    def dismiss(self) -> None:
        """Hide the message, and show the next one that waits."""
        self.hide()
        self._show_next()

    def clear(self) -> None:
        """Hide the message and drop those that wait, because another model is open now."""
        self._waiting.clear()
        self.hide()

    def hide_error(self) -> None:
        """Dismiss an error, because something else is opened now; a note stays."""
        if self._is_error:
            self.dismiss()

    def _show_next(self) -> None:
        if self._waiting:
            self._waiting.pop(0)()

    def _show(self, text: str, ground: str, button: str, hovered: str, actions: Sequence[Action]) -> None:
        self.setStyleSheet(
            f"#message_bar {{ background: {ground}; }} #message_bar QLabel {{ color: #ffffff; }}"
            f"#message_bar QPushButton {{ color: #ffffff; background: {button}; border: 1px solid {button}; "
            "padding: 4px 12px; border-radius: 4px; }"
            f"#message_bar QPushButton:hover {{ background: {hovered}; }}"
            "#message_bar QPushButton:focus { border-color: #ffffff; }"
        )
        for old in self.action_buttons:
            self._row.removeWidget(old)
            old.deleteLater()
        self.action_buttons = [self._action(*action) for action in actions]
        for place, new in enumerate(self.action_buttons, start=1):
            self._row.insertWidget(place, new)
        self._number += 1
        self._set_text(text)
        self.setAccessibleName("Message")
        self.show()

    def _action(self, text: str, call: Callable[[], object]) -> QPushButton:
        button = QPushButton(text)

        def act() -> None:
            self.hide()
            call()
            if self.isHidden():
                self._show_next()

        button.clicked.connect(act)
        return button

    def replace_text(self, number: int, text: str) -> None:
        """Replace the text of the note with this number, if it is still shown; its buttons stay."""
        if self.is_latest(number):
            self._set_text(text)

    def text(self) -> str:
        """Return the message."""
        return self._text

    def _set_text(self, text: str) -> None:
        self._text = one_line(text, MAX_CHARS)
        self._label.setText(breakable(self._text))
        self.setAccessibleDescription(self._text)
