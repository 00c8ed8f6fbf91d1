"""A page that shows a sheet of pictures, with a tool tip for each, and saves it."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSpinBox, QVBoxLayout, QWidget

from desktop.jobs.sheet_steps import Sheet
from desktop.widgets.common.cost_bar import CostBar
from desktop.widgets.common.picture_view import PictureView
from desktop.widgets.common.qimage import to_qimage

MAX_SIDE = 64
MAX_SEED = 2**31 - 1


class GridPage(QWidget):
    """Controls above a large picture.

    Args:
        hint: one line that says what is shown.
        controls: the inputs of the sheet, each with its label.
    """

    save_wanted = Signal(int)
    cell_clicked = Signal(int)

    def __init__(
        self, hint: str, controls: Sequence[tuple[str, QWidget]], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.sheet: Sheet | None = None
        self.scale = QSpinBox()
        self.scale.setRange(1, 16)
        self.scale.setValue(2)
        self.scale.setSuffix(" ×")
        self.scale.setAccessibleName("Scale of the saved picture")
        self.scale.setToolTip("Each pixel becomes a square of this many pixels per side in the file.")
        self.save = QPushButton("Save as PNG…")
        self.save.setToolTip("Save the sheet as a PNG that this program can open again.")
        self.save.setEnabled(False)
        self.view = PictureView(side_px=560, smooth=True)
        self.view.setAccessibleName(hint)
        self.view.set_tip(self._tip)
        self._note = QLabel()
        self._note.setWordWrap(True)
        self._note.setTextFormat(Qt.TextFormat.PlainText)
        self._hint = hint
        self.cost = CostBar()

        self.save.clicked.connect(lambda: self.save_wanted.emit(self.scale.value()))
        self.view.clicked.connect(self._clicked)

        row = _row(controls)
        row.addStretch(1)
        saving = QHBoxLayout()
        saving.addWidget(self._note, 1)
        saving.addLayout(_row([("Scale", self.scale), ("", self.save)]))
        layout = QVBoxLayout(self)
        layout.addLayout(row)
        layout.addLayout(saving)
        layout.addWidget(self.cost)
        layout.addWidget(self.view, 1)
        self.set_sheet(None)

    def set_sheet(self, sheet: Sheet | None, note: str = "") -> None:
        """Show a sheet, or nothing; `note` replaces the hint, for example to say why.

        Only a full sheet can be saved.
        """
        self.sheet = sheet
        self.view.set_image(None if sheet is None else to_qimage(sheet.picture))
        self.save.setEnabled(sheet is not None and not sheet.missing)
        self._note.setText(note or self._hint)

    def note(self) -> str:
        """Return the text above the sheet."""
        return self._note.text()

    def _cell(self, x_share: float, y_share: float) -> int | None:
        """Return the cell at shares of the sheet's width and height; None beyond the last one."""
        if self.sheet is None:
            return None
        rows, columns = self.sheet.rows, self.sheet.columns
        column, row = min(columns - 1, int(x_share * columns)), min(rows - 1, int(y_share * rows))
        index = row * columns + column
        return index if index < len(self.sheet.z) else None

    def _clicked(self, x_share: float, y_share: float) -> None:
        index = self._cell(x_share, y_share)
        if index is not None:
            self.cell_clicked.emit(index)

    def _tip(self, x_share: float, y_share: float) -> str:
        index = self._cell(x_share, y_share)
        return "" if index is None or self.sheet is None else self.sheet.captions[index]


def _row(controls: Sequence[tuple[str, QWidget]]) -> QHBoxLayout:
    """Return inputs side by side, each after its label."""
    row = QHBoxLayout()
    for label, control in controls:
        if label:
            named = QLabel(label)
            named.setBuddy(control)
            row.addWidget(named)
            if not control.accessibleName():
                control.setAccessibleName(label)
        row.addWidget(control)
    return row
