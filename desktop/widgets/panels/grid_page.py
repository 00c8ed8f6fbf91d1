"""A page that shows a sheet of pictures, with a tool tip for each, and saves it."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from desktop.base.words import one_line
from desktop.jobs.sheet_steps import Sheet
from desktop.widgets.common.cost_bar import CostBar
from desktop.widgets.common.count_box import CountBox
from desktop.widgets.common.usable import set_usable
from desktop.widgets.panels.sheet_view import SheetView

MAX_SIDE = 64
NOT_FULL = "Its pictures are not all decoded yet."
MAX_SEED = 2**31 - 1


class GridPage(QWidget):
    """A page with controls above a sheet of pictures.

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
        self.scale = CountBox()
        self.scale.setRange(1, 16)
        self.scale.setValue(2)
        self.scale.setSuffix(" ×")
        self.scale.setAccessibleName("Scale of the saved picture")
        self.scale.setToolTip("Each pixel becomes a square of this many pixels per side in the file.")
        self.titles = QCheckBox("Titles")
        self.titles.setChecked(True)
        self.titles.setToolTip("Write the titles of rows and columns at the edges of the saved picture.")
        self.titles.hide()
        self.save = QPushButton("Save as PNG…")
        self.save.setToolTip("Save the sheet as a PNG that this program can open again.")
        self.view = SheetView()
        self.view.setAccessibleName(hint)
        self._note = QLabel()
        self._note.setWordWrap(True)
        self._note.setTextFormat(Qt.TextFormat.PlainText)
        self._hint = hint
        self.cost = CostBar()

        self.save.clicked.connect(lambda: self.save_wanted.emit(self.scale.value()))
        self.view.chosen.connect(self.cell_clicked)
        self.view.described.connect(self._describe)

        row = _row(controls)
        row.addStretch(1)
        saving = QHBoxLayout()
        saving.addWidget(self._note, 1)
        saving.addLayout(_row([("", self.titles), ("Scale", self.scale), ("", self.save)]))
        layout = QVBoxLayout(self)
        layout.addLayout(row)
        layout.addLayout(saving)
        layout.addWidget(self.cost)
        layout.addWidget(self.view, 1)
        self.set_sheet(None)
        self.setFocusProxy(self.view)  # not a number box, which would take digits and Home from the window

    def set_hint(self, hint: str) -> None:
        """Change the hint; a note that is shown in its place stays."""
        if self._note.text() == self._hint:
            self._note.setText(hint)
        self._hint = hint
        self.view.setAccessibleName(hint)

    def set_sheet(self, sheet: Sheet | None, note: str = "") -> None:
        """Show a sheet, or nothing; `note` replaces the hint, for example to say why nothing is shown.

        Only a complete sheet can be saved.
        """
        self.sheet = sheet
        self.view.set_sheet(sheet)
        if sheet is not None:
            self.titles.setVisible(sheet.plan.titles is not None)
        set_usable(self.save, "" if sheet is not None and not sheet.missing else NOT_FULL)
        self._note.setText(note or self._hint)

    def renew_captions(self, sheet: Sheet) -> None:
        """Change the pictures' captions, and the note if it describes the picture that the keys chose."""
        old, index = self.sheet, self.view.index
        self.sheet = sheet
        self.view.renew_captions(sheet)
        if old is not None and index is not None and self.note() == _in_a_line(old.captions[index]):
            self._describe(sheet.captions[index])

    def _describe(self, caption: str) -> None:
        """Describe in the note the picture that the keys chose."""
        self._note.setText(_in_a_line(caption))

    def note(self) -> str:
        """Return the text above the sheet."""
        return self._note.text()


def _in_a_line(caption: str) -> str:
    return one_line(" · ".join(caption.split("\n")))


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
