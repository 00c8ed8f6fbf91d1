"""The section of the bookmarks: named views with their pictures."""

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from desktop.latent.plane import format_z
from desktop.reading.input_values import differing_words, in_words
from desktop.view.bookmarks import Bookmark
from desktop.widgets.common.buttons import push_button
from desktop.widgets.common.number_box import NumberBox
from desktop.widgets.common.plain_text import tip_text
from desktop.widgets.common.qimage import from_png_text
from desktop.widgets.common.row_order import OrderButtons, removes, step_of
from desktop.widgets.common.theme import GRID_PX
from desktop.widgets.common.thumbnail_list import ThumbnailList, thumbnail
from desktop.widgets.common.usable import set_usable

ROW_PX, ROWS_SHOWN = 48, 4
INPUTS = Qt.ItemDataRole.UserRole  # of a row: its inputs, if those of the bookmarks differ
MOST_NUMBERS = 6
LEG_S = 2.0
PATH_TIP = "The bookmarks become the points of the path, in their order."
TOO_FEW = "A path needs at least two bookmarks; add some with Ctrl+D."
HINT = "Press Ctrl+D to bookmark what you see: cursor, plane, zoom and epoch."

KEEP_TIP = (
    "Keep this place (Ctrl+D): cursor, plane, zoom, epoch, layers and the model's inputs. What is drawn,\n"
    "the path and the selection are not part of it."
)


class _WithInputs(QStyledItemDelegate):
    """Draws the inputs of a bookmark below its name; only the name is edited."""

    def initStyleOption(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Add the inputs to the text that is drawn."""
        super().initStyleOption(option, index)
        inputs = index.data(INPUTS)
        if inputs:
            option.text = f"{option.text}\u2028{inputs}"


class BookmarkList(ThumbnailList):
    """One row for each bookmark; a click or Enter goes to it, F2 renames, Delete removes, a drag moves it."""

    move_wanted = Signal(int, int)
    remove_wanted = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.setFixedHeight(ROWS_SHOWN * ROW_PX + 4)
        self.setAccessibleName("Bookmarks")
        self.setAccessibleDescription(
            "Return goes there, F2 renames, Alt+Up and Alt+Down move a bookmark, and Delete removes it."
        )
        self.setItemDelegate(_WithInputs(self))
        # Queued, because the list must not be filled again while Qt still moves the row.
        self.model().rowsMoved.connect(self._on_moved, Qt.ConnectionType.QueuedConnection)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Delete removes the current bookmark, and Alt with an arrow moves it."""
        row, step = self.currentRow(), step_of(event)
        if row < 0 or self.state() == QAbstractItemView.State.EditingState:
            super().keyPressEvent(event)
        elif removes(event):
            self.remove_wanted.emit(row)
        elif step:
            if 0 <= row + step < self.count():
                self.move_wanted.emit(row, row + step)
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the bookmarks; if there are none, say how to add one."""
        super().paintEvent(event)
        if not self.count():
            painter = QPainter(self.viewport())
            painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
            room = self.viewport().rect().adjusted(GRID_PX, GRID_PX, -GRID_PX, -GRID_PX)
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, HINT)

    def _on_moved(self, _from: QModelIndex, start: int, _end: int, _to: QModelIndex, row: int) -> None:
        self.move_wanted.emit(start, row - 1 if row > start else row)


class BookmarksPanel(QWidget):
    """Shows the bookmarks; emits signals for the changes that the person wants."""

    add_wanted = Signal()
    chosen = Signal(int)
    rename_wanted = Signal(int, str)
    remove_wanted = Signal(int)
    move_wanted = Signal(int, int)
    path_wanted = Signal(float)  # seconds from one to the next

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._marks: tuple[Bookmark, ...] = ()
        self.list = BookmarkList()
        self.add = push_button("Add", KEEP_TIP, icon="bookmark-simple")
        self.rename = push_button("Rename", "Give the bookmark another name (F2 in the list).")
        self.remove = push_button("Remove", "Remove the bookmark (Delete in the list).")
        self.order = OrderButtons((self.add, self.rename, self.remove), "bookmark")
        self.to_path = push_button("Make them the path", PATH_TIP)
        self.leg_s = NumberBox()
        self.leg_s.setRange(0.0, 600.0)
        self.leg_s.setDecimals(1)
        self.leg_s.setValue(LEG_S)
        self.leg_s.setSuffix(" s each")
        self.leg_s.setAccessibleName("Seconds from one bookmark to the next")
        self.leg_s.setToolTip("The time from one bookmark to the next; the path's strip changes each.")
        self.add.clicked.connect(self.add_wanted)
        self.list.chosen.connect(self.chosen)
        self.list.itemChanged.connect(lambda item: self.rename_wanted.emit(self.list.row(item), item.text()))
        self.list.currentRowChanged.connect(lambda _: self._show_buttons())
        self.list.move_wanted.connect(self.move_wanted)
        self.list.remove_wanted.connect(self.remove_wanted)
        self.order.step_wanted.connect(self._move)
        self.rename.clicked.connect(lambda: self.list.editItem(self.list.currentItem()))
        self.remove.clicked.connect(lambda: self.remove_wanted.emit(self.list.currentRow()))
        self.to_path.clicked.connect(lambda: self.path_wanted.emit(self.leg_s.value()))
        self._lay_out()
        self.show_bookmarks(())

    def show_bookmarks(self, marks: Sequence[Bookmark], current: int | None = None) -> None:
        """Show the bookmarks, with one of them as the current one: by default the same as before."""
        marks = tuple(marks)
        row = self._row_in(marks) if current is None else current
        self.list.blockSignals(True)
        self.list.set_count(len(marks))
        differing = differing_words([mark.view.inputs for mark in marks])
        for place, (mark, inputs) in enumerate(zip(marks, differing, strict=True)):
            item = self.list.item(place)
            item.setSizeHint(QSize(0, ROW_PX))
            item.setText(mark.name)
            item.setData(INPUTS, inputs)
            item.setData(
                Qt.ItemDataRole.AccessibleTextRole, f"{mark.name}, {inputs}" if inputs else mark.name
            )
            item.setIcon(thumbnail(from_png_text(mark.picture)))
            item.setToolTip(tip_text(_details(mark)))
        self.list.setCurrentRow(min(row, len(marks) - 1))
        self.list.blockSignals(False)
        self._marks = marks
        focus = self.focusWidget()
        if not marks and focus is not None and focus.hasFocus():
            self.list.setFocus()  # or else the disabled button would send the focus out of the section
        self._show_buttons()

    def _row_in(self, marks: Sequence[Bookmark]) -> int:
        """The row of the current bookmark among others, of which it may be one that was moved or renamed."""
        row = self.list.currentRow()
        if not 0 <= row < len(self._marks):
            return row
        now = self._marks[row]
        at_its_view = [place for place, mark in enumerate(marks) if mark.view == now.view]
        same = [place for place in at_its_view if marks[place].name == now.name]
        # Among others of this view, the nearest row is that of the renamed one.
        return min(same or at_its_view, key=lambda place: abs(place - row), default=row)

    def _move(self, step: int) -> None:
        row = self.list.currentRow()
        self.move_wanted.emit(row, row + step)

    def _show_buttons(self) -> None:
        row, count = self.list.currentRow(), len(self._marks)
        self.order.show_row(row, count)
        for button in (self.rename, self.remove):
            set_usable(button, "" if row >= 0 else "No bookmark is chosen.")
        for one in (self.to_path, self.leg_s):
            set_usable(one, "" if count > 1 else TOO_FEW)

    def _lay_out(self) -> None:
        below = QHBoxLayout()
        below.addWidget(self.to_path, 1)
        below.addWidget(self.leg_s)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 4)
        layout.addWidget(self.list)
        layout.addLayout(self.order)
        layout.addLayout(below)


def _details(mark: Bookmark) -> str:
    view = mark.view
    epoch = "" if view.epoch is None else f"\nEpoch {view.epoch}"
    inputs = f"\n{in_words(view.inputs)}" if view.inputs else ""
    more = " …" if len(view.z) > MOST_NUMBERS else ""
    return f"{mark.name}\nz {format_z(view.z[:MOST_NUMBERS])}{more}{inputs}{epoch}"
