"""The panel of directions through the latent space, with a slider and a number box for each."""

import textwrap
from collections.abc import Iterable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QVBoxLayout,
    QWidget,
)

from desktop.base.vector import Vector
from desktop.base.words import NAME_CHARS, one_line
from desktop.latent.directions import Directions
from desktop.widgets.common.buttons import push_button
from desktop.widgets.common.plain_text import tip_text
from desktop.widgets.common.slider_rows import RowSizes, RowText, SliderRows
from desktop.widgets.common.terms import TIP_CHARS
from desktop.widgets.common.usable import set_usable

ROWS = 10
NAMES_CHARS = 5  # the least visible characters of a name in the boxes for a plane
SIZES = RowSizes(name_px=86, box_px=70)
EMPTY_HINT = (
    "Directions move all numbers of z at once. Find those that change the picture most at the cursor, "
    "or open your own (.npy, .npz, .json or .csv)."
)
SHARES = "each with its share of the picture's change"
NO_PICTURE = "No picture has been decoded yet."
UNITS = "In units of z, each along a direction of length 1"
UNITS_TIP = textwrap.fill(
    "How far the cursor is from the start along this direction, in units of z: its component along the "
    "direction, which has length 1 here. A move along one direction also changes the numbers of others that "
    "are not at a right angle to it.",
    TIP_CHARS,
)
SHARE_TIP = "The share of the picture's change at the start that this direction makes, of those tried."


class DirectionsPanel(QWidget):
    """Shows directions and how far the cursor is along each; emits signals for what people want.

    Attributes:
        search, count: start a search for directions by decoding along `count` dimensions.
        rows: the rows, each of which shows one direction or none.
        below: the widgets that are shown only if there are directions.
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
        self._titles: list[str] = []
        self._z = Vector(())
        self.hint = QLabel(EMPTY_HINT)
        self.hint.setWordWrap(True)
        self.hint.setTextFormat(Qt.TextFormat.PlainText)
        self.open = push_button(
            "Open…", "Open your own directions: arrays [d] or [k, d] in a .npy or .npz file."
        )
        self.search = push_button(
            "Find here", "Find the directions that change the picture most at the cursor."
        )
        self.count = QComboBox()
        self.count.setAccessibleName("How many dimensions are tried")
        self.progress = QProgressBar()
        self.progress.setAccessibleName("Progress of the search")
        self.left = QLabel()
        self.cancel = push_button("Stop", "Stop the search and show what it has found so far.")
        self.tried = QLabel()
        self.tried.setWordWrap(True)
        self._list = SliderRows(ROWS, "direction", self._text, self._values, SIZES)
        self._list.wanted.connect(self.offset_wanted)
        self.rows, self.scroll_bar = self._list.rows, self._list.scroll_bar
        self.right, self.up = QComboBox(), QComboBox()
        for box in (self.right, self.up):
            # By default a box is as wide as its longest name, which would widen the panel.
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(NAMES_CHARS)
        self.right.setAccessibleName("Direction to the right")
        self.up.setAccessibleName("Direction upward")
        self.plane = push_button("Show", "Show the plane of these two directions through the cursor.")
        self.plane.setAccessibleName("Show the plane of two directions")
        self.back = push_button("Back to the start", "Move the cursor back to where every slider is at 0.")
        self.start = push_button("Start here", "Count the sliders from where the cursor is now.")
        self.open.clicked.connect(self.open_wanted)
        self.search.clicked.connect(lambda: self.find_wanted.emit(self.count.currentData()))
        self.cancel.clicked.connect(self.cancel_wanted)
        self.back.clicked.connect(self.return_wanted)
        self.start.clicked.connect(self.start_wanted)
        self.plane.clicked.connect(
            lambda: self.plane_wanted.emit(self.right.currentIndex(), self.up.currentIndex())
        )
        self._lay_out()
        self.set_directions(None)
        self.set_progress(None)
        set_usable(self.search, NO_PICTURE)

    def set_counts(self, choices: Sequence[tuple[int, str, str]], chosen: int) -> None:
        """Offer numbers of probes: each choice is a number, its text and its cost."""
        set_usable(self.search, "" if choices else NO_PICTURE)
        self.count.clear()
        for number, text, cost in choices:
            self.count.addItem(text, number)
            self.count.setItemData(self.count.count() - 1, cost, Qt.ItemDataRole.ToolTipRole)
        self.count.setCurrentIndex(self.count.findData(chosen))

    def set_progress(self, share: float | None, left: str = "") -> None:
        """Show the share of the search that is done and the time left; None if no search runs."""
        running = share is not None
        for widget in (self.progress, self.left, self.cancel):
            widget.setVisible(running)
        for button in (self.search, self.count, self.open):
            button.setVisible(not running)
        set_usable(self.cancel)
        self.left.setText(left)
        self.progress.setValue(round(100 * share) if share is not None else 0)

    def show_stopping(self) -> None:
        """Show that the search ends after its current step."""
        set_usable(self.cancel, "The search ends after its current step.")
        self.left.setText("stopping …")

    def set_directions(self, directions: Directions | None) -> None:
        """Show other directions, or none, or the same directions from another start."""
        old, self._directions = self._directions, directions
        self._titles = [] if directions is None else titles(directions)
        if old is not None and directions is not None and old.units is directions.units:
            self._list.show_values()
            return
        names = [] if directions is None else [one_line(name, NAME_CHARS) for name in directions.names]
        for box in (self.right, self.up):
            box.clear()
            box.addItems(names)
            for index, name in enumerate(names):
                box.setItemData(index, tip_text(name), Qt.ItemDataRole.ToolTipRole)
        self.up.setCurrentIndex(min(1, len(names) - 1))
        self.hint.setVisible(directions is None)
        tried = "" if directions is None else directions.tried
        self.tried.setText(f"{tried}; {SHARES}" if tried else UNITS)
        self.below.setVisible(directions is not None)
        set_usable(self.plane, "" if len(names) > 1 else "A plane needs two directions.")
        self._list.set_order(range(len(names)))

    def set_z(self, z: Vector) -> None:
        """Show how far the cursor is along each direction."""
        self._z = z
        self._list.show_values()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll through the directions from anywhere in the panel."""
        self._list.wheelEvent(event)

    def _text(self, index: int) -> RowText:
        directions, name = self._directions, self._titles[index]
        tips = [name, UNITS_TIP]
        if directions is not None and directions.lengths:
            tips.append(f"The vector itself has length {directions.lengths[index]:.4g}.")
        if directions is not None and directions.shares:
            tips.append(SHARE_TIP)
        return RowText(name, tip="\n".join(tips))

    def _values(self, indices: Sequence[int]) -> Iterable[float]:
        directions = self._directions
        if directions is None or not indices or len(self._z) != len(directions.start):
            return ()
        offsets: list[float] = directions.offsets(self._z, slice(indices[0], indices[-1] + 1)).tolist()
        return offsets

    def _lay_out(self) -> None:
        above = QHBoxLayout()
        above.addWidget(self.search)
        above.addWidget(self.count, 1)
        above.addWidget(self.open)
        above.addWidget(self.progress, 1)
        above.addWidget(self.left)
        above.addWidget(self.cancel)
        plane = QGridLayout()
        plane.setColumnStretch(1, 1)
        plane.addWidget(QLabel("Plane of"), 0, 0)
        plane.addWidget(self.right, 0, 1, 1, 2)
        plane.addWidget(QLabel("and"), 1, 0)
        plane.addWidget(self.up, 1, 1)
        plane.addWidget(self.plane, 1, 2)
        start = QHBoxLayout()
        start.addWidget(self.back)
        start.addWidget(self.start)
        self.below = QWidget()
        lower = QVBoxLayout(self.below)
        lower.setContentsMargins(0, 0, 0, 0)
        lower.addWidget(self.tried)
        lower.addWidget(self._list)
        lower.addLayout(start)
        lower.addLayout(plane)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 6, 0, 0)
        layout.addWidget(self.hint)
        layout.addLayout(above)
        layout.addWidget(self.below)
        layout.addStretch(1)


def titles(directions: Directions) -> list[str]:
    """Return the names; those of found directions include the share of the change: "1 · 43 %"."""
    names = [one_line(name, NAME_CHARS) for name in directions.names]
    if not directions.shares:
        return names
    shares = map(_percent, directions.shares)
    return [f"{name} · {share}" for name, share in zip(names, shares, strict=True)]


def _percent(share: float) -> str:
    """Return a share in percent, with a decimal if it would otherwise look like all or nothing."""
    percent = 100 * share
    if percent < 0.05:
        return "<0.1 %"
    return f"{percent:.0f} %" if 10 < percent < 99.5 or percent > 99.95 else f"{percent:.1f} %"
