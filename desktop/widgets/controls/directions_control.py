"""Connects the section of directions to the explorer: sliders along directions, and planes of two."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Event

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QMenu

from desktop.app.directions import counts, find_steps, proposed_count, seconds
from desktop.app.worker import Priority
from desktop.base.arrays import Doubles
from desktop.jobs.decode import Decoded
from desktop.jobs.find_directions import Progress
from desktop.jobs.numbers import read_numbers
from desktop.latent.directions import Directions, directions_in, joined, plane_of_directions
from desktop.latent.number_file import NumberFileError
from desktop.models.opened import Opened
from desktop.view.state import ViewState
from desktop.widgets.common.actions import add_action
from desktop.widgets.common.commands import add_button, name_command
from desktop.widgets.controls.shell import Shell
from desktop.widgets.panels.directions_panel import DirectionsPanel

NAME = "find directions"
LONG_S = 2.0  # shorter times are not shown
KINDS = "Arrays of numbers (*.npy *.npz *.json *.csv);;All files (*)"


class DirectionsControl(QObject):
    """Adds the section "Directions". Directions are a tool and not part of the view's state.

    Attributes:
        panel: the section.
        directions: what it shows, or None.
    """

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell.window)
        self._shell = shell
        self._explorer = explorer = shell.explorer
        self.panel = panel = DirectionsPanel()
        self.directions: Directions | None = None
        self._model = ("", 0)
        self._are_counts_shown = False
        self._enough = Event()
        self._has_probed = False
        tip = "Move along directions that change all numbers of z at once."
        shell.panel.add_section("directions", "Directions", panel, tip)
        open_them = add_action(shell.menus["file"], "Open &directions…", None, self._choose)
        name_command(open_them, panel.open)
        self._fill_menu(shell.menus["view"].addMenu("&Directions"))
        panel.open_wanted.connect(self._choose)
        panel.find_wanted.connect(self.find)
        panel.cancel_wanted.connect(self._cancel)
        panel.offset_wanted.connect(self._move)
        panel.plane_wanted.connect(self._show_plane)
        panel.return_wanted.connect(self._return)
        panel.start_wanted.connect(self._start_here)
        explorer.opened.connect(self._on_opened)
        explorer.state_changed.connect(self._on_state)
        explorer.picture_decoded.connect(self._on_decoded)

    def _fill_menu(self, menu: QMenu) -> None:
        """Add entries for the section's buttons; each also opens the section, which shows the result."""
        panel = self.panel
        add = partial(add_button, menu, reveal=partial(self._shell.panel.reveal, panel))
        add("&Find directions here", panel.search)
        add("&Stop the search", panel.cancel)
        add("&Back to the start", panel.back, within=[panel.below])
        add("S&tart here", panel.start, within=[panel.below])
        add("Show the &plane of two", panel.plane, within=[panel.below])

    def open(self, path: Path) -> None:
        """Read directions from a `.npy`, `.npz`, `.json` or `.csv` file; they start at the cursor."""
        if self._explorer.latent_dim is None:
            self._shell.message.show_message(
                f"{path}: found directions, expected an open model; open one first"
            )
            return
        self._explorer.worker.request(
            "directions file", Priority.PICTURE, read_numbers(path), partial(self._on_read, path)
        )

    def find(self, count: int) -> None:
        """Search for the directions that change the picture at the cursor most, with `count` probes."""
        self._enough, self._has_probed = Event(), False
        steps = find_steps(self._explorer, count, self._enough)
        if steps is not None:
            self.panel.set_progress(0.0)
            self._explorer.worker.request(NAME, Priority.SEARCH, steps, self._on_step, self._on_failed)

    def add(self, directions: Directions) -> None:
        """Show more directions, after those from the same start if there are any."""
        self.show_directions(joined(self.directions, directions))
        self._shell.panel.reveal(self.panel)

    def show_directions(self, directions: Directions | None) -> None:
        """Show directions in the section, or none."""
        self.directions = directions
        self.panel.set_directions(directions)
        self.panel.set_z(self._explorer.state.z)

    def _on_read(self, path: Path, arrays: Mapping[str, Doubles]) -> None:
        try:
            directions = directions_in(arrays, self._explorer.state.z, str(path))
        except NumberFileError as error:
            self._shell.message.show_error(error)
            return
        self._shell.message.dismiss()
        self.show_directions(directions)
        self._shell.panel.reveal(self.panel)

    def _on_step(self, step: Progress | Directions) -> None:
        if isinstance(step, Progress):
            self._has_probed = True
            if self._enough.is_set():
                return
            self.panel.set_progress(step.done / step.total, _time_left(step.left_s))
        else:
            self.panel.set_progress(None)
            self.show_directions(step)

    def _on_failed(self, error: Exception) -> None:
        self.panel.set_progress(None)
        self._explorer.failed.emit(error)

    def _cancel(self) -> None:
        """Stop the search after the running step, and show the directions that the probes so far give."""
        self._enough.set()
        if self._has_probed:
            self.panel.show_stopping()
        else:
            self._explorer.worker.cancel(NAME)
            self.panel.set_progress(None)

    def _on_decoded(self, decoded: Decoded) -> None:
        """Offer numbers of probes with their cost, once it is known how long a picture takes."""
        if not self._are_counts_shown:
            self._are_counts_shown = True
            latent_dim, picture_ms = len(decoded.z), decoded.decode_ms
            choices = [_choice(count, latent_dim, picture_ms) for count in counts(latent_dim)]
            self.panel.set_counts(choices, proposed_count(latent_dim, picture_ms))

    def _on_opened(self, opened: Opened) -> None:
        """Forget the directions of another model; the same file opened again keeps them."""
        model = (str(opened.model.source.path), opened.model.latent_dim)
        if model != self._model:
            self.show_directions(None)
        self._model = model
        # The worker has dropped a search with the previous model.
        self.panel.set_progress(None)
        self.panel.set_counts((), 0)
        self._are_counts_shown = False

    def _on_state(self, state: ViewState) -> None:
        self.panel.set_z(state.z)

    def _choose(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self._shell.window, "Open directions", "", KINDS)
        if chosen:
            self.open(Path(chosen))

    def _move(self, index: int, offset: float) -> None:
        if self.directions is not None:
            state = self._explorer.state
            self._explorer.set_state(state.moved_to(self.directions.moved(state.z, index, offset)))

    def _show_plane(self, right: int, up: int) -> None:
        if self.directions is None:
            return
        units, state, names = self.directions.units, self._explorer.state, self.directions.names
        pair, start = (names[right], names[up]), self.directions.start
        try:
            plane = plane_of_directions(state.z, units[right], units[up], pair, start)
        except ValueError as error:
            self._shell.message.show_error(error)
            return
        state = state.with_plane(plane)
        self._explorer.set_state(replace(state, viewport=state.chart.home).with_cursor_in_view())

    def _return(self) -> None:
        if self.directions is not None:
            self._explorer.set_state(self._explorer.state.moved_to(self.directions.start))

    def _start_here(self) -> None:
        if self.directions is not None:
            self.show_directions(replace(self.directions, start=self._explorer.state.z))


def _choice(count: int, latent_dim: int, picture_ms: float) -> tuple[int, str, str]:
    """A number of probes, its text, and a tool tip with its cost."""
    takes = seconds(count, picture_ms)
    cost = f"Decodes {2 * count:,} pictures" + (f", about {takes:.0f} s." if takes >= LONG_S else ".")
    if count < latent_dim:
        return count, f"{count} at random", f"Tries {count} random directions. {cost}"
    return count, f"all {count}", f"Tries all {count} dimensions. {cost}"


def _time_left(left_s: float) -> str:
    return f"about {left_s:.0f} s left" if left_s >= LONG_S else ""
