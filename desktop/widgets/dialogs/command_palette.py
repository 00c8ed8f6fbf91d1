"""The command palette: finds every menu entry by a few letters, and runs it."""

from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import (
    QLineEdit,
    QMainWindow,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
)

from desktop.widgets.common.fitting_dialog import FittingDialog
from desktop.widgets.common.menus import keys_of, menus_of, plain
from desktop.widgets.dialogs.command_words import more_words

SIZE_PX = QSize(520, 400)
NOTHING = "No command has these words."
OTHER_WORDS = 3  # the rank of a command that is found only by further words
MOVES = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)


@dataclass(frozen=True)
class Command:
    """A menu entry that is enabled.

    Attributes:
        text: the menus above it and its own text, such as "View › Layers › Decoded plane".
        keys: its shortcuts.
        action: what it does.
        more: further words that find it.
    """

    text: str
    keys: str
    action: QAction
    more: str = ""

    def rank(self, words: str) -> int | None:
        """Return how well the command matches the typed words, 0 for best; None if a word is missing."""
        mine, parts = self.text.lower(), words.lower().split()
        if not all(part in mine for part in parts):
            known = f"{mine} {mine.replace(' ', '')} {self.more}"
            return OTHER_WORDS if all(part in known for part in parts) else None
        own = mine.rpartition(" › ")[2]
        if own.startswith(words.lower()):
            return 0
        return 1 if all(part in own for part in parts) else 2


def commands_of(window: QMainWindow) -> list[Command]:
    """Return all enabled menu entries, in the menus' order."""
    found = []
    for titles, menu in menus_of(window):
        for action in menu.actions():
            if action.isEnabled() and action.isVisible() and not (action.isSeparator() or action.menu()):
                text = " › ".join((*titles, plain(action.text())))
                found.append(Command(text, keys_of(action), action, more_words(text)))
    return found


class CommandPalette(FittingDialog):
    """A line to type in, and below it the commands that match. Deleted when it is closed."""

    def __init__(self, window: QMainWindow) -> None:
        super().__init__(window, SIZE_PX)
        self.setWindowTitle("Commands")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._commands = commands_of(window)
        self.line = QLineEdit()
        self.line.setPlaceholderText("Type a few letters of a command")
        self.line.setAccessibleName("Command")
        self.list = QTreeWidget()
        self.list.setHeaderHidden(True)
        self.list.setColumnCount(2)
        self.list.setRootIsDecorated(False)
        self.list.setAccessibleName("Commands")
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # keys go to the line; the dialog moves the choice
        layout = QVBoxLayout(self)
        layout.addWidget(self.line)
        layout.addWidget(self.list)
        self.list.setColumnWidth(0, SIZE_PX.width() - 150)
        self.line.textChanged.connect(self._show_matching)
        self.line.returnPressed.connect(self._run)
        self.list.itemClicked.connect(lambda _item, _column: self._run())
        self._show_matching("")
        self.line.setFocus()

    def shown(self) -> list[str]:
        """Return the texts of the commands in the list."""
        return [command.text for command in self._fitting]

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move the choice with keys that the line does not use."""
        if event.key() in MOVES:
            self.list.keyPressEvent(event)
        else:
            super().keyPressEvent(event)

    def _show_matching(self, words: str) -> None:
        ranked = [(command.rank(words), command) for command in self._commands]
        fitting = [(rank, command) for rank, command in ranked if rank is not None]
        self._fitting = [command for _, command in sorted(fitting, key=lambda pair: pair[0])]
        self.list.clear()
        items = [QTreeWidgetItem([command.text, command.keys]) for command in self._fitting]
        self.list.addTopLevelItems(items)
        if items:
            self.list.setCurrentItem(items[0])
            muted = self.palette().placeholderText()
            for item, command in zip(items, self._fitting, strict=True):
                if command.rank(words) == OTHER_WORDS:
                    item.setForeground(0, muted)
        else:
            nothing = QTreeWidgetItem([NOTHING])
            nothing.setFlags(Qt.ItemFlag.NoItemFlags)
            self.list.addTopLevelItem(nothing)

    def _run(self) -> None:
        """Close the palette, then run the chosen command, which may open another dialog."""
        row = self.list.currentIndex().row()
        if 0 <= row < len(self._fitting):
            action = self._fitting[row].action
            self.accept()
            action.trigger()
