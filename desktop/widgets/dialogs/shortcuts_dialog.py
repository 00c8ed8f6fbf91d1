"""The list of shortcuts, collected from the window's menus and widgets, so that it is never out of date.

The terms of the model follow, each with its meaning.
"""

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QAction, QResizeEvent, QShortcut
from PySide6.QtWidgets import (
    QDialogButtonBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QMainWindow,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from desktop.view.shortcuts import Shortcut
from desktop.widgets.common.fitting_dialog import FittingDialog
from desktop.widgets.common.menus import NATIVE, keys_of, menus_of, plain
from desktop.widgets.common.terms import TERMS

SIZE_PX = QSize(720, 720)
NOTHING = "No matches. Press Ctrl+K to find commands that have no shortcut."
BESIDE_TEXT_PX, ABOVE_TEXT_PX = 6, 3


def shortcuts_of(window: QMainWindow) -> list[Shortcut]:
    """Return every shortcut of the menus, and every gesture in a widget's `GESTURES`.

    `GESTURES` are pairs of a gesture and its effect, listed under the widget's accessible name.
    """
    found = []
    listed = set()
    for titles, menu in menus_of(window):
        for action in menu.actions():
            listed.add(action)
            if action.shortcuts():
                found.append(Shortcut(keys_of(action), plain(action.text()), titles[-1]))
    for action in window.findChildren(QAction):
        if action not in listed and action.shortcuts():
            found.append(Shortcut(keys_of(action), plain(action.text()), "Window"))
    for shortcut in window.findChildren(QShortcut):
        found.append(Shortcut(shortcut.key().toString(NATIVE), shortcut.whatsThis(), "Window"))
    seen = set()
    for widget in window.findChildren(QWidget):
        gestures = getattr(widget, "GESTURES", ())
        if gestures and type(widget) not in seen:
            seen.add(type(widget))
            found += [Shortcut(how, what, widget.accessibleName()) for how, what in gestures]
    return found


class ShortcutsDialog(FittingDialog):
    """Shows the list of shortcuts below a filter. Deleted when it is closed."""

    def __init__(self, window: QMainWindow) -> None:
        super().__init__(window, SIZE_PX)
        self.setWindowTitle("Shortcuts")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.filter = QLineEdit()
        self.filter.setPlaceholderText("Filter by key, mouse button, term or word")
        self.filter.setClearButtonEnabled(True)
        self.filter.setAccessibleName("Filter")
        self.list = QTreeWidget()
        self.list.setHeaderLabels(["Key, mouse or term", "What it does or means"])
        self.list.setRootIsDecorated(False)
        self.list.setAlternatingRowColors(True)
        self.list.setAccessibleName("Shortcuts")
        self.list.setWordWrap(True)  # so that nothing is cut off
        self.list.header().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.nothing = QLabel(NOTHING)
        self.nothing.setWordWrap(True)
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.nothing.hide()
        places: dict[str, QTreeWidgetItem] = {}
        terms = [Shortcut(term, meaning, "Terms") for term, meaning in TERMS.items()]
        for shortcut in [*shortcuts_of(window), *terms]:
            if shortcut.where not in places:
                place = QTreeWidgetItem([shortcut.where])
                font = place.font(0)
                font.setBold(True)
                place.setFont(0, font)
                place.setFlags(Qt.ItemFlag.ItemIsEnabled)
                self.list.addTopLevelItem(place)
                place.setFirstColumnSpanned(True)
                places[shortcut.where] = place
            item = QTreeWidgetItem([shortcut.keys, shortcut.what])
            item.setData(0, Qt.ItemDataRole.UserRole, shortcut)
            places[shortcut.where].addChild(item)
        self.list.expandAll()
        self.filter.textChanged.connect(self._show_matching)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(self.filter)
        layout.addWidget(self.list, 1)
        layout.addWidget(self.nothing, 1)
        layout.addWidget(buttons)
        self.filter.setFocus()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the column of keys the width that it needs, up to half, and the rest to the descriptions."""
        super().resizeEvent(event)
        width = self.list.viewport().width()
        keys = min(self.list.sizeHintForColumn(0) + self.list.indentation(), width // 2)
        self.list.setColumnWidth(0, keys)
        self.list.setColumnWidth(1, width - keys)
        widths = keys - 2 * self.list.indentation(), width - keys
        for _, items in self._places():
            for item in items:
                self._fit(item, widths)
        self.list.scheduleDelayedItemsLayout()

    def _fit(self, item: QTreeWidgetItem, widths: tuple[int, int]) -> None:
        """Give an item the height that its wrapped texts need, because Qt uses that of one line.

        The width in its size hint stays that of the unwrapped text, which the next resize reads.
        """
        metrics = self.list.fontMetrics()
        for column, width in enumerate(widths):
            room = QRect(0, 0, max(1, width - 2 * BESIDE_TEXT_PX), 0)
            text = metrics.boundingRect(room, Qt.TextFlag.TextWordWrap, item.text(column))
            line_px = metrics.horizontalAdvance(item.text(column)) + 2 * BESIDE_TEXT_PX
            item.setSizeHint(column, QSize(line_px, text.height() + 2 * ABOVE_TEXT_PX))

    def shown(self) -> list[Shortcut]:
        """Return the shortcuts that match the filter."""
        items = [item for _, items in self._places() for item in items]
        return [_shortcut(item) for item in items if not item.isHidden()]

    def _show_matching(self, text: str) -> None:
        for place, items in self._places():
            for item in items:
                item.setHidden(not _shortcut(item).matches(text))
            place.setHidden(all(item.isHidden() for item in items))
        is_found = bool(self.shown())
        self.list.setVisible(is_found)
        self.nothing.setVisible(not is_found)

    def _places(self) -> list[tuple[QTreeWidgetItem, list[QTreeWidgetItem]]]:
        root = self.list.invisibleRootItem()
        return [(place, _children(place)) for place in _children(root)]


def _children(item: QTreeWidgetItem) -> list[QTreeWidgetItem]:
    children = (item.child(number) for number in range(item.childCount()))
    return [child for child in children if child is not None]


def _shortcut(item: QTreeWidgetItem) -> Shortcut:
    found = item.data(0, Qt.ItemDataRole.UserRole)
    assert isinstance(found, Shortcut)
    return found
