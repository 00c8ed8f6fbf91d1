"""Menu entries that stand for the buttons, boxes and inputs of the window.

Everything that can be clicked has an entry, so that the menus show it and the command palette finds it.
"""

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QAbstractButton, QComboBox, QMenu, QWidget

from desktop.widgets.common.usable import reason_of, set_usable

COMMAND = "command"
NOT_NOW = "It cannot be used now."
CHANGES = (QEvent.Type.EnabledChange, QEvent.Type.ShowToParent, QEvent.Type.HideToParent)


def name_command(entry: QAction, *widgets: QWidget) -> None:
    """Record the menu entry that does the same as these buttons or inputs."""
    for widget in widgets:
        widget.setProperty(COMMAND, entry)


def command_of(widget: QWidget) -> QAction | None:
    """Return the menu entry of a button or an input, or None."""
    entry = widget.property(COMMAND)
    return entry if isinstance(entry, QAction) else None


def add_button(
    menu: QMenu,
    text: str,
    button: QAbstractButton,
    shortcut: str = "",
    within: Sequence[QWidget] = (),
    reveal: Callable[[], object] = lambda: None,
) -> QAction:
    """Add an entry that clicks a button, and is enabled, checked and visible whenever the button is.

    The entry is hidden if the button or one of the widgets around it (`within`) is hidden; a folded section
    does not count as hidden. `reveal` is called first, to bring the result of the click into view.
    """
    entry = menu.addAction(text)
    entry.setCheckable(button.isCheckable())
    if shortcut:
        entry.setShortcut(QKeySequence(shortcut))
    name_command(entry, button)

    def follow() -> None:
        _follow(entry, button, within)
        entry.setChecked(button.isChecked())

    def click() -> None:
        reveal()
        button.click()
        follow()  # a checked radio button stays checked when it is clicked

    entry.triggered.connect(click)
    button.toggled.connect(follow)
    _watch(entry, (button, *within), follow)
    return entry


def add_choice_menu(menu: QMenu, title: str, box: QComboBox, within: Sequence[QWidget] = ()) -> QMenu:
    """Add a menu with an entry for each choice of a box, enabled as the choice is.

    `within` is as in `add_button`.
    """
    choices = menu.addMenu(title)
    group = QActionGroup(choices)
    entries = [choices.addAction("") for _ in range(box.count())]

    def follow() -> None:
        for index, entry in enumerate(entries):
            entry.setText(box.itemText(index).replace("&", "&&"))
            _follow(entry, box, within)
            item = box.model().index(index, box.modelColumn())
            if entry.isEnabled() and not item.flags() & Qt.ItemFlag.ItemIsEnabled:
                set_usable(entry, box.itemData(index, Qt.ItemDataRole.ToolTipRole) or NOT_NOW)
            entry.setChecked(index == box.currentIndex())
        choices.menuAction().setVisible(_is_there(box, within))

    def choose(index: int) -> None:
        box.setCurrentIndex(index)
        box.activated.emit(index)
        follow()

    for index, entry in enumerate(entries):
        entry.setCheckable(True)
        group.addAction(entry)
        entry.triggered.connect(partial(choose, index))
    name_command(choices.menuAction(), box)
    box.currentIndexChanged.connect(follow)
    box.model().dataChanged.connect(follow)
    _watch(choices, (box, *within), follow)
    return choices


def follow_presence(entry: QAction, widget: QWidget) -> None:
    """Show a menu entry, or a submenu's entry, as long as a widget is not hidden."""
    _watch(entry, [widget], lambda: entry.setVisible(_is_there(widget, ())))


def _is_there(widget: QWidget, within: Sequence[QWidget]) -> bool:
    return not any(one.isHidden() for one in (widget, *within))


def _follow(entry: QAction, widget: QWidget, within: Sequence[QWidget]) -> None:
    """Enable or disable an entry as its widget is, with the same reason; hide it if the widget is hidden."""
    entry.setVisible(_is_there(widget, within))
    set_usable(entry, "" if widget.isEnabled() else reason_of(widget) or NOT_NOW)


def _watch(parent: QObject, widgets: Sequence[QWidget], follow: Callable[[], None]) -> None:
    """Call `follow` now, and whenever one of these widgets is shown, hidden, enabled or disabled."""
    watcher = _Watcher(parent, follow)
    for widget in widgets:
        widget.installEventFilter(watcher)
    follow()


class _Watcher(QObject):
    def __init__(self, parent: QObject, follow: Callable[[], None]) -> None:
        super().__init__(parent)
        self._follow = follow

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Call `follow` after a change, and leave the event to the widget."""
        if event.type() in CHANGES:
            self._follow()
        return False
