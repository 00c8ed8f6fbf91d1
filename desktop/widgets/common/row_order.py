"""The keys and buttons of lists whose rows a person can move and remove."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton

from desktop.widgets.common.buttons import push_button
from desktop.widgets.common.usable import set_usable

SPACING_PX, ARROW_PX = 4, 30
STEPS = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}


def removes(event: QKeyEvent) -> bool:
    """Whether a key asks to remove the current row."""
    return event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace)


def step_of(event: QKeyEvent) -> int:
    """Return how far a key moves the current row: ±1 for Alt with an arrow, 0 for any other key."""
    has_alt = event.modifiers() & Qt.KeyboardModifier.AltModifier
    return STEPS.get(Qt.Key(event.key()), 0) if has_alt else 0


class OrderButtons(QHBoxLayout):
    """A row of buttons below a list; the last two move its current row.

    Args:
        buttons: the list's other buttons, on the left.
        noun: what a row is, such as "bookmark".
    """

    step_wanted = Signal(int)  # −1 for up, 1 for down

    def __init__(self, buttons: Sequence[QPushButton], noun: str) -> None:
        super().__init__()
        self._noun = noun
        self.setSpacing(SPACING_PX)
        for button in buttons:
            self.addWidget(button, 1)
        self.up, self.down = (
            push_button(
                arrow, f"Move the {noun} {way} (Alt+{way.title()} in the list).", f"Move {noun} {way}"
            )
            for arrow, way in (("↑", "up"), ("↓", "down"))
        )
        for button, step in ((self.up, -1), (self.down, 1)):
            button.setFixedWidth(ARROW_PX)
            button.clicked.connect(lambda _=False, step=step: self.step_wanted.emit(step))
            self.addWidget(button)

    def show_row(self, row: int, count: int) -> None:
        """Enable the buttons that can move a row, or −1 for none, in a list of `count` rows."""
        none = "" if row >= 0 else f"No {self._noun} is chosen."
        set_usable(self.up, none or ("" if row else f"This {self._noun} is the first."))
        set_usable(self.down, none or ("" if row < count - 1 else f"This {self._noun} is the last."))
