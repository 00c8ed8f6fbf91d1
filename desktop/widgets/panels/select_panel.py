"""The section of the selected points: their pictures, labels and mean, and actions on them."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from desktop.models.point_words import TEST_IMAGES, PointWords
from desktop.widgets.common.buttons import push_button
from desktop.widgets.common.picture_view import PictureView
from desktop.widgets.common.plain_text import ElidedLabel
from desktop.widgets.common.usable import NO_POINTS, NOTHING_SELECTED, set_usable
from desktop.widgets.panels.find_panel import FindPanel
from desktop.widgets.panels.label_counts import LabelCounts
from desktop.widgets.panels.point_grid import PointGrid
from desktop.widgets.plane.selector import Tool

MEAN_PX = 56


class SelectPanel(QWidget):
    """Shows the selection; emits signals for what the person wants.

    Attributes:
        finder: finds points, and goes through them.
        grid: the pictures of the selected points.
        counts: how many of the points each label has.
        mean: the picture that is decoded at the mean of their z.
    """

    tool_wanted = Signal(object)  # Tool or None
    clear_wanted = Signal()
    go_to_mean_wanted = Signal()
    direction_wanted = Signal()
    only_wanted = Signal(bool)
    save_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.finder = FindPanel()
        self.box = push_button("Box", "Drag one box around points on the plane (B).", icon="selection")
        self.lasso = push_button(
            "Lasso",
            "Draw once around points on the plane (Shift+B, or Ctrl+Shift+drag).",
            icon="scribble-loop",
        )
        self.clear = QPushButton("Clear")
        self.clear.setToolTip("Select nothing (Ctrl+Shift+A).")
        self.summary = ElidedLabel()
        self.counts = LabelCounts()
        self.grid = PointGrid()
        self.mean = PictureView(MEAN_PX, smooth=False)
        self.mean.setFixedSize(MEAN_PX, MEAN_PX)
        self.mean.setAccessibleName("Picture at the mean of the selection")
        self.mean.setToolTip("The picture that is decoded at the mean of the selected points' z.")
        self._mean_text = QLabel("Decoded at their mean")
        self.go_to_mean = QPushButton("Go to mean")
        self.go_to_mean.setToolTip("Move the cursor to the mean of the selected points' z.")
        self.direction = QPushButton("Direction to it")
        self.direction.setToolTip(
            "Make a direction from the cursor to the mean of the selected points' z.\n"
            "For a direction between two selections, first go to the mean of the other."
        )
        self.only = QPushButton("Only these")
        self.only.setCheckable(True)
        self.only.setToolTip("Hide the other points on the plane (Shift+O).")
        self.save = QPushButton("Save as CSV…")
        self.save.setToolTip("Save number, label, mean and log variance of each selected point.")
        self._tools = {Tool.BOX: self.box, Tool.LASSO: self.lasso}
        for tool, button in self._tools.items():
            button.setCheckable(True)
            button.clicked.connect(lambda on, tool=tool: self.tool_wanted.emit(tool if on else None))
        self.clear.clicked.connect(self.clear_wanted)
        self.go_to_mean.clicked.connect(self.go_to_mean_wanted)
        self.direction.clicked.connect(self.direction_wanted)
        self.only.clicked.connect(self.only_wanted)
        self.save.clicked.connect(self.save_wanted)
        self._lay_out()
        self.set_has_points(False)
        self.show_count(0, 0, TEST_IMAGES)

    def show_tool(self, tool: Tool | None) -> None:
        """Show which tool is chosen."""
        for one, button in self._tools.items():
            button.setChecked(one is tool)

    def set_has_points(self, has_points: bool) -> None:
        """Set whether there are points, or will be once they are encoded."""
        for part in self._tools.values():
            set_usable(part, "" if has_points else NO_POINTS)
        self.finder.set_has_points(has_points)
        self._has_points = has_points
        if not has_points:
            self.summary.show_text(NO_POINTS)

    def show_count(self, count: int, total: int, words: PointWords) -> None:
        """Say how many points are selected, and show the actions on them if there are any."""
        some = f"{count:,} of {total:,} {words.bare} selected"
        none = f"Drag with a tool to select {words.bare}." if self._has_points else NO_POINTS
        self.summary.show_text(some if count else none)
        for part in self._parts:
            part.setVisible(count > 0)
        set_usable(self.clear, "" if count else NOTHING_SELECTED)

    def _lay_out(self) -> None:
        tools, mean, below = QHBoxLayout(), QHBoxLayout(), QHBoxLayout()
        for button in (self.box, self.lasso, self.clear):
            tools.addWidget(button, 1)
        about = QVBoxLayout()
        about.addWidget(self._mean_text)
        to_mean = QHBoxLayout()
        to_mean.addWidget(self.go_to_mean, 1)
        to_mean.addWidget(self.direction, 1)
        about.addLayout(to_mean)
        mean.addWidget(self.mean)
        mean.addLayout(about, 1)
        below.addWidget(self.only, 1)
        below.addWidget(self.save, 1)
        self._parts = (
            self.counts,
            self.grid,
            self.mean,
            self._mean_text,
            self.go_to_mean,
            self.direction,
            self.only,
            self.save,
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 4)
        layout.addWidget(self.finder)
        layout.addLayout(tools)
        layout.addWidget(self.summary)
        layout.addWidget(self.counts)
        layout.addWidget(self.grid)
        layout.addLayout(mean)
        layout.addLayout(below)
