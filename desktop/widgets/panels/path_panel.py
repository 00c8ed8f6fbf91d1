"""The section of the path: its points, its kind, playback, and the export of animations."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from desktop.jobs.cost import Progress
from desktop.latent.paths import PathKind
from desktop.latent.plane import decimals_in
from desktop.latent.playback import Playback
from desktop.reading.input_blend import are_same
from desktop.reading.input_values import differing_words, in_words
from desktop.view.state import ViewState
from desktop.widgets.common.buttons import push_button
from desktop.widgets.common.choices import add_choices, show_choice
from desktop.widgets.common.cost_bar import CostBar
from desktop.widgets.common.icons import line_icon
from desktop.widgets.common.number_box import NumberBox
from desktop.widgets.common.plain_text import breakable
from desktop.widgets.common.row_order import OrderButtons
from desktop.widgets.common.saved_inputs import save_input
from desktop.widgets.common.usable import set_usable
from desktop.widgets.panels.path_points import PathPoints
from desktop.widgets.panels.path_strip import PathStrip

OWN_INPUTS = "Each point has its own inputs; between two points they blend, or switch halfway."
EMPTY_HINT = "Shift-click on the plane to add points."
NEEDED = {1: "The path has no points yet.", 2: "The path needs two points."}
KIND_TIPS = {
    PathKind.STRAIGHT: "The path follows straight lines in z at constant speed.",
    PathKind.SPHERICAL: (
        "The path follows great circles around the prior's mean; the distance from it changes evenly."
    ),
    PathKind.VISUAL: "The path follows straight lines at a speed that changes the picture evenly.",
}


class PathPanel(QWidget):
    """Shows the path; emits signals for the changes that the person wants."""

    add_wanted = Signal()
    remove_wanted = Signal()
    clear_wanted = Signal()
    move_wanted = Signal(int, int)
    closed_wanted = Signal(bool)
    kind_wanted = Signal(object)
    play_wanted = Signal()
    playback_changed = Signal()
    export_wanted = Signal()
    cancel_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._hint = QLabel(EMPTY_HINT)
        self._inputs = QLabel()
        self._inputs.setObjectName("muted")
        self._inputs.setTextFormat(Qt.TextFormat.PlainText)
        self._inputs.setWordWrap(True)
        self._hint.setWordWrap(True)
        self._hint.setTextFormat(Qt.TextFormat.PlainText)
        self.strip = PathStrip()
        self.points = PathPoints()
        self.add = push_button("Add", "Add the cursor to the path (P, or Shift-click on the plane).")
        self.remove = push_button("Remove", "Remove the selected point (Delete, or Alt-click on the plane).")
        self.clear = push_button("Clear", "Remove all points.")
        self.order = OrderButtons((self.add, self.remove, self.clear), "point")
        self.kind = QComboBox()
        for kind in PathKind:
            add_choices(self.kind, [kind])
            self.kind.setItemData(self.kind.count() - 1, KIND_TIPS[kind], Qt.ItemDataRole.ToolTipRole)
        self.kind.setAccessibleName("Kind of path")
        self.closed = QCheckBox("Closed: back to the first point")
        self.closed.setToolTip("Add a leg from the last point to the first, on the plane and in animations.")
        tip = "Play the path (Space on the plane); a click or a key there stops it."
        self.play = push_button("Play", tip, icon="play")
        self.seconds = NumberBox()
        self.seconds.setRange(0.2, 600)
        self.seconds.setDecimals(1)
        self.seconds.setValue(Playback().duration_s)
        self.seconds.setSuffix(" s")
        self.seconds.setAccessibleName("Duration in seconds")
        self.seconds.setToolTip("Set how long it takes to go along the path once, here and in its animation.")
        save_input("path.seconds", self.seconds)
        self.loop = QCheckBox("Loop")
        self.loop.setToolTip("When played, begin again at the end; the path stays as it is.")
        self.ping_pong = QCheckBox("There and back")
        self.ping_pong.setToolTip("When played, go back the same way from the last point to the first.")
        self.export = push_button(
            "Export animation…", "Save the path or the epochs as GIF, WebP, APNG or MP4."
        )
        self.cost = CostBar()
        self.progress = QProgressBar()
        self.progress.setRange(0, 100)
        self.progress.setAccessibleName("Progress of the export")
        self.cancel = QPushButton("Cancel")

        self.add.clicked.connect(self.add_wanted)
        self.remove.clicked.connect(self.remove_wanted)
        self.clear.clicked.connect(self.clear_wanted)
        self.order.step_wanted.connect(self._move)
        self.closed.clicked.connect(self.closed_wanted)
        self.kind.activated.connect(lambda: self.kind_wanted.emit(PathKind(self.kind.currentData())))
        self.play.clicked.connect(self.play_wanted)
        self.seconds.valueChanged.connect(self.playback_changed)
        for box in (self.loop, self.ping_pong):
            box.clicked.connect(self.playback_changed)
        self.export.clicked.connect(self.export_wanted)
        self.cancel.clicked.connect(self.cancel_wanted)
        self.points.refused.connect(self.show_hint)
        self._lay_out()
        self.set_state(ViewState(), None)
        self.set_progress(None)

    def playback(self) -> Playback:
        """Return the settings for playing the path."""
        return Playback(self.seconds.value(), self.loop.isChecked(), self.ping_pong.isChecked())

    def set_state(self, state: ViewState, selected: int | None = None) -> None:
        """Show a state's path and its selected point."""
        count = len(state.path)
        self.points.set_path(state.path, selected, decimals_in(state.viewport.span))
        self.strip.set_current(selected)
        self.closed.setChecked(state.path_closed)
        show_choice(self.kind, state.path_kind)
        self.kind.setToolTip(KIND_TIPS[state.path_kind])
        self.show_hint("" if count else EMPTY_HINT)
        each = state.inputs_on_path
        is_one = are_same(each)
        with_what = in_words(each[0] if each else ())
        self._inputs.setText(
            breakable(f"The whole path is decoded with {with_what}." if is_one else OWN_INPUTS)
        )
        self._inputs.setVisible(count > 1 and bool(state.inputs))
        texts = () if is_one else differing_words(each)
        self.points.show_inputs(texts)
        self.strip.show_inputs(texts)
        self.points.setVisible(count > 0)
        for button, needed in ((self.remove, 1), (self.clear, 1), (self.play, 2)):
            set_usable(button, "" if count >= needed else NEEDED[needed])
        self.order.show_row(-1 if selected is None else selected, count)

    def show_hint(self, text: str) -> None:
        """Show a text above the points; an empty one hides it."""
        self._hint.setText(text)
        self._hint.setVisible(bool(text))

    def hint(self) -> str:
        """Return the text above the points."""
        return self._hint.text()

    def set_playing(self, playing: bool) -> None:
        """Show whether the path is playing, in which case the button pauses it."""
        self.play.setText("Pause" if playing else "Play")
        self.play.setIcon(line_icon("pause" if playing else "play"))

    def set_progress(self, share: float | None) -> None:
        """Show the share of the export that is done; None if no export is running."""
        running = share is not None
        self.progress.setVisible(running)
        self.cancel.setVisible(running)
        self.export.setVisible(not running)
        if share is not None:
            self.progress.setValue(round(100 * share))
        else:
            self.progress.setFormat("%p%")

    def show_pictures(self, progress: Progress) -> None:
        """Show how many pictures of the export are decoded, and how long the rest takes."""
        self.progress.setFormat(progress.in_words())

    def _move(self, step: int) -> None:
        row = self.points.currentRow()
        self.move_wanted.emit(row, row + step)

    def _lay_out(self) -> None:
        playing = QGridLayout()
        playing.addWidget(self.play, 0, 0)
        playing.addWidget(self.seconds, 0, 1)
        playing.addWidget(self.loop, 1, 0)
        playing.addWidget(self.ping_pong, 1, 1)
        playing.setColumnStretch(0, 1)
        playing.setColumnStretch(1, 1)
        running = QHBoxLayout()
        running.addWidget(self.progress, 1)
        running.addWidget(self.cancel)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 6, 0, 0)
        layout.addWidget(self._hint)
        layout.addWidget(self.strip)
        layout.addWidget(self._inputs)
        layout.addLayout(playing)
        layout.addWidget(self.points)
        layout.addLayout(self.order)
        layout.addWidget(self.kind)
        layout.addWidget(self.closed)
        layout.addWidget(self.cost)
        layout.addWidget(self.export)
        layout.addLayout(running)
        layout.addStretch(1)
