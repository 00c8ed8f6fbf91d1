"""Finds points by label, name or number, and steps through found, selected, worst or misplaced points."""

from enum import StrEnum

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QComboBox, QGridLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from desktop.widgets.common import terms
from desktop.widgets.common.choices import add_choices, show_choice
from desktop.widgets.common.cost_bar import CostBar
from desktop.widgets.common.icons import line_icon
from desktop.widgets.common.plain_text import ElidedLabel
from desktop.widgets.common.usable import NO_POINTS, set_usable


class Tour(StrEnum):
    """Which points to go through; the values are the names in the window."""

    FOUND = "Found"
    SELECTED = "Selected"
    WORST = "Worst reconstructions"
    MISPLACED = terms.MISPLACED


TIPS = {
    Tour.FOUND: "Go through what the search found.",
    Tour.SELECTED: "Go through the selection.",
    Tour.WORST: "Start at the lowest ELBO, estimated by one draw for each image, or at the largest\n"
    "difference if the model has no likelihood.",
    Tour.MISPLACED: terms.term_tip(terms.MISPLACED),
}


class FindField(QLineEdit):
    """A search line: Enter goes to the first match, Down and Up to the next and previous, Esc leaves it."""

    step_wanted = Signal(int)
    left = Signal()

    def event(self, event: QEvent) -> bool:
        """Claim Esc before the window does."""
        is_claim = event.type() == QEvent.Type.ShortcutOverride
        if is_claim and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Take Down, Up and Esc; the line itself takes the rest."""
        step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()), 0)
        if step:
            self.step_wanted.emit(step)
        elif event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)


class FindPanel(QWidget):
    """The widgets to find points; emits signals for what the person wants."""

    searched = Signal(str)  # Enter was pressed
    select_found_wanted = Signal(str)
    tour_wanted = Signal(object)  # Tour
    tour_changed = Signal(object)  # Tour; also emitted when a saved choice is restored
    step_wanted = Signal(int)  # 1 for the next point, −1 for the one before

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.field = FindField()
        self.field.setPlaceholderText("Label, name or number")
        self.field.setAccessibleName("Find points")
        self.field.setToolTip(
            "Return goes to the first point with this label, name or number, and then to the next.\n"
            "#7 is the number 7, even if 7 is a label."
        )
        self.field.setClearButtonEnabled(True)
        self.select = QPushButton("Select them")
        self.select.setToolTip("Select all points that are found.")
        self.tour = QComboBox()
        for tour in Tour:
            add_choices(self.tour, [tour])
            self.tour.setItemData(self.tour.count() - 1, TIPS[tour], Qt.ItemDataRole.ToolTipRole)
        self.tour.setAccessibleName("Go through")
        self.tour.setToolTip("Which points to go through.")
        self.before, self.next = QPushButton(), QPushButton()
        for button, icon, name in (
            (self.before, "caret-left", "Previous point (comma)"),
            (self.next, "caret-right", "Next point (full stop)"),
        ):
            button.setIcon(line_icon(icon))
            button.setToolTip(name)
            button.setAccessibleName(name)
        self.place, self.about = ElidedLabel(), ElidedLabel()
        for label in (self.place, self.about):
            label.setObjectName("muted")
            label.hide()
        self.cost = CostBar()
        self.field.returnPressed.connect(lambda: self.searched.emit(self.field.text()))
        self.field.step_wanted.connect(self.step_wanted)
        self.select.clicked.connect(lambda: self.select_found_wanted.emit(self.field.text()))
        self.tour.currentIndexChanged.connect(lambda: self.tour_changed.emit(self.chosen()))
        self.tour.activated.connect(lambda: self.tour_wanted.emit(self.chosen()))
        self.before.clicked.connect(lambda: self.step_wanted.emit(-1))
        self.next.clicked.connect(lambda: self.step_wanted.emit(1))
        grid = QGridLayout()
        grid.setColumnStretch(0, 1)
        grid.addWidget(self.field, 0, 0)
        grid.addWidget(self.select, 0, 1, 1, 2)
        grid.addWidget(self.tour, 1, 0)
        grid.addWidget(self.before, 1, 1)
        grid.addWidget(self.next, 1, 2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(grid)
        layout.addWidget(self.place)
        layout.addWidget(self.about)
        layout.addWidget(self.cost)

    def chosen(self) -> Tour:
        """Return which points to go through."""
        return Tour(self.tour.currentData())

    def set_has_points(self, has_points: bool) -> None:
        """Say whether there is anything to find."""
        for part in (self.field, self.select, self.tour, self.before, self.next):
            set_usable(part, "" if has_points else NO_POINTS)

    def show_tour(self, tour: Tour) -> None:
        """Show which points are chosen to go through."""
        show_choice(self.tour, tour)

    def show_place(self, text: str, about: str = "") -> None:
        """Say which point it is, or what was not found, with a second line about the point."""
        self.place.show_text(text)
        self.about.show_text(about, shorter=(about.partition(";")[0],))
        self.about.setVisible(bool(about))
        self.place.setVisible(bool(text))
