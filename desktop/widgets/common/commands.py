"""Menu entries that do what a button, a box or an input of the window does, and the entry of each of these.

Everything that can be clicked has an entry, so that the menus show it and the palette of commands finds it.
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
    """Note that these buttons or inputs do what an entry does."""
    for widget in widgets:
        widget.setProperty(COMMAND, entry)


def command_of(widget: QWidget) -> QAction | None:
    """Return the entry that does what a button or an input does, or None."""
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
    """Add an entry that clicks a button, and is usable, checked and there as the button is.

    A button is not there if it is hidden, or what it is `within`; that a section is folded does not count.
    `reveal` is called first, to bring into view what comes of it.
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
        follow()  # one of several that exclude each other stays checked

    entry.triggered.connect(click)
    button.toggled.connect(follow)
    _watch(entry, (button, *within), follow)
    return entry


def add_choice_menu(menu: QMenu, title: str, box: QComboBox, within: Sequence[QWidget] = ()) -> QMenu:
    """Add a menu with an entry for each choice of a box, usable as it is; `within` is as for a button."""
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
    """Keep an entry, or that of a menu, in its menu as long as a widget is there."""
    _watch(entry, [widget], lambda: entry.setVisible(_is_there(widget, ())))


def _is_there(widget: QWidget, within: Sequence[QWidget]) -> bool:
    return not any(one.isHidden() for one in (widget, *within))


def _follow(entry: QAction, widget: QWidget, within: Sequence[QWidget]) -> None:
    """Make an entry as usable as a widget, with its reason, and hide it if that is not there."""
    entry.setVisible(_is_there(widget, within))
    set_usable(entry, "" if widget.isEnabled() else reason_of(widget) or NOT_NOW)


def _watch(parent: QObject, widgets: Sequence[QWidget], follow: Callable[[], None]) -> None:
    """Follow these widgets whenever they are shown, hidden, enabled or disabled, and now."""
    watcher = _Watcher(parent, follow)
    for widget in widgets:
        widget.installEventFilter(watcher)
    follow()


class _Watcher(QObject):
    def __init__(self, parent: QObject, follow: Callable[[], None]) -> None:
        super().__init__(parent)
        self._follow = follow

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow after a change, and leave the event to the widget."""
        if event.type() in CHANGES:
            self._follow()
        return False
