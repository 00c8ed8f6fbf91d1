"""The panel of directions through the latent space, with a slider and a number box for each."""

from collections.abc import Sequence

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QComboBox,
    QDoubleSpinBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollBar,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from desktop.latent.directions import Directions

# Only this many rows exist, and they scroll through the directions, so that a drag updates few widgets.
ROWS = 6
SLIDER_REACH, SLIDER_STEPS = 4.0, 100  # the slider's range to either side in z; steps per unit
MAX_BOX = 1e9
NAME_PX = 86
EMPTY_HINT = (
    "Directions move all numbers of z at once. Find those that change the picture most at the cursor, "
    "or open your own (.npy or .npz)."
)
SHARE_TIP = "The share of the picture's change at the start that this direction makes, of those tried."


class DirectionsPanel(QWidget):
    """Shows directions and how far the cursor is along each; signals say what people want.

    Attributes:
        search, count: have directions found by decoding; `count` says along how many dimensions.
        rows: the rows, each of which shows one direction or none.
    """

    offset_wanted = Signal(int, float)  # number of the direction, offset from the start
    plane_wanted = Signal(int, int)  # numbers of the directions to the right and up
    find_wanted = Signal(int)  # along how many probes
    cancel_wanted = Signal()
    open_wanted = Signal()
    return_wanted = Signal()
    start_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._directions: Directions | None = None
        self._z: tuple[float, ...] = ()
        self.hint = QLabel(EMPTY_HINT)
        self.hint.setWordWrap(True)
        self.hint.setTextFormat(Qt.TextFormat.PlainText)
        self.open = _button("Open…", "Open your own directions: arrays [d] or [k, d] in a .npy or .npz file.")
        self.search = _button("Find here", "Find the directions that change the picture most at the cursor.")
        self.count = QComboBox()
        self.count.setAccessibleName("How many dimensions are tried")
        self.progress = QProgressBar()
        self.progress.setAccessibleName("Progress of the search")
        self.left = QLabel()
        self.cancel = _button("Stop", "Stop the search and show what it has found so far.")
        self.tried = QLabel()
        self.tried.setWordWrap(True)
        self.rows = [DirectionRow(self) for _ in range(ROWS)]
        self.scroll_bar = QScrollBar(Qt.Orientation.Vertical)
        self.scroll_bar.setAccessibleName("First direction shown")
        self.scroll_bar.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.right, self.up = QComboBox(), QComboBox()
        self.right.setAccessibleName("Direction to the right")
        self.up.setAccessibleName("Direction upward")
        self.plane = _button("Show", "Show the plane of these two directions through the cursor.")
        self.plane.setAccessibleName("Show the plane of two directions")
        self.back = _button("Back to the start", "Move the cursor back to where every slider is at 0.")
        self.start = _button("Start here", "Count the sliders from where the cursor is now.")
        self.open.clicked.connect(self.open_wanted)
        self.search.clicked.connect(lambda: self.find_wanted.emit(self.count.currentData()))
        self.cancel.clicked.connect(self.cancel_wanted)
        self.back.clicked.connect(self.return_wanted)
        self.start.clicked.connect(self.start_wanted)
        self.plane.clicked.connect(
            lambda: self.plane_wanted.emit(self.right.currentIndex(), self.up.currentIndex())
        )
        self.scroll_bar.valueChanged.connect(self._show_rows)
        for row in self.rows:
            row.wanted.connect(self.offset_wanted)
        self._lay_out()
        self.set_directions(None)
        self.set_progress(None)
        self.search.setEnabled(False)

    def set_counts(self, choices: Sequence[tuple[int, str, str]], chosen: int) -> None:
        """Show how many probes can be chosen: each a number, its text and what it costs."""
        self.search.setEnabled(bool(choices))
        self.count.clear()
        for number, text, cost in choices:
            self.count.addItem(text, number)
            self.count.setItemData(self.count.count() - 1, cost, Qt.ItemDataRole.ToolTipRole)
        self.count.setCurrentIndex(self.count.findData(chosen))

    def set_progress(self, share: float | None, left: str = "") -> None:
        """Show the share of the search that is done and the time left; None if nothing is searched."""
        running = share is not None
        for widget in (self.progress, self.left, self.cancel):
            widget.setVisible(running)
        for button in (self.search, self.count, self.open):
            button.setVisible(not running)
        self.cancel.setEnabled(True)
        self.left.setText(left)
        self.progress.setValue(round(100 * share) if share is not None else 0)

    def show_stopping(self) -> None:
        """Show that the search ends after its current step."""
        self.cancel.setEnabled(False)
        self.left.setText("stopping …")

    def set_directions(self, directions: Directions | None) -> None:
        """Show other directions, or none, or the same with another start."""
        old, self._directions = self._directions, directions
        if old is not None and directions is not None and old.units is directions.units:
            self._show_offsets()
            return
        names = [] if directions is None else list(directions.names)
        for box in (self.right, self.up):
            box.clear()
            box.addItems(names)
        self.up.setCurrentIndex(min(1, len(names) - 1))
        hidden = max(0, len(names) - ROWS)
        self.scroll_bar.setRange(0, hidden)
        self.scroll_bar.setPageStep(ROWS)
        self.scroll_bar.setValue(0)
        self.scroll_bar.setVisible(hidden > 0)
        self.hint.setVisible(directions is None)
        self.tried.setText("" if directions is None else directions.tried)
        self.tried.setVisible(bool(self.tried.text()))
        self._lower.setVisible(directions is not None)
        self.plane.setEnabled(len(names) > 1)
        self._show_rows()

    def set_z(self, z: tuple[float, ...]) -> None:
        """Show where the cursor is."""
        self._z = z
        if self.isVisible():
            self._show_offsets()

    def showEvent(self, event: object) -> None:
        """Show what changed while the panel was hidden."""
        self._show_offsets()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll through the directions."""
        if self.scroll_bar.isVisible():
            self.scroll_bar.event(event)
        else:
            super().wheelEvent(event)

    def _show_rows(self) -> None:
        names = [] if self._directions is None else titles(self._directions)
        tip = SHARE_TIP if self._directions is not None and self._directions.shares else ""
        first = self.scroll_bar.value()
        for place, row in enumerate(self.rows, start=first):
            row.set_direction(place, names[place] if place < len(names) else "", tip)
        self._show_offsets()

    def _show_offsets(self) -> None:
        directions = self._directions
        if directions is None or len(self._z) != len(directions.start):
            return
        first = self.scroll_bar.value()
        for row, offset in zip(
            self.rows, directions.offsets(self._z, slice(first, first + ROWS)).tolist(), strict=False
        ):
            row.set_offset(offset)

    def _lay_out(self) -> None:
        above = QHBoxLayout()
        above.addWidget(self.search)
        above.addWidget(self.count, 1)
        above.addWidget(self.open)
        above.addWidget(self.progress, 1)
        above.addWidget(self.left)
        above.addWidget(self.cancel)
        grid = QGridLayout()
        grid.setHorizontalSpacing(6)
        grid.setColumnStretch(1, 1)
        for place, row in enumerate(self.rows):
            grid.addWidget(row.name, place, 0)
            grid.addWidget(row.slider, place, 1)
            grid.addWidget(row.box, place, 2)
        beside = QHBoxLayout()
        beside.addLayout(grid, 1)
        beside.addWidget(self.scroll_bar)
        plane = QHBoxLayout()
        plane.addWidget(QLabel("Plane of"))
        plane.addWidget(self.right, 1)
        plane.addWidget(QLabel("and"))
        plane.addWidget(self.up, 1)
        plane.addWidget(self.plane)
        start = QHBoxLayout()
        start.addWidget(self.back)
        start.addWidget(self.start)
        self._lower = QWidget()
        lower = QVBoxLayout(self._lower)
        lower.setContentsMargins(0, 0, 0, 0)
        lower.addWidget(self.tried)
        lower.addLayout(beside)
        lower.addLayout(start)
        lower.addLayout(plane)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 6, 0, 0)
        layout.addWidget(self.hint)
        layout.addLayout(above)
        layout.addWidget(self._lower)
        layout.addStretch(1)


class DirectionRow(QObject):
    """The widgets of one direction: its name, a slider and a box."""

    wanted = Signal(int, float)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.index = 0
        self.name = QLabel()
        self.name.setTextFormat(Qt.TextFormat.PlainText)
        self.name.setFixedWidth(NAME_PX)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(round(-SLIDER_REACH * SLIDER_STEPS), round(SLIDER_REACH * SLIDER_STEPS))
        self.slider.setSingleStep(SLIDER_STEPS // 10)
        self.slider.setPageStep(SLIDER_STEPS // 2)
        self.box = QDoubleSpinBox()
        self.box.setDecimals(4)
        self.box.setRange(-MAX_BOX, MAX_BOX)
        self.box.setSingleStep(0.1)
        self.box.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
        self.box.setKeyboardTracking(False)
        self.box.setFixedWidth(70)
        self.widgets: tuple[QWidget, ...] = (self.name, self.slider, self.box)
        self.slider.valueChanged.connect(lambda step: self.wanted.emit(self.index, step / SLIDER_STEPS))
        self.box.valueChanged.connect(lambda value: self.wanted.emit(self.index, value))

    def set_direction(self, index: int, name: str, tip: str = "") -> None:
        """Show a direction by its number and name, with a tool tip; without a name the row is hidden."""
        self.index = index
        elided = self.name.fontMetrics().elidedText(name, Qt.TextElideMode.ElideMiddle, NAME_PX)
        self.name.setText(elided)
        self.slider.setAccessibleName(f"{name} slider")
        self.box.setAccessibleName(name)
        for widget in self.widgets:
            widget.setToolTip(f"{name}\n{tip}".strip())
            widget.setVisible(bool(name))

    def set_offset(self, offset: float) -> None:
        """Show an offset; the slider stops at its ends, the box shows any number."""
        at = round(min(SLIDER_REACH, max(-SLIDER_REACH, offset)) * SLIDER_STEPS)
        self.slider.blockSignals(True)
        self.slider.setValue(at)
        self.slider.blockSignals(False)
        self.box.blockSignals(True)
        self.box.setValue(offset)
        self.box.blockSignals(False)


def titles(directions: Directions) -> list[str]:
    """The names, with the share of the change for directions that were found: "1 · 43 %"."""
    if not directions.shares:
        return list(directions.names)
    shares = (f"{100 * share:.0f}" if share > 0.1 else f"{100 * share:.1f}" for share in directions.shares)
    return [f"{name} · {share} %" for name, share in zip(directions.names, shares, strict=True)]


def _button(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tip)
    return button
