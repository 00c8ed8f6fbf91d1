"""The list of the path's points, which can be selected, edited, moved and removed, also by keyboard."""

from PySide6.QtCore import QEvent, QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from desktop.base.vector import Vector
from desktop.latent.paths import point_name
from desktop.latent.plane import DECIMALS, MOST_TYPED, format_z, parse_z
from desktop.widgets.common.field_keys import is_of_number
from desktop.widgets.common.plain_text import tip_text
from desktop.widgets.common.row_order import removes, step_of

ROWS_SHOWN = 4
KEYS = "Double-click or F2 edits z, Alt+Up and Alt+Down move a point, and Delete removes it."
NOT_TYPED = (
    "A point's inputs are not typed here: set them in the section Inputs, then right-click the point "
    "and choose “Use the current inputs here”."
)


class PathPoints(QTableWidget):
    """One row per point with its editable z; emits signals for the changes that the person wants.

    A point's inputs are shown beside z. Whoever tries to edit them is told how they are set.
    """

    chosen = Signal(int)
    z_typed = Signal(int, object)
    refused = Signal(str)  # why something is not edited, or not as it was typed
    move_wanted = Signal(int, int)  # from, to
    remove_wanted = Signal(int)
    menu_wanted = Signal(int, QPoint)  # a point, and the place on the screen

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(0, 1, parent)
        self._path: tuple[Vector, ...] = ()
        self._inputs: tuple[str, ...] = ()
        self._decimals = DECIMALS
        self.setAccessibleName("Points of the path")
        self.setAccessibleDescription(KEYS)
        self.setToolTip(f"{KEYS} A right click opens a point's menu.")
        self.horizontalHeader().hide()
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 6)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.setFixedHeight(ROWS_SHOWN * self.verticalHeader().defaultSectionSize() + 2)
        self.currentCellChanged.connect(self._on_current)
        self.cellChanged.connect(self._on_typed)

    def set_path(self, path: tuple[Vector, ...], selected: int | None, decimals: int = DECIMALS) -> None:
        """Show a path with one of its points selected, or none; z is shown with `decimals`."""
        self.blockSignals(True)
        is_new = decimals != self._decimals
        self._decimals = decimals
        if path != self._path or is_new:
            self.setRowCount(len(path))
            self.setVerticalHeaderLabels([point_name(row) for row in range(len(path))])
            for row, z in enumerate(path):
                item = self.item(row, 0)
                if item is None:
                    self.setItem(row, 0, QTableWidgetItem(self._text(z)))
                elif is_new or row >= len(self._path) or self._path[row] != z:
                    item.setText(self._text(z))
            self._path = path
        if selected is None:
            self.setCurrentCell(-1, -1)
        elif selected != self.currentRow():
            self.setCurrentCell(selected, 0)
        self.blockSignals(False)

    def show_inputs(self, texts: tuple[str, ...]) -> None:
        """Show the inputs of each point in a second column if they differ; without texts, hide it."""
        if texts == self._inputs and self.columnCount() == 1 + bool(texts):
            return
        self.blockSignals(True)
        self._inputs = texts
        self.setColumnCount(2 if texts else 1)
        if texts:
            self.horizontalHeader().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        for row, text in enumerate(texts):
            item = QTableWidgetItem(text)
            item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEditable)
            item.setToolTip(tip_text(f"{text}. {NOT_TYPED}"))
            self.setItem(row, 1, item)
        self.blockSignals(False)

    def event(self, event: QEvent) -> bool:
        """Keep digits and signs, which begin to edit z, from the window's shortcuts."""
        if (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.ShortcutOverride
            and self.currentRow() >= 0
            and is_of_number(event)
        ):
            event.accept()
            return True
        return super().event(event)

    def edit(self, index: QModelIndex, trigger: QAbstractItemView.EditTrigger, event: QEvent) -> bool:  # type: ignore[override]
        """Edit z; say why a point's inputs cannot be edited."""
        asked = trigger & self.editTriggers()
        if index.column() == 1 and asked and self.state() != QAbstractItemView.State.EditingState:
            self.refused.emit(NOT_TYPED)
        return super().edit(index, trigger, event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go to a point, except by the right button: the menu offers it the inputs of the view."""
        if event.button() != Qt.MouseButton.RightButton:
            super().mousePressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Ask for the menu of the point under the pointer, or of the current one for the Menu key."""
        at_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        row = self.currentRow() if at_key else self.rowAt(event.y())
        if row >= 0:
            below = self.visualRect(self.model().index(row, 0)).bottomLeft()
            place = self.viewport().mapToGlobal(below) if at_key else event.globalPos()
            self.menu_wanted.emit(row, place)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Delete removes the selected point, Alt with an arrow moves it, and arrows alone select."""
        row, step = self.currentRow(), step_of(event)
        if row < 0 or self.state() == QAbstractItemView.State.EditingState:
            super().keyPressEvent(event)
        elif removes(event):
            self.remove_wanted.emit(row)
        elif step:
            if 0 <= row + step < len(self._path):
                self.move_wanted.emit(row, row + step)
        else:
            super().keyPressEvent(event)

    def _on_current(self, row: int, *_: int) -> None:
        if row >= 0:
            self.chosen.emit(row)

    def _on_typed(self, row: int, column: int) -> None:
        if column:
            return
        item = self.item(row, 0)
        if item is None or row >= len(self._path):
            return
        try:
            if len(self._path[row]) > MOST_TYPED:
                raise ValueError(
                    f"found a typed z, expected a NumPy file, because it has more than {MOST_TYPED:,} "
                    "numbers; open the path as a file"
                )
            z = parse_z(item.text(), len(self._path[row]))
        except ValueError as error:
            self.refused.emit(str(error))
        else:
            if self._text(z) != self._text(self._path[row]):
                self.z_typed.emit(row, z)
        # The row always shows the actual point, whatever was typed.
        self.blockSignals(True)
        if (item := self.item(row, 0)) is not None:
            item.setText(self._text(self._path[row]))
        self.blockSignals(False)

    def _text(self, z: Vector) -> str:
        return format_z(z, decimals=self._decimals)
